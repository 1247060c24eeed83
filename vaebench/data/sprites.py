"""Sprites drawn on the fly from dSprites' five known factors: shape, scale, orientation, x and y.

How a sprite is drawn. The frame is a fixed grid of 256×256 sub-pixels for every image size. A sub-pixel is white if its
centre is inside the shape. A pixel is the mean of the sub-pixels it covers: 4×4 at 64 px, 8×8 at 32 px, 16×16 at 16 px.
So an image at 32 px is, bit for bit, the 2×2 mean of the one at 64 px. Positions are whole sub-pixels, so moving a
sprite never changes its outline. There are only 420 outlines (shape × scale × distinct angle). Their summed-area tables
are made once. A pixel is then four look-ups, in integers, and a division by a power of two.

The factors. Shapes are a square, an ellipse with axes 2:1, and a heart (a square on its corner, with a half-disc on
each of its upper sides). Each covers (5/16 · scale)² of the frame, up to the grid, with scale = 0.5, 0.6 … 1. Each
turns about its own centre of mass, which is also its position. So neither area nor centre reveals the shape.
Orientation k turns it by 2πk/40, counter-clockwise as seen. x counts to the right and y downwards, in steps of 1/64 of
the frame about its middle. Every sprite is entirely inside the frame.

Where it differs from dSprites (github.com/deepmind/dsprites-dataset). Its 40 orientations run from 0 to 2π with both
ends, in steps of 2π/39. So the first and the last are the same angle, and none is a quarter turn. Ours are 40 distinct
angles. Its pixels are binary; ours are anti-aliased. The images are in the same order: the shape varies slowest, y
fastest. The outlines and their sizes are ours.
"""

import math
from functools import cache

import torch
from torch import Tensor

from vaebench.data import Dataset, Split
from vaebench.data._apart import apart
from vaebench.data._factors import FactorTable

VERSION = 2
SIZES = (32, 16, 64)
FACTOR_NAMES = ("shape", "scale", "orientation", "x", "y")
FACTOR_SIZES = (3, 6, 40, 32, 32)

_FACTORS = FactorTable(FACTOR_NAMES, FACTOR_SIZES)
_TRAIN, _HELD_OUT = 20_000, 4_000

_GRID = 256  # sub-pixels along the frame
_STEP = 4  # sub-pixels between neighbouring positions
_SIDE = 80.0  # sub-pixels along the side of the square at scale 1: an even number at every scale, so its area is exact
_REACH = 64  # sub-pixels from a sprite's centre to the edge of the patch that holds its outline
_FIRST = (
    _GRID - _STEP * (FACTOR_SIZES[3] - 1)
) // 2  # the first position, the same distance from the frame as the last
_ANGLES = (10, 20, 40)  # distinct orientations of a square (symmetric under 90°), an ellipse (180°) and a heart


def index_to_factors(index: Tensor) -> Tensor:
    """Return the factors of the images at some places in the order of all 737,280 combinations.

    Args:
        index: Places in [0, 737280), integers, shape (n,). Anything else raises `ValueError`.

    Returns:
        Index of each factor in the order of `FACTOR_NAMES`, int64, shape (n, 5); exact.

    Examples:
        >>> index_to_factors(torch.tensor([0, 1, 737279])).tolist()
        [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [2, 5, 39, 31, 31]]
    """
    return _FACTORS.at(index)


def factors_to_index(factors: Tensor) -> Tensor:
    """Return the places of some factor combinations: the inverse of `index_to_factors`.

    Args:
        factors: Index of each factor, integers inside its range, shape (n, 5). Anything else raises `ValueError`.

    Returns:
        Places in [0, 737280), int64, shape (n,); exact.

    Examples:
        >>> factors_to_index(torch.tensor([[0, 0, 0, 1, 0]])).item()
        32
    """
    return _FACTORS.place(factors)


