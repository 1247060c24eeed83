"""Prepare trade-offs: cost against benefit along a course of settings, and at the compared method."""

from collections.abc import Iterable, Mapping

from vaebench.claims import Column, Tradeoff, is_plain
from vaebench.report.figures.spec import Trade, TradeFigure, TradePanel
from vaebench.report.markdown import words
from vaebench.report.shown import ShownRecord


def trade_figure(tradeoff: Tradeoff, shown: Iterable[ShownRecord]) -> TradeFigure:
    """Prepare the picture of a trade-off.

    Args:
        tradeoff: Costs, benefit and settings.
        shown: Records of one task, preset and data set.

    Returns:
        The figure, with a panel for each record that has all of its measurements.
    """
    panels = []
    for one in sorted(shown, key=lambda one: (one.row.arch, one.row_label)):
        found = {name: column for name, columns in one.columns.items() for column in columns if is_plain(column)}
        trades = [_trade(tradeoff, measurement, one, found) for measurement in tradeoff.measurements]
        if whole := tuple(trade for trade in trades if trade is not None):
            panels.append(TradePanel(words(one.row_label), whole))
    return TradeFigure(words(tradeoff.against), tradeoff.course_says, tradeoff.compared_says, tuple(panels))


def _trade(tradeoff: Tradeoff, measurement: str, shown: ShownRecord, found: Mapping[str, Column]) -> Trade | None:
    ways = (*tradeoff.course, tradeoff.compared)
    if not all(f"{what}_{way}" in found for what in (measurement, tradeoff.against) for way in ways):
        return None
    against = [shown.interval(found[f"{tradeoff.against}_{way}"]).estimate for way in ways]
    paid = [shown.interval(found[f"{measurement}_{way}"]) for way in ways]
    return Trade(
        measurement=words(measurement),
        against=tuple(against[:-1]),
        paid=tuple(interval.estimate for interval in paid[:-1]),
        compared=(against[-1], paid[-1].estimate),
        low=paid[-1].low,
        high=paid[-1].high,
    )
