"""One run at a time in a folder: a lock that the system takes back when its process ends, however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vaebench.mistakes import Mistake

try:
    import fcntl
except ImportError:  # pragma: no cover - where there are no such locks, nobody is kept out
    fcntl = None  # type: ignore[assignment]

LOCK = "journal.lock"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a run's folder against other runs.

    The lock is the system's, on an open file, so a file that a killed run left behind keeps nobody out. On a file
    system without locks nobody is kept out either.

    Args:
        folder: Of the run.

    Yields:
        Nothing.

    Raises:
        Mistake: Another run holds the folder, or it cannot be written.
    """
    path = folder / LOCK
    try:
        held = _taken(path)
    except BlockingIOError:
        raise Mistake(f"another run{_holder(path)} is at work in {folder}; wait for it or give another --out") from None
    except OSError as error:
        raise Mistake(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(held)


def _taken(path: Path) -> int:
    """Open and lock a file; the descriptor, which no child inherits."""
    while True:
        held = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            _lock(held)
            # Between opening and locking, the run that held the file may have taken it away.
            if path.exists() and path.stat().st_ino == os.fstat(held).st_ino:
                with suppress(OSError):  # a full disk takes the lock, if not the number
                    os.ftruncate(held, 0)
                    os.write(held, b"%d\n" % os.getpid())
                return held
        except BaseException:
            os.close(held)
            raise
        os.close(held)


def _lock(held: int) -> None:
    if fcntl is None:  # pragma: no cover
        return
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return  # a file system without locks


def _holder(path: Path) -> str:
    """The number of the process that holds a lock, for a message."""
    try:
        number = path.read_text("ascii", errors="replace")[:32].strip()
    except OSError:
        return ""
    return f" (process {number})" if number.isdigit() else ""
