"""Choose which records a board shows: the comparable ones, one for each place, and name every other."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from vaebench.leaderboard.completeness import lacking
from vaebench.leaderboard.task_text import TaskText
from vaebench.leaderboard.text import escape
from vaebench.results.assemble import rejudge
from vaebench.results.record import Record


@dataclass(frozen=True, order=True)
class Entry:
    """A row of the board: a variant's code in one architecture under one preset.

    Attributes:
        preset: The preset; entries of different presets are never ranked together.
        variant: The variant's name.
        arch: The architecture.
        code_hash: The variant's code; two codes of one name are two rows.
    """

    preset: str
    variant: str
    arch: str
    code_hash: str


@dataclass(frozen=True)
class Selection:
    """The records of a board.

    Attributes:
        records: What is shown, judged anew, in the order of task, data set and entry.
        stale: What measured another version of a task or data set: Markdown, a line a record.
        left_out: What is not shown for another reason, likewise.
    """

    records: tuple[Record, ...]
    stale: tuple[str, ...]
    left_out: tuple[str, ...]

    def of_task(self, name: str) -> tuple[Record, ...]:
        """Take the records of one task."""
        return tuple(record for record in self.records if record.subject.task.name == name)

    @cached_property
    def labels(self) -> dict[Entry, str]:
        """Name each entry by variant and architecture, with its code's hash where two share them."""
        entries = sorted({entry(record) for record in self.records})
        names = Counter((e.preset, e.variant, e.arch) for e in entries)
        return {
            e: f"{e.variant} · {e.arch}" + (f" ({e.code_hash})" if names[e.preset, e.variant, e.arch] > 1 else "")
            for e in entries
        }


def entry(record: Record) -> Entry:
    """Say which row of the board a record belongs to.

    Args:
        record: A record.

    Returns:
        The row.
    """
    subject = record.subject
    return Entry(subject.preset, subject.variant.name, subject.arch, subject.variant.code_hash)


def select(
    tasks: Sequence[TaskText], records: Sequence[Record], preview: bool, submissions: Sequence[Record] = ()
) -> Selection:
    """Choose the records that a board may show side by side, and judge them by the tasks' own claims.

    Left out are records of quick runs (unless it is a preview), of tasks that are not on the board, of another version
    of a task or data set, with arms of their own or without readings that the claims need, and all but one of those
    that would stand in one place.

    Args:
        tasks: The tasks of the board.
        records: The suite's own records.
        preview: Whether quick runs are shown.
        submissions: Records from others; none takes the place of one of `records`.

    Returns:
        The same for any order of records and of submissions.
    """
    by_name = {task.name: task for task in tasks}

    def task(record: Record) -> TaskText:
        return by_name[record.subject.task.name]

    rest = [*sorted(records, key=_order), *sorted(submissions, key=_order)]
    rest, quick = _split(rest, lambda r: _quick(r) if not preview else "")
    rest, foreign = _split(rest, lambda r: "" if r.subject.task.name in by_name else "its task is not on this board")
    rest, old_task = _split(
        rest, lambda r: _other("task", r.subject.task.hash, task(r).hashes.get(r.subject.preset, ""))
    )
    rest, old_data = _split(
        rest, lambda r: _other("data set", r.subject.dataset.hash, task(r).data_hash(r.subject.dataset.name))
    )
    rest, armed = _split(rest, lambda r: _strange(r, task(r).arms))
    rest, torn = _split(rest, lambda r: lacking(r, task(r)))
    seen: set[tuple[str, str, Entry]] = set()
    rest, repeated = _split(rest, lambda r: _repeated(r, seen))
    return Selection(
        records=tuple(judged(record, task(record)) for record in sorted(rest, key=_order)),
        stale=(*old_task, *old_data),
        left_out=(*quick, *foreign, *armed, *torn, *repeated),
    )


def judged(record: Record, task: TaskText) -> Record:
    """Judge a record by its task's claims: what is claimed, and how it came out, is not the sender's to say.

    Args:
        record: From anybody.
        task: Its task.

    Returns:
        The record with the task's claims and with verdicts made anew.
    """
    return rejudge(record.model_copy(update={"claims": task.claims, "invariants": task.invariants}))


def _split(records: Iterable[Record], unfit: Callable[[Record], str]) -> tuple[list[Record], tuple[str, ...]]:
    """Keep the records that nothing speaks against, and name the others with what does."""
    reasons = [(record, unfit(record)) for record in records]
    return [record for record, why in reasons if not why], tuple(f"{_name(r)}: {why}" for r, why in reasons if why)


def _quick(record: Record) -> str:
    return "a quick run proves that it runs, and is no result" if record.subject.preset == "quick" else ""


def _strange(record: Record, arms: Sequence[str] | None) -> str:
    if arms is None:
        return ""
    found = {column.arm for column in record.columns}
    strange = sorted(found - {"trained", *arms})
    return f"its task has no arm {', '.join(strange)}" if strange else ""


def _repeated(record: Record, seen: set[tuple[str, str, Entry]]) -> str:
    place = (*_of_data(record), entry(record))
    if place in seen:
        return f"another record stands in its place (this one ran on {record.subject.device})"
    seen.add(place)
    return ""


def _order(record: Record) -> tuple[str, str, Entry, int, str]:
    """Sort by place; within a place, the record with the most finished seeds comes first."""
    finished = sum(cell.status == "ok" for cell in record.cells)
    return (*_of_data(record), entry(record), -finished, record.model_dump_json())


def _of_data(record: Record) -> tuple[str, str]:
    return record.subject.task.name, record.subject.dataset.name


def _other(what: str, found: str, expected: str) -> str:
    if found == expected:
        return ""
    return f"{what} hash {found}, the board's is {expected}" if expected else f"the board knows no such {what}"


def _name(record: Record) -> str:
    subject = record.subject
    return escape(f"{subject.file_name} ({subject.preset}, code {subject.variant.code_hash[:8]})")
