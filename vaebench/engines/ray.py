"""Cells on a Ray cluster: a worker is an actor with a watched process, and a lost one costs only its cell in flight."""

import os
import signal
import socket
import time
from collections import Counter, deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaebench import stops
from vaebench.engines.execute import MOST_TRIES, Site, lost, named
from vaebench.engines.freight import Blobs, pack
from vaebench.engines.host import Host, worker_name
from vaebench.engines.local import GLANCE
from vaebench.engines.shipped import Answer, Freight, Shipped, received, shipped
from vaebench.mistakes import Mistake, extra, first_line
from vaebench.results.journal import Journal, line_of
from vaebench.results.record import CellOutcome

if TYPE_CHECKING:
    from vaebench.cell import Cell

PATIENCE = 180.0
"""Seconds in which the first worker has to get a place on the cluster."""


KNOCK = 10.0
"""Seconds in which a cluster's port has to answer."""


class Actor:
    """A worker on a node of the cluster; all that it takes and gives is text."""

    def placed(self) -> None:
        """Answer as soon as it has a place. Ray's workers are nice: on a busy machine, loading takes long."""

    def start(self, freight: str, blobs: dict[str, Any], folder: str, token: str) -> str:
        """Place what cells need, and load what they need.

        Args:
            freight: What that is, as JSON.
            blobs: Reference to the bytes of each hash.
            folder: Of the run, if it can be reached from here.
            token: Name of a file in it by which it is known.

        Returns:
            JSON of two texts: the worker's name, and why it cannot work.
        """
        import json

        ray = extra("ray", "ray")
        name = worker_name("ray")
        try:
            shard = Journal(Path(folder), name) if (Path(folder) / token).is_file() else None
            self._host = Host(Freight.model_validate_json(freight), lambda sum_: bytes(ray.get(blobs[sum_])), shard)
        except Mistake as mistake:
            return json.dumps([name, str(mistake)])
        return json.dumps([name, ""])

    def run(self, cell: str) -> str:
        """Run a cell.

        Args:
            cell: As JSON.

        Returns:
            The answer as JSON.
        """
        try:
            return self._host.run(Shipped.model_validate_json(cell)).model_dump_json()
        except Mistake as mistake:
            return Answer(mistake=str(mistake)).model_dump_json()


@dataclass
class _Seat:
    """A worker as its driver sees it: whether it has a place, what it is called, and which cell it has."""

    actor: Any
    place: Any
    name: str = ""
    cell: "Cell | None" = None


def on_ray(site: Site, cells: "Sequence[Cell]", jobs: int) -> Generator[CellOutcome, None, None]:
    """Run cells on the cluster that ``RAY_ADDRESS`` names, or that runs on this machine.

    Args:
        site: What is needed beside cells.
        cells: What to run.
        jobs: Number of workers, at most; the cluster's CPUs, or GPUs, are the other limit.

    Yields:
        Outcomes, in the order of completion.

    Raises:
        Mistake: There is no cluster, or no worker can work.
    """  # noqa: DOC502 - raised by what it calls
    with _cluster() as ray, _known_by(site.folder) as token:
        driver = _Driver(ray, site, token, *pack(cells, site.brought))
        try:
            yield from driver.run(cells, jobs)
        finally:
            driver.end()


