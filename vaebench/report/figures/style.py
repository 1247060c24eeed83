"""How the board's figures look: colours for the colour-blind, each with a marker of its own."""

import textwrap
from collections.abc import Iterable
from typing import Literal

COLOURS: tuple[str, ...] = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F6A00")
COLOURS += ("#882255", "#117733", "#332288", "#44AA99", "#999933", "#AA4499", "#661100")
"""Okabe and Ito's colours, which the colour-blind can tell apart, yellow darkened to be seen on white; then Tol's muted
ones. Where colours come close, markers tell: those of two neighbouring rows of this list differ."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
CONTROL = "#333333"
REGION = "#E3EFD9"
FAINT = "#777777"

LETTER = 0.065
"""Inches that a letter takes at 8 points."""

LineStyle = Literal["-", "--", ":", "-."]


def legend_columns(width: float, labels: Iterable[str]) -> int:
    """Say how many columns of a legend fit side by side.

    Args:
        width: Inches.
        labels: The legend's texts, at 8 points.

    Returns:
        From 1 to 4.

    Examples:
        >>> legend_columns(6.0, ["vae", "beta vae"]), legend_columns(3.0, ["where the claim says it lies"])
        (4, 1)
    """
    return max(1, min(4, int(width / (0.6 + LETTER * max(map(len, labels), default=0)))))


def wrapped(text: str, inches: float) -> str:
    r"""Break a text into lines that fit.

    Args:
        text: At 8 points.
        inches: Room along a line.

    Returns:
        The text with line breaks.

    Examples:
        >>> wrapped("likeness of layers", 0.8)
        'likeness of\nlayers'
    """
    return "\n".join(textwrap.wrap(text, int(inches / LETTER)))


def colour_and_marker(index: int) -> tuple[str, str]:
    """Choose a colour and marker. The pair repeats only after 98.

    Args:
        index: From 0.

    Returns:
        A colour and a marker.
    """
    return COLOURS[index % len(COLOURS)], MARKERS[(index + index // len(COLOURS)) % len(MARKERS)]


def line_style(arm: str) -> LineStyle:
    """Choose how an arm's lines are drawn.

    Args:
        arm: In words: ``trained``, ``analytic``, another control, or the closed form of one.

    Returns:
        Solid, dashed, dotted, or dashed and dotted.
    """
    if arm == "trained":
        return "-"
    if arm == "analytic":
        return "--"
    return "-." if arm.startswith("analytic ") else ":"
