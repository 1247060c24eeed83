"""Draw a trade-off: cost against benefit, with a panel for each record."""

import math
import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from vaebench.report.figures.spec import TradeFigure, TradePanel
from vaebench.report.figures.style import CONTROL, colour_and_marker, legend_columns, wrapped

COLUMNS = 4


def draw_trades(figure: TradeFigure) -> Canvas:
    """Draw a trade-off.

    Args:
        figure: At least one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    columns = min(COLUMNS, len(figure.panels))
    rows, width = math.ceil(len(figure.panels) / columns), max(4.0, 2.2 * columns)
    height = 1.0 + 1.7 * rows
    canvas = Canvas(figsize=(width, height), layout="constrained")
    axes = list(canvas.subplots(rows, columns, squeeze=False).flat)
    measurements = tuple(dict.fromkeys(trade.measurement for panel in figure.panels for trade in panel.trades))
    for index, (panel, ax) in enumerate(zip(figure.panels, axes, strict=False)):
        _draw_panel(ax, panel, measurements)
        if index + columns >= len(figure.panels):
            ax.set_xlabel(figure.against)
    for ax in axes[len(figure.panels) :]:
        ax.remove()
    canvas.supylabel(wrapped(f"{', '.join(measurements)} (root scale)", 0.8 * height), fontsize="medium")
    handles = _legend(figure, measurements)
    fitting = legend_columns(width, (str(handle.get_label()) for handle in handles))
    canvas.legend(handles=handles, loc="outside lower center", ncols=fitting)
    return canvas


def _draw_panel(ax: Axes, panel: TradePanel, measurements: tuple[str, ...]) -> None:
    ax.set_title("\n".join(textwrap.wrap(panel.title, 34)), loc="left")
    # Some rates are a few in a thousand, some almost one, some 0: a root shows them all.
    ax.set_yscale("function", functions=(_root, _square))
    for trade in panel.trades:
        colour, marker = colour_and_marker(measurements.index(trade.measurement))
        (x, y), (end_x, end_y) = trade.compared, (trade.against[-1], trade.paid[-1])
        ax.plot(trade.against, trade.paid, color=colour, linewidth=1.0, marker=".", markersize=4)
        ax.plot([end_x, x], [end_y, y], color=colour, linewidth=0.7, linestyle=":")
        low, high = (y if end is None else end for end in (trade.low, trade.high))
        ax.errorbar(x, y, [[y - low], [high - y]], color=colour, marker=marker, markersize=5, linewidth=0.8, zorder=4)
    if all(paid >= 0 for trade in panel.trades for paid in (*trade.paid, trade.compared[1])):
        ax.set_ylim(bottom=0)


def _root(y: Any) -> Any:
    return np.sign(y) * np.sqrt(np.abs(y))


def _square(y: Any) -> Any:
    return np.sign(y) * np.square(y)


def _legend(figure: TradeFigure, measurements: tuple[str, ...]) -> list[Line2D]:
    handles = []
    for index, measurement in enumerate(measurements):
        colour, marker = colour_and_marker(index)
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=5, linewidth=1.0, label=measurement))
    course = Line2D([], [], color=CONTROL, linewidth=1.0, marker=".", markersize=4, label=figure.course)
    return [*handles, course, Line2D([], [], color=CONTROL, linewidth=0, marker="o", label=figure.compared)]
