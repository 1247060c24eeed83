"""Prepare trade-offs: a cost against a benefit along a course of settings, and at the compared method."""

from collections.abc import Iterable

from vaebench.claims import Tradeoff, is_plain
from vaebench.report.figures.prepare_curves import by_variant
from vaebench.report.figures.spec import Trade, TradeFigure, TradePanel
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.markdown import words


def trade_figure(
    tradeoff: Tradeoff, measurement: str, shown: Iterable[ShownRecord], networks: tuple[str, ...]
) -> TradeFigure:
    """Prepare the picture of one cost of a trade-off.

    Args:
        tradeoff: Costs, benefit and settings.
        measurement: The cost.
        shown: Records of one task, preset and data set.
        networks: All networks of the board, in the order of their colours.

    Returns:
        The figure, with a panel for each variant that has all of its measurements.
    """
    panels = []
    for name, records in by_variant(shown):
        found = (_trade(tradeoff, measurement, one) for one in sorted(records, key=lambda one: one.row_label))
        if trades := tuple(trade for trade in found if trade is not None):
            panels.append(TradePanel(name, trades))
    said = (words(measurement), words(tradeoff.against), tradeoff.course_says, tradeoff.compared_says)
    return TradeFigure(*said, networks, tuple(panels))


def _trade(tradeoff: Tradeoff, measurement: str, shown: ShownRecord) -> Trade | None:
    found = {name: column for name, columns in shown.columns.items() for column in columns if is_plain(column)}
    ways = (*tradeoff.course, tradeoff.compared)
    if not all(f"{what}_{way}" in found for what in (measurement, tradeoff.against) for way in ways):
        return None
    against = [shown.interval(found[f"{tradeoff.against}_{way}"]).estimate for way in ways]
    paid = [shown.interval(found[f"{measurement}_{way}"]) for way in ways]
    return Trade(
        network=shown.row.arch,
        against=tuple(against[:-1]),
        paid=tuple(interval.estimate for interval in paid[:-1]),
        compared=(against[-1], paid[-1].estimate),
        low=paid[-1].low,
        high=paid[-1].high,
    )
