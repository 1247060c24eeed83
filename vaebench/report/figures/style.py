"""How the board's figures look: one palette for all eyes, and one width, which a phone shows whole."""

import textwrap
from collections.abc import Iterable
from typing import Literal

from vaebench.claims import VerdictWord

NETWORKS: tuple[str, ...] = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9")
"""Colours of networks, Okabe and Ito's. A line of a figure has the colour of its network."""

CONTROL = "#222222"
OTHERS = "#B8B8B8"
REGION = "#FFF3B0"
GROUND = "#FFFFFF"

PALETTE: tuple[str, ...] = (*NETWORKS, CONTROL, OTHERS, REGION, GROUND)
"""Every colour that means something. Each pair differs by ΔE ≥ 15 (CAM02-UCS) with normal sight, deuteranopia and
protanopia; a test holds it."""

FAINT = "#666666"
"""Small print. It is read as text, and never told from another colour."""

WORDS: dict[VerdictWord, str] = {"holds": NETWORKS[0], "fails": NETWORKS[1], "undecided": OTHERS}
"""Colours of verdicts. A symbol always stands beside."""

MARKERS = ("o", "s", "^", "D", "v")

WIDTH = 3.75
"""Inches: 360 pixels, what a phone of 390 pixels shows of a page. A letter is never below 9 pixels there."""

COLUMNS = 3
"""Panels of small multiples side by side."""

SMALL = 7.0
"""Points of the smallest letters."""

LETTER = 0.062
"""Inches that a letter takes at 8 points."""

LineStyle = Literal["-", "--", ":", "-."]


def legend_columns(width: float, labels: Iterable[str]) -> int:
    """Say how many columns of a legend fit side by side.

    Args:
        width: Inches.
        labels: The legend's texts, at 7 points.

    Returns:
        From 1 to 4.

    Examples:
        >>> legend_columns(6.0, ["vae", "beta vae"]), legend_columns(3.0, ["where the claim says it lies"])
        (4, 1)
    """
    return max(1, min(4, int(width / (0.5 + LETTER * max(map(len, labels), default=0)))))


def wrapped(text: str, inches: float, most: int = 4) -> str:
    r"""Break a text into lines that fit.

    Args:
        text: At 8 points.
        inches: Room along a line.
        most: Most lines; what is over is cut off.

    Returns:
        The text with line breaks.

    Examples:
        >>> wrapped("likeness of layers", 0.8)
        'likeness of\nlayers'
    """
    return "\n".join(textwrap.wrap(text, int(inches / LETTER), max_lines=most, placeholder=" …"))


def colour_and_marker(network: int) -> tuple[str, str]:
    """Choose the colour and marker of a network.

    Args:
        network: Its place among all networks.

    Returns:
        A colour and a marker. Both repeat after five.
    """
    return NETWORKS[network % len(NETWORKS)], MARKERS[network % len(MARKERS)]


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
