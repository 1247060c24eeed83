"""All that speaks against a record that somebody sent: what the board refuses, and what needs its sources or a look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from vaebench.experiment import UNJUDGED
from vaebench.papers import Task
from vaebench.provenance import SHARED, changed
from vaebench.report.received.admission import contradicted, copied, differs, impossible, judged
from vaebench.report.received.bounds import out_of_bounds
from vaebench.report.received.completeness import lacking, short, strange, unlike_its_peers
from vaebench.report.received.sent import THIS_RUN, Sent, sent
from vaebench.report.received.suspicion import better_than_exact, same_times, too_even, twins
from vaebench.report.suite import Suite
from vaebench.results.assemble import judging_hash
from vaebench.results.kept_sources import SOURCES, code_hash, entry
from vaebench.results.meta import declared, lacks_of_meta
from vaebench.results.record import Record, cell_id
from vaebench.results.store import BadRecord


@dataclass
class Standard:
    """What records are held against.

    Attributes:
        suite: What there is.
        references: The suite's own records.
        others: What others sent.
    """

    suite: Suite
    references: Sequence[Record]
    others: Sequence[Sent] = ()

    @cached_property
    def _codes(self) -> set[tuple[str, str]]:
        environments = (environment for one in self.references for environment in one.environments)
        return {pair for environment in environments for pair in environment.code.items()}

    def knows(self, room: str, hash_: str) -> bool:
        """Whether a room's code is this suite's, or that of one of its own records."""
        return (room, hash_) in self._codes or not changed({room: hash_})


@dataclass
class Objections:
    """What was found of one record.

    Each line begins with the field.

    Attributes:
        unfit: It cannot be shown: what `selection` leaves out or calls stale.
        untrue: Its numbers cannot be honest, or hardly.
        unproved: They may be, and what would prove it is missing or does not fit.
        remarks: What a reader should know, and is no objection.
    """

    unfit: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def reasons(self) -> list[str]:
        """All that speaks against it."""
        return [*self.unfit, *self.untrue, *self.unproved]


def scrutinise(records: Sequence[Record], standard: Standard, sources: Path) -> list[Objections]:
    """Find all that speaks against records of one sender.

    Args:
        records: From anybody.
        standard: What they are held against.
        sources: The folder that has ``sources/<variant>``.

    Returns:
        What was found of each.
    """
    found = [_of_one(_as_sent(record), standard, sources) for record in records]
    for variant in {record.subject.variant.name for record in records}:
        mine = [(one, of) for one, of in zip(records, found, strict=True) if one.subject.variant.name == variant]
        _add_twins(mine, [*standard.references, *standard.others])
    return found


def _as_sent(record: Record) -> Sent:
    return record if isinstance(record, Sent) else sent(record, THIS_RUN)


def _add_twins(mine: Sequence[tuple[Record, Objections]], every: Sequence[Record]) -> None:
    """Say whose numbers a variant's are: an objection where they are the same in all of its records."""
    sender = getattr(mine[0][0], "sender", THIS_RUN)
    others = [one for one in every if not isinstance(one, Sent) or one.sender != sender]
    of_each = [twins(record, others) for record, _ in mine]
    everywhere = set.intersection(*map(set, of_each)) if of_each else set()
    for (_, found), same in zip(mine, of_each, strict=True):
        for name, line in same.items():
            (found.untrue if name in everywhere else found.remarks).append(line)


def _of_one(record: Sent, standard: Standard, sources: Path) -> Objections:
    suite, subject, found = standard.suite, record.subject, Objections()
    task = suite.by_name.get(subject.task.name)
    if subject.preset in UNJUDGED:
        shows = f"{subject.preset} only shows that everything runs, and is no result"
        found.unfit.append(f"subject.preset: {shows}; run the standard preset")
    if task is None:
        found.unfit.append(f"subject.task.name: there is no task {subject.task.name}")
    elif why := impossible(record, task, suite) or _stale(record, task, suite):
        found.unfit.append(why)
    else:
        references = [one for one in standard.references if one.subject.task == subject.task]
        found.unfit += filter(None, _against_task(record, task, references))
        found.untrue += better_than_exact(record, task)
        if not references:
            found.remarks.append("the suite has no current record of this task, so nothing could be compared")
        elif record.judged_by != judging_hash():
            found.remarks.append("judged_by: another version of the judge; the board judges anew")
    others = [*standard.references, *(one for one in standard.others if one.sender != record.sender)]
    found.untrue += [*out_of_bounds(record), *filter(None, [same_times(record, others)])]
    found.untrue += filter(None, [too_even(record, standard.references)])
    found.untrue += _dates(record, task)
    found.unproved += [
        *_cells(record),
        *_code(record, standard),
        *(of_sources := list(_sources(record, suite, sources))),
    ]
    if not of_sources and suite.variants.get(subject.variant.name) != subject.variant.code_hash:
        folder = sources / SOURCES / subject.variant.name
        at = entry(folder)
        found.remarks += filter(None, [_unsaid(folder / at.file, sources)])
        found.unproved += filter(None, [_unranked(record, folder / at.file, at.name)])
    return found


