"""``vaebench check``: a variant's slips, before they cost a run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from vaebench import catalog
from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, names, out, say
from vaebench.engines import Died
from vaebench.engines.local import Workers
from vaebench.runner import processors
from vaebench.terminal import visible

if TYPE_CHECKING:
    from vaebench.check import Forecast, Report

MARKS = {"pass": ("✓ pass", "green"), "warn": ("! warn", "yellow"), "refuse": ("✗ refuse", "red")}

LIMIT = 10.0
"""Limit of a training, which determines that of loading a file; see `engines.process`."""


@app.command("check", short_help="Check a variant in seconds, before it costs a run.")
def check_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="path/to/file.py (runs its code), a name or package.module:NAME.")
    ],
    archs: Annotated[str | None, typer.Option(help="Architectures; all that the variant has by default.")] = None,
    as_json: Json = False,
) -> None:
    """Check a variant: what a run would refuse or misread, what is judged, how long it takes. Exit 1 if refused."""
    catalog.check_variant(file)
    networks = names(archs, (), "--archs", "all that the variant has")
    for arch in networks:
        catalog.checked("architecture", arch, catalog.arch_names())
    with Workers() as workers, err.status("loading torch") as status:
        is_brought = ":" in file or file.endswith(".py")
        if is_brought:
            workers.start()  # loads torch while this process does
        from vaebench.check import Line, Report, check

        died = _died(workers, file) if is_brought else ""
        if died:
            report = Report("", (Line("loads", "refuse", f"{file} cannot be loaded: the process that tried {died}"),))
        else:
            with _apart():
                report = check(file, networks, processors(), lambda what: status.update(visible(what)))
    if as_json:
        answer({**asdict(report), "refused": report.is_refused})
    else:
        _show(report)
    if report.is_refused:
        say("refused: a run would not measure this variant, or misread it", "red")
        sys.exit(NO)


def _died(workers: Workers, file: str) -> str:
    """Load a variant in another process first, for its code may end a process; say how that died, or nothing."""
    try:
        workers.ask("load", file, seconds=LIMIT)
    except Died as died:
        return str(died)
    return ""


@contextmanager
def _apart() -> Iterator[None]:
    """Send what a variant's code prints to standard error: standard output is for the answer."""
    with redirect_stdout(sys.stderr):
        yield


def _show(report: "Report") -> None:
    table = Table(show_header=False, box=None, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in report.lines:
        where = f"  [{visible(line.where)}]" if line.where else ""
        mark = MARKS[line.word]
        table.add_row(Text(*mark), line.check, Text.assemble(visible(line.says), (where, "dim")))
    out.print(table)
    for task, claims in groupby(report.claims, key=lambda one: f"{one.task} on {one.dataset}"):
        told = [f"{one.claim} judged" if one.is_judged else f"{one.claim} n/a ({visible(one.why)})" for one in claims]
        out.print(f"{task}: {', '.join(told)}", highlight=False)
    if report.forecast:
        out.print(_time(report.forecast), highlight=False)


def _time(forecast: "Forecast") -> str:
    alone = "" if forecast.measuring else ", without the time of measuring"
    return (
        f"`vaebench run`, {forecast.preset}, {', '.join(forecast.networks)}: {forecast.cells} cells, "
        f"{forecast.trainings} trainings, about {_hours(forecast.hours)} on {forecast.jobs} cores here{alone}"
    )


def _hours(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 1 else f"{max(1, round(60 * hours))} minutes"
