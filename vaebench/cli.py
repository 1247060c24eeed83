"""The command line. Only this module prints: answers to standard output, progress and problems to standard error."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, cast

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from vaebench import catalog, stops
from vaebench.engines.local import Workers
from vaebench.experiment import PRESETS, Preset
from vaebench.mistakes import Mistake, shortage
from vaebench.runner import (
    MENDED_BY_THE_AUTHOR,
    UNFINISHED,
    Done,
    Request,
    check,
    fetch,
    plan,
    processors,
    resolve_device,
    run,
)
from vaebench.terminal import PlainConsole, shown_json, visible
from vaebench.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaebench.claims import CheckResult, Verdict
    from vaebench.results.journal import Journal
    from vaebench.results.record import CellOutcome, Record

NO, MISUSE, INTERRUPTED = 1, 2, 130
MARKS = {"holds": "✓ holds", "fails": "✗ fails", "undecided": "? undecided", "not applicable": "– n/a"}
COLOURS = {"holds": "green", "fails": "red", "undecided": "", "not applicable": ""}

app = typer.Typer(
    help="A benchmark suite for variational autoencoders that checks claims, not just scores.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out, err = PlainConsole(), PlainConsole(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


def main() -> NoReturn:
    """Run the command line. A mistake, a shortage or a stop is one line and an exit status, never a traceback."""
    stops.watch()
    open_streams()
    try:
        with whole_answers():
            app()
    except KeyboardInterrupt:
        stops.ignore()
        sys.exit(INTERRUPTED)
    except Mistake as mistake:
        give_up(mistake, str(mistake))
    except Exception as error:
        line = shortage(error)
        if not line:
            raise
        give_up(error, line)
    sys.exit(0)


def open_streams() -> None:
    """Make sure that there are streams to print to. Characters that cannot be encoded are escaped."""
    while (spare := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(spare, True)  # a stream that the caller closed; else a journal would take its number
    os.close(spare)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
        if hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def give_up(error: BaseException, line: str) -> NoReturn:
    """Print the reason in one line, with the error's notes, and exit."""
    say_notes(error)
    say(f"vaebench: {line}", "red")
    sys.exit(MISUSE)


def say_notes(error: BaseException, most: int = 5) -> None:
    """Print an error's notes, for example which records could not be written."""
    notes = getattr(error, "__notes__", [])
    for note in notes[:most]:
        say(note, "yellow")
    if len(notes) > most:
        say(f"… and {len(notes) - most} more", "yellow")


