"""``vaebench compare``: two runs or two rows, claim by claim."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, out, say
from vaebench.cli.verdicts import COLOURS, MARKS
from vaebench.terminal import visible

if TYPE_CHECKING:
    from vaebench.claims import Interval, VerdictWord
    from vaebench.report.differences import AtLevel, Comparison
    from vaebench.results.record import Record

SIDE = "Folder of a run, one record, or a row of the suite's own: variant or variant.network."

MOST_LINES = 10
"""Lines on what is left out; of more only the number is given."""


@app.command("compare", short_help="Compare two runs or two rows, paired by seed and claim.")
def compare_(
    one: Annotated[str, typer.Argument(metavar="A", help=SIDE)],
    other: Annotated[str, typer.Argument(metavar="B", help="Likewise.")],
    measurements: Annotated[
        bool, typer.Option("--measurements", help="Also list the measurements that differ.")
    ] = False,
    figure: Annotated[Path | None, typer.Option(help="Draw the differences to this .svg, .png or .pdf.")] = None,
    as_json: Json = False,
) -> None:
    """Compare B with A: for each claim both verdicts, and the difference of agreement over the seeds they share."""
    from vaebench.report.compare import compare, side

    with err.status("reading records"):
        sides = side(one), side(other)
        found = compare(sides[0][0], sides[1][0])
    lines = (*sides[0][1], *sides[1][1], *found.left_out)
    for line in lines[:MOST_LINES]:
        say(f"left out: {line}", "yellow")
    if len(lines) > MOST_LINES:
        say(f"left out: {len(lines) - MOST_LINES} more; --json lists all", "yellow")
    if as_json:
        answer({**asdict(found), "compared": found.compared})
    elif found.claims:
        _show(found, measurements)
    if not found.compared:
        say(f"nothing was compared{_presets(*(side[0] for side in sides))}", "red")
        sys.exit(NO)
    if figure is not None:
        from vaebench.report.figures.draw_differences import draw_differences

        with err.status("drawing"):
            draw_differences(found.claims, (one, other), figure)
        say(f"figure: {figure}")


def _presets(one: "Sequence[Record]", other: "Sequence[Record]") -> str:
    """Say that two sides share no preset, for then nothing else matters; empty where they do."""
    ours, theirs = ({record.subject.preset for record in records} for records in (one, other))
    if ours & theirs:
        return ""
    names = ", ".join(sorted(ours)), ", ".join(sorted(theirs))
    return f": A has the preset {names[0]}, B has {names[1]}; runs of the same preset are compared"


def _show(found: "Comparison", measurements: bool) -> None:
    table = Table(title="B minus A, agreement under controls", title_justify="left", title_style="bold")
    for heading in ("task", "claim", "A", "B", "agreement of A, B", "difference [95 %]"):
        table.add_column(heading, overflow="fold")
    for one in found.claims:
        at = one.controlled
        place = " ".join(filter(None, (one.dataset, one.subject)))
        means = "–" if at.agreement is None else "{:+.2f}, {:+.2f}".format(*at.agreement)
        table.add_row(f"{one.task} {place}", one.claim, *map(_word, at.words), means, _difference(at))
    out.print(table)
    if measurements:
        for line in _measurement_lines(found):
            out.print(visible(line), highlight=False, soft_wrap=True)
    different = sum(one.controlled.differs for one in found.claims)
    could = sum(one.controlled.can_differ for one in found.claims)
    chance = f"; about {0.05 * could:.2g} would by chance alone" if could else ""
    said = f"{different} of {found.compared} claims differ: their interval excludes 0"
    alone = f" ({found.compared - could} could not: one seed, or no spread)" if could < found.compared else ""
    out.print(f"{said}{alone}{chance}", highlight=False)


def _word(word: "VerdictWord") -> Text:
    return Text(MARKS[word], COLOURS[word])


def _difference(at: "AtLevel") -> Text:
    if at.difference is None:
        return Text(f"– ({visible(at.why)})", "dim")
    return Text(_interval(at.difference), "bold" if at.differs else "")


def _interval(found: "Interval") -> str:
    ends = "one seed" if found.low is None or found.high is None else f"{found.low:+.3g}, {found.high:+.3g}"
    return f"{found.estimate:+.3g} [{ends}] of {found.n} seeds"


def _measurement_lines(found: "Comparison") -> list[str]:
    """Say which measurements differ, a line each."""
    lines = []
    for one in found.measurements:
        if one.differs:
            at = "" if one.knob is None else f" at {one.knob:g}"
            place = " ".join(filter(None, (one.task, one.dataset, one.subject)))
            unit = "" if one.unit == "1" else f" {one.unit}"
            lines.append(f"{place}: {one.name}{at}: {_interval(one.difference)}{unit}")
    return lines
