"""What all small multiples share: a grid of panels as wide as a phone, curves over the knob, and legends."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vaebench.report.figures.scales import kind_of, scale
from vaebench.report.figures.spec import Curve
from vaebench.report.figures.style import (
    COLUMNS,
    CONTROL,
    FAINT,
    OTHERS,
    SMALL,
    WIDTH,
    colour_and_marker,
    legend_columns,
    line_style,
    wrapped,
)
from vaebench.report.words.format import plain

BAND = 0.22  # opacity

TICK = 0.1
"""Width of a digit as a share of a panel's."""

BOLD = 0.86
"""Share of the width that a title in bold letters may take, counted in ordinary ones."""

Handle = Line2D | Patch


def headed(where: str, said: str) -> str:
    """Begin a figure's title with where it was measured."""
    return f"{where}: {said}" if where else said


def grid(panels: int, height: float, title: str, share: bool) -> tuple[Canvas, list[Axes]]:
    """Make a picture with a title and a grid of panels.

    Args:
        panels: How many.
        height: Inches of one row of them.
        title: Of the whole picture.
        share: Whether the panels share both axes.

    Returns:
        The picture, and its panels row by row.
    """
    columns = min(COLUMNS, panels)
    rows = math.ceil(panels / columns)
    said = wrapped(title, BOLD * WIDTH)
    canvas = Canvas(figsize=(WIDTH, 0.75 + 0.14 * said.count("\n") + height * rows), layout="constrained")
    canvas.get_layout_engine().set(h_pad=0.02, w_pad=0.02)  # type: ignore[union-attr,call-arg]
    canvas.suptitle(said, x=0.01, ha="left", fontsize=8.0, fontweight="bold")
    axes = list(canvas.subplots(rows, columns, squeeze=False, sharex=share, sharey=share).flat)
    for ax in axes[panels:]:
        ax.remove()
    for index, ax in enumerate(axes[:panels]):
        if share and index + columns < panels:
            ax.tick_params(labelbottom=False)
        elif share:
            ax.tick_params(labelbottom=True)
    return canvas, axes[:panels]


def title(ax: Axes, text: str, plain_ticks: bool = False) -> None:
    """Write a panel's title in at most three lines.

    Args:
        ax: The panel.
        text: The title.
        plain_ticks: Whether nothing else can stand above the panel, as a factor of its ticks would. To look for it
            takes a quarter of the time.
    """
    ax.set_title(wrapped(text, 1.05, 3), loc="left", fontsize=SMALL, pad=2, y=1.0 if plain_ticks else None)


def draw_curve(ax: Axes, curve: Curve, networks: Sequence[str], band: bool = True) -> None:
    """Draw a curve in the colour of its network, or a control in its own.

    Args:
        ax: The panel.
        curve: The curve.
        networks: All networks, in the order of their colours.
        band: Whether its interval over seeds is drawn.
    """
    trained = curve.arm == "trained"
    colour, marker = colour_and_marker(networks.index(curve.network)) if curve.network else (CONTROL, "")
    colour = colour if trained else CONTROL
    style, width = line_style(curve.arm), 1.2 if trained else 0.9
    ax.plot(
        curve.x,
        curve.mean,
        color=colour,
        marker=marker if trained and band else "",
        markersize=2.5,
        markevery=[0, len(curve.x) - 1],
        linewidth=width if band else 0.8,
        linestyle=style,
        zorder=4 if trained else 3,
    )
    if trained and band and None not in curve.low:
        ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=BAND, linewidth=0, zorder=2)  # type: ignore[arg-type]


def draw_behind(ax: Axes, lines: Sequence[tuple[Sequence[float], Sequence[float]]]) -> None:
    """Draw the curves of all others in grey, as one path.

    Args:
        ax: The panel.
        lines: x and y of each.
    """
    x = [value for xs, _ in lines for value in (*xs, math.nan)]
    y = [value for _, ys in lines for value in (*ys, math.nan)]
    if lines:
        ax.plot(x, y, color=OTHERS, linewidth=0.6, zorder=1)