@contextmanager
def whole_answers() -> Iterator[None]:
    """Flush standard output before the end. So a full disk or a closed pipe is an error here."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        # Otherwise the interpreter tries again at exit, and prints a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if error.errno == errno.EPIPE:
            sys.exit(NO)
        raise


def say(line: str, style: str | None = None) -> None:
    """Print one line to standard error."""
    err.print(visible(line), style=style, highlight=False, soft_wrap=True)


def answer(value: object) -> None:
    """Print one JSON object to standard output."""
    text = shown_json(value)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # a terminal without Greek letters
        text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
    sys.stdout.write(text)


def names(given: str | None, all_names: tuple[str, ...]) -> tuple[str, ...]:
    """Split a comma-separated option; None means all."""
    if given is None:
        return all_names
    return tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """A benchmark suite for variational autoencoders that checks claims, not just scores."""
    if show:
        out.print(VERSION, highlight=False)
        raise typer.Exit


@app.command("list", short_help="List tasks and claims, variants, data sets.")
def list_(
    as_json: Json = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a record.")] = False,
) -> None:
    """List tasks with their claims, variants, architectures, data sets and presets."""
    if schema:
        from vaebench.results.record import schema_text

        sys.stdout.write(schema_text())
        return
    tasks = [catalog.task(name) for name in catalog.task_names()]
    if as_json:
        answer(
            {
                "tasks": [
                    {
                        "name": task.name,
                        "version": task.version,
                        "source": task.source,
                        "asks": task.asks,
                        "datasets": task.datasets,
                        "claims": [{"id": claim.id, "says": claim.says} for claim in task.claims],
                    }
                    for task in tasks
                ],
                "variants": catalog.variant_names(),
                "archs": catalog.arch_names(),
                "datasets": catalog.dataset_names(),
                "presets": PRESETS,
            }
        )
        return
    for task in tasks:
        show_names(f"{task.name} ({task.source}): {task.asks}", [(claim.id, claim.says) for claim in task.claims])
    for title, folder, listed in (
        ("Variants", "variants", catalog.variant_names()),
        ("Architectures", "models/networks", catalog.arch_names()),
        ("Data sets", "data", catalog.dataset_names()),
    ):
        show_names(title, [(name, catalog.summary(folder, name)) for name in listed])
    out.print(f"Presets: {', '.join(PRESETS)}")


def show_names(title: str, rows: "Sequence[tuple[str, str]]") -> None:
    """Print names with their meanings. Names are never cut, so that they can be copied."""
    table = Table(show_header=False, box=None, title=title, title_justify="left", title_style="bold", padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    out.print(table, "")


@app.command("run", short_help="Train and measure variants, and judge the claims.")
def run_(
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
    jobs: Annotated[int | None, typer.Option(help="Processes; one a core by default, one on a GPU.")] = None,
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
    as_json: Json = False,
) -> None:
    """Train and measure variants, judge the claims, and keep the records. A run that was stopped continues."""
    request = Request(
        tasks=names(tasks, catalog.task_names()),
        variants=names(variants, catalog.variant_names()),
        archs=names(archs, catalog.arch_names()),
        datasets=names(datasets, ()),
        preset=cast("Preset", preset),
        seeds=seeds,
        device=device,
        jobs=processors() if jobs is None else jobs,
        out=folder or Path("runs") / preset,
        seconds=cell_timeout,
        data_root=data_root.expanduser(),
        missing=missing,
    )
    check(request)
    from vaebench.results.journal import Journal
    from vaebench.results.lock import alone_in

    journal = Journal(request.out)
    try:
        with alone_in(request.out), Workers() as workers:
            done = do(request, workers, journal, chosen=(archs is not None, jobs is not None), download=download)
    except KeyboardInterrupt as stop:
        stops.ignore()
        say_notes(stop)
        say(f"stopped; finished cells are kept in {journal.path}: the same command goes on from there")
        sys.exit(INTERRUPTED)
    if done is not None:
        report(request, done, journal, as_json)


def do(
    request: Request, workers: Workers, journal: "Journal", chosen: tuple[bool, bool], download: bool
) -> Done | None:
    """Plan and run a request, with progress; None if all of its records are there already.

    ``chosen`` says whether the user gave architectures and a number of processes.
    """
    if processors() > 1:
        workers.start()  # loads torch while this process does
    with err.status("loading torch"), stops.held():
        request = replace(request, device=resolve_device(request.device))
    archs_chosen, jobs_chosen = chosen
    if request.device == "cuda" and not jobs_chosen:
        request = replace(request, jobs=1)
    if download:
        say(f"downloading missing data to {request.data_root}")
        fetch(request)
    with err.status("planning"):
        planned = plan(request, workers.ask)
    if planned.unfit and not archs_chosen:
        say(f"left out: {len(planned.unfit)} combinations of variant, architecture and data set that do not fit")
    else:
        for line in planned.unfit:
            say(f"left out: {line}", "yellow")
    if planned.there:
        say(f"records that are there already in {request.out}: {planned.there}")
    if not planned.cells:
        if planned.there:
            return None
        raise Mistake("nothing is left to run")
    with cell_progress() as progress:
        return run(request, planned, journal, progress, workers.run)


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
    if request.preset == "quick":
        say(
            "the quick preset only shows that everything runs. "
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


def show_verdicts(records: "Sequence[Record]") -> None:
    """Print a row for each claim: as published, under controls, and the estimate of the check that decided it."""
    from vaebench.report.format import claimed, estimate_and_interval
    from vaebench.report.markdown import words

    for record in records:
        table = Table(show_header=False, box=None, padding=(0, 1))
        for _ in range(5):
            table.add_column()
        table.add_column(overflow="fold")
        for verdict in record.verdicts:
            shown = headline(verdict)
            found = " ".join(estimate_and_interval(shown.interval)) if shown.interval else shown.reason
            table.add_row(
                " ",
                Text(MARKS[verdict.published.word], COLOURS[verdict.published.word]),
                Text(MARKS[verdict.word], COLOURS[verdict.word]),
                verdict.claim,
                visible(found),
                Text(visible(f"{words(shown.place)}, {claimed(shown)}"), "dim"),
            )
        for cell in record.cells:
            if cell.status != "ok":
                table.add_row(" ", "", Text(cell.status, "yellow"), f"seed {cell.seed}", visible(cell.reason))
        seeds = sum(cell.status == "ok" for cell in record.cells)
        name = Text(record.subject.file_name.removesuffix(".json"), "bold")
        out.print(Text.assemble(name, f", {seeds} seed{'s' * (seeds != 1)}"), highlight=False)
        out.print(table)


def headline(verdict: "Verdict") -> "CheckResult":
    """The check that decided a verdict: the first with the same word."""
    return next(check for check in verdict.checks if check.word == verdict.word)


@app.command("score", short_help="Compare a run with reference results.")
def score_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run, or one record.")],
    reference: Annotated[Path | None, typer.Option(help="Reference results; the suite's own by default.")] = None,
    allow_stale: Annotated[
        bool,
        typer.Option("--allow-stale", help="Accept records of another task, data set or code. These are not compared."),
    ] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Accept missing records or seeds, on either side.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare a run with reference results. Exit status 1 if anything drifted or was not compared."""
    from vaebench.results.references import against, score_folder, score_lines

    scores, bad = score_folder(folder, reference)
    for line in bad:
        say(f"left out: {line}", "yellow")
    if as_json:
        answer({"scores": [asdict(score) for score in scores]})
    else:
        table = Table(title="Score against reference results", title_justify="left")
        table.add_column("record", overflow="fold")
        for heading in ("status", "compared", "what"):
            table.add_column(heading)
        for score in scores:
            what = "\n".join(map(visible, score_lines(score)))
            table.add_row(score.file_name, score.status, str(score.compared), what)
        out.print(table)
    wrong = against(scores, allow_stale, partial)
    for line in wrong:
        say(line, "red")
    if not any(score.compared for score in scores):
        say("nothing was compared", "yellow")
    if bad or wrong:
        sys.exit(NO)


