"""Choose which records a board shows: the comparable ones, one for each place, and name every other."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from vaebench.report.admission import contradicted, copied, impossible, judged
from vaebench.report.completeness import lacking, short, unlike_its_peers
from vaebench.report.sent import THIS_RUN, Sent, sender_of
from vaebench.report.task_text import Suite, TaskText
from vaebench.report.text import escape
from vaebench.results.record import Record

__all__ = ["Entry", "Selection", "entry", "faults", "judged", "own", "select"]


@dataclass(frozen=True, order=True)
class Entry:
    """A row of the board: a variant's code in one architecture under one preset.

    Attributes:
        preset: The preset; entries of different presets are never ranked together.
        variant: The variant's name.
        arch: The architecture.
        code_hash: The variant's code; two codes of one name are two rows.
        sender: Who sent it, empty for the suite's own: nobody's row is in another's place.
    """

    preset: str
    variant: str
    arch: str
    code_hash: str
    sender: str = ""


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
        """Name each entry by variant, architecture and sender, with its code's hash where two share them."""
        entries = sorted({entry(record) for record in self.records})
        names = Counter(replace(e, code_hash="") for e in entries)
        return {e: _label(e, names[replace(e, code_hash="")] > 1) for e in entries}


def _label(entry: Entry, is_shared: bool) -> str:
    code = f" ({entry.code_hash})" if is_shared else ""
    by = f" ({entry.sender})" if entry.sender == THIS_RUN else f" (from {entry.sender})" if entry.sender else ""
    return f"{entry.variant} · {entry.arch}{code}{by}"


def entry(record: Record) -> Entry:
    """Say which row of the board a record belongs to.

    Args:
        record: A record.

    Returns:
        The row.
    """
    subject = record.subject
    return Entry(subject.preset, subject.variant.name, subject.arch, subject.variant.code_hash, sender_of(record))


def own(records: Iterable[Record]) -> list[Record]:
    """Take the suite's own records, on which alone rests what it says of itself.

    Args:
        records: Some of a board's.

    Returns:
        Those that nobody sent.
    """
    return [record for record in records if not isinstance(record, Sent)]


def select(
    tasks: Sequence[TaskText],
    records: Sequence[Record],
    preview: bool,
    submissions: Sequence[Sent] = (),
    suite: Suite | None = None,
    unread: Sequence[str] = (),
) -> Selection:
    """Choose the records that a board may show side by side, and judge them by the tasks' own claims.

    Left out are records of quick runs (unless it is a preview), of tasks that are not on the board, of another version
    of a task or data set, those that are refused (see `admission`), and all but one of those that would stand in one
    place.

    Args:
        tasks: The tasks of the board.
        records: The suite's own records.
        preview: Whether quick runs are shown, and seeds may be few.
        submissions: Records from others; none takes the place of one of `records`, nor of another sender's.
        suite: What there is; None where any name may be.
        unread: Files among the submissions that are no records.

    Returns:
        The same for any order of records and of submissions.
    """
    by_name = {task.name: task for task in tasks}

    def task(record: Record) -> TaskText:
        return by_name[record.subject.task.name]

    rest = [*sorted(records, key=_order), *sorted(submissions, key=_order)]
    rest, quick = _split(rest, lambda r: _quick(r) if not preview else "")
    rest, foreign = _split(rest, lambda r: "" if r.subject.task.name in by_name else "its task is not on this board")
    rest, odd = _split(rest, lambda r: impossible(r, task(r), suite))
    rest, old_task = _split(
        rest, lambda r: _other("task", r.subject.task.hash, task(r).hashes.get(r.subject.preset, ""))
    )
    rest, old_data = _split(
        rest, lambda r: _other("data set", r.subject.dataset.hash, task(r).data_hash(r.subject.dataset.name))
    )
    rest, torn = _split(rest, lambda r: _unfit(r, task(r)))
    references = own(rest)
    rest, refused = _split(rest, lambda r: _unfit_to_send(r, task(r), references, preview))
    seen: set[tuple[str, str, Entry]] = set()
    rest, repeated = _split(rest, lambda r: _repeated(r, seen))
    return Selection(
        records=tuple(judged(record, task(record)) for record in sorted(rest, key=_order)),
        stale=(*old_task, *old_data),
        left_out=(
            *quick,
            *foreign,
            *odd,
            *torn,
            *refused,
            *repeated,
            *(f"{escape(name)}: no record" for name in unread),
        ),
    )


