"""Stops from outside: Ctrl-C, SIGTERM and SIGHUP end a program alike, and never in the middle of a write."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

BURST = 1.0
"""Seconds within which several stops count as one, because users press Ctrl-C repeatedly."""


class _State:
    held = 0
    asked = False
    last = -BURST


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, or postpone it to the end of a `held` block."""
    if _State.held:
        _State.asked = True
    elif time.monotonic() - _State.last >= BURST:
        _State.last = time.monotonic()
        raise KeyboardInterrupt


def watch() -> None:
    """Turn every stop into a KeyboardInterrupt; signals that the caller of this process ignores stay ignored."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _stop)


def ignore() -> None:
    """Ignore further stops, because the program is ending."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """Postpone a stop to the end of the block, or to a `free` block inside it.

    Yields:
        Nothing.

    Raises:
        KeyboardInterrupt: A stop came during the block, and the block ended without an error.
    """
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
        asked = _State.asked and not _State.held
        if asked:
            _State.asked = False
    if asked:
        raise KeyboardInterrupt


@contextmanager
def free() -> Iterator[None]:
    """Allow stops inside a `held` block; leaving it here must lose nothing.

    Yields:
        Nothing.

    Raises:
        KeyboardInterrupt: A stop came before or during the block.
    """
    was, _State.held = _State.held, 0
    try:
        if _State.asked:
            _State.asked = False
            raise KeyboardInterrupt
        yield
    finally:
        _State.held = was
