"""Where cells run: on this machine, on a Ray cluster, or as SLURM jobs. Every engine is one generator of outcomes."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from vaebench import catalog
from vaebench.engines.local import Workers
from vaebench.mistakes import extra
from vaebench.results.record import CellOutcome

if TYPE_CHECKING:
    from vaebench.cell import Cell

EngineName = Literal["local", "ray", "slurm"]
ENGINES: tuple[str, ...] = get_args(EngineName)

JOBS = {"ray": 10_000, "slurm": 10}
"""Workers or jobs at a time by default, by engine; on Ray the cluster's size is the limit."""

MOST_TRIES = 3
"""Workers that one cell may take along before it counts as an error."""


def unknown(cells: "Sequence[Cell]") -> list[float | None]:
    """A forecast that knows nothing.

    Args:
        cells: The cells.

    Returns:
        None for each cell.
    """
    return [None] * len(cells)


@dataclass(frozen=True)
class Site:
    """What an engine needs beside cells.

    Attributes:
        workers: Processes of this machine.
        folder: Of the run.
        brought: Variants that are brought, by reference, as `runner.Plan` has them.
        forecast: Seconds that each of some cells takes, None where nothing is known.
        slurm: Parameters of SLURM jobs, by the names of `submitit`.
        notes: Lines for the user that an engine adds.
    """

    workers: Workers
    folder: Path
    brought: Mapping[str, catalog.Brought] = field(default_factory=dict)
    forecast: "Callable[[Sequence[Cell]], list[float | None]]" = unknown
    slurm: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def check_engine(engine: str) -> None:
    """Check that an engine is there, before anything is planned.

    Args:
        engine: Its name.

    Raises:
        Mistake: It is unknown, or its package is not installed.
    """  # noqa: DOC502 - raised by what it calls
    catalog.checked("engine", engine, ENGINES)
    if engine != "local":
        extra({"ray": "ray", "slurm": "submitit"}[engine], engine)


def execute(engine: EngineName, site: Site, cells: "Sequence[Cell]", jobs: int) -> Generator[CellOutcome, None, None]:
    """Run cells on an engine, and yield each outcome when it is there.

    Except on `local`, an outcome is in a shard of the run's journal before it is yielded.

    Args:
        engine: Its name.
        site: What it needs beside cells.
        cells: What to run.
        jobs: Number of processes, workers or SLURM jobs at a time.

    Yields:
        Outcomes, in the order of completion.
    """
    if engine == "local" or not cells:
        yield from site.workers.run(cells, jobs)
    elif engine == "ray":
        from vaebench.engines.ray import on_ray

        yield from on_ray(site, cells, jobs)
    else:
        from vaebench.engines.slurm import on_slurm

        yield from on_slurm(site, cells, jobs)


def lost(cell: "Cell", reason: str) -> CellOutcome:
    """Make the outcome of a cell whose workers were lost.

    Args:
        cell: The cell.
        reason: One line.

    Returns:
        The outcome, an error. It says of this machine what it says of the arithmetic.
    """
    from vaebench.environment import environment
    from vaebench.provenance import now

    return CellOutcome(
        id=cell.id,
        subject=cell.subject,
        seed=cell.seed,
        status="error",
        reason=reason,
        environment=environment("cpu", cell.code, cell.commit).model_copy(update={"device": cell.subject.device}),
        date=now(),
    )


def named(cell: "Cell") -> str:
    """Name a cell in a line."""
    subject = cell.subject
    return f"{subject.task.name} {subject.variant.name}.{subject.arch}.{subject.dataset.name} seed {cell.seed}"
