"""What a notebook wants: run variants, load records, compare two runs. `import vaebench` offers the same by name."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from vaebench import catalog
from vaebench.engines.execute import JOBS, EngineName, Site, check_engine, execute
from vaebench.engines.local import Workers
from vaebench.experiment import Preset
from vaebench.mistakes import Mistake
from vaebench.results.record import CellOutcome, Record
from vaebench.results.references import own, read
from vaebench.results.score import Score, score
from vaebench.runner import Request, check, folder_of_run, plan, processors, settled
from vaebench.runner import run as run_planned

Names = str | Path | Iterable[str | Path]
"""A name, or several."""


def run(
    variants: Names,
    *,
    tasks: Names = (),
    datasets: Names = (),
    networks: Names = ("mlp",),
    preset: str = "quick",
    seeds: int | None = None,
    device: str = "auto",
    jobs: int | None = None,
    engine: str = "local",
    out: str | Path | None = None,
    progress: Callable[[int, int, CellOutcome | None], None] | None = None,
) -> tuple[Record, ...]:
    """Train and measure variants, judge the claims, and keep the records. A run that was stopped goes on.

    Cells run in processes of their own. A variant is therefore given by name or by file: an object of a notebook's
    session cannot be sent to them.

    Args:
        variants: Names, files, or ``package.module:NAME``. Files are code, and are run.
        tasks: Names of tasks; all by default.
        datasets: Names of data sets; each task's own by default.
        networks: Names of networks.
        preset: ``quick`` proves that everything runs. ``standard`` is the protocol of record.
        seeds: Number of seeds; the preset's by default.
        device: ``auto``, ``cpu`` or ``cuda``.
        jobs: Number of processes; one a core by default, one on a GPU. On other engines, of workers or jobs at a time.
        engine: Where cells run: ``local``, ``ray`` or ``slurm``.
        out: Folder of the run; ``runs/<preset>`` by default.
        progress: Called with (cells done, cells in all, the last outcome or None) at the start and after each cell.

    Returns:
        A record for each task, variant, network and data set.

    Raises:
        Mistake: A name is unknown, a number makes no sense, nothing fits, or a record cannot be written.

    Examples:
        >>> records = run("vae", tasks="nakagawa2021_posterior_isometry", seeds=2)  # doctest: +SKIP
        >>> records[0].verdicts[0].word  # doctest: +SKIP
        'undecided'
    """
    for name, given in (("variants", variants), ("networks", networks)):
        if given is not None and not _names(given):
            raise Mistake(f"{name} is empty; name one at least")
    request = Request(
        tasks=_names(tasks) or catalog.task_names(),
        variants=_names(variants),
        archs=_names(networks),
        datasets=_names(datasets),
        preset=cast("Preset", preset),
        seeds=seeds,
        device=device,
        jobs=JOBS.get(engine) or processors() if jobs is None else jobs,
        out=Path(out) if out is not None else Path("runs") / preset,
    )
    check(request)
    check_engine(engine)
    request = settled(request, engine, jobs)
    with folder_of_run(request.out) as journal, Workers() as workers:
        planned = plan(request, workers.ask)
        for line in planned.unfit:
            warnings.warn(f"left out: {line}", stacklevel=2)
        if not planned.cells:
            raise Mistake("nothing fits: no network of the request takes a data set of it")
        site = Site(workers, request.out, brought=planned.brought)
        work = partial(execute, cast("EngineName", engine), site)
        done = run_planned(request, planned, journal, progress or (lambda *_: None), work, keeps=engine != "local")
    for line in site.notes:
        warnings.warn(line, stacklevel=2)
    if done.unwritten:
        raise Mistake(f"a record could not be written: {done.unwritten[0]}")
    return done.records


def _names(given: Names) -> tuple[str, ...]:
    if isinstance(given, str | Path):
        return (str(given),)
    try:
        return tuple(str(one) for one in given if isinstance(one, str | Path) or _refuse(one))
    except TypeError:
        _refuse(given)
        raise


def _refuse(given: object) -> bool:
    raise Mistake(f"a name, a file or package.module:NAME is expected, not an object of type {type(given).__name__}")


def load_records(folder: str | Path) -> tuple[Record, ...]:
    """Read the records below a folder, or one record's file. They are data; nothing of them is executed.

    Args:
        folder: Where.

    Returns:
        The records in the order of their paths. A file that is no record is a warning.

    Raises:
        Mistake: There is no record.
    """  # noqa: DOC502 - raised by read
    records, bad = read(Path(folder))
    for line in bad:
        warnings.warn(f"left out: {line}", stacklevel=2)
    return tuple(records)


def compare(
    run: str | Path | Sequence[Record], reference: str | Path | Sequence[Record] | None = None
) -> tuple[Score, ...]:
    """Score a run against reference results, false alarms held at 5 % over all its records together.

    Args:
        run: A folder, or records.
        reference: Likewise; the suite's own reference results by default.

    Returns:
        For each record ``reproduced``, ``drifted``, ``stale`` or ``missing``, with the measurements that moved.
    """
    references = own()[0] if reference is None else reference
    records, references = (load_records(side) if isinstance(side, str | Path) else side for side in (run, references))
    return score(records, references)
