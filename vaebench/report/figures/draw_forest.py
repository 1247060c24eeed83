"""Draw a forest plot: the statistic of a claim that decides most often, a row a record, with a mark for each other."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vaebench.report.figures.draw_grid import BOLD
from vaebench.report.figures.scales import ScaleKind, kind_of, scale
from vaebench.report.figures.spec import ForestFigure, ForestPoint, ForestRow
from vaebench.report.figures.style import CONTROL, FAINT, NETWORKS, REGION, SMALL, WIDTH, WORDS, wrapped
from vaebench.report.format import rounded
from vaebench.report.markdown import SYMBOLS

HOLLOW = ("D", "s", "^", "v")
"""Markers of the controls."""

ROW = 0.165
"""Inches of a row."""

MARK = 0.16
"""Inches of a column of marks."""

FAR = 0.4
"""An estimate is far if the axis without it is shorter than this share."""

NAME = 0.058
"""Inches of a letter of a row's name."""


def draw_forest(figure: ForestFigure) -> Canvas:
    """Draw a forest plot.

    Args:
        figure: At least one row.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    heights, hollow = _heights(figure.rows), _hollow(figure)
    said = wrapped(figure.statistics[figure.shown], BOLD * WIDTH)
    several = len(figure.statistics) > 1
    key = [wrapped(f"{n}  {what}", 1.05 * WIDTH, 2) for n, what in enumerate(figure.statistics, 1)] if several else []
    lines = sum(one.count("\n") + 1 for one in key)
    top, bottom = 0.22 + 0.14 * said.count("\n"), 0.72 + 0.125 * lines
    body = ROW * (max(heights) + 1.2)
    canvas = Canvas(figsize=(WIDTH, top + body + bottom), layout=None)
    canvas.suptitle(said, x=0.01, y=1 - 0.05 / (top + body + bottom), ha="left", va="top", fontsize=8.0, weight="bold")
    names = min(1.5, NAME * max(len(name) for row in figure.rows for name in (row.label, row.group)))
    left, right = 0.08 + names, WIDTH - 0.08 - MARK * len(figure.statistics)
    height = top + body + bottom
    ax = canvas.add_axes((left / WIDTH, bottom / height, (right - left) / WIDTH, body / height))
    ax.set_ylim(max(heights) + 0.8, -0.4)
    _draw_rows(ax, figure, heights, hollow)
    _name_rows(ax, figure.rows, heights, names)
    _write_marks(ax, figure, heights, right - left)
    canvas.text(0.01, 0.42 / height, "\n".join(key), fontsize=SMALL, va="bottom", linespacing=1.25)
    canvas.legend(handles=_legend(figure), loc="lower left", ncols=2, fontsize=SMALL, borderaxespad=0.1)
    return canvas


def _draw_rows(ax: Axes, figure: ForestFigure, heights: Sequence[float], hollow: dict[str, str]) -> None:
    kind, (left, right) = _reach(figure)
    scale(ax.xaxis, kind, (left, right), figure.low, figure.high)
    ax.set_xlim(left, right)
    if kind == "linear":
        ax.locator_params(axis="x", nbins=4)
    ax.tick_params(axis="y", length=0)
    low, high = left if figure.low is None else figure.low, right if figure.high is None else figure.high
    ax.axvspan(low, high, color=REGION, zorder=0)
    for height, row in zip(heights, figure.rows, strict=True):
        if not any(point.arm == "trained" for point in row.points):
            ax.text(
                0.02,
                height,
                "no estimate",
                transform=ax.get_yaxis_transform(),
                va="center",
                color=FAINT,
                fontsize=SMALL,
            )
        for point in row.points:
            _draw_point(ax, point, height, hollow.get(point.arm), (left, right), row.words[figure.shown])
            if point.arm == "trained" and point.of_seeds:
                _write_seeds(ax, point, height)


def _draw_point(
    ax: Axes, point: ForestPoint, height: float, hollow: str | None, ends: tuple[float, float], word: str
) -> None:
    """Draw an estimate on its row, or with a hollow marker a control's just below. Beyond the axis it is an arrow."""
    colour, y = (NETWORKS[0], height) if hollow is None else (CONTROL, height + 0.33)
    left, right = ends
    if not left <= point.estimate <= right:
        _point_out(ax, point, y, ends, colour)
        return
    if point.low is not None and point.high is not None:
        low, high = max(point.low, left), min(point.high, right)
        ax.plot([low, high], [y, y], color=colour, linewidth=0.7 if hollow else 1.3, zorder=3)
    filled = hollow is None and word == "holds"
    face, size = (colour if filled else "white"), 2.6 if hollow else 3.6
    ax.plot(
        [point.estimate],
        [y],
        color=colour,
        marker=hollow or "o",
        markersize=size,
        markerfacecolor=face,
        markeredgewidth=0.8,
        zorder=4,
    )


def _write_seeds(ax: Axes, point: ForestPoint, height: float) -> None:
    """Write how many seeds have the statistic, at the edge that is farther from it."""
    at = ax.transAxes.inverted().transform(ax.transData.transform((point.estimate, height)))[0]
    x, side = (0.01, "left") if at > 0.5 else (0.99, "right")
    margin = ax.get_yaxis_transform()
    ax.text(x, height, point.of_seeds, transform=margin, ha=side, va="center", color=FAINT, fontsize=SMALL)


