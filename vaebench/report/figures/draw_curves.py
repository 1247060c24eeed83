"""Draw small multiples over the knob: a row for each measurement, a column for each architecture."""

import math
import textwrap
from collections.abc import Sequence
from itertools import groupby, pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vaebench.report.figures.spec import Curve, CurveFigure, CurvePanel
from vaebench.report.figures.style import CONTROL, FAINT, REGION, colour_and_marker, legend_columns, line_style
from vaebench.report.format import plain

LETTER = 0.028
"""Width of a digit as a share of a panel's."""

BAND = 0.18
"""Opacity of a band; less where there are many."""


def draw_curves(figure: CurveFigure) -> Canvas:
    """Draw small multiples.

    Args:
        figure: At least one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    rows = math.ceil(len(figure.panels) / figure.columns)
    width, handles = 0.6 + 2.6 * figure.columns, _legend(figure)
    canvas = Canvas(figsize=(width, 0.9 + 1.75 * rows), layout="constrained")
    grid = canvas.subplots(rows, figure.columns, squeeze=False)
    axes = list(grid.flat)
    for index, (panel, ax) in enumerate(zip(figure.panels, axes, strict=False)):
        _draw_panel(ax, panel, figure)
        if index + figure.columns >= len(figure.panels):
            ax.set_xlabel(figure.knob)
    for ax in axes[len(figure.panels) :]:
        ax.remove()
    for _, row in groupby(zip(figure.panels, axes, strict=False), key=lambda pair: pair[0].measurement):
        _share_height(list(row))
    canvas.align_ylabels()
    columns = legend_columns(width, (str(handle.get_label()) for handle in handles))
    canvas.legend(handles=handles, loc="outside lower center", ncols=columns)
    return canvas


def _draw_panel(ax: Axes, panel: CurvePanel, figure: CurveFigure) -> None:
    ax.set_title(panel.arch, loc="left", color=FAINT)
    unit = "" if panel.unit == "1" else f" [{panel.unit}]"
    ax.set_ylabel("\n".join([*textwrap.wrap(panel.measurement + unit, 24), *textwrap.wrap(f"({panel.claimed})", 26)]))
    crowded = len({curve.variant for curve in panel.curves}) > 4
    for curve in panel.curves:
        colour, marker = _look(figure.variants, curve)
        _draw_curve(ax, curve, colour, marker, crowded)
    _scale_knob(ax, sorted({x for curve in panel.curves for x in curve.x}))


def _draw_curve(ax: Axes, curve: Curve, colour: str, marker: str, crowded: bool) -> None:
    trained = curve.arm == "trained"
    faint = crowded and not trained and colour != CONTROL
    ax.plot(
        curve.x,
        curve.mean,
        color=colour,
        marker=marker if trained else "",
        markersize=3.5,
        linewidth=0.8 if faint else 1.2,
        alpha=0.6 if faint else 1,
        linestyle=line_style(curve.arm),
        zorder=3 if trained else 4,
    )
    if trained:
        low = [mean if end is None else end for end, mean in zip(curve.low, curve.mean, strict=True)]
        high = [mean if end is None else end for end, mean in zip(curve.high, curve.mean, strict=True)]
        ax.fill_between(curve.x, low, high, color=colour, alpha=BAND / 2 if crowded else BAND, linewidth=0)


def _scale_knob(ax: Axes, knobs: Sequence[float]) -> None:
    if is_geometric(knobs):
        positive = [knob for knob in knobs if knob > 0]
        if positive == knobs:
            ax.set_xscale("log")
        else:
            ax.set_xscale("symlog", linthresh=positive[0], linscale=0.5)
    ax.set_xticks(knobs, _thinned(ax, knobs))
    ax.set_xticks([], minor=True)


def _thinned(ax: Axes, knobs: Sequence[float]) -> list[str]:
    """Label knob values from the last backward. Those without room get no label."""
    if not knobs:
        return []
    ax.get_xlim()  # settles the limits, which are lazy
    pixels = ax.transData.transform([(knob, 0.0) for knob in knobs])
    centres = [float(x) for x in ax.transAxes.inverted().transform(pixels)[:, 0]]
    labels: list[str] = []
    edge = math.inf
    for knob, centre in zip(reversed(knobs), reversed(centres), strict=True):
        half = LETTER * len(plain(knob)) / 2
        kept = centre + half + LETTER < edge
        labels.append(plain(knob) if kept else "")
        edge = centre - half if kept else edge
    return labels[::-1]


def _look(variants: Sequence[str], curve: Curve) -> tuple[str, str]:
    if not curve.variant:
        return CONTROL, ""
    return colour_and_marker(variants.index(curve.variant))


def is_geometric(knobs: Sequence[float]) -> bool:
    """Judge whether knob values are spread by factors rather than by steps. A zero does not count.

    Args:
        knobs: Rising values.

    Returns:
        True if they span a factor of ten and their middle factor is at least 1.5.

    Examples:
        >>> is_geometric([0.0, 0.05, 0.1, 0.2, 0.4, 0.8]), is_geometric([1.0, 2.0, 3.0, 4.0])
        (True, False)
    """
    positive = [knob for knob in knobs if knob > 0]
    if len(positive) < 3 or knobs[0] < 0 or positive[-1] < 10 * positive[0]:
        return False
    factors = sorted(after / before for before, after in pairwise(positive))
    return factors[len(factors) // 2] >= 1.5


def _share_height(row: Sequence[tuple[CurvePanel, Axes]]) -> None:
    """Give the panels of one measurement one scale, set by means and region. Wide bands of few seeds are cut off."""
    means = [value for panel, _ in row for curve in panel.curves for value in curve.mean]
    means += [end for panel, _ in row for end in (panel.low, panel.high) if end is not None]
    ends = [ax.get_ylim() for _, ax in row]
    room = max(means) - min(means) or abs(means[0]) or 1.0
    low = max(min(*(low for low, _ in ends), min(means) - 0.1 * room), min(means) - 0.5 * room)
    high = min(max(*(high for _, high in ends), max(means) + 0.1 * room), max(means) + 0.5 * room)
    low = max(low, -0.05 * room) if min(means) >= 0 else low  # what is never negative is not drawn as if it could be
    for panel, ax in row:
        ax.set_ylim(low, high)
        if panel.low is not None or panel.high is not None:
            bottom, top = low if panel.low is None else panel.low, high if panel.high is None else panel.high
            ax.axhspan(bottom, top, color=REGION, zorder=0)
            ax.set_ylim(low, high)
    for _, ax in row[1:]:
        ax.set_ylabel("")


def _legend(figure: CurveFigure) -> list[Line2D | Patch]:
    curves = [curve for panel in figure.panels for curve in panel.curves]
    handles: list[Line2D | Patch] = []
    drawn = {curve.variant for curve in curves}
    for variant in (variant for variant in figure.variants if variant in drawn):
        colour, marker = colour_and_marker(figure.variants.index(variant))
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.2, label=variant))
    for arm in sorted({curve.arm for curve in curves} - {"trained"}):
        handles.append(Line2D([], [], color=CONTROL, linestyle=line_style(arm), linewidth=1.2, label=f"{arm} arm"))
    handles.append(Patch(color=FAINT, alpha=0.25, linewidth=0, label="95 % over seeds"))
    if any(panel.low is not None or panel.high is not None for panel in figure.panels):
        handles.append(Patch(color=REGION, linewidth=0, label="where the claim says it lies"))
    return handles
