"""A shape in a room, ray-cast on the fly from 3dshapes' six known factors.

The scene. A room has a floor, a back wall and two side walls, all lit from the upper left. In its middle is a cube, a
cylinder, a sphere or a capsule, in one of eight sizes, 0.75 to 1.25. The camera goes around it, −30° to 30° in 15
steps, and looks at it slightly from above. So shape, shadow and the corners of the room turn together. Surfaces are
matt. A point's brightness is 0.4 from all sides, plus 0.6 times the cosine to the light where that is not blocked. Its
colour is its surface's, one of ten hues k/10, fully saturated. For every image size, 128×128 rays are cast. A pixel is
the mean of those it covers: 2×2 at 64 px, 4×4 at 32 px, 8×8 at 16 px.

How it is drawn. Hues move nothing, and brightness is linear in them. So an image is the sum of three pictures, one each
for floor, walls and object, times their colours. There are such pictures for 480 combinations of scale, shape and
orientation, and each is cast once. Every further image costs a look-up, three products and two sums.

Where it differs from 3dshapes (Burgess & Kim 2018, github.com/deepmind/3d-shapes). Factors, their sizes, their order
and the order of the images, orientation fastest, follow its description. Room, camera, light, outlines and the values
of hue and scale are ours.
"""

import math
from functools import cache

import torch
from torch import Tensor

from vaebench.data import Dataset, Split
from vaebench.data._factors import FactorTable
from vaebench.data._solids import SHAPES, entry, is_hit

VERSION = 1
SIZES = (32, 16, 64)
FACTOR_NAMES = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
FACTOR_SIZES = (10, 10, 10, 8, len(SHAPES), 15)

_FACTORS = FactorTable(FACTOR_NAMES, FACTOR_SIZES)
_TRAIN, _HELD_OUT = 12_000, 3_000

_FINEST = max(SIZES)
_RAYS = 2 * _FINEST  # along a side of the image
_DISTANCE, _ELEVATION, _TARGET = 5.5, 2.6, 1.0  # of the camera from the room's axis and the floor; height it looks at
_OPENING = math.tan(math.radians(25))  # half the image's width, at distance 1
_WALL = 4.0  # distance of each wall from the room's axis
_LIGHT = torch.nn.functional.normalize(torch.tensor([-0.35, 1.0, 0.6], dtype=torch.float64), dim=0)
_AMBIENT = 0.4


def index_to_factors(index: Tensor) -> Tensor:
    """Return the factors of the images at some places in the order of all 480,000 combinations.

    Args:
        index: Places in [0, 480000), integers, shape (n,). Anything else raises `ValueError`.

    Returns:
        Index of each factor in the order of `FACTOR_NAMES`, int64, shape (n, 6); exact.

    Examples:
        >>> index_to_factors(torch.tensor([0, 1, 479999])).tolist()
        [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [9, 9, 9, 7, 3, 14]]
    """
    return _FACTORS.at(index)


def factors_to_index(factors: Tensor) -> Tensor:
    """Return the places of some factor combinations: the inverse of `index_to_factors`.

    Args:
        factors: Index of each factor, integers inside its range, shape (n, 6). Anything else raises `ValueError`.

    Returns:
        Places in [0, 480000), int64, shape (n,); exact.

    Examples:
        >>> factors_to_index(torch.tensor([[0, 0, 0, 0, 1, 0]])).item()
        15
    """
    return _FACTORS.place(factors)