def render(factors: Tensor, size: int = SIZES[0]) -> Tensor:
    """Draw sprites: the covered fraction of every pixel, in [0, 1].

    The same factors give the same bits in every batch and on every device. Orientations that a shape's symmetry maps
    onto each other give the same bits too. Outlines are computed in float64 on the CPU, and no sub-pixel is so near one
    that rounding could flip it. Apart from the result, working memory is bounded.

    Args:
        factors: Index of each factor in the order of `FACTOR_NAMES`, integers, shape (n, 5).
        size: Pixels along a side, one of `SIZES`.

    Returns:
        Images, float32, shape (n, 1, size, size), on the device of `factors`. Exact means over the fixed sub-pixels.

    Raises:
        ValueError: If a row is not five integers, one is outside its factor's range, or the size is unknown.

    Examples:
        >>> image = render(torch.tensor([[0, 5, 0, 16, 16]]), size=64)
        >>> image.shape, image.sum().item()  # a square of side 20 px
        (torch.Size([1, 1, 64, 64]), 400.0)
    """
    if size not in SIZES:
        raise ValueError(f"unknown size {size}; known: {', '.join(map(str, sorted(SIZES)))}")
    _FACTORS.check(factors)
    tables = _summed_areas().to(factors.device)
    images = torch.empty(len(factors), 1, size, size, device=factors.device)
    chunk = max(1, 2**21 // (size + 1) ** 2)
    for start in range(0, len(factors), chunk):
        images[start : start + chunk, 0] = _coverage(factors[start : start + chunk].long(), size, tables)
    return images


def load(size: int = SIZES[0]) -> Dataset:
    """Draw a fixed random subset of the 737,280 sprites: 20,000 for training, 4,000 held out.

    The subset is the same at every size. It is drawn by hashing, so it is the same on every machine. No held-out
    picture is in the training part, though squares and ellipses are symmetric. (In version 1, 116 were.)

    Args:
        size: Pixels along a side, one of `SIZES`; another raises `ValueError`.

    Returns:
        The data set, x of shape (n, 1, size, size), its factors, labels the shape; no truth.

    Examples:
        >>> data = load(16)
        >>> data.name, data.shape, len(data.train.x), len(data.held_out.x)
        ('sprites16', (1, 16, 16), 20000, 4000)
    """
    return drawn(size, "sprites")


def drawn(size: int, stream: str, *names: int) -> Dataset:
    """Draw a random subset of the sprites, and hold some out whose pictures are not in the rest.

    Args:
        size: Pixels along a side, one of `SIZES`.
        stream: Name of the subset.
        names: Of the division.

    Returns:
        The data set, as `load` describes it.

    Raises:
        ValueError: If the size is unknown.
    """
    if size not in SIZES:
        raise ValueError(f"unknown size {size}; known: {', '.join(map(str, sorted(SIZES)))}")
    factors = _FACTORS.subset(stream, _TRAIN + _HELD_OUT)
    held_out = apart(factors_to_index(picture(factors)), _HELD_OUT, "sprites", *names)
    train, rest = (
        Split(render(part, size), labels=part[:, 0].clone(), factors=part)
        for part in (factors[~held_out], factors[held_out])
    )
    name = "sprites" if size == SIZES[0] else f"sprites{size}"
    return Dataset(name=name, version=VERSION, train=train, held_out=rest)


def picture(factors: Tensor) -> Tensor:
    """Name what a sprite looks like: its factors, with the first of the orientations that look alike.

    A square looks the same after a quarter turn, and an ellipse after half a turn.

    Args:
        factors: Index of each factor, shape (n, 5), as for `render`.

    Returns:
        Factors, of the shape and type of `factors`. Two sprites have equal pictures if and only if these are equal.

    Examples:
        >>> picture(torch.tensor([[0, 5, 37, 1, 1], [1, 5, 37, 1, 1], [2, 5, 37, 1, 1]]))[:, 2].tolist()
        [7, 17, 37]
    """
    distinct = torch.tensor(_ANGLES, dtype=factors.dtype, device=factors.device)
    columns = list(factors.unbind(-1))
    columns[2] = columns[2] % distinct[columns[0].long()]
    return torch.stack(columns, dim=-1)


def _margin(shape: int, u: Tensor, v: Tensor) -> Tensor:
    """Distinguish the inside of a shape at scale 1 (positive) from its outside (negative).

    Args:
        shape: Index of the shape.
        u: Sub-pixels to the right of its centre of mass, before rotation.
        v: Sub-pixels upwards of it.

    Returns:
        A tensor of the shape of `u`. Only its sign, and nearness to 0 near the outline, are meaningful.
    """
    if shape == 0:
        return 0.5 * _SIDE - torch.maximum(u.abs(), v.abs())
    if shape == 1:
        short = _SIDE / math.sqrt(2 * math.pi)
        return 1 - (u / (2 * short)) ** 2 - (v / short) ** 2
    # In units of half the corner square's diagonal, the shape is the square |u| + |v| < 1 and discs of area π/2 about
    # (±½, ½). Their halves inside the square add nothing. The outer halves bring the area to 2 + π/2 and raise the
    # centre of mass.
    unit = _SIDE / math.sqrt(2 + math.pi / 2)
    lift = (math.pi / 4 + 1 / 3) / (2 + math.pi / 2)
    u, v = u.abs() / unit, v / unit + lift
    return torch.maximum(1 - u - v.abs(), 0.5 - (u - 0.5) ** 2 - (v - 0.5) ** 2)


def _margins(shape: int) -> Tensor:
    """`_margin` on the patch's sub-pixels, shape (scale, distinct angle, row, column), float64."""
    offset = torch.arange(2 * _REACH, dtype=torch.float64) - (_REACH - 0.5)
    right, up = offset[None, None, None, :], -offset[None, None, :, None]
    scale = (torch.arange(5, 5 + FACTOR_SIZES[1], dtype=torch.float64) / 10)[:, None, None, None]
    angle = (torch.arange(_ANGLES[shape], dtype=torch.float64) * (2 * math.pi / FACTOR_SIZES[2]))[None, :, None, None]
    u = (angle.cos() * right + angle.sin() * up) / scale
    v = (angle.cos() * up - angle.sin() * right) / scale
    return _margin(shape, u, v)


@cache
def _summed_areas() -> Tensor:
    """Numbers of white sub-pixels above and to the left of every corner of the patch.

    Returns:
        Counts, int16 (the largest is 6,408), shape (outline, 129, 129); outlines in the order shape, scale, angle.
    """
    tables = []
    for shape in range(FACTOR_SIZES[0]):
        inside = (_margins(shape) > 0).flatten(0, 1)
        counts = inside.cumsum(-1, dtype=torch.int16).cumsum(-2, dtype=torch.int16)
        tables.append(torch.nn.functional.pad(counts, (1, 0, 1, 0)))
    return torch.cat(tables)


def _coverage(factors: Tensor, size: int, tables: Tensor) -> Tensor:
    """The covered fraction of every pixel, float32, shape (n, size, size)."""
    shape, scale, orientation = factors[:, :3].unbind(-1)
    angles = torch.tensor(_ANGLES, device=factors.device)
    first = (angles.cumsum(0) - angles) * FACTOR_SIZES[1]
    outline = first[shape] + scale * angles[shape] + orientation % angles[shape]
    pixel = _GRID // size
    edges = torch.arange(0, _GRID + 1, pixel, device=factors.device)
    patch = _FIRST - _REACH + _STEP * factors[:, 3:]
    columns, rows = (edges - patch[:, :, None]).clamp(0, 2 * _REACH).unbind(1)
    width = tables.shape[-1]
    corner = (outline[:, None, None] * width + rows[:, :, None]) * width + columns[:, None, :]
    counts = tables.flatten()[corner].diff(dim=-1).diff(dim=-2)
    return counts.float() / pixel**2
