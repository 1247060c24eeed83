"""Work that is spread over processes, and what a process need not do meanwhile."""

import gc
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

Given = TypeVar("Given")
Found = TypeVar("Found")

PROCESSES = 2
"""More need more memory. They stay for what comes next, because to start one takes seconds."""

IDLE = 60
"""Seconds after which a process without work ends."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


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


@contextmanager
def side_by_side(call: Callable[[Given], Found], parts: Iterable[Given]) -> Iterator[Iterator[Found]]:
    """Begin to call a function of a module in several processes. The caller goes on meanwhile.

    Args:
        call: The function.
        parts: What each call is given.

    Yields:
        What each returns, in order, as it comes. Whoever leaves early waits for what has begun, and no more is begun.
    """
    from joblib.externals.loky import get_reusable_executor  # type: ignore[import-untyped]  # takes a second

    executor = get_reusable_executor(max_workers=PROCESSES, timeout=IDLE, env=ONE_THREAD)
    left, begun = deque(parts), SimpleQueue[Any]()
    total = len(left)

    def begin(_: object = None) -> None:
        if left:
            begun.put(one := executor.submit(call, left.popleft()))
            one.add_done_callback(begin)

    for _ in range(PROCESSES + 1):
        begin()
    try:
        yield (begun.get().result() for _ in range(total))
    finally:
        left.clear()
