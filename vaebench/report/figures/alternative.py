"""Say in words what came out in a figure, for those who cannot see it."""

import statistics
from collections.abc import Iterable, Sequence

from vaebench.claims import Claim
from vaebench.report.figures.spec import (
    Curve,
    CurveFigure,
    ForestFigure,
    ForestPart,
    HeatFigure,
    OverviewFigure,
    TallyFigure,
    TradeFigure,
)
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.format import region, rounded
from vaebench.report.words.levels import has_controls


def of_verdicts(claim: Claim, shown: Sequence[ShownRecord]) -> str:
    """Say how a claim came out.

    Args:
        claim: The claim.
        shown: The records; the same model counts once.

    Returns:
        For example ``as published 12 hold, 0 fail, 2 are undecided; under controls 0 hold, 9 fail, 5 are undecided``.
    """
    verdicts = [one.first.verdicts[claim.id] for one in distinct(shown)]
    published = f"as published {_counted(verdict.published.word for verdict in verdicts)}"
    if not has_controls(claim):
        return published
    return f"{published}; under controls {_counted(verdict.controlled.word for verdict in verdicts)}"


def _counted(found: Iterable[str]) -> str:
    given = list(found)
    return f"{given.count('holds')} hold, {given.count('fails')} fail, {given.count('undecided')} are undecided"


def of_tally(figure: TallyFigure) -> str:
    """Say how all claims of a task came out.

    Args:
        figure: The figure.

    Returns:
        One line.
    """
    said = []
    for row in figure.rows:
        hold, fail, open_ = row.controlled or row.published
        before = f"{row.published[0]} hold as published, " if row.controlled else ""
        said.append(f"{row.claim}: {before}{hold} hold, {fail} fail, {open_} undecided")
    return "; ".join(said)


def of_curves(figure: CurveFigure) -> str:
    """Say how a measurement changes along the knob.

    Args:
        figure: The figure.

    Returns:
        One line.
    """
    trained = [c for panel in figure.panels for c in panel.curves if c.arm == "trained"]
    falling, amount = _course(trained)
    return f"{figure.measurement} over the {figure.knob}: falls from first to last in {falling}, {amount} in the median"


def drawn_models(figure: CurveFigure) -> int:
    """Count the models that have a curve.

    Args:
        figure: The figure.

    Returns:
        One for each panel and network.
    """
    return sum(len({c.network for c in panel.curves if c.arm == "trained"}) for panel in figure.panels)


def of_overview(figure: OverviewFigure) -> str:
    """Say how each measurement changes along the knob.

    Args:
        figure: The figure.

    Returns:
        One line.
    """
    said = []
    for panel in figure.panels:
        falling, amount = _course((*panel.curves, *panel.others))
        said.append(f"{panel.title} {falling}, {amount}")
    return f"over the {figure.knob}; how many fall from first to last, and the median change: {'; '.join(said)}"


def _course(curves: Sequence[Curve]) -> tuple[str, str]:
    """How many curves fall, and by how much the middle one changes."""
    falling = f"{sum(curve.mean[-1] < curve.mean[0] for curve in curves)} of {len(curves)}"
    if all(value > 0 for curve in curves for value in (curve.mean[0], curve.mean[-1])):
        change = statistics.median(curve.mean[-1] / curve.mean[0] - 1 for curve in curves)
        percent = round(100 * change)
        return falling, f"{percent:+d} %".replace("-", "−") if percent else "by less than 1 %"
    change = statistics.median(curve.mean[-1] - curve.mean[0] for curve in curves)
    return falling, f"by {rounded(change)[0]}"


def of_forest(figure: ForestFigure) -> str:
    """Say where the estimates of a forest plot lie.

    Args:
        figure: The figure.

    Returns:
        One line.
    """
    return "; ".join(_of_part(figure, part) for part in figure.parts)


def _of_part(figure: ForestFigure, part: ForestPart) -> str:
    trained = [(p.estimate, row) for row in part.rows for p in row.points if p.arm == "trained"]
    claimed = f"{part.says}, claimed {region(part.low, part.high)}"
    said = f"{claimed}, decides for {len(part.rows)} of {len(figure.rows)}"
    if not trained:
        return said
    low, high = (pick(trained, key=lambda found: found[0]) for pick in (min, max))
    first, last = rounded(low[0], high[0])
    inside = sum(row.word == "holds" for _, row in trained)
    names = [f"{row.label} on {row.group}" for _, row in (low, high)]
    if len(trained) == 1:
        return f"{said}, {first} ({names[0]})"
    return f"{said}: {inside} of {len(trained)} lie there; from {first} ({names[0]}) to {last} ({names[1]})"


def of_heat(figure: HeatFigure) -> str:
    """Say where a map is lowest.

    Args:
        figure: The figure.

    Returns:
        One line.
    """
    said = []
    for panel in figure.panels:
        entries = [
            (value, row, column)
            for row, values in zip(panel.rows, panel.values, strict=True)
            for column, value in zip(panel.columns, values, strict=True)
            if value is not None
        ]
        if entries:
            low, row, column = min(entries)
            mean = sum(value for value, _, _ in entries) / len(entries)
            said.append(f"{panel.title} {mean:.2f} in the mean, least {low:.2f} at {row}, {column}".replace("-", "−"))
    return f"{figure.what}: {'; '.join(said)}"


def of_trades(figure: TradeFigure) -> str:
    """Say how often the compared method pays less than the course's end.

    Args:
        figure: The figure.

    Returns:
        One line.
    """
    trades = [trade for panel in figure.panels for trade in panel.trades]
    less = sum(trade.compared[1] < trade.paid[-1] for trade in trades)
    fewer = sum(trade.compared[0] < trade.against[-1] for trade in trades)
    return (
        f"{figure.measurement} against {figure.against}: {figure.compared} has less {figure.measurement} than the last "
        f"of {figure.course} in {less} of {len(trades)}, and less {figure.against} in {fewer}"
    )
