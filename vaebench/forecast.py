"""What is left to run, and how long it takes by what earlier records took."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from vaebench.experiment import PRESETS
from vaebench.results.record import Record, Subject
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
    takes the mean of the records that share network and data set, or else the task.

    Args:
        cells: The cells to run.
        folder: Folder of earlier records, of any version of the tasks.

    Returns:
        One a task, in the order of the cells.
    """
    seconds = _seconds(folder)
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.subject.task.name, []).append(cell)
    return tuple(
        Left(task, len({cell.subject.file_name for cell in its}), len(its), _hours([c.subject for c in its], seconds))
        for task, its in found.items()
    )


def seconds_of(cells: Sequence["Cell"], folders: Iterable[Path]) -> list[float | None]:
    """Forecast each cell, by the nearest records of its preset in the first folder that has any of its task.

    Args:
        cells: The cells.
        folders: Folders of earlier records.

    Returns:
        Seconds of each, None where no record says.
    """
    presets = {cell.subject.preset for cell in cells}
    known = [_seconds(folder, presets) for folder in folders]
    found = {
        cell.subject.file_name: next(
            (mean(seconds[key]) for seconds in known for key in _keys(cell.subject) if key in seconds), None
        )
        for cell in cells
    }
    return [found[cell.subject.file_name] for cell in cells]


def _hours(subjects: Iterable[Subject], seconds: dict[Key, list[float]]) -> float | None:
    total = 0.0
    for subject in subjects:
        known = next((seconds[key] for key in _keys(subject) if key in seconds), None)
        if known is None:
            return None
        total += mean(known)
    return total / 3600


def _keys(subject: Subject) -> tuple[Key, ...]:
    """Under what a subject's time is looked for: the nearest first."""
    task, place = subject.task.name, (subject.arch, subject.dataset.name)
    return (task, *place, subject.variant.name), (task, *place), (task, subject.arch), (task,)


def _seconds(folder: Path, presets: Container[str] = PRESETS) -> dict[Key, list[float]]:
    found: dict[Key, list[float]] = {}
    for record in _records(folder):
        if record.subject.preset not in presets:
            continue
        for cell in record.cells:
            if cell.status == "ok" and cell.seconds:
                for key in _keys(record.subject):
                    found.setdefault(key, []).append(sum(cell.seconds.values()))
    return found


def _records(folder: Path) -> Iterable[Record]:
    for path in sorted(folder.rglob("*.json")):
        try:
            yield read_record(path)
        except (OSError, BadRecord):
            continue