def render(factors: Tensor, size: int = SIZES[0]) -> Tensor:
    """Draw scenes: red, green and blue of every pixel, in [0, 1].

    The same factors give the same bits in every batch. Rays are cast in float64 on the CPU, so two machines agree up to
    its rounding. Apart from the result, working memory is bounded.

    Args:
        factors: Index of each factor in the order of `FACTOR_NAMES`, integers, shape (n, 6). Anything else raises
            `ValueError`.
        size: Pixels along a side, one of `SIZES`.

    Returns:
        Images, float32, shape (n, 3, size, size), on the device of `factors`. Exact means over the fixed rays, up to
        rounding.

    Raises:
        ValueError: If the size is unknown.

    Examples:
        >>> image = render(torch.tensor([[0, 3, 6, 7, 2, 7]]), size=64)
        >>> image.shape, image[0, :, 32, 32].argmax().item()  # hue 0.6 is a blue
        (torch.Size([1, 3, 64, 64]), 2)
    """
    if size not in SIZES:
        raise ValueError(f"unknown size {size}; known: {', '.join(map(str, sorted(SIZES)))}")
    _FACTORS.check(factors)
    pictures = _pictures(size).to(factors.device)
    colours = _colours().to(factors.device)
    images = torch.empty(len(factors), 3, size, size, device=factors.device)
    chunk = max(1, 2**20 // size**2)
    for start in range(0, len(factors), chunk):
        part = factors[start : start + chunk].long()
        scale, shape, orientation = part[:, 3:].unbind(-1)
        lit = pictures[scale, shape, orientation]
        colour = colours[part[:, :3], :, None, None]
        # Written out, because the sums of a matrix product may depend on the rest of the batch.
        of_surface = [lit[:, k, None] * colour[:, k] for k in range(3)]
        images[start : start + chunk] = of_surface[0] + of_surface[1] + of_surface[2]
    return images


def load(size: int = SIZES[0]) -> Dataset:
    """Draw a fixed random subset of the 480,000 scenes: 12,000 for training, 3,000 held out.

    The subset has no duplicates and is the same at every size. It is drawn by hashing, so it is the same on every
    machine.

    Args:
        size: Pixels along a side, one of `SIZES`; others raise `ValueError`.

    Returns:
        The data set, x of shape (n, 3, size, size), its factors, labels the shape; no truth.

    Examples:
        >>> data = load(16)
        >>> data.name, data.shape, len(data.train.x), len(data.held_out.x)
        ('shapes3d16', (3, 16, 16), 12000, 3000)
    """
    factors = _FACTORS.subset("shapes3d", _TRAIN + _HELD_OUT)
    train, held_out = (
        Split(render(part, size), labels=part[:, FACTOR_NAMES.index("shape")].clone(), factors=part)
        for part in (factors[:_TRAIN], factors[_TRAIN:])
    )
    name = "shapes3d" if size == SIZES[0] else f"shapes3d{size}"
    return Dataset(name=name, version=VERSION, train=train, held_out=held_out)


def _colours() -> Tensor:
    """Red, green and blue of the hues k/10 at full saturation and value, float32, shape (10, 3)."""
    hue = 6 * torch.arange(10, dtype=torch.float64)[:, None] / 10
    distance = (hue - torch.tensor([0.0, 2.0, 4.0], dtype=torch.float64) + 3) % 6 - 3
    return (2 - distance.abs()).clamp(0, 1).float()


@cache
def _pictures(size: int) -> Tensor:
    """Brightness of floor, walls and object, float32, shape (scale, shape, orientation, 3, size, size)."""
    fine = _cast()
    pooled = torch.nn.functional.avg_pool2d(fine.flatten(0, 3), _FINEST // size)
    return pooled.reshape(*fine.shape[:4], size, size)


@cache
def _cast() -> Tensor:
    """Cast all rays, for pictures of the largest size."""
    scales = torch.linspace(0.75, 1.25, FACTOR_SIZES[3], dtype=torch.float64).tolist()
    turns = torch.deg2rad(torch.linspace(-30, 30, FACTOR_SIZES[5], dtype=torch.float64)).tolist()
    pictures = torch.empty(*FACTOR_SIZES[3:], 3, _FINEST, _FINEST)
    for orientation, turn in enumerate(turns):
        eye, ray = _camera(turn)
        ground, lit, is_floor = _room(eye, ray)
        for shape, name in enumerate(SHAPES):
            for number, scale in enumerate(scales):
                # Instead of scaling the object, the room is divided by its scale.
                time, normal = entry(name, eye / scale, ray)
                seen = time < torch.inf
                blocked = is_hit(name, ground / scale, _LIGHT)
                background = torch.where(blocked, _AMBIENT, lit) * ~seen
                brightness = _brightness(normal) * seen
                parts = torch.stack([background * is_floor, background * ~is_floor, brightness])
                parts = parts.reshape(3, _FINEST, _RAYS // _FINEST, _FINEST, _RAYS // _FINEST).mean((2, 4))
                pictures[number, shape, orientation] = parts.float()
    return pictures


def _camera(turn: float) -> tuple[Tensor, Tensor]:
    """Place the camera at an angle around the room's axis.

    Returns:
        Its position, shape (3,), and the direction of each ray, row by row from above, shape (rays, 3), float64. x is
        to the right, y up, z towards the camera at angle 0.
    """
    eye = torch.tensor([_DISTANCE * math.sin(turn), _ELEVATION, _DISTANCE * math.cos(turn)], dtype=torch.float64)
    forward = torch.nn.functional.normalize(torch.tensor([0, _TARGET, 0], dtype=torch.float64) - eye, dim=0)
    right = torch.tensor([math.cos(turn), 0, -math.sin(turn)], dtype=torch.float64)
    up = torch.linalg.cross(right, forward)
    offset = _OPENING * ((torch.arange(_RAYS, dtype=torch.float64) + 0.5) * 2 / _RAYS - 1)
    ray = forward + offset[None, :, None] * right - offset[:, None, None] * up
    return eye, ray.reshape(-1, 3)


def _room(eye: Tensor, ray: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Follow rays to the floor or the wall in front of them.

    Returns:
        The end of each ray, shape (rays, 3); its brightness in full light and whether it is on the floor, shape
        (rays,).
    """
    to_walls = (torch.where(ray > 0, _WALL, -_WALL) - eye) / ray
    to_floor = torch.where(ray[:, 1] < 0, -eye[1] / ray[:, 1], torch.inf)
    time, surface = torch.stack([to_walls[:, 0], to_floor, to_walls[:, 2]], dim=-1).min(-1)
    normal = torch.zeros_like(ray)
    normal.scatter_(1, surface[:, None], torch.where(ray.gather(1, surface[:, None]) > 0, -1.0, 1.0).double())
    return eye + time[:, None] * ray, _brightness(normal), surface == 1


def _brightness(normal: Tensor) -> Tensor:
    """Brightness of a lit matt surface: 0.4 + 0.6 max(0, cosine between normal and light)."""
    return _AMBIENT + (1 - _AMBIENT) * (normal @ _LIGHT).clamp(min=0)
