"""One process that runs cells, seen from the process that has it: what it is at, since when, and how it ended."""

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
"""Seconds beyond its limit after which a training that has not stopped by itself is ended."""

MEASURING, MEASURING_LEAST = 10.0, 60.0
"""What a cell does between two trainings may take this many limits of a training, and this many seconds at least."""

PATIENCE = 2.0
"""Seconds in which a process that has closed its pipe ends by itself."""

LONGEST = 32 * 2**20
"""Bytes of the longest message that is read."""

BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from vaebench.engines.worker import serve
serve(int(sys.argv[2]), int(sys.argv[3]))
"""

LIBRARIES = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")
"""Each would start a thread a core; processes take the cores, and sums are in another order with threads."""


class Process:
    """A process, and what it is at.

    Attributes:
        number: The system's, by which it can be looked at.
        pipe: To it.
        cell: The cell it runs, or None.
        ready: Whether it has loaded what cells need.
        training: Whether it trains a model now.
        answer: To the job it was asked for, once it has answered.
        gone: How it ended, for a sentence that begins with "its process"; empty while it is there.
        limit: Seconds that what it does now may take.

    Raises:
        OSError: The system starts no further process.
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
        """Hand over a cell.

        Args:
            cell: The cell.

        Raises:
            OSError: The process is gone.
        """  # noqa: DOC502 - raised by what it calls
        self.pipe.send(("cell", (cell,)))
        self.cell = cell
        self._measures(cell.seconds)

    def ask(self, job: str, arguments: tuple[object, ...], seconds: float | None) -> None:
        """Hand over another job.

        Args:
            job: A name of `worker.JOBS`.
            arguments: Of the job.
            seconds: Limit of a training, from which that of the job follows; None for none.

        Raises:
            OSError: The process is gone.
        """  # noqa: DOC502 - raised by what it calls
        self.answer = None
        self.pipe.send((job, arguments))
        self._measures(seconds)

    def hear(self) -> CellOutcome | None:
        """Take the next message.

        Returns:
            The outcome of its cell, if the message is one.

        Raises:
            EOFError: The process is gone, or says what cannot be understood.
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
            self._may_take(self.cell.seconds)
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
        """Make the outcome of its cell, where it gives none itself.

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
            environment=self._environment.model_copy(update={"code": dict(cell.code)}),
            date=now(),
        )

    def has_news(self) -> bool:
        """Whether it has said something, has ended, or is late."""
        return self.pipe.poll() or self._process.poll() is not None or self.is_late()

    def is_late(self) -> bool:
        """Whether what it does takes longer than it may, and nothing of it is left to be heard."""
        return self.left() < 0 and not self.pipe.poll()

    def left(self) -> float:
        """Seconds until it is late."""
        return self._since + self.limit - time.monotonic()

    def end(self, patience: float = 0.0) -> None:
        """End the process, if it does not end by itself.

        Args:
            patience: Seconds in which it may.
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
    """Start a process that answers at the other end of a pipe; what it prints goes to standard error."""
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
