"""When a cell ran, and which code of the suite decides its numbers, by room.

What else decides them has a hash in the cell's subject: the task's definition, the data set's own page, the variant.
"""

from collections.abc import Callable, Mapping
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


def room_hash(room: str) -> str:
    """Hash a room's code, as it lies on the disk.

    Args:
        room: A name of `SHARED`, ``papers/<paper>`` or ``variants/<variant>``.

    Returns:
        16 hexadecimal digits; comments and docstrings do not count.
    """
    package = catalog.PACKAGE
    if room in SHARED:
        return source_hash(package.glob(SHARED[room]))
    folder, _, name = room.partition("/")
    if folder == "variants":
        page = package / "variants" / f"{name}.py"
        return source_hash(local_sources(page, "vaebench.variants", package) if page.is_file() else ())
    pages = {catalog.page("papers", task) for task in catalog.task_names()}
    files = {path for root in papers.__path__ for path in (Path(root) / name).glob("*.py")}
    return source_hash(files - pages)


_when_first_asked = cache(room_hash)
"""A process imports a room's modules about when it first asks; what is on the disk later is not what it runs."""


def code_of(task: Task, variant: "Variant", hash_of: Callable[[str], str] = room_hash) -> dict[str, str]:
    """Hash the suite's code that decides the numbers of a task's cells.

    The shared rooms, the paper's folder, and each of the suite's variants that an arm trains beside the one judged.
    A paper's task pages do not count: what they say of numbers is in the task's definition, the rest is words.

    Args:
        task: The task.
        variant: The variant that is judged.
        hash_of: Hashes a room; one that remembers, for several tasks or variants.

    Returns:
        Hash by room.
    """
    beside = {variant.twin if arm.variant == "twin" else arm.variant for arm in task.arms} - {"own", None}
    rooms = [*SHARED, f"papers/{task.paper}", *sorted(f"variants/{name}" for name in beside)]
    return {room: hash_of(room) for room in rooms}


def changed(code: Mapping[str, str]) -> tuple[str, ...]:
    """Compare the code of a plan with that of this process, as it was when it first asked.

    Args:
        code: Hashes by room.

    Returns:
        The rooms that differ.
    """
    return tuple(room for room, hash_ in code.items() if _when_first_asked(room) != hash_)
