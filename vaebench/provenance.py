"""When a cell ran, and which code of the suite decides its numbers, by room.

What else decides them has a hash in the cell's subject: the task's definition, the data set's own page, the variant.
"""

import os
import subprocess
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

PATIENCE = 2.0
"""Seconds after which git counts as absent."""

SHARED: Mapping[str, str] = {
    "kernels": "kernels/**/*.py",
    "data": "data/_[_ab]*.py",  # what a data set is, and how one is drawn or divided anew for a seed
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


def commit_of(folder: Path) -> str | None:
    """Find the commit of a checkout.

    Args:
        folder: The package's folder in it.

    Returns:
        40 hexadecimal digits, with ``+changes`` after them where the folder differs from that commit; None where it
        is in no checkout, or where git does not answer.
    """
    # An installed copy may lie in somebody else's checkout: there it is not tracked.
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    said = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=all", "--", ".")
    if said is None:
        return None
    head = [line.removeprefix("# branch.oid ") for line in said.splitlines() if line.startswith("# branch.oid ")]
    if not head or len(head[0]) != 40:
        return None
    return head[0] + "+changes" * any(not line.startswith("#") for line in said.splitlines())


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says of a folder; None where it fails. It writes nothing."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env=plain | {"GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=True,
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return None


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
