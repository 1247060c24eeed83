"""Draw a forest plot: estimates with their intervals against the region of a claim, a row for each record."""

import math
import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vaebench.report.figures.spec import ForestFigure, ForestPanel, ForestPoint, ForestRow
from vaebench.report.figures.style import COLOURS, FAINT, REGION, legend_columns
from vaebench.report.markdown import label

COLUMNS = 3
"""Panels side by side; more go below."""

HOLLOW = ("D", "s", "^", "v")
"""Markers of the controls."""


def draw_forest(figure: ForestFigure) -> Canvas:
    """Draw a forest plot.

    Args:
        figure: At least one row and one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    heights, hollow = _heights(figure.rows), _hollow(figure)
    names = max(len(name) for row in figure.rows for name in (row.label, row.group))
    columns = min(COLUMNS, len(figure.panels))
    lines = math.ceil(len(figure.panels) / columns)
    width = 1.4 + 0.065 * names + 2.3 * columns
    canvas = Canvas(figsize=(width, 0.7 + lines * (0.8 + 0.2 * max(heights))), layout="constrained")
    axes = list(canvas.subplots(lines, columns, squeeze=False, sharey=True).flat)
    axes[0].set_ylim(max(heights) + 0.8, min(heights) - 1.6)
    for panel, ax in zip(figure.panels, axes, strict=False):
        _draw_column(ax, panel, heights, hollow)
    for ax in axes[len(figure.panels) :]:
        ax.set_axis_off()
    for first in axes[: len(figure.panels) : columns]:
        _name_rows(first, figure.rows, heights)
    _write_verdicts(axes[columns - 1], figure.rows, heights)
    handles = _legend(figure)
    fitting = legend_columns(width, (str(handle.get_label()) for handle in handles))
    canvas.legend(handles=handles, loc="outside lower center", ncols=fitting)
    return canvas


def _name_rows(ax: Axes, rows: Sequence[ForestRow], heights: Sequence[float]) -> None:
    """Write rows' names to the left, and a heading above each group."""
    ax.set_yticks(heights, [row.label for row in rows])
    group = None
    for height, row in zip(heights, rows, strict=True):
        if row.group != group:
            margin = ax.get_yaxis_transform()
            ax.text(-0.04, height - 1, row.group, transform=margin, ha="right", va="center", weight="bold")
        group = row.group


def _write_verdicts(ax: Axes, rows: Sequence[ForestRow], heights: Sequence[float]) -> None:
    """Write the claim's verdict to the right."""
    margin = ax.get_yaxis_transform()
    ax.text(1.03, heights[0] - 1, "whole claim", transform=margin, va="center", weight="bold")
    for height, row in zip(heights, rows, strict=True):
        ax.text(1.03, height, label(row.verdict), transform=margin, va="center", fontsize=7)


def _legend(figure: ForestFigure) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=COLOURS[0], marker="o", markersize=4, linewidth=1.2, label="trained, 95 % over seeds")
    ]
    for arm, marker in _hollow(figure).items():
        handle = Line2D([], [], color=FAINT, marker=marker, markersize=4, linewidth=0.8, label=f"{arm} arm")
        handle.set_markerfacecolor("white")
        handles.append(handle)
    return [*handles, Patch(color=REGION, linewidth=0, label="where the claim says it lies")]


def _hollow(figure: ForestFigure) -> dict[str, str]:
    """Choose a hollow marker for each control."""
    arms = {point.arm for panel in figure.panels for row in panel.points for point in row} - {"trained"}
    return {arm: HOLLOW[index % len(HOLLOW)] for index, arm in enumerate(sorted(arms))}


def _heights(rows: Sequence[ForestRow]) -> list[float]:
    """Place rows downward, with room for a heading above each group."""
    heights, height = [], 0.0
    for before, row in zip((None, *rows), rows, strict=False):
        height += 1.0 if before is not None and before.group == row.group else 2.0
        heights.append(height)
    return heights


def _draw_column(ax: Axes, panel: ForestPanel, heights: Sequence[float], hollow: Mapping[str, str]) -> None:
    ax.set_title("\n".join(textwrap.wrap(panel.what, 34)), loc="left")
    margin = ax.get_yaxis_transform()
    left, right = _reach(panel)
    for height, points in zip(heights, panel.points, strict=True):
        if not any(point.arm == "trained" for point in points):
            ax.text(0.02, height, "no estimate", transform=margin, va="center", color=FAINT, fontsize=6.5)
        for point in points:
            _draw_point(ax, point, height, hollow.get(point.arm))
            if point.arm == "trained" and point.of_seeds:
                _write_seeds(ax, point, height, on_the_left=point.estimate > (left + right) / 2)
    low, high = left if panel.low is None else panel.low, right if panel.high is None else panel.high
    ax.axvspan(low, high, color=REGION, zorder=0)
    ax.set_xlim(left, right)
    ax.locator_params(axis="x", nbins=5)
    ax.tick_params(axis="y", length=0)


def _draw_point(ax: Axes, point: ForestPoint, height: float, hollow: str | None) -> None:
    """Draw an estimate on its row, or with a hollow marker a control's just below."""
    colour, y = (COLOURS[0], height) if hollow is None else (FAINT, height + 0.33)
    if point.low is not None and point.high is not None:
        ax.plot([point.low, point.high], [y, y], color=colour, linewidth=0.8 if hollow else 1.4, zorder=3)
    face, size = ("white", 3.0) if hollow else (colour, 4.5)
    ax.plot([point.estimate], [y], color=colour, marker=hollow or "o", markersize=size, markerfacecolor=face, zorder=4)


def _write_seeds(ax: Axes, point: ForestPoint, height: float, on_the_left: bool) -> None:
    """Write how many seeds have the statistic, on the side of the interval that has room."""
    end = point.low if on_the_left else point.high
    ax.annotate(
        f"{point.of_seeds} seeds",
        (point.estimate if end is None else end, height),
        xytext=(-4 if on_the_left else 4, 0),
        textcoords="offset points",
        ha="right" if on_the_left else "left",
        va="center",
        color=FAINT,
        fontsize=6.5,
    )


def _reach(panel: ForestPanel) -> tuple[float, float]:
    """Limits of x, set by estimates and region. Wide intervals of few seeds are cut off at the edge."""
    points = [point for row in panel.points for point in row]
    inner = [p.estimate for p in points] + [end for end in (panel.low, panel.high) if end is not None]
    if not inner:
        return -1.0, 1.0
    room = max(inner) - min(inner) or abs(inner[0]) or 1.0
    outer = inner + [end for p in points for end in (p.low, p.high) if end is not None]
    low, high = max(min(outer), min(inner) - room), min(max(outer), max(inner) + room)
    margin = 0.08 * (high - low) or room
    return low - margin, high + margin
