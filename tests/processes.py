"""What the tests of stopped runs share: processes looked at through /proc."""

import time
from pathlib import Path


def _stat(number: int) -> list[str]:
    """State, parent and so on of a process; nothing where there is none."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_alive(number: int) -> bool:
    """Whether a process is there, and no mere entry that its parent has not read yet."""
    return _stat(number)[:1] not in ([], ["Z"])


def children(parent: int) -> list[int]:
    """Numbers of the processes that another has started."""
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [number for number in numbers if _stat(number)[1:2] == [str(parent)]]


def gone(numbers: list[int], seconds: float) -> bool:
    """Wait until processes are gone."""
    end = time.monotonic() + seconds
    while any(map(is_alive, numbers)) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(map(is_alive, numbers))
