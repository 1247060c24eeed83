"""Draw rows of rated images as one PNG, in the board's style and width."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle
from PIL import Image
from scipy.spatial.distance import cdist

from benchmarks.pictures.rows import COLUMNS, LABELS, Row
from vaebench.report.figures.draw import board_style
from vaebench.report.figures.style import FAINT, NETWORKS, SMALL, WIDTH

TILE, GAP, MARK, MARGIN = 128, 8, 12, 12
"""Pixels: side of an image, between images, height of a mark, and around the picture."""

COLOURS = {"classifier": NETWORKS[1], "neighbour": NETWORKS[0]}
SAID_AT = (560, 842)
"""Pixels from the left at which a row says what each detector finds."""

WORDS = {"classifier": "classifier", "neighbour": "distance"}

ACROSS = COLUMNS * (TILE + GAP) - GAP + 2 * MARGIN
LETTERS = {"head": 44, "label": 46, "number": 40, "below": 24}
"""Pixels: height of a line of the heading, of a row's label, of the numbers below, and the space after a row."""

HEAD = (
    "Odd: odder than 95 % of held-out reconstructions, by the",
    "classifier or by distance. A bar marks an odd image.",
    "%: share of all such images. ×: oddness over the 95 % point.",
)


def tiled(row: Row) -> np.ndarray:
    """Lay out a row: images as they are from 0 to 1, and below each its marks.

    Args:
        row: The row.

    Returns:
        Shape (height, width, 3), from 0 to 1. The left half of a mark says odd by the classifier, the right half by
        distance.
    """
    lines = -(-len(row.images) // COLUMNS)
    below = TILE + GAP // 2 + MARK
    laid = np.ones((lines * (below + GAP) - GAP, ACROSS - 2 * MARGIN, 3))
    for i, image in enumerate(row.images):
        top, left = i // COLUMNS * (below + GAP), i % COLUMNS * (TILE + GAP)
        laid[top : top + TILE, left : left + TILE] = _enlarged(image.clamp(0, 1).cpu().numpy())
        for half, (detector, colour) in enumerate(COLOURS.items()):
            if detector in row.relative and row.relative[detector][i] > 1:
                at = left + half * TILE // 2
                laid[top + below - MARK : top + below, at : at + TILE // 2] = to_rgb(colour)
    return laid


def _enlarged(image: np.ndarray) -> np.ndarray:
    """An image of any size up to a tile's, in whole steps, in the middle of a tile."""
    coloured = np.broadcast_to(image, (3, *image.shape[1:])).transpose(1, 2, 0)
    step = TILE // max(image.shape[1:])
    large = coloured.repeat(step, 0).repeat(step, 1)
    tile = np.ones((TILE, TILE, 3))
    top, left = ((TILE - side) // 2 for side in large.shape[:2])
    tile[top : top + large.shape[0], left : left + large.shape[1]] = large
    return tile


def picture(rows: Sequence[Row], title: str) -> Canvas:
    """Draw all rows below each other.

    Args:
        rows: The rows.
        title: The first line.

    Returns:
        matplotlib's figure, one pixel of it for each of the arrays that it shows.
    """
    arrays = [tiled(row) for row in rows]
    heights = [LETTERS["label"] + len(a) + LETTERS["number"] * bool(r.by) for r, a in zip(rows, arrays, strict=True)]
    head = (1 + len(HEAD)) * LETTERS["head"] + LETTERS["below"] // 2
    down = head + sum(heights) + len(rows) * LETTERS["below"] + 2 * MARGIN
    dpi = ACROSS / WIDTH
    with board_style():
        figure = Canvas(figsize=(WIDTH, down / dpi), dpi=dpi)
        page = _Page(figure, down)
        page.text(MARGIN, MARGIN, title, 8.5)
        for line, words in enumerate(HEAD, 1):
            page.text(MARGIN, MARGIN + line * LETTERS["head"], words, SMALL, FAINT)
        top = MARGIN + head
        for row, array, height in zip(rows, arrays, heights, strict=True):
            page.row(row, array, top)
            top += height + LETTERS["below"]
        FigureCanvasAgg(figure)
    return figure


class _Page:
    """A figure that is addressed in pixels from its upper left corner."""

    def __init__(self, figure: Canvas, down: int) -> None:
        self.figure, self.down = figure, down

    def text(self, left: float, top: float, words: str, size: float, colour: str = "black", side: str = "left") -> None:
        place = left / ACROSS, 1 - top / self.down
        self.figure.text(*place, words, fontsize=size, color=colour, ha=side, va="top")

    def row(self, row: Row, array: np.ndarray, top: int) -> None:
        self.text(MARGIN, top, LABELS[row.name], 8.0)
        for left, detector in zip(SAID_AT, COLOURS, strict=True):
            if detector in row.relative and not row.by:
                at = left / ACROSS, 1 - (top + 29) / self.down
                self.figure.add_artist(Rectangle(at, 18 / ACROSS, 18 / self.down, color=COLOURS[detector], linewidth=0))
                self.text(left + 26, top + 4, f"{WORDS[detector]} {_said(row, detector)}", SMALL)
        top += LETTERS["label"]
        high, across = array.shape[:2]
        axes = self.figure.add_axes((MARGIN / ACROSS, 1 - (top + high) / self.down, across / ACROSS, high / self.down))
        axes.imshow(array, interpolation="nearest", aspect="auto")
        axes.axis("off")
        for i, value in enumerate(row.relative[row.by] if row.by else ()):
            self.text(MARGIN + i * (TILE + GAP) + TILE / 2, top + high + 4, f"{value:.1f}×", SMALL, side="center")


def _said(row: Row, detector: str) -> str:
    """The share of a kind that is odd; how odd it is where it is one image alone."""
    return f"{row.relative[detector][0]:.1f}×" if row.of == 1 else f"{100 * row.numbers[detector]:.0f} %"


def png(figure: Canvas, colours: int) -> bytes:
    """Print a picture, without a date.

    Args:
        figure: As `picture` draws it.
        colours: How many the palette has. White, black and the marks keep theirs.

    Returns:
        The file.
    """
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]  # type: ignore[attr-defined]
    kept = np.array([to_rgb(colour) for colour in ("white", "black", *COLOURS.values())])
    free = colours - len(kept)
    found = np.array(Image.fromarray(pixels).quantize(free).getpalette(), float).reshape(-1, 3)[:free]
    palette = np.concatenate([(255 * kept).round(), found])
    # Pillow's own search for the nearest colour is coarse, and would leave the ground a little grey.
    there, which = np.unique(pixels.reshape(-1, 3) @ (1 << 16, 1 << 8, 1), return_inverse=True)
    nearest = cdist(np.stack([there >> 16, there >> 8 & 255, there & 255], 1), palette).argmin(1)
    drawn = Image.fromarray(nearest[which].astype(np.uint8).reshape(pixels.shape[:2]))
    drawn.putpalette(palette.astype(np.uint8).tobytes())
    file = io.BytesIO()
    drawn.save(file, "png", optimize=True)
    return file.getvalue()
