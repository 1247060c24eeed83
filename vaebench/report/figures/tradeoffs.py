"""Take from a task's records what is paid for what, along a course of ways and at one beside it."""

from collections.abc import Mapping

from vaebench.claims import Tradeoff, t_interval
from vaebench.report.figures.plots import Trade, TradeFigure, TradePanel
from vaebench.report.text import words
from vaebench.results.record import Record


def trade_figure(tradeoff: Tradeoff, records: Mapping[str, Record]) -> TradeFigure:
    """Prepare the picture of a trade-off.

    Args:
        tradeoff: What is drawn against what.
        records: Of one task, preset and data set, by what they are called, in the order of the panels.

    Returns:
        The figure; without panels where no record has all of its measurements.
    """
    panels = []
    for title, record in records.items():
        found = {c.name: c.values for c in record.measurements if c.arm == "trained" and c.knob is None and c.values}
        trades = [_trade(tradeoff, measurement, found) for measurement in tradeoff.measurements]
        if whole := tuple(trade for trade in trades if trade is not None):
            panels.append(TradePanel(title, whole))
    return TradeFigure(words(tradeoff.against), tradeoff.course_says, tradeoff.compared_says, tuple(panels))


def _trade(tradeoff: Tradeoff, measurement: str, found: Mapping[str, tuple[float, ...]]) -> Trade | None:
    ways = (*tradeoff.course, tradeoff.compared)
    if not all(f"{what}_{way}" in found for what in (measurement, tradeoff.against) for way in ways):
        return None
    against = [t_interval(found[f"{tradeoff.against}_{way}"]).estimate for way in ways]
    paid = [t_interval(found[f"{measurement}_{way}"]) for way in ways]
    return Trade(
        measurement=words(measurement),
        against=tuple(against[:-1]),
        paid=tuple(interval.estimate for interval in paid[:-1]),
        beside=(against[-1], paid[-1].estimate),
        low=paid[-1].low,
        high=paid[-1].high,
    )