def faults(
    tasks: Sequence[TaskText],
    records: Iterable[Record],
    suite: Suite,
    references: Sequence[Record] = (),
    preview: bool = False,
) -> list[tuple[Record, str]]:
    """Say which records cannot be what they say they are, or are not whole.

    Args:
        tasks: The tasks of the board.
        records: The suite's own records, or what others sent.
        suite: What there is.
        references: The suite's own records, with which those of others are compared.
        preview: Whether seeds may be few.

    Returns:
        Each of them, with one line that begins with the field. A record of a superseded definition is none of them.
    """
    by_name = {task.name: task for task in tasks}
    found = []
    for record in records:
        task = by_name.get(record.subject.task.name)
        if task is None:
            why = f"subject.task.name: there is no task {record.subject.task.name}"
        elif not (why := impossible(record, task, suite)) and _is_current(record, task):
            why = _unfit(record, task) or _unfit_to_send(record, task, references, preview)
        if why:
            found.append((record, why))
    return found


def _is_current(record: Record, task: TaskText) -> bool:
    """Whether a record measured the task and the data set as they are today."""
    subject = record.subject
    hashes = task.hashes.get(subject.preset), task.data_hash(subject.dataset.name)
    return (subject.task.hash, subject.dataset.hash) == hashes


def _unfit(record: Record, task: TaskText) -> str:
    return _strange(record, task) or lacking(record, task) or copied(record, task.judged)


def _unfit_to_send(record: Record, task: TaskText, references: Sequence[Record], preview: bool) -> str:
    if not isinstance(record, Sent):
        return ""
    of_task = [one for one in references if one.subject.task == record.subject.task]
    return (
        ("" if preview else short(record, task))
        or unlike_its_peers(record, task, of_task)
        or contradicted(record, task, of_task)
    )


def _split(records: Iterable[Record], unfit: Callable[[Record], str]) -> tuple[list[Record], tuple[str, ...]]:
    """Keep the records that nothing speaks against, and name the others with what does."""
    reasons = [(record, unfit(record)) for record in records]
    return [record for record, why in reasons if not why], tuple(f"{_name(r)}: {why}" for r, why in reasons if why)


def _quick(record: Record) -> str:
    return "a quick run proves that it runs, and is no result" if record.subject.preset == "quick" else ""


def _strange(record: Record, task: TaskText) -> str:
    """Name an arm or a knob value that the task does not have."""
    arms = {column.arm for column in record.measurements} - {"trained", *(task.arms or ())}
    if arms and task.arms is not None:
        return f"measurements: its task has no arm {', '.join(sorted(arms))}"
    if task.knob_values is not None:
        knobs = {column.knob for column in record.measurements} - {None, *task.knob_values[record.subject.preset]}
        if knobs:
            return f"measurements: its task's knob is never at {min(knob for knob in knobs if knob is not None):g}"
    return ""


def _repeated(record: Record, seen: set[tuple[str, str, Entry]]) -> str:
    place, ours = (*_of_data(record), entry(record)), (*_of_data(record), replace(entry(record), sender=""))
    if place in seen or ours in seen:
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
    subject, sender = record.subject, sender_of(record)
    place = f"{sender}/{subject.file_name}" if sender and sender != THIS_RUN else subject.file_name
    return escape(f"{place} ({subject.preset}, code {subject.variant.code_hash[:8]})")
