"""Draw heat maps of layers' similarity: a panel for each record, all on one scale."""

import math
import textwrap

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure as Canvas
from matplotlib.image import AxesImage

from vaebench.report.figures.spec import HeatFigure, HeatPanel
from vaebench.report.figures.style import wrapped

COLUMNS = 3
"""Panels side by side; more go below."""

LEVELS = tuple(tenth / 10 for tenth in range(11))
"""Where colours change. The steps are distinct; the last begins at .9."""

SHRINK = 0.8
"""Length of the scale, as a share of the picture's height."""

CELL = 0.17
"""Inches along a cell's side."""


def draw_heat(figure: HeatFigure) -> Canvas:
    """Draw heat maps.

    Args:
        figure: At least one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    columns = min(COLUMNS, len(figure.panels))
    lines = math.ceil(len(figure.panels) / columns)
    wide = max(2.0, CELL * max(len(panel.columns) for panel in figure.panels))
    high = CELL * max(len(panel.rows) for panel in figure.panels)
    names = 0.05 * max(len(name) for panel in figure.panels for name in (*panel.rows, *panel.columns))
    height = 0.6 + lines * (high + names + 0.8)
    canvas = Canvas(figsize=(0.8 + columns * (wide + names + 0.4), height), layout="constrained")
    axes = list(canvas.subplots(lines, columns, squeeze=False).flat)
    images = [_draw_panel(ax, panel, figure) for ax, panel in zip(axes, figure.panels, strict=False)]
    for ax in axes[len(figure.panels) :]:
        ax.remove()
    scale = canvas.colorbar(images[0], ax=axes[: len(figure.panels)], ticks=LEVELS[::2], shrink=SHRINK, aspect=30)
    scale.set_label(wrapped(figure.what, SHRINK * height))
    scale.outline.set_visible(False)
    return canvas


def _draw_panel(ax: Axes, panel: HeatPanel, figure: HeatFigure) -> AxesImage:
    palette = colormaps["viridis"]
    values = [[math.nan if value is None else value for value in row] for row in panel.values]
    image = ax.imshow(values, cmap=palette, norm=BoundaryNorm(LEVELS, palette.N, clip=True), aspect="auto")
    ax.set_title("\n".join(textwrap.wrap(panel.title, 34)), loc="left")
    ax.set_xticks(range(len(panel.columns)), panel.columns, rotation=90)
    ax.set_yticks(range(len(panel.rows)), panel.rows)
    ax.tick_params(length=0)
    ax.set_xlabel(figure.columns)
    ax.set_ylabel(figure.rows)
    ax.spines[:].set_visible(False)
    return image
