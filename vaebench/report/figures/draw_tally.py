"""Draw how the claims of a task came out: two bars a claim, as published and under controls."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from vaebench.claims import VerdictWord
from vaebench.report.figures.spec import TallyFigure
from vaebench.report.figures.style import SMALL, WIDTH, WORDS, wrapped
from vaebench.report.words.markdown import SYMBOLS

COUNTED: tuple[VerdictWord, ...] = ("holds", "fails", "undecided")
"""The words that are counted, from the left."""


def draw_tally(figure: TallyFigure) -> Canvas:
    """Draw bars of verdicts.

    Args:
        figure: At least one row.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    bars = sum(2 if row.controlled else 1 for row in figure.rows)
    height = 0.35 + 0.2 * bars + 0.24 * len(figure.rows)
    canvas = Canvas(figsize=(WIDTH, height), layout=None)
    ax = canvas.add_axes((0.25, 0.02 / height, 0.46, 1 - 0.26 / height))
    ax.set_axis_off()
    longest = max(max(sum(row.published), sum(row.controlled)) for row in figure.rows) or 1
    ax.set_xlim(0, longest)
    y = 0.0
    for row in figure.rows:
        ax.text(
            -0.52,
            y,
            wrapped(row.claim, WIDTH, 1),
            transform=ax.get_yaxis_transform(),
            va="center",
            weight="bold",
            fontsize=8.0,
        )
        for name, counts in (("as published", row.published), ("under controls", row.controlled)):
            if counts:
                y += 1.0
                _bar(ax, y, name, counts)
        y += 1.35
    ax.set_ylim(y - 0.5, -0.6)
    key = "   ".join(f"{SYMBOLS[word]} {word}" for word in COUNTED)
    canvas.text(0.01, 1 - 0.05 / height, f"Models by verdict:  {key}", fontsize=SMALL, va="top")
    return canvas


def _bar(ax: Axes, y: float, name: str, counts: Sequence[int]) -> None:
    margin = ax.get_yaxis_transform()
    ax.text(-0.02, y, name, transform=margin, ha="right", va="center", fontsize=SMALL)
    start = 0
    for place, (word, number) in enumerate(zip(COUNTED, counts, strict=True)):
        ax.barh(y, number, left=start, height=0.8, color=WORDS[word], linewidth=0)
        ax.text(1.03 + 0.2 * place, y, f"{SYMBOLS[word]} {number}", transform=margin, va="center", fontsize=SMALL)
        start += number