def _unsaid(file: Path, folder: Path) -> str:
    """Name what only a person knows of a variant, and its file does not say."""
    lacks = lacks_of_meta(file)
    return f"{file.relative_to(folder)}: {lacks}" if lacks else ""


def _unranked(record: Record, file: Path, name: str) -> str:
    """Say that a record would be ranked although its source declares what is never ranked."""
    found = declared(file, name)
    if record.subject.variant.apart or not found:
        return ""
    return f"subject.variant.apart: empty, and {file.name} declares {', '.join(found)}: such a row is never ranked"


def _stale(record: Record, task: Task, suite: Suite) -> str:
    """Say that a record measured another version of its task or data set."""
    subject = record.subject
    pairs = (
        ("task", subject.task.hash, suite.definition(record), task.version),
        ("dataset", subject.dataset.hash, suite.data_hash(record), suite.datasets[subject.dataset.name].number),
    )
    for what, given, now, version in pairs:
        if given != now:
            return f"subject.{what}.hash: {given}, and version {version} has {now or 'no such preset'}; run it again"
    return ""


def _against_task(record: Sent, task: Task, references: Sequence[Record]) -> Iterator[str]:
    # All objections of the board, and not only the first.
    yield strange(record, task)
    yield lacking(record, task)
    yield copied(record, task)
    yield short(record, task)
    yield unlike_its_peers(record, task, references)
    if why := contradicted(record, task, references):
        yield why
    else:
        yield differs(record, judged(record, task))


def _dates(record: Record, task: Task | None) -> Iterator[str]:
    # When each cell ran, as far as it says.
    now = datetime.now(UTC)
    for n, cell in enumerate(record.cells):
        if cell.date is not None and (why := _odd_date(cell.date, task, now)):
            yield f"cells.{n}.date: {why}"


def _cells(record: Record) -> Iterator[str]:
    # What each cell says of itself: its id, its date, its duration.
    for n, cell in enumerate(record.cells):
        if cell.environment is None:
            yield f"cells.{n}.environment: it is not said on what it ran"
            continue
        expected = cell_id(record.subject, cell.seed, record.environments[cell.environment])
        if cell.id != expected:
            yield f"cells.{n}.id: {cell.id}, and what the record says gives {expected}"
        if cell.date is None:
            yield f"cells.{n}.date: it is not said when it ran"
        if cell.status == "ok" and not sum(cell.seconds.values()) > 0:
            yield f"cells.{n}.seconds: none, and a training takes some"
    if not record.parameters and any(cell.status == "ok" for cell in record.cells):
        yield "parameters: 0, and a model was trained"


def _odd_date(date: str, task: Task | None, now: datetime) -> str:
    try:
        ran = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return f"{date} is no day"
    if ran > now + timedelta(days=1):
        return f"{date} is in the future"
    since = task.versions[-1].since if task and task.versions else ""
    return f"{date}, and its task's version came on {since}" if since and date[:10] < since else ""


def _code(record: Record, standard: Standard) -> Iterator[str]:
    # Whether the suite's code that made the numbers is known.
    for n, environment in enumerate(record.environments):
        if missing := sorted(set(SHARED) - environment.code.keys()):
            yield f"environments.{n}.code: it has no hash of {missing[0]}"
            continue
        strangers = [room for room, hash_ in sorted(environment.code.items()) if not standard.knows(room, hash_)]
        if strangers:
            rooms = ", ".join(strangers[:3])
            yield f"environments.{n}.code: that of {rooms} is neither this suite's nor that of one of its records"


def _sources(record: Record, suite: Suite, folder: Path) -> Iterator[str]:
    # Whether the variant's sources are there, and are those that its code hash says.
    variant = record.subject.variant
    if suite.variants.get(variant.name) == variant.code_hash:
        return
    below = folder / SOURCES / variant.name
    try:
        found = code_hash(below)
        if not found:
            yield f"subject.variant: there are no files in {SOURCES}/{variant.name}; vaebench run keeps them there"
        elif found != variant.code_hash:
            yield f"subject.variant.code_hash: {variant.code_hash}, and {SOURCES}/{variant.name} gives {found}"
        else:
            entry(below)
    except BadRecord as bad:
        where = bad.path.relative_to(folder) if bad.path.is_relative_to(folder) else bad.path
        yield f"{where}: {bad.why}"