class _Driver:
    def __init__(self, ray: Any, site: Site, token: str, freight: Freight, blobs: Blobs) -> None:
        self._ray, self._site, self._token = ray, site, token
        self._freight = freight.model_dump_json()
        self._blobs = {sum_: ray.put(path.read_bytes()) for sum_, path in blobs.items()}
        needs = {"num_cpus": 1, "num_gpus": 1 if freight.cuda else 0, "max_restarts": 0}
        self._actor = ray.remote(**needs)(Actor)
        self._most = int(ray.cluster_resources().get("GPU" if freight.cuda else "CPU", 0))
        self._seats: dict[Any, _Seat] = {}
        self._tries: Counter[str] = Counter()
        self._began, self._worked, self._failed = time.monotonic(), False, 0

    def run(self, cells: "Sequence[Cell]", jobs: int) -> Generator[CellOutcome, None, None]:
        """Hand out cells and yield outcomes; a cell whose worker is lost goes to another.

        Args:
            cells: What to run.
            jobs: Number of workers, at most.

        Yields:
            Outcomes.

        Raises:
            Mistake: No worker gets a place.
        """
        todo = deque(cells)
        most = max(1, min(jobs, self._most))
        while todo or any(seat.cell for seat in self._seats.values()):
            busy = sum(seat.cell is not None for seat in self._seats.values())
            while len(self._seats) < min(most, len(todo) + busy):
                self._start()
            with stops.free():
                ready, _ = self._ray.wait(list(self._seats), timeout=GLANCE)
            for future in ready:
                yield from self._news(self._seats.pop(future), future, todo)
            if not self._worked and time.monotonic() - self._began > PATIENCE and not self._placed():
                raise Mistake(
                    f"no worker got a place on the Ray cluster in {PATIENCE:.0f} s: it needs a free "
                    f"{'GPU' if Freight.model_validate_json(self._freight).cuda else 'CPU'}; see `ray status`"
                )

    def _placed(self) -> bool:
        """Whether any worker that is not lost has got a place."""
        return any(self._ray.wait([seat.place], timeout=0)[0] for seat in self._seats.values())

    def _start(self) -> None:
        actor = self._actor.remote()
        place = actor.placed.remote()
        started = actor.start.remote(self._freight, self._blobs, str(self._site.folder.absolute()), self._token)
        self._seats[started] = _Seat(actor, place)

    def _news(self, seat: _Seat, future: Any, todo: "deque[Cell]") -> Generator[CellOutcome, None, None]:
        try:
            text = self._ray.get(future)
        except self._ray.exceptions.RayError as error:
            yield from self._gone(seat, error, todo)
            return
        if seat.cell is None:
            self._ready(seat, text)
        else:
            yield from self._answer(seat, text, todo)
        if seat.actor is None:
            return
        if todo:
            seat.cell = todo.popleft()
            self._seats[seat.actor.run.remote(shipped(seat.cell).model_dump_json())] = seat
        else:
            self._ray.kill(seat.actor)

    def _ready(self, seat: _Seat, text: str) -> None:
        import json

        seat.name, mistake = json.loads(text)
        if mistake:
            raise Mistake(str(mistake))
        self._worked = True

    def _answer(self, seat: _Seat, text: str, todo: "deque[Cell]") -> Generator[CellOutcome, None, None]:
        cell, seat.cell = seat.cell, None
        assert cell is not None
        try:
            answer = Answer.model_validate_json(text)
            if answer.mistake:
                raise Mistake(answer.mistake)
            outcome = received(answer.line.encode(), cell)
        except Mistake:
            raise
        except ValueError as error:
            self._ray.kill(seat.actor)  # else the cell would be given to it again
            seat.actor = None
            yield from self._again(cell, first_line(f"what worker {seat.name} said is unusable: {error}"), todo)
            return
        if not answer.kept:
            Journal(self._site.folder, seat.name).append_line(answer.line.encode())
        yield outcome

    def _gone(self, seat: _Seat, error: Exception, todo: "deque[Cell]") -> Generator[CellOutcome, None, None]:
        """A worker is lost, with its node or alone. What its shard has is not run again.

        Yields:
            The outcome, if the shard has it, or if too many workers were lost.
        """
        said = str(error).strip().splitlines()[-1].strip() if str(error).strip() else type(error).__name__
        if seat.cell is None:
            self._failed += 1
            if self._failed >= MOST_TRIES and not self._worked:
                raise Mistake(f"no worker can be started on the Ray cluster: {said}"[:500])
            return
        kept, _ = Journal(self._site.folder).read({seat.cell.id: (seat.cell.subject, seat.cell.seed)})
        if seat.cell.id in kept:
            yield kept[seat.cell.id]
            return
        yield from self._again(seat.cell, f"worker {seat.name} was lost", todo)

    def _again(self, cell: "Cell", why: str, todo: "deque[Cell]") -> Generator[CellOutcome, None, None]:
        self._tries[cell.id] += 1
        if self._tries[cell.id] < MOST_TRIES:
            self._site.notes.append(f"{why}; {named(cell)} was given to another")
            todo.appendleft(cell)
            return
        outcome = lost(cell, f"{why}, as {MOST_TRIES - 1} before it")
        Journal(self._site.folder, "driver").append_line(line_of(outcome))
        yield outcome

    def end(self) -> None:
        """End all workers."""
        for seat in self._seats.values():
            with suppress(Exception):
                self._ray.kill(seat.actor)


@contextmanager
def _known_by(folder: Path) -> Generator[str, None, None]:
    """Put a file into the run's folder by which a worker knows it, and take it away at the end.

    Yields:
        Its name.
    """
    token = f".run-{os.urandom(8).hex()}"
    try:
        (folder / token).touch()
    except OSError as error:
        raise Mistake(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield token
    finally:
        (folder / token).unlink(missing_ok=True)


def _knock(address: str) -> None:
    """Try a cluster's port, because Ray itself waits for minutes where nobody answers."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()


@contextmanager
def _cluster() -> Generator[Any, None, None]:
    """Join a cluster; signals stay this program's own, and nothing is reported to anybody.

    Yields:
        The package.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = extra("ray", "ray")
    if ray.is_initialized():
        yield ray
        return
    before = {number: signal.getsignal(number) for number in stops.SIGNALS}
    address = os.environ.get("RAY_ADDRESS") or "auto"
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (OSError, ValueError, RuntimeError) as error:
        where = "on this machine" if address == "auto" else f"at {address}"
        raise Mistake(f"no Ray cluster answers {where}: `ray start --head` starts one, RAY_ADDRESS names it") from error
    try:
        with suppress(ValueError):  # not in the main thread, where nobody set a handler either
            for number, handler in before.items():
                signal.signal(number, handler)
        yield ray
    finally:
        ray.shutdown()
