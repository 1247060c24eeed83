"""Choose which records a board shows: the comparable ones, one for each row and data set."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from vaebench.experiment import UNJUDGED
from vaebench.papers import Task
from vaebench.report.received.admission import contradicted, copied, differs, impossible, judged
from vaebench.report.received.completeness import lacking, short, strange, unlike_its_peers
from vaebench.report.received.sent import THIS_RUN, Sent, sender_of
from vaebench.report.rows.kept import kept_of
from vaebench.report.rows.shown import Row, ShownRecord, row_of, show
from vaebench.report.suite import Suite
from vaebench.results.record import Record

Why = Callable[[Record], str]
"""The objection to a record, in one line; empty if there is none."""


@dataclass(frozen=True)
class LeftOut:
    """A record that is not shown.

    Attributes:
        record: The record.
        why: One line.
        is_fault: Whether it is impossible or incomplete; then ``why`` begins with the field.
    """

    record: Record
    why: str
    is_fault: bool = False

    def __str__(self) -> str:
        """Name the record, and say why."""
        subject, sender = self.record.subject, sender_of(self.record)
        file = f"{sender}/{subject.file_name}" if sender and sender != THIS_RUN else subject.file_name
        return f"{file} ({subject.preset}, code {subject.variant.code_hash[:8]}): {self.why}"


@dataclass(frozen=True)
class Selection:
    """The records of a board.

    Attributes:
        shown: What is shown, judged anew, in the order of task, data set and row.
        stale: Records of another version of a task or data set.
        left_out: Records that are not shown for another reason.
    """

    shown: tuple[ShownRecord, ...]
    stale: tuple[LeftOut, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @cached_property
    def _by_task(self) -> dict[str, tuple[ShownRecord, ...]]:
        found: dict[str, list[ShownRecord]] = {}
        for one in self.shown:
            found.setdefault(one.subject.task.name, []).append(one)
        return {name: tuple(of_task) for name, of_task in found.items()}

    def of_task(self, name: str) -> tuple[ShownRecord, ...]:
        """Take the records of one task."""
        return self._by_task.get(name, ())

    @cached_property
    def labels(self) -> dict[Row, str]:
        """The rows that are shown, in order, with their names."""
        return dict(sorted({one.row: one.row_label for one in self.shown}.items()))

    @property
    def superseded(self) -> tuple[Record, ...]:
        """The suite's own records of another version of a task or data set."""
        return tuple(one.record for one in self.stale if not sender_of(one.record))

    @property
    def faults(self) -> tuple[LeftOut, ...]:
        """The records that are impossible or incomplete."""
        return tuple(one for one in self.left_out if one.is_fault)


def select(
    suite: Suite, records: Sequence[Record], preview: bool = False, submissions: Sequence[Sent] = ()
) -> Selection:
    """Choose the records that a board shows, and judge each once by its task's claims.

    Four kinds are left out. Quick runs are shown only in a preview. Some records are refused (see `admission`). Some
    are of another version of a task or data set. Of several records of one row and data set, one is shown.

    Args:
        suite: What there is.
        records: The suite's own records.
        preview: Whether quick runs are shown, and seeds may be few.
        submissions: Records from others; none replaces one of `records`, nor another sender's.

    Returns:
        The same for any order of records and of submissions.
    """

    def task(record: Record) -> Task:
        return suite.by_name[record.subject.task.name]

    rest = [*_ordered(records), *_ordered(submissions)]
    rest, quick = _split(rest, lambda r: "" if preview else _quick(r))
    rest, foreign = _split(rest, lambda r: _foreign(r, suite), are_faults=True)
    rest, odd = _split(rest, lambda r: impossible(r, task(r), suite), are_faults=True)
    rest, old_task = _split(rest, lambda r: _other("task", r.subject.task.hash, suite.definition(r)))
    rest, old_data = _split(rest, lambda r: _other("data set", r.subject.dataset.hash, suite.data_hash(r)))
    rest, torn = _split(rest, lambda r: k.unfit if (k := kept_of(r)) else unfit(r, task(r)), are_faults=True)
    references = [record for record in rest if not isinstance(record, Sent)]
    rest, refused = _split(rest, lambda r: unfit_to_send(r, task(r), references, preview), are_faults=True)
    anew = {id(record): k.again if (k := kept_of(record)) else judged(record, task(record)) for record in rest}
    rest, untrue = _split(rest, lambda r: differs(r, anew[id(r)]), are_faults=True)
    seen: set[tuple[str, str, Row]] = set()
    rest, repeated = _split(rest, lambda r: _repeated(r, seen))
    return Selection(
        shown=show(anew[id(record)] for record in _ordered(rest)),
        stale=(*old_task, *old_data),
        left_out=(*quick, *foreign, *odd, *torn, *refused, *untrue, *repeated),
    )


def unfit(record: Record, task: Task) -> str:
    """Say what a record lacks, or has that its task does not have.

    Args:
        record: A record of the current task.
        task: Its task.

    Returns:
        One line that begins with the field; empty if there is no objection.
    """
    return strange(record, task) or lacking(record, task) or copied(record, task)


def unfit_to_send(record: Record, task: Task, references: Sequence[Record], preview: bool) -> str:
    """Say why a record that somebody sent is refused, given the suite's own.

    Args:
        record: From anybody; the suite's own are not checked.
        task: Its task.
        references: The suite's own records.
        preview: Whether seeds may be few.

    Returns:
        One line that begins with the field; empty if there is no objection.
    """
    if not isinstance(record, Sent):
        return ""
    of_task = [one for one in references if one.subject.task == record.subject.task]
    return (
        ("" if preview else short(record, task))
        or unlike_its_peers(record, task, of_task)
        or contradicted(record, task, of_task)
    )


def _split(records: Iterable[Record], why: Why, are_faults: bool = False) -> tuple[list[Record], tuple[LeftOut, ...]]:
    """Split records into those without an objection, and those with one."""
    reasons = [(record, why(record)) for record in records]
    left_out = tuple(LeftOut(record, said, are_faults) for record, said in reasons if said)
    return [record for record, said in reasons if not said], left_out


def _quick(record: Record) -> str:
    preset = record.subject.preset
    return f"a {preset} run only shows that everything runs; it is no result" if preset in UNJUDGED else ""


def _foreign(record: Record, suite: Suite) -> str:
    name = record.subject.task.name
    return "" if name in suite.by_name else f"subject.task.name: there is no task {name}"


def _other(what: str, found: str, expected: str) -> str:
    if found == expected:
        return ""
    return f"{what} hash {found}, the board's is {expected}" if expected else f"the board has no such {what}"


def _repeated(record: Record, seen: set[tuple[str, str, Row]]) -> str:
    row = row_of(record)
    key, ours = (*_of_data(record), row), (*_of_data(record), replace(row, sender=""))
    if key in seen or ours in seen:
        return f"another record of its row and data set is shown (this one ran on {record.subject.device})"
    seen.add(key)
    return ""


def _ordered(records: Iterable[Record]) -> list[Record]:
    """Sort by data set and row; of the same, the record with most finished seeds comes first."""
    keyed = [((*_of_data(record), row_of(record), -_finished(record)), record) for record in records]
    times = Counter(key for key, _ in keyed)
    said = [(key, record.model_dump_json() if times[key] > 1 else "", record) for key, record in keyed]
    return [record for _, _, record in sorted(said, key=lambda one: one[:2])]


def _finished(record: Record) -> int:
    return sum(cell.status == "ok" for cell in record.cells)


def _of_data(record: Record) -> tuple[str, str]:
    return record.subject.task.name, record.subject.dataset.name
