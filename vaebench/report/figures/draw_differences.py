"""Draw differences of agreement between two sides: an estimate with its interval for each claim."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure as Canvas

from vaebench.mistakes import Mistake
from vaebench.report.differences import ClaimDifference
from vaebench.report.figures.draw import board_style
from vaebench.report.figures.style import FAINT, NETWORKS, wrapped
from vaebench.report.words.markdown import words

WIDTH = 6.5
"""Inches."""

FORMATS = (".svg", ".png", ".pdf")


def draw_differences(found: Sequence[ClaimDifference], names: tuple[str, str], path: Path) -> None:
    """Draw the differences under controls to a file.

    Args:
        found: The differences; those without a number are left out.
        names: What the first and the second side are called.
        path: An ``.svg``, ``.png`` or ``.pdf``.

    Raises:
        Mistake: The file has another ending, there is nothing to draw, or it cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise Mistake(f"a figure ends in {', '.join(FORMATS)}, not {path.name!r}")
    shown = [one for one in found if one.controlled.difference is not None]
    if not shown:
        raise Mistake("there is no difference to draw")
    with board_style():
        canvas = _drawn(shown, names)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            canvas.savefig(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
        except OSError as error:
            raise Mistake(f"{path} cannot be written: {error.strerror}") from error


def _drawn(shown: Sequence[ClaimDifference], names: tuple[str, str]) -> Canvas:
    canvas = Canvas(figsize=(WIDTH, 0.9 + 0.22 * len(shown)), layout="constrained")
    ax = canvas.subplots()
    labels = []
    for height, one in enumerate(shown):
        interval = one.controlled.difference
        assert interval is not None
        colour = NETWORKS[0] if one.controlled.differs else FAINT
        if interval.low is not None and interval.high is not None:
            ax.plot([interval.low, interval.high], [height, height], color=colour, linewidth=1.4)
        face = colour if one.controlled.differs else "white"
        ax.plot([interval.estimate], [height], color=colour, marker="o", markersize=4.5, markerfacecolor=face)
        labels.append(" · ".join(filter(None, (words(one.claim), words(one.dataset), one.subject))))
    ax.axvline(0, color=FAINT, linewidth=0.7)
    ax.set_yticks(range(len(shown)), labels)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    said = f"agreement of {names[1]} minus that of {names[0]}, paired by seed, with 95 % interval; filled: without 0"
    ax.set_xlabel(wrapped(said, WIDTH - 2.0))
    return canvas
