"""Cells in watched processes of this machine: one that hangs or dies costs only its own cell."""

from collections import deque
from collections.abc import Generator, Sequence
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from vaebench import stops
from vaebench.engines import Died
from vaebench.engines.process import PATIENCE, Process
from vaebench.mistakes import Mistake
from vaebench.results.record import CellOutcome

if TYPE_CHECKING:
    from vaebench.cell import Cell

GLANCE = 1.0
"""Seconds between two checks of silent processes."""


class Workers:
    """Processes that run cells. They end with the ``with`` block, and when their parent is gone."""

    def __init__(self) -> None:
        self._all: list[Process] = []
        self._most = 1

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            worker.end()
        self._all.clear()

    def start(self) -> Process:
        """Start one more process, which loads torch in the background.

        Returns:
            The process.

        Raises:
            Mistake: The system cannot start one.
        """
        try:
            self._all.append(Process())
        except OSError as error:
            raise Mistake(f"a process of the run cannot be started: {error.strerror}") from error
        return self._all[-1]

    def ask(self, job: str, *arguments: object, seconds: float | None = None) -> str:
        """Run a job in a process, because the job may end its process.

        Args:
            job: A name of `worker.JOBS`.
            arguments: Arguments of the job.
            seconds: Limit of a training, which determines that of the job; None for none.

        Returns:
            The answer.

        Raises:
            Died: The process ended before it answered, or was ended after its time limit.
            Mistake: No process can be started.
        """  # noqa: DOC502 - raised by what it calls
        worker = self._all[0] if self._all else self.start()
        while not worker.ready and not worker.gone:
            self._attend()
        try:
            worker.ask(job, arguments, seconds)
        except OSError:
            self._let_go(worker)
        while worker.answer is None and not worker.gone:
            self._attend()
        if worker.answer is None:
            raise Died(worker.gone)
        return worker.answer

    def run(self, cells: "Sequence[Cell]", jobs: int) -> Generator[CellOutcome, None, None]:
        """Run cells, and yield each outcome when it is ready.

        A training that exceeds its cell's limit, and a process that dies, are statuses with a reason. The other cells
        continue.

        Args:
            cells: What to run.
            jobs: Number of processes; each uses one thread.

        Yields:
            Outcomes, in the order of completion.

        Raises:
            Mistake: No process can be started.
        """  # noqa: DOC502 - raised by what it calls
        todo, self._most = deque(cells), min(jobs, len(cells))
        while todo or any(worker.cell for worker in self._all):
            self._hand_out(todo)
            yield from self._attend()

    def _hand_out(self, todo: "deque[Cell]") -> None:
        for worker in [worker for worker in self._all if worker.ready and worker.cell is None][: len(todo)]:
            try:
                worker.run(todo[0])
                todo.popleft()
            except OSError:
                self._let_go(worker)
        wanted = len(todo) + sum(worker.cell is not None for worker in self._all)
        while len(self._all) < min(self._most, wanted):
            try:
                self.start()
            except Mistake:
                if not self._all:
                    raise
                self._most = len(self._all)  # those that are there go on

    def _attend(self) -> list[CellOutcome]:
        """Wait for messages of processes, and handle them."""
        left = min(worker.left() for worker in self._all)
        with stops.free():
            wait([worker.pipe for worker in self._all], max(0.0, min(GLANCE, left)))
        news = [self._news(worker) for worker in list(self._all) if worker.has_news()]
        return [outcome for outcome in news if outcome is not None]

    def _news(self, worker: Process) -> CellOutcome | None:
        if worker.is_late():
            what = "a training hung" if worker.training else "loading or measuring took too long"
            worker.gone = f"was ended after {worker.limit:g} s"
            self._let_go(worker, 0.0)
            return worker.lost("timeout", f"{what}: its process {worker.gone}") if worker.cell else None
        try:
            return worker.hear()
        except EOFError:
            self._let_go(worker, PATIENCE)
            return worker.lost("error", f"its process {worker.gone}") if worker.cell else None

    def _let_go(self, worker: Process, patience: float = PATIENCE) -> None:
        if worker not in self._all:
            return
        self._all.remove(worker)
        worker.end(patience)
        if not worker.ready:
            self._most -= 1
            if not self._all:
                raise Mistake(f"a process of the run cannot be started: it {worker.gone}")
