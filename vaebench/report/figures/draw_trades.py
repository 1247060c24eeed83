"""Draw a trade-off: a cost against a benefit, a panel a variant, all on one scale."""

import statistics
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from vaebench.report.figures.draw_grid import behind_handle, draw_behind, grid, legend, network_handles, title
from vaebench.report.figures.scales import decades, scale
from vaebench.report.figures.spec import Trade, TradeFigure
from vaebench.report.figures.style import CONTROL, colour_and_marker
from vaebench.report.format import plain

HEIGHT = 1.0
"""Inches of a row of panels."""

FAR = 4.0
"""A benefit is far if it is so many times as large as the median."""

LINEAR = 0.01
"""Below this, costs are drawn on a linear scale; above it on a logarithmic one."""


def draw_trades(figure: TradeFigure) -> Canvas:
    """Draw a trade-off.

    Args:
        figure: At least one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    canvas, axes = grid(len(figure.panels), HEIGHT, f"{figure.measurement} against {figure.against}", share=True)
    trades = [trade for panel in figure.panels for trade in panel.trades]
    # Some rates are a few in a thousand, some almost one, some 0.
    axes[0].set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
    for panel, ax in zip(figure.panels, axes, strict=True):
        others = (trade for other in figure.panels if other is not panel for trade in other.trades)
        draw_behind(ax, [(trade.against, trade.paid) for trade in others])
        for trade in panel.trades:
            _draw_trade(ax, trade, figure.networks)
        title(ax, panel.title, plain_ticks=True)
    if all(paid >= 0 for trade in trades for paid in (*trade.paid, trade.compared[1])):
        axes[0].set_ylim(bottom=0)
    ticks = [0.0, LINEAR, *decades(LINEAR, max(axes[0].get_ylim()[1], 2 * LINEAR))[1:]]
    axes[0].set_yticks(ticks, list(map(plain, ticks)))
    axes[0].set_yticks([], minor=True)
    _scale_benefit(axes[0], [x for trade in trades for x in (*trade.against, trade.compared[0])])
    legend(canvas, _legend(figure))
    return canvas


def _scale_benefit(ax: Axes, benefits: Sequence[float]) -> None:
    """Scale the axis of the benefit: logarithmic where one variant lies far from all others."""
    if min(benefits) > 0 and max(benefits) > FAR * statistics.median(benefits):
        low, high = min(benefits) / 1.1, max(benefits) * 1.1
        scale(ax.xaxis, "log", (low, high), None, None)
        ax.set_xlim(low, high)
    else:
        ax.locator_params(axis="x", nbins=4)


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