@app.command("migrate", short_help="Convert records of an earlier schema.")
def migrate_(
    folder: Annotated[Path, typer.Argument(help="Folder of records.")],
    as_json: Json = False,
) -> None:
    """Convert records to the current schema and names, if their task's definition is otherwise the same."""
    from vaebench.migrate import migrate

    with err.status("migrating"):
        done = migrate(folder)
    for line in done.others:
        say(line, "yellow")
    if as_json:
        answer({"written": [str(path) for path in done.written], "current": done.current, "others": done.others})
    else:
        out.print(f"{len(done.written)} records converted, {done.current} were current", highlight=False)
    if done.others:
        sys.exit(NO)


@app.command("leaderboard", short_help="Write the leaderboard's pages, or check them.")
def leaderboard_(
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a page is stale.")] = False,
    preview: Annotated[
        Path | None, typer.Option(help="Folder of a run: write a board with its records there instead.")
    ] = None,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Draw every figure again; with --check, compare them to find forged ones.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the leaderboard's pages from the committed records, or a preview from a run's."""
    from vaebench import report as board

    if preview and (check_only or redraw):
        raise Mistake("--check and --redraw are about the committed pages; leave out these or --preview")
    stale: list[str] = []
    try:
        with err.status("drawing"):
            if check_only:
                stale, bad = board.stale(redraw)
                done = board.Written(Path(), (), bad=bad)
            else:
                done = board.write_preview(preview) if preview else board.write(redraw)
    except board.BadReferences as found:
        for line in found.lines:
            say(line, "red")
        raise
    for line in (*(f"left out: {line}" for line in done.bad), *done.strangers):
        say(line, "yellow")
    pages = [done.page] if preview else done.files
    if as_json:
        answer({"stale": stale} if check_only else {"pages": [str(page) for page in pages]})
    elif pages:
        out.print("\n".join(visible(str(page)) for page in pages), highlight=False, soft_wrap=True)
    elif not stale and not done.strangers:
        out.print("the leaderboard is fresh", highlight=False)
    for line in stale:
        say(f"stale: {line}", "red")
    if stale or (done.strangers and not preview):
        say("the board is not fresh: run `vaebench leaderboard`, and move away files that vaebench did not write")
        sys.exit(NO)
