"""When a cell ran, and which code of the suite decides its numbers, by room.

What else decides them has a hash in the cell's subject: the task's definition, the data set's own page, the variant.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench import catalog, papers
from vaebench.fingerprint import source_hash
from vaebench.papers import Task
from vaebench.sources import local_sources

if TYPE_CHECKING:
    from vaebench.models import Variant

SHARED: Mapping[str, str] = {
    "kernels": "kernels/**/*.py",
    "data": "data/__init__.py",
    "models": "models/**/*.py",
    "training": "training/**/*.py",
    "measures": "measures/**/*.py",
    "claims/measurements": "claims/measurements.py",
    "experiment": "experiment.py",
    "seeds": "seeds.py",
    "cell": "cell.py",
}
"""Rooms that decide the numbers of every cell, and their files."""


def now() -> str:
    """The present moment in UTC, as records say it: ``2026-11-22T07:05:03Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def code_of(task: Task, variant: "Variant") -> dict[str, str]:
    """Hash the suite's code that decides the numbers of a task's cells.

    The shared rooms, the paper's folder, and each of the suite's variants that an arm trains beside the one judged.
    A paper's task pages do not count: what they say of numbers is in the task's definition, the rest is words.

    Args:
        task: The task.
        variant: The variant that is judged.

    Returns:
        Hash by room, as `room_hash` gives it.
    """
    beside = {variant.twin if arm.variant == "twin" else arm.variant for arm in task.arms} - {"own", None}
    rooms = [*SHARED, f"papers/{task.paper}", *sorted(f"variants/{name}" for name in beside)]
    return {room: room_hash(room) for room in rooms}


def changed(code: Mapping[str, str]) -> tuple[str, ...]:
    """Compare code with that of this process.

    Args:
        code: Hashes by room, of another process.

    Returns:
        The rooms that differ.
    """
    return tuple(room for room, hash_ in code.items() if room_hash(room) != hash_)


def room_hash(room: str) -> str:
    """Hash a room's code, as it was when this process first asked: it imports a room's modules about then.

    Args:
        room: A name of `SHARED`, ``papers/<paper>`` or ``variants/<variant>``.

    Returns:
        16 hexadecimal digits; comments and docstrings do not count.
    """
    return _room_hash(room, catalog.PACKAGE, tuple(papers.__path__))


@cache
def _room_hash(room: str, package: Path, papers_at: tuple[str, ...]) -> str:
    if room in SHARED:
        return source_hash(package.glob(SHARED[room]))
    folder, _, name = room.partition("/")
    if folder == "variants":
        page = package / "variants" / f"{name}.py"
        return source_hash(local_sources(page, "vaebench.variants", package) if page.is_file() else ())
    pages = {catalog.page("papers", task) for task in catalog.task_names()}
    files = {path for root in papers_at for path in (Path(root) / name).glob("*.py")}
    return source_hash(files - pages)
