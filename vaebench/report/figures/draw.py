"""Draw figures with matplotlib, without pyplot, global state or a date."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.figure import Figure as Canvas

from vaebench.report.figures.draw_curves import draw_curves
from vaebench.report.figures.draw_forest import draw_forest
from vaebench.report.figures.draw_heat import draw_heat
from vaebench.report.figures.draw_trades import draw_trades
from vaebench.report.figures.spec import CurveFigure, Figure, ForestFigure, TradeFigure
from vaebench.report.figures.stamp import stamped


def svg(figure: Figure) -> str:
    """Draw a figure as SVG, stamped with hashes of its inputs and of the drawing, and with matplotlib's version.

    Args:
        figure: What to draw.

    Returns:
        The file's text. Two versions of matplotlib may draw the same inputs differently; see `stamp`.
    """
    text = io.StringIO()
    with board_style():
        draw(figure).savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawing = "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
    return stamped(drawing, figure, matplotlib.__version__)


@contextmanager
def board_style() -> Iterator[None]:
    """Use only the board's style, and restore the user's afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.size": 8.0,
                "axes.titlesize": 8.5,
                "axes.labelsize": 8.0,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.linewidth": 0.7,
                "xtick.labelsize": 7.0,
                "ytick.labelsize": 7.0,
                "legend.frameon": False,
                "legend.fontsize": 8.0,
                "savefig.dpi": 160,
                "svg.hashsalt": "vaebench",
                "text.parse_math": False,
            }
        )
        yield


def draw(figure: Figure) -> Canvas:
    """Draw a figure.

    Args:
        figure: What to draw.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    if isinstance(figure, CurveFigure):
        return draw_curves(figure)
    if isinstance(figure, TradeFigure):
        return draw_trades(figure)
    return draw_forest(figure) if isinstance(figure, ForestFigure) else draw_heat(figure)
