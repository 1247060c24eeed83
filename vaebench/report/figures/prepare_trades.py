"""Prepare trade-offs: what is paid for what, along a course of ways and at the one that is compared with it."""

from collections.abc import Iterable, Mapping

from vaebench.claims import Column, Tradeoff, is_plain
from vaebench.report.figures.spec import Trade, TradeFigure, TradePanel
from vaebench.report.markdown import words
from vaebench.report.shown import ShownRecord


def trade_figure(tradeoff: Tradeoff, shown: Iterable[ShownRecord]) -> TradeFigure:
    """Prepare the picture of a trade-off.

    Args:
        tradeoff: What is drawn against what.
        shown: Records of one task, preset and data set.

    Returns:
        The figure, a panel a record; without panels where no record has all of its measurements.
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
