"""Work that is spread over processes."""

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

Given = TypeVar("Given")
Found = TypeVar("Found")

PROCESSES = 2
"""More need more memory. They stay for what comes next, because to start one takes seconds."""


def several() -> bool:
    """Whether this machine can run several processes at once."""
    return (os.cpu_count() or 1) >= PROCESSES


def side_by_side(call: Callable[[Given], Found], parts: Iterable[Given]) -> list[Found]:
    """Call a function of a module in several processes.

    Args:
        call: The function.
        parts: What each call is given.

    Returns:
        What each returned, in order.
    """
    from joblib import Parallel, delayed  # type: ignore[import-untyped]  # takes a second

    found: list[Found] = Parallel(n_jobs=PROCESSES)(delayed(call)(part) for part in parts)
    return found
