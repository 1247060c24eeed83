"""What is left to run, and how long it takes by what earlier records took."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from vaebench.mistakes import Mistake
from vaebench.results.record import Record, Subject
from vaebench.results.references import own
from vaebench.results.store import BadRecord, read_record

if TYPE_CHECKING:
    from vaebench.cell import Cell

Key = tuple[str, ...]


@dataclass(frozen=True)
class Left:
    """What is left of one task.

    Attributes:
        task: Its name.
        records: Number of records that lack a cell.
        cells: Number of cells.
        core_hours: Their time on one core; None where no record of the task says how long a cell takes.
    """

    task: str
    records: int
    cells: int
    core_hours: float | None


def left(cells: Iterable["Cell"], folder: Path) -> tuple[Left, ...]:
    """Say what is left of each task.

    A cell takes as long as those of the folder's record of the same variant, network and data set. Without that it
    takes the median of the cells that share network and data set, or else the task. What an earlier version of a task
    took counts times the ratio of the two versions where both are known, best of one network. If the folder has no
    record of a task under the preset, the suite's own records tell.

    Args:
        cells: The cells to run.
        folder: Folder of earlier records, of any version of the tasks.

    Returns:
        One a task, in the order of the cells.
    """
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.subject.task.name, []).append(cell)
    seconds = _known([cell.subject for its in found.values() for cell in its], folder)
    return tuple(
        Left(task, len({cell.subject.file_name for cell in its}), len(its), _hours([c.subject for c in its], seconds))
        for task, its in found.items()
    )


def seconds_of(cells: Sequence["Cell"], folder: Path) -> list[float | None]:
    """Forecast each cell, as `left` does.

    Args:
        cells: The cells.
        folder: Folder of earlier records.

    Returns:
        Seconds of each, None where no record says.
    """
    seconds = _known([cell.subject for cell in cells], folder)
    return [_nearest(cell.subject, seconds) for cell in cells]


def _known(subjects: Sequence[Subject], folder: Path) -> dict[Key, float]:
    """What a cell takes by the folder's records; by the suite's own of each task that the folder does not have."""
    presets, tasks = {one.preset for one in subjects}, {one.task.name for one in subjects}
    known = _seconds((one for one in _records(folder, tasks) if one.subject.preset in presets), subjects)
    if lack := {task for task in tasks if (task,) not in known}:
        own = (one for one in _suites_own() if one.subject.task.name in lack and one.subject.preset in presets)
        known |= _seconds(own, subjects)
    return known


def _nearest(subject: Subject, seconds: dict[Key, float]) -> float | None:
    return next((seconds[key] for key in _keys(subject) if key in seconds), None)


def _hours(subjects: Iterable[Subject], seconds: dict[Key, float]) -> float | None:
    total = 0.0
    for subject in subjects:
        if (known := _nearest(subject, seconds)) is None:
            return None
        total += known
    return total / 3600


def _keys(subject: Subject) -> tuple[Key, ...]:
    """Under what a subject's time is looked for: the nearest first."""
    task, place = subject.task.name, (subject.arch, subject.dataset.name)
    return (task, *place, subject.variant.name), (task, *place), (task, subject.arch), (task,)


def _seconds(records: Iterable[Record], subjects: Iterable[Subject]) -> dict[Key, float]:
    """What a cell takes, by key; by other versions of a task only where the present one has no time."""
    versions = {subject.task.name: subject.task.version for subject in subjects}
    found: dict[Key, list[float]] = {}
    older: dict[Key, list[float]] = {}
    for record in records:
        task = record.subject.task
        into = found if versions.get(task.name) == task.version else older
        for cell in record.cells:
            if cell.status == "ok" and cell.seconds:
                for key in _keys(record.subject):
                    into.setdefault(key, []).append(sum(cell.seconds.values()))
    now, before = ({key: median(times) for key, times in its.items()} for its in (found, older))
    ratios = {task: _ratio(task, now, before) for task in {key[0] for key in before}}
    return {key: time * ratios[key[0]] for key, time in before.items()} | now


def _ratio(task: str, now: dict[Key, float], before: dict[Key, float]) -> float:
    """How much longer a cell of a task takes than in its other versions; 1 where nothing tells."""
    both = [key for key in now if key[0] == task and key in before]
    of_a_network = [key for key in both if key[1:] and not key[2:]]
    nearest = of_a_network or [key for key in both if key == (task,)]
    return median(now[key] / before[key] for key in nearest) if nearest else 1.0


def _suites_own() -> Iterable[Record]:
    """The suite's own records; none where there are no reference results."""
    try:
        return own()[0]
    except Mistake:
        return ()


def _records(folder: Path, tasks: Container[str]) -> Iterable[Record]:
    # Those of some tasks, which lie in folders of their names.
    for path in sorted(folder.rglob("*.json")):
        if path.parent.name not in tasks:
            continue
        try:
            yield read_record(path)
        except (OSError, BadRecord):
            continue
