"""Draw heat maps of layers' similarity: a panel for each record, all on one scale."""

import math

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure as Canvas
from matplotlib.image import AxesImage

from vaebench.report.figures.draw_grid import BOLD, headed
from vaebench.report.figures.spec import HeatFigure, HeatPanel
from vaebench.report.figures.style import SMALL, WIDTH, wrapped

COLUMNS = 2
"""Panels side by side; more go below."""

LEVELS = tuple(tenth / 10 for tenth in range(11))
"""Where colours change. The steps are distinct; the last begins at .9."""

CELL = 0.125
"""Inches along a cell's height."""


def draw_heat(figure: HeatFigure) -> Canvas:
    """Draw heat maps.

    Args:
        figure: At least one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    columns = min(COLUMNS, len(figure.panels))
    lines = math.ceil(len(figure.panels) / columns)
    high = CELL * max(len(panel.rows) for panel in figure.panels)
    names = 0.055 * max(len(name) for panel in figure.panels for name in panel.columns)
    said = wrapped(headed(figure.where, figure.what), BOLD * WIDTH)
    height = 0.95 + 0.14 * said.count("\n") + lines * (high + 0.3) + names
    canvas = Canvas(figsize=(WIDTH, height), layout="constrained")
    canvas.suptitle(said, x=0.01, ha="left", fontsize=8.0, fontweight="bold")
    axes = list(canvas.subplots(lines, columns, squeeze=False).flat)
    images = []
    for index, (ax, panel) in enumerate(zip(axes, figure.panels, strict=False)):
        images.append(_draw_panel(ax, panel))
        _name(ax, panel, figure, index, columns)
    for ax in axes[len(figure.panels) :]:
        ax.remove()
    shown = axes[: len(figure.panels)]
    scale = canvas.colorbar(images[0], ax=shown, ticks=LEVELS[::2], location="bottom", shrink=0.8, aspect=40)
    scale.outline.set_visible(False)
    return canvas


def _draw_panel(ax: Axes, panel: HeatPanel) -> AxesImage:
    palette = colormaps["viridis"]
    values = [[math.nan if value is None else value for value in row] for row in panel.values]
    image = ax.imshow(values, cmap=palette, norm=BoundaryNorm(LEVELS, palette.N, clip=True), aspect="auto")
    ax.set_title(wrapped(panel.title, 1.4, 3), loc="left", fontsize=SMALL, pad=2, y=1.0)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def _name(ax: Axes, panel: HeatPanel, figure: HeatFigure, index: int, columns: int) -> None:
    """Name rows at the left edge and columns at the bottom, or wherever the neighbour's names differ."""
    below = index + columns
    last = below >= len(figure.panels) or figure.panels[below].columns != panel.columns
    first = index % columns == 0 or figure.panels[index - 1].rows != panel.rows
    ax.set_xticks(range(len(panel.columns)), panel.columns if last else [""] * len(panel.columns), rotation=90)
    ax.set_yticks(range(len(panel.rows)), panel.rows if first else [""] * len(panel.rows))
    if last:
        ax.set_xlabel(figure.columns, fontsize=SMALL, labelpad=1)
    if first:
        ax.set_ylabel(figure.rows, fontsize=SMALL)
