"""``vaebench run``: train and measure variants, judge the claims, keep the records."""

import json
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from vaebench import catalog, stops
from vaebench.cli.app import app
from vaebench.cli.console import INTERRUPTED, NO, Json, answer, err, names, out, say, say_notes
from vaebench.cli.verdicts import show_verdicts
from vaebench.engines.execute import ENGINES, JOBS, EngineName, Site, check_engine, execute
from vaebench.engines.local import Workers
from vaebench.experiment import PRESETS, UNJUDGED, Preset
from vaebench.mistakes import Mistake
from vaebench.results.journal import JOURNAL
from vaebench.results.record import UNFINISHED
from vaebench.runner import (
    MENDED_BY_THE_AUTHOR,
    Done,
    Plan,
    Request,
    check,
    check_places,
    fetch,
    folder_of_run,
    plan,
    processors,
    run,
    settled,
    unfinished,
    whole,
)
from vaebench.terminal import visible

if TYPE_CHECKING:
    from vaebench.results.journal import Journal
    from vaebench.results.record import CellOutcome


OWN = catalog.PACKAGE.parent / "reference_results"
"""Whose durations are a forecast of cells that the folder of the run has none of."""


@app.command("run", short_help="Train and measure variants, and judge the claims.")
def run_(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Variants, in place of --variants.")
    ] = None,
    tasks: Annotated[
        str | None, typer.Option(help="Tasks, separated by commas (see `vaebench list`); all by default.")
    ] = None,
    variants: Annotated[
        str | None,
        typer.Option(
            help="Variants: names, path/to/file.py (runs that file's code) or package.module:NAME; all by default."
        ),
    ] = None,
    archs: Annotated[str | None, typer.Option(help="Architectures; all that fit by default.")] = None,
    datasets: Annotated[str | None, typer.Option(help="Data sets; each task's own by default.")] = None,
    preset: Annotated[str, typer.Option(help="Budget: " + ", ".join(PRESETS) + ".")] = "standard",
    seeds: Annotated[int | None, typer.Option(help="Number of seeds; the preset's by default.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Processes; one a core by default, one on a GPU. On ray: workers, by default one a CPU of the "
            "cluster. On slurm: jobs at a time, 10 by default."
        ),
    ] = None,
    engine: Annotated[str, typer.Option(help="Where cells run: " + ", ".join(ENGINES) + ".")] = "local",
    slurm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A parameter of SLURM jobs as submitit names it, as in slurm_partition=short; may be given often.",
        ),
    ] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder; runs/PRESET by default.")] = None,
    cell_timeout: Annotated[
        float | None,
        typer.Option(
            help="Most seconds for one training; a cell has one for each arm and knob value. A training that hangs in "
            "one step is ended 2 s later. Other work between trainings has 10 times the limit, and 60 s at least."
        ),
    ] = None,
    data_root: Annotated[Path, typer.Option(help="Folder of the data sets that need a download.")] = catalog.DATA_ROOT,
    download: Annotated[
        bool, typer.Option("--download", help="Download the sets of --datasets that are not in that folder.")
    ] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Skip what already has a complete record in --out.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is left to run and how long it takes, and run nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train and measure variants, judge the claims, and keep the records. A run that was stopped continues."""
    if files and variants is not None:
        raise Mistake(f"variants are given as --variants {variants} and as {' '.join(files)}: give them once")
    request = Request(
        tasks=names(tasks, catalog.task_names(), "--tasks"),
        variants=tuple(dict.fromkeys(files)) if files else names(variants, catalog.variant_names(), "--variants"),
        archs=names(archs, catalog.arch_names(), "--archs", "all that fit"),
        datasets=names(datasets, (), "--datasets", "each task's own"),
        preset=cast("Preset", preset),
        seeds=seeds,
        device=device,
        jobs=JOBS.get(engine) or processors() if jobs is None else jobs,
        out=folder or Path("runs") / preset,
        seconds=cell_timeout,
        data_root=data_root,
        missing=missing,
    )
    check(request)
    check_engine(engine)
    parameters = slurm_parameters(slurm or [], engine)
    if download and not request.datasets:
        raise Mistake("--download is for the sets of --datasets: name them, as in --datasets mnist")
    if download and dry_run:
        raise Mistake("--dry-run loads and runs nothing: leave out --download")
    if dry_run:
        show_left(request, engine, jobs, archs is not None, as_json)
        return
    try:
        with folder_of_run(request.out) as journal, Workers() as workers:
            site = Site(workers, request.out, slurm=parameters)
            done = do(request, site, cast("EngineName", engine), journal, jobs, archs is not None, download)
    except KeyboardInterrupt as stop:
        stops.ignore()
        say_notes(stop)
        if (path := request.out / JOURNAL).exists():
            say(f"stopped; finished cells are kept in {path}: the same command goes on from there")
        else:
            say("stopped before any cell was finished; the same command begins again")
        sys.exit(INTERRUPTED)
    if done is not None:
        for line in site.notes:
            say(line, "yellow")
        report(request, done, journal, as_json)
    elif as_json:
        answer({"records": []})


def slurm_parameters(given: list[str], engine: str) -> dict[str, str]:
    """Read parameters of SLURM jobs."""
    if given and engine != "slurm":
        raise Mistake("--slurm says how SLURM jobs run: add --engine slurm")
    if bad := [one for one in given if not (one.partition("=")[0].strip() and one.partition("=")[2].strip())]:
        raise Mistake(f"--slurm is NAME=VALUE, as slurm_partition=short, not {bad[0] or 'empty'}")
    found = {name.strip(): value.strip() for name, _, value in (one.partition("=") for one in given)}
    if engine == "slurm":
        from vaebench.engines.slurm import check_cluster

        check_cluster(found)
    return found


def do(
    request: Request,
    site: Site,
    engine: EngineName,
    journal: "Journal",
    jobs: int | None,
    archs_chosen: bool,
    download: bool,
) -> Done | None:
    """Plan and run a request, with progress; None if all of its records are there already."""
    workers = site.workers
    if processors() > 1:
        workers.start()  # loads torch while this process does
    with err.status("loading torch"), stops.held():
        request = settled(request, engine, jobs)
    if download:
        say(f"downloading missing data to {request.data_root}")
        fetch(request)
    with err.status("planning"):
        planned = plan(request, workers.ask)
    show_unfit(planned, archs_chosen)
    if planned.there:
        say(f"records that are there already in {request.out}: {planned.there}")
    if not planned.cells:
        return None
    if engine != "local":
        from vaebench.forecast import seconds_of

        workers.__exit__()  # they planned, and cells run elsewhere
        site = replace(site, brought=planned.brought, forecast=partial(seconds_of, folder=request.out))
    with cell_progress() as progress:
        return run(request, planned, journal, progress, partial(execute, engine, site), keeps=engine != "local")


def show_unfit(planned: Plan, archs_chosen: bool) -> None:
    """Say which combinations do not fit. If none does, that is a mistake."""
    if planned.unfit and not archs_chosen:
        many = f"{len(planned.unfit)} combinations of variant, architecture and data set"
        say(f"left out: {many} that do not fit; --archs lists them")
    else:
        for line in planned.unfit:
            say(f"left out: {line}", "yellow")
    if not planned.cells and not planned.there:
        raise Mistake("nothing fits: give other --variants, --archs or --datasets")


def show_left(request: Request, engine: str, jobs: int | None, archs_chosen: bool, as_json: bool) -> None:
    """Print what is left of each task, and how long it takes by the times that earlier records carry."""
    from vaebench.forecast import left

    with err.status("planning"), Workers() as workers:
        request = settled(request, engine, jobs)
        planned = plan(request, workers.ask)
        check_places(request.out, planned.cells)
        cells = unfinished(request.out, planned.cells)
        found, complete = left(cells, request.out), whole(request.out, planned.cells)
    show_unfit(planned, archs_chosen)
    there = planned.there + len(complete)
    if as_json:
        answer({"there": there, "left": [asdict(one) for one in found]})
        return
    out.print(f"records that are there: {there}", highlight=False)
    if again := len(complete & {cell.subject.file_name for cell in cells}):
        say(f"{again} of them are trained again, for the journal lacks their cells; --missing leaves them out")
    if not found:
        out.print("nothing is left to train", highlight=False)
    for one in found:
        hours = (
            "no record says how long it takes, see vaebench check FILE"
            if one.core_hours is None
            else f"{one.core_hours:.1f} core-hours"
        )
        out.print(f"{one.task}: {one.records} records left, {one.cells} cells, {hours}", highlight=False)
    if found and all(one.core_hours is not None for one in found):
        total = sum(one.core_hours or 0.0 for one in found)
        # Elsewhere the number of processes is that of the cluster, unless it is given.
        hours = f", {total / request.jobs:.1f} hours with --jobs {request.jobs}" if jobs or engine == "local" else ""
        out.print(f"all: {total:.1f} core-hours{hours}")


def report(request: Request, done: Done, journal: "Journal", as_json: bool) -> None:
    """Print the result of a run. Exit with 1 if a cell failed, with 2 if a record could not be written."""
    for damage in done.damages:
        lines = f"line {damage.line}" if damage.last == damage.line else f"lines {damage.line} to {damage.last}"
        say(f"left out: {damage.path}, {lines}: {damage.why}", "yellow")
    for line in done.kept:
        say(f"not overwritten: {line}; give another --out to keep both", "yellow")
    say(f"{done.ran} cells run, {done.reused} taken from {journal.path}")
    if as_json:
        answer({"records": [json.loads(record.model_dump_json()) for record in done.records]})
    else:
        show_verdicts(done.records)
        out.print(f"records: {request.out}", highlight=False)
    if request.preset in UNJUDGED:
        say(
            f"the {request.preset} preset only shows that everything runs. "
            "Its models are hardly trained, so its verdicts are no results"
        )
    cells = [cell for record in done.records for cell in record.cells]
    for note in dict.fromkeys(note for cell in cells for note in cell.notes):
        say(f"note: {note}", "yellow")
    if broken := sum(cell.status in UNFINISHED for cell in cells):
        say(f"not finished: {broken} of the cells; the same command tries them again", "red")
    if wrong := sum(cell.status in MENDED_BY_THE_AUTHOR for cell in cells):
        say(f"refused or broken: {wrong} of the cells; mend the variant or the task, another try will not help", "red")
    if done.unwritten:
        mistake = Mistake(
            f"records that could not be written: {len(done.unwritten)}; run the same command to write them"
        )
        for line in done.unwritten:
            mistake.add_note(line)
        raise mistake
    if broken or wrong:
        sys.exit(NO)


class cell_progress:  # noqa: N801 - a context manager, used like a function
    """A progress bar on standard error, with a line for every cell that failed."""

    def __init__(self) -> None:
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=err,
        )
        self.row = self.bar.add_task("cells", total=None)

    def __enter__(self) -> "cell_progress":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def __call__(self, done: int, total: int, last: "CellOutcome | None") -> None:
        """Move the bar. Without a terminal, print a line for each cell instead."""
        where = "cells"
        if last is not None:
            subject = last.subject
            where = f"{subject.task.name} {subject.variant.name}.{subject.arch}.{subject.dataset.name} seed {last.seed}"
            if last.status != "ok":
                self.bar.print(visible(f"{last.status}: {where}: {last.reason}"), style="yellow", soft_wrap=True)
            elif not err.is_terminal:
                say(f"{done}/{total} {where}: {sum(last.seconds.values()):.0f} s")
        self.bar.update(self.row, completed=done, total=total, description=where)
