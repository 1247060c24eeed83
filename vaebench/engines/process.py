"""One process that runs cells, seen from its parent: what it is doing, since when, and how it ended."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from vaebench import stops
from vaebench.provenance import now
from vaebench.results.journal import MAX_LINE
from vaebench.results.record import CellOutcome, Environment, Status

if TYPE_CHECKING:
    from vaebench.cell import Cell

GRACE = 2.0
"""Seconds beyond its limit after which a training is ended from outside."""

MEASURING, MEASURING_LEAST = 10.0, 60.0
"""Limit of what a cell does between trainings: this many limits of a training, and at least this many seconds."""

PATIENCE = 2.0
"""Seconds for a process that has closed its pipe to end by itself."""

LONGEST = 32 * 2**20
"""Bytes of the longest accepted message."""

BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from vaebench.engines.worker import serve
serve(int(sys.argv[2]), int(sys.argv[3]))
"""

LIBRARIES = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")
"""Libraries kept to one thread: processes use the cores, and threads change the order of sums."""


class Process:
    """A process, and what it is doing.

    Attributes:
        number: Its process id.
        pipe: The pipe to it.
        cell: The cell it runs, or None.
        ready: Whether it has loaded what cells need.
        training: Whether it is training a model.
        answer: The answer to its job; None before.
        gone: How it ended, to follow "its process" in a sentence; empty while it runs.
        limit: Seconds allowed for its present work.

    Raises:
        OSError: The system cannot start another process.
    """

    def __init__(self) -> None:
        self.cell: Cell | None = None
        self.ready = self.training = False
        self.answer: str | None = None
        self.gone = ""
        self.limit = math.inf
        self._since = time.monotonic()
        self._environment: Environment | None = None
        self.pipe, theirs = Pipe()
        try:
            self._process = _started(theirs)
        except OSError:
            self.pipe.close()
            raise
        finally:
            theirs.close()
        self.number = self._process.pid

    def run(self, cell: "Cell") -> None:
        """Send a cell to run.

        Args:
            cell: The cell.

        Raises:
            OSError: The process is gone.
        """  # noqa: DOC502 - raised by what it calls
        self.pipe.send(("cell", (cell,)))
        self.cell = cell
        self._measures(cell.seconds)

    def ask(self, job: str, arguments: tuple[object, ...], seconds: float | None) -> None:
        """Send another job.

        Args:
            job: A name of `worker.JOBS`.
            arguments: Arguments of the job.
            seconds: Limit of a training, which determines that of the job; None for none.

        Raises:
            OSError: The process is gone.
        """  # noqa: DOC502 - raised by what it calls
        self.answer = None
        self.pipe.send((job, arguments))
        self._measures(seconds)

    def hear(self) -> CellOutcome | None:
        """Receive the next message.

        Returns:
            The outcome of its cell, if that is the message.

        Raises:
            EOFError: The process is gone, or its message is invalid.
        """
        if self._process.poll() is not None and not self.pipe.poll():
            raise EOFError
        try:
            kind, text = json.loads(self.pipe.recv_bytes(LONGEST))
            return self._note(kind, text)
        except (OSError, ValueError) as error:
            raise EOFError from error

    def _note(self, kind: str, text: str) -> CellOutcome | None:
        if kind == "training" and self.cell is not None:
            self.training = True
            self._may_take(None if self.cell.seconds is None else self.cell.seconds * int(text))
        elif kind == "trained" and self.cell is not None:
            self._measures(self.cell.seconds)
        elif kind in {"ready", "environment"}:
            self.ready, self._environment = True, Environment.model_validate_json(text)
        elif kind == "failed":
            self.gone = f"said: {text}"
        elif kind == "answer":
            self.answer = text
            self._may_take(None)
        elif kind == "escaped":
            return self.lost("broken", text)  # code that raises what no cell expects does so again
        elif kind == "outcome" and len(text.encode()) > MAX_LINE - 100:
            return self.lost("error", f"its outcome is longer than {MAX_LINE // 2**20} MiB, which no journal holds")
        elif kind == "outcome":
            outcome = CellOutcome.model_validate_json(text)
            self.cell = None
            self._may_take(None)
            return outcome
        return None

    def lost(self, status: Status, reason: str) -> CellOutcome:
        """Make the outcome of its cell, if it returned none.

        Args:
            status: The status.
            reason: One line.

        Returns:
            The outcome.
        """
        assert self.cell is not None and self._environment is not None
        cell, self.cell = self.cell, None
        self._may_take(None)
        return CellOutcome(
            id=cell.id,
            subject=cell.subject,
            seed=cell.seed,
            status=status,
            reason=reason.encode("utf-8", "backslashreplace").decode()[:2000],
            environment=self._environment.model_copy(update={"code": dict(cell.code), "commit": cell.commit}),
            date=now(),
        )

    def has_news(self) -> bool:
        """Whether it has sent a message, has ended, or is late."""
        return self.pipe.poll() or self._process.poll() is not None or self.is_late()

    def is_late(self) -> bool:
        """Whether its work exceeds the limit and no message is left to receive."""
        return self.left() < 0 and not self.pipe.poll()

    def left(self) -> float:
        """Seconds until it is late."""
        return self._since + self.limit - time.monotonic()

    def end(self, patience: float = 0.0) -> None:
        """Kill the process, unless it ends by itself in time.

        Args:
            patience: Seconds to wait for that.
        """
        try:
            how = _how(self._process.wait(patience))
        except subprocess.TimeoutExpired:
            how = "broke off what it had to say"
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # a driver or a file system may hold it a while
                self._process.wait(5)
        self.gone = self.gone or how
        self.pipe.close()

    def _measures(self, seconds: float | None) -> None:
        self.training = False
        self._may_take(None if seconds is None else max(MEASURING * seconds, MEASURING_LEAST))

    def _may_take(self, seconds: float | None) -> None:
        self._since, self.limit = time.monotonic(), math.inf if seconds is None else seconds + GRACE


def _started(pipe: Connection) -> "subprocess.Popen[bytes]":
    """Start a process that answers at the other end of a pipe and prints to standard error."""
    flags = ["-P", "-u", *(f"-W{option}" for option in sys.warnoptions)]
    arguments = [json.dumps(sys.path), str(pipe.fileno()), str(os.getpid())]
    was = signal.pthread_sigmask(signal.SIG_BLOCK, stops.SIGNALS)  # until it has handlers of its own
    try:
        return subprocess.Popen(
            [sys.executable, *flags, "-c", BOOT, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=[pipe.fileno()],
            env=os.environ | {f"{name}_NUM_THREADS": "1" for name in LIBRARIES},
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, was)


def _how(code: int) -> str:
    if code == -signal.SIGKILL:
        return "was killed, most often for want of memory: fewer --jobs need less"
    if code < 0:
        return f"was ended by signal {-code} ({signal.strsignal(-code)})"
    return f"ended with exit status {code}, as os._exit does in a variant's code"