def scale_knob(ax: Axes, knobs: Sequence[float]) -> None:
    """Scale the axis of the knob, and label a few of its values.

    Args:
        ax: A panel; those that share its axis follow.
        knobs: All values, rising.
    """
    if is_geometric(knobs):
        positive = [knob for knob in knobs if knob > 0]
        if positive == list(knobs):
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
    pixels = ax.transData.transform([(knob, 1.0) for knob in knobs])
    centres = [float(x) for x in ax.transAxes.inverted().transform(pixels)[:, 0]]
    labels: list[str] = []
    edge = math.inf
    for knob, centre in zip(reversed(knobs), reversed(centres), strict=True):
        half = TICK * len(plain(knob)) / 2
        kept = centre + half + TICK / 2 < edge
        labels.append(plain(knob) if kept else "")
        edge = centre - half if kept else edge
    return labels[::-1]


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


def scale_height(ax: Axes, curves: Sequence[Curve], low: float | None, high: float | None) -> tuple[float, float]:
    """Set the height of a panel by means and region. Wide bands of few seeds are cut off.

    Args:
        ax: A panel; those that share its axis follow.
        curves: All that is drawn in them.
        low: Lower end of the claim's region, None for none.
        high: Upper end.

    Returns:
        The limits.
    """
    means = [value for curve in curves for value in curve.mean]
    outer = means + [end for curve in curves for end in (*curve.low, *curve.high) if end is not None]
    inner = means + [end for end in (low, high) if end is not None]
    kind = kind_of(means, low, high)
    if kind == "log":
        ends = min(inner) / 1.6, max(inner) * 1.6
    else:
        room = max(means) - min(means) or abs(means[0]) or 1.0
        bottom = max(min(*outer, min(inner) - 0.1 * room), min(inner) - 0.5 * room)
        ends = bottom, min(max(*outer, max(inner) + 0.1 * room), max(inner) + 0.5 * room)
        # What is never negative is not drawn as if it could be.
        ends = (max(ends[0], -0.05 * room) if min(inner) >= 0 else ends[0]), ends[1]
    scale(ax.yaxis, kind, ends, low, high)
    # Means that differ in their last digit leave no height. Matplotlib widens it likewise, with a warning.
    ends = ax.yaxis.get_major_locator().nonsingular(*ends)
    ax.set_ylim(*ends)
    if kind == "linear":
        ax.locator_params(axis="y", nbins=4)
    return ends


def legend(canvas: Canvas, handles: Sequence[Handle]) -> None:
    """Put a legend below.

    Args:
        canvas: The picture.
        handles: Its entries.
    """
    columns = legend_columns(WIDTH, (str(handle.get_label()) for handle in handles))
    canvas.legend(handles=handles, loc="outside lower left", ncols=columns, fontsize=SMALL, handlelength=1.6)


def network_handles(networks: Sequence[str], drawn: set[str]) -> Iterator[Handle]:
    """Say which colour is which network.

    Args:
        networks: All networks, in the order of their colours.
        drawn: Those in the picture.

    Yields:
        An entry of the legend for each.
    """
    for network in (name for name in networks if name in drawn):
        colour, marker = colour_and_marker(networks.index(network))
        yield Line2D([], [], color=colour, marker=marker, markersize=3, linewidth=1.2, label=network)


def arm_handles(arms: set[str]) -> Iterator[Handle]:
    """Say how controls are drawn.

    Args:
        arms: Names of the arms in the picture.

    Yields:
        An entry of the legend for each but the trained one.
    """
    for arm in sorted(arms - {"trained"}):
        yield Line2D([], [], color=CONTROL, linestyle=line_style(arm), linewidth=0.9, label=f"{arm} arm")


def behind_handle() -> Handle:
    """Say what grey lines are."""
    return Line2D([], [], color=OTHERS, linewidth=0.8, label="other variants")


def band_handle() -> Handle:
    """Say what bands are."""
    return Patch(color=FAINT, alpha=0.25, linewidth=0, label="95 % over seeds")
