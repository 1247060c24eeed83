"""Draw figures with matplotlib, without pyplot, global state or a date."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from vaebench.report.figures.draw_curves import draw_curves, draw_overview
from vaebench.report.figures.draw_forest import draw_forest
from vaebench.report.figures.draw_heat import draw_heat
from vaebench.report.figures.draw_tally import draw_tally
from vaebench.report.figures.draw_trades import draw_trades
from vaebench.report.figures.spec import CurveFigure, Figure, ForestFigure, OverviewFigure, TallyFigure, TradeFigure
from vaebench.report.figures.stamp import stamped
from vaebench.report.figures.style import SMALL

_FONT = re.compile(r"font: (?:(bold) )?([\d.]+)px 'DejaVu Sans'")
_FAMILY = re.compile(r"(?:; )?font-family: 'DejaVu Sans'")
_UNTURNED = re.compile(r' transform="rotate\(-0 [-\d.]+ [-\d.]+\)"')
_ALONE = re.compile(r'<g id="text_\d+">\n(<text [^\n]*\n)</g>\n')
_STYLE = "*{stroke-linejoin: round; stroke-linecap: butt}"
_LONG = re.compile(r"(?<=[ \"(-])-?\d+\.\d{3,}(?=[ \",)\n])")
TEXT_STYLE = "text{font-family: 'DejaVu Sans', Verdana, sans-serif}"
"""Letters are as wide as those that the picture was laid out with, where either font is there."""


def svg(figure: Figure) -> str:
    """Draw a figure as SVG, stamped with hashes of its inputs and of the drawing, and with matplotlib's version.

    Args:
        figure: What to draw.

    Returns:
        The file's text. Two versions of matplotlib may draw the same inputs differently; see `stamp`.
    """
    with board_style():
        text = printed(draw(figure))
    drawing = "\n".join(line.strip() for line in text.splitlines()) + "\n"
    drawing = _ALONE.sub(r"\1", _UNTURNED.sub("", _FAMILY.sub("", drawing)))
    drawing = drawing.replace(_STYLE, _STYLE + TEXT_STYLE, 1)
    drawing = _FONT.sub(lambda found: f"font-size: {found[2]}px" + ("; font-weight: bold" if found[1] else ""), drawing)
    drawing = _LONG.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), drawing)
    return stamped(drawing, figure, matplotlib.__version__)


def printed(drawn: Canvas) -> str:
    """Print a drawing as SVG as ``savefig`` does in the board's style, to the letter, but draw it once.

    Args:
        drawn: matplotlib's figure. It is laid out by its engine now, and has none afterwards.

    Returns:
        The file's text.
    """
    text, canvas = io.StringIO(), FigureCanvasSVG(drawn)
    if engine := drawn.get_layout_engine():
        engine.execute(drawn)
    drawn.set_layout_engine("none")
    drawn.dpi = matplotlib.rcParams["savefig.dpi"]  # of pixels within
    bare = {"Date": None, "Creator": None, "Format": None, "Type": None}
    canvas.print_svg(text, metadata=bare)  # type: ignore[no-untyped-call]
    return text.getvalue()


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
                "font.family": ["DejaVu Sans"],
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.linewidth": 0.7,
                "xtick.labelsize": SMALL,
                "ytick.labelsize": SMALL,
                "xtick.major.size": 2.0,
                "ytick.major.size": 2.0,
                "xtick.major.pad": 2.0,
                "ytick.major.pad": 2.0,
                "legend.frameon": False,
                "legend.fontsize": SMALL,
                "savefig.dpi": 160,
                "svg.hashsalt": "vaebench",
                "svg.fonttype": "none",
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
    if isinstance(figure, OverviewFigure):
        return draw_overview(figure)
    if isinstance(figure, TradeFigure):
        return draw_trades(figure)
    if isinstance(figure, TallyFigure):
        return draw_tally(figure)
    return draw_forest(figure) if isinstance(figure, ForestFigure) else draw_heat(figure)