def _point_out(ax: Axes, point: ForestPoint, y: float, ends: tuple[float, float], colour: str) -> None:
    """Say that an estimate lies beyond the axis, and what it is."""
    on_the_left = point.estimate < ends[0]
    number = rounded(point.estimate)[0] if point.arm == "trained" else ""
    text = f"◂ {number}" if on_the_left else f"{number} ▸"
    ax.text(
        0.01 if on_the_left else 0.99,
        y,
        text,
        transform=ax.get_yaxis_transform(),
        va="center",
        color=colour,
        ha="left" if on_the_left else "right",
        fontsize=SMALL,
    )


def _name_rows(ax: Axes, rows: Sequence[ForestRow], heights: Sequence[float], room: float) -> None:
    """Write rows' names to the left, and a heading above each group."""
    ax.set_yticks(heights, [wrapped(row.label, room * 1.07, 1) for row in rows])
    ax.tick_params(axis="y", pad=1)
    group = None
    for height, row in zip(heights, rows, strict=True):
        if row.group != group:
            ax.text(
                0.0,
                height - 1,
                f"{row.group} ",
                transform=ax.get_yaxis_transform(),
                ha="right",
                va="center",
                weight="bold",
                fontsize=SMALL,
            )
        group = row.group


def _write_marks(ax: Axes, figure: ForestFigure, heights: Sequence[float], inches: float) -> None:
    """Write to the right what each statistic says: a symbol, in the colour of its word."""
    margin = ax.get_yaxis_transform()
    for place in range(len(figure.statistics)):
        x = 1 + MARK * (place + 0.6) / inches
        weight = "bold" if place == figure.shown else "normal"
        if len(figure.statistics) > 1:
            ax.text(
                x,
                heights[0] - 1,
                f"{place + 1}",
                transform=margin,
                ha="center",
                va="center",
                weight=weight,
                fontsize=SMALL,
            )
        for height, row in zip(heights, figure.rows, strict=True):
            word = row.words[place]
            ax.text(
                x,
                height,
                SYMBOLS[word],
                transform=margin,
                ha="center",
                va="center",
                fontsize=SMALL,
                weight=weight,
                color=WORDS.get(word, FAINT) if word != "undecided" else FAINT,
            )


def _legend(figure: ForestFigure) -> list[Line2D | Patch]:
    blue = NETWORKS[0]
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=blue, marker="o", markersize=3.6, linewidth=1.3, label="✓, 95 % over seeds"),
        Line2D([], [], color=blue, marker="o", markersize=3.6, linewidth=1.3, mfc="white", label="✗ or ?"),
    ]
    for arm, marker in _hollow(figure).items():
        handles.append(
            Line2D([], [], color=CONTROL, marker=marker, markersize=2.6, linewidth=0.7, mfc="white", label=f"{arm} arm")
        )
    return [*handles, Patch(color=REGION, linewidth=0, label="claimed")]


def _hollow(figure: ForestFigure) -> dict[str, str]:
    """Choose a hollow marker for each control."""
    arms = {point.arm for row in figure.rows for point in row.points} - {"trained"}
    return {arm: HOLLOW[index % len(HOLLOW)] for index, arm in enumerate(sorted(arms))}


def _heights(rows: Sequence[ForestRow]) -> list[float]:
    """Place rows downward, with room for a heading above each group."""
    heights, height = [], -0.6
    for before, row in zip((None, *rows), rows, strict=False):
        height += 1.0 if before is not None and before.group == row.group else 2.0
        heights.append(height)
    return heights


def _reach(figure: ForestFigure) -> tuple[ScaleKind, tuple[float, float]]:
    """The kind of axis and its limits, set by the trained estimates and the region; what lies beyond is an arrow."""
    trained = [point for row in figure.rows for point in row.points if point.arm == "trained"]
    region = [end for end in (figure.low, figure.high) if end is not None]
    inner = _near([point.estimate for point in trained], region) + region
    kind = kind_of(inner, figure.low, figure.high)
    if not trained:
        inner = [*region, *(point.estimate for row in figure.rows for point in row.points)] or [-1.0, 1.0]
    if kind == "log":
        return kind, (min(inner) / 1.6, max(inner) * 1.6)
    room = max(inner) - min(inner) or abs(inner[0]) or 1.0
    outer = inner + [end for point in trained for end in (point.low, point.high) if end is not None]
    low, high = max(min(outer), min(inner) - room), min(max(outer), max(inner) + room)
    margin = (0.25 if kind == "symlog" else 0.08) * (high - low) or room
    return kind, (low - margin, high + margin)


def _near(estimates: Sequence[float], region: Sequence[float]) -> list[float]:
    """Leave out an estimate or two that would squeeze all others into a third of the axis: they become arrows."""
    kept = sorted(estimates)
    for _ in range(len(kept) // 10):
        shorter = [one for one in (kept[1:], kept[:-1]) if _span(one, region) < FAR * _span(kept, region)]
        kept = min(shorter, key=lambda one: _span(one, region)) if shorter else kept
    return kept


def _span(values: Sequence[float], region: Sequence[float]) -> float:
    return max(*values, *region) - min(*values, *region)
