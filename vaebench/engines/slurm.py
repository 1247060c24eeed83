"""Cells as SLURM jobs, through submitit: bundles of ten minutes, each job appending to a shard in the run's folder."""

import json
import os
import shutil
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaebench import stops
from vaebench.engines import slurm_job
from vaebench.engines.execute import MOST_TRIES, Site, lost, named
from vaebench.engines.freight import pack
from vaebench.engines.shipped import received, shipped
from vaebench.engines.slurm_job import BLOBS, BUNDLES, FREIGHT, LOGS, RUN, SAID, SLURM
from vaebench.mistakes import Mistake, extra, first_line
from vaebench.results.journal import MAX_LINE, SHARDS, Journal, line_of
from vaebench.results.record import CellOutcome

if TYPE_CHECKING:
    from vaebench.cell import Cell

LEAST = 600.0
"""Seconds of work that a job has by the forecast, at least: shorter jobs cost a scheduler more than they compute."""

GLANCE = 0.5
"""Seconds between two looks at the shards."""

SHARD_DELAY = 5.0
"""Seconds after the end of a job in which a shared file system may still bring its last lines."""

MINUTES = 60
"""Time limit of a job, at least; four times its forecast where that is more."""

JOBS_FILE = "jobs"
"""Numbers of the jobs that a run has submitted, one a line."""


def check_cluster(given: Mapping[str, str]) -> None:
    """Check that jobs can be submitted here, before anything is written.

    Args:
        given: Parameters of SLURM jobs.

    Raises:
        Mistake: There is no ``sbatch``.
    """
    if given.get("cluster", "slurm") == "slurm" and shutil.which("sbatch") is None:
        raise Mistake("there is no sbatch here: log in where SLURM is, or try --slurm cluster=local")


def on_slurm(site: Site, cells: "Sequence[Cell]", jobs: int) -> Generator[CellOutcome, None, None]:
    """Run cells as SLURM jobs. The run's folder has to be on a file system that all nodes share.

    Args:
        site: What is needed beside cells.
        cells: What to run.
        jobs: Number of jobs at a time.

    Yields:
        Outcomes, as they appear in the shards.

    Raises:
        Mistake: No job can be submitted, or a job says that it cannot work.
    """  # noqa: DOC502 - raised by what it calls
    driver = _Driver(site, cells, jobs)
    try:
        yield from driver.run()
    finally:
        driver.end()


@dataclass
class _Bundle:
    """Cells of one job, and what is left of them."""

    job: Any
    name: str
    left: "dict[str, Cell]"
    ended: float | None = None


@dataclass
class _Shard:
    """A file of outcomes, and how far it was read."""

    path: Path
    at: int = 0
    rest: bytes = field(default=b"", repr=False)

    def lines(self) -> Iterator[bytes]:
        """Whole lines that are new; one that is not yet whole is kept for the next look.

        Yields:
            Lines.
        """
        with suppress(OSError), self.path.open("rb") as file:
            file.seek(self.at)
            text = self.rest + file.read()
            self.at = file.tell()
            *whole, self.rest = text.split(b"\n")
            if len(self.rest) > MAX_LINE:
                self.rest = b""
            yield from (line + b"\n" for line in whole if line.strip())


