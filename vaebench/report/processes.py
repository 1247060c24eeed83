"""Work that is spread over processes, and what a process need not do meanwhile."""

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Given = TypeVar("Given")
Found = TypeVar("Found")

PROCESSES = 2
"""More need more memory. They stay for what comes next, because to start one takes seconds."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Turn off garbage collection meanwhile. What is loaded is kept, and collection costs a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def several() -> bool:
    """Whether this machine can run several processes at once."""
    return (os.cpu_count() or 1) >= PROCESSES


def side_by_side(call: Callable[[Given], Found], parts: Iterable[Given]) -> Iterator[Found]:
    """Begin to call a function of a module in several processes. The caller goes on meanwhile.

    Args:
        call: The function.
        parts: What each call is given.

    Returns:
        What each returned, in order, as it comes.
    """
    from joblib import Parallel, delayed  # type: ignore[import-untyped]  # takes a second

    found: Iterator[Found] = Parallel(n_jobs=PROCESSES, return_as="generator")(delayed(call)(part) for part in parts)
    return found
