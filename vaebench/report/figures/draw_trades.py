"""Draw a trade-off: a cost against a benefit, a panel a variant, all on one scale."""

import statistics
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from vaebench.report.figures.draw_grid import behind_handle, draw_behind, grid, headed, legend, network_handles, title
from vaebench.report.figures.scales import DECADES, decades, kind_of, scale
from vaebench.report.figures.spec import Trade, TradeFigure
from vaebench.report.figures.style import CONTROL, FAINT, SMALL, colour_and_marker
from vaebench.report.words.format import plain

HEIGHT = 1.0
"""Inches of a row of panels."""

FAR = 3.0
"""A trade is far, and may lie beyond the axis, if its median benefit is more than so many times that of all."""

LINEAR = 0.01
"""Below this, costs are drawn on a linear scale; above it on a logarithmic one."""


def draw_trades(figure: TradeFigure) -> Canvas:
    """Draw a trade-off.

    Args:
        figure: At least one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    canvas, axes = grid(
        len(figure.panels),
        HEIGHT,
        headed(figure.where, f"{figure.measurement} (low is good) against {figure.against} (high is good)"),
        share=True,
    )
    trades = [trade for panel in figure.panels for trade in panel.trades]
    for panel, ax in zip(figure.panels, axes, strict=True):
        others = (trade for other in figure.panels if other is not panel for trade in other.trades)
        draw_behind(ax, [(trade.against, trade.paid) for trade in others])
        for trade in panel.trades:
            _draw_trade(ax, trade, figure.networks)
        title(ax, panel.title, plain_ticks=True)
    near = _near(trades)
    _scale_cost(axes[0], [y for trade in near for y in (*trade.paid, trade.compared[1])])
    _scale_benefit(axes[0], [x for trade in near for x in _benefits(trade)])
    for panel, ax in zip(figure.panels, axes, strict=True):
        _point_out(ax, [trade for trade in panel.trades if trade not in near])
    legend(canvas, _legend(figure))
    return canvas


def _scale_cost(ax: Axes, costs: Sequence[float]) -> None:
    """Scale the axis of the cost by its means alone: a wide interval of two seeds is cut off.

    Some rates are a few in a thousand, some almost one, some 0. Then what is below `LINEAR` is drawn linearly, what is
    above it by its logarithm.
    """
    low, high = min(costs), max(costs)
    if kind_of(costs, None, None) == "log":
        scale(ax.yaxis, "log", (low / 1.3, high * 1.3), None, None)
        ax.set_ylim(low / 1.3, high * 1.3)
    elif low >= 0 and high > DECADES * LINEAR > DECADES * low:
        ax.set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
        ax.set_ylim(0, high * 1.3)
        ticks = [0.0, *decades(LINEAR, high * 1.3)]
        ax.set_yticks(ticks, list(map(plain, ticks)))
        ax.set_yticks([], minor=True)
    else:
        room = 0.08 * ((high - low) or abs(low) or 1.0)
        ax.set_ylim(max(low - room, 0.0) if low >= 0 else low - room, high + room)
        ax.locator_params(axis="y", nbins=4)


def _near(trades: Sequence[Trade]) -> list[Trade]:
    """The trades whose benefits are not far from all others: they set the axes."""
    far = FAR * statistics.median(x for trade in trades for x in _benefits(trade))
    return [trade for trade in trades if statistics.median(_benefits(trade)) <= far]


def _scale_benefit(ax: Axes, benefits: Sequence[float]) -> None:
    room = 0.06 * ((max(benefits) - min(benefits)) or abs(benefits[0]) or 1.0)
    ax.set_xlim(min(benefits) - room, max(benefits) + room)
    ax.locator_params(axis="x", nbins=4)


def _benefits(trade: Trade) -> tuple[float, ...]:
    return *trade.against, trade.compared[0]


def _point_out(ax: Axes, far: Sequence[Trade]) -> None:
    """Say of trades that lie to the right of the axis where they are."""
    found = [x for trade in far for x in _benefits(trade)]
    if found:
        said = f"{plain(float(f'{min(found):.2g}'))} to {plain(float(f'{max(found):.2g}'))} ▸"
        ax.text(0.98, 0.97, said, transform=ax.transAxes, ha="right", va="top", color=FAINT, fontsize=SMALL)


def _draw_trade(ax: Axes, trade: Trade, networks: tuple[str, ...]) -> None:
    colour, marker = colour_and_marker(networks.index(trade.network))
    (x, y), (end_x, end_y) = trade.compared, (trade.against[-1], trade.paid[-1])
    ax.plot(trade.against, trade.paid, color=colour, linewidth=1.0, marker=".", markersize=3, zorder=3)
    ax.plot([end_x, x], [end_y, y], color=colour, linewidth=0.7, linestyle=":", zorder=3)
    low, high = (y if end is None else end for end in (trade.low, trade.high))
    ax.errorbar(x, y, [[y - low], [high - y]], color=colour, marker=marker, markersize=3.5, linewidth=0.8, zorder=4)


def _legend(figure: TradeFigure) -> list[Any]:
    drawn = {trade.network for panel in figure.panels for trade in panel.trades}
    course = Line2D([], [], color=CONTROL, linewidth=1.0, marker=".", markersize=3, label=figure.course)
    compared = Line2D([], [], color=CONTROL, linewidth=0, marker="o", markersize=3.5, label=figure.compared)
    behind = [behind_handle()] if len(figure.panels) > 1 else []
    return [*network_handles(figure.networks, drawn), *behind, course, compared]