class _Driver:
    def __init__(self, site: Site, cells: "Sequence[Cell]", jobs: int) -> None:
        self._site, self._most = site, jobs
        self._all = {cell.id: cell for cell in cells}
        self._folder = site.folder.absolute()
        self._run, self._number = os.urandom(6).hex(), 0
        self._executor = self._executor_of(dict(site.slurm))
        self._begin(cells)
        self._forecast = dict(zip(self._all, site.forecast(cells), strict=True))
        self._todo = deque(bundles(cells, list(self._forecast.values()), jobs))
        self._open: list[_Bundle] = []
        self._shards: dict[Path, _Shard] = {}
        self._done: set[str] = set()
        self._tries: Counter[str] = Counter()

    def _begin(self, cells: "Sequence[Cell]") -> None:
        """Write what jobs need, and end the jobs of a run that lost its driver."""
        below = self._folder / SLURM
        freight, blobs = pack(cells, self._site.brought)
        try:
            for name in (BLOBS, BUNDLES, LOGS, SAID):
                (below / name).mkdir(parents=True, exist_ok=True)
            for sum_, path in blobs.items():
                if not (below / BLOBS / sum_).exists():
                    half = below / BLOBS / f"{sum_}.half"
                    shutil.copyfile(path, half)
                    half.replace(below / BLOBS / sum_)
            (below / f"{FREIGHT}-{self._run}").write_text(freight.model_dump_json(), "utf-8")
            (below / RUN).write_text(self._run, "ascii")
        except OSError as error:
            raise Mistake(f"cannot write to {below}: {error.strerror}") from error

    def _executor_of(self, given: dict[str, str]) -> Any:
        submitit = extra("submitit", "slurm")
        check_cluster(given)
        cluster = given.pop("cluster", "slurm")
        given = {"timeout_min": str(MINUTES), "cpus_per_task": "1", "name": "vaebench", **given}
        values = {name: int(value) if value.isdigit() else value for name, value in given.items()}
        try:
            executor = submitit.AutoExecutor(self._folder / SLURM / LOGS, cluster=cluster)
            for number in _numbers(self._folder / SLURM / JOBS_FILE):
                with suppress(Exception):  # long gone, most often
                    executor._executor.job_class(executor.folder, number).cancel(check=False)
            executor.update_parameters(**values)
        except (NameError, ValueError, TypeError, AssertionError, RuntimeError) as error:
            self._remove_empty()
            raise Mistake(first_line(f"--slurm: {error}")) from error
        self._minutes = None if cluster == "slurm" and "slurm_time" in given else int(values["timeout_min"])
        (self._folder / SLURM / JOBS_FILE).unlink(missing_ok=True)
        return executor

    def run(self) -> Generator[CellOutcome, None, None]:
        """Submit bundles and yield outcomes; cells of a job that ended without them go into another.

        Yields:
            Outcomes.
        """
        while len(self._done) < len(self._all):
            while self._todo and len(self._open) < self._most:
                self._submit(self._todo.popleft())
            with stops.free():
                time.sleep(GLANCE)
            ended = [bundle for bundle in self._open if bundle.job.done()]
            yield from self._new()
            for bundle in ended:
                yield from self._ended(bundle)

    def _submit(self, cells: "Sequence[Cell]") -> None:
        self._number += 1
        name = f"{self._run}-{self._number}"
        path = self._folder / SLURM / BUNDLES / name
        path.write_text(json.dumps([json.loads(shipped(cell).model_dump_json()) for cell in cells]), "utf-8")
        known = [seconds for cell in cells if (seconds := self._forecast[cell.id]) is not None]
        if self._minutes is not None:  # else the user's own limit holds
            self._executor.update_parameters(timeout_min=max(self._minutes, int(4 * sum(known) / 60)))
        try:
            job = self._executor.submit(slurm_job.main, str(self._folder), name)
        except Exception as error:  # submitit's errors have many types
            said = [line for line in str(error).splitlines() if line.strip()]
            raise Mistake(f"no SLURM job can be submitted: {said[-1] if said else type(error).__name__}") from error
        with (self._folder / SLURM / JOBS_FILE).open("a") as file:
            file.write(f"{job.job_id}\n")
        self._open.append(_Bundle(job, name, {cell.id: cell for cell in cells}))

    def _new(self) -> Iterator[CellOutcome]:
        """Outcomes that have come into the shards of this run.

        Yields:
            Outcomes.
        """
        for path in sorted((self._folder / SHARDS).glob(f"slurm-{self._run}-*.jsonl")):
            for line in self._shards.setdefault(path, _Shard(path)).lines():
                found = self._outcome(line, path)
                if found is not None:
                    yield found

    def _outcome(self, line: bytes, path: Path) -> CellOutcome | None:
        """The cell of a line. A damaged one costs its own cell; of two answers the first counts."""
        try:
            said = json.loads(line)["cell"]["id"]
            if said not in self._all:
                raise ValueError("it is of a cell that was not asked for")
            outcome = received(line, self._all[said])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            self._site.notes.append(first_line(f"left out: a line of {path}: {error}"))
            return None
        if outcome.id in self._done:
            self._site.notes.append(f"{named(self._all[outcome.id])} was answered twice; the first answer counts")
            return None
        self._done.add(outcome.id)
        for bundle in self._open:
            bundle.left.pop(outcome.id, None)
        return outcome

    def _ended(self, bundle: _Bundle) -> Iterator[CellOutcome]:
        said = self._folder / SLURM / SAID / bundle.name
        if said.is_file():
            raise Mistake(f"SLURM job {bundle.job.job_id}: {said.read_text('utf-8')[:2000]}")
        bundle.ended = bundle.ended or time.monotonic()
        if bundle.left and time.monotonic() - bundle.ended < SHARD_DELAY:
            return
        self._open.remove(bundle)
        if not bundle.left:
            return
        why = f"SLURM job {bundle.job.job_id} ended ({str(bundle.job.state)[:60].lower()})"
        first = next(iter(bundle.left.values()))  # a job runs its cells in turn: this one was in flight
        self._tries[first.id] += 1
        again = list(bundle.left.values())
        if self._tries[first.id] >= MOST_TRIES:
            outcome = lost(first, f"{why}, as {MOST_TRIES - 1} before it")
            Journal(self._folder, "driver").append_line(line_of(outcome))
            self._done.add(first.id)
            yield outcome
            again.remove(first)
        else:
            self._site.notes.append(f"{why} with {len(again)} cells left, which were given to another")
        if again:
            self._todo.appendleft(again)

    def end(self) -> None:
        """Cancel jobs that have cells left, and let orphans know that nobody waits for them. Logs stay."""
        (self._folder / SLURM / RUN).unlink(missing_ok=True)
        for bundle in self._open:
            if bundle.left:
                with suppress(Exception):
                    bundle.job.cancel(check=False)
        is_submitted = (self._folder / SLURM / JOBS_FILE).exists()
        if len(self._done) == len(self._all) or not is_submitted:
            for path in (self._folder / SLURM).iterdir():
                if path.is_dir() and path.name != LOGS:
                    shutil.rmtree(path, ignore_errors=True)
                elif path.is_file():
                    path.unlink()
        if not is_submitted:
            self._remove_empty()

    def _remove_empty(self) -> None:
        """Remove the folders of jobs if they are empty: no job was submitted."""
        for path in (self._folder / SLURM / LOGS, self._folder / SLURM):
            with suppress(OSError):
                path.rmdir()


def _numbers(path: Path) -> list[str]:
    """Numbers of the jobs of an earlier run."""
    try:
        return [line for line in path.read_text("ascii").splitlines() if line.replace("_", "").isdigit()]
    except (OSError, ValueError):
        return []


def bundles(cells: "Sequence[Cell]", seconds: Sequence[float | None], jobs: int) -> list["list[Cell]"]:
    """Bundle cells into jobs of at least `LEAST` seconds by the forecast.

    A cell of which nothing is known counts as the mean of the others. If nothing is known of any, each of the `jobs`
    gets an equal share.

    Args:
        cells: The cells, in the order in which they are to run.
        seconds: Forecast of each.
        jobs: Number of jobs at a time.

    Returns:
        Bundles; the last may be shorter.
    """
    known = [one for one in seconds if one is not None]
    if not known:
        share = -(-len(cells) // jobs)
        return [list(cells[at : at + share]) for at in range(0, len(cells), share)]
    mean = sum(known) / len(known)
    found: list[list[Cell]] = [[]]
    total = 0.0
    for cell, forecast in zip(cells, seconds, strict=True):
        if total >= LEAST:
            found.append([])
            total = 0.0
        found[-1].append(cell)
        total += mean if forecast is None else forecast
    return found
