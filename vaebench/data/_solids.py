"""Convex solids on the floor y = 0, centred on the y axis, and where rays enter them."""

import torch
from torch import Tensor

SHAPES = ("cube", "cylinder", "sphere", "capsule")

_CUBE = 0.8  # half its edge
_CYLINDER = (0.85, 1.7)  # radius and height
_SPHERE = 1.0  # radius
_CAPSULE = (0.65, 2.1)  # radius and height


def entry(shape: str, origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Find where rays enter a solid of size 1: its first point origin + t · direction with t > 0.

    Closed form: a line meets a convex solid in an interval. It is the intersection of the intervals of the slabs and
    the round pillar that bound the solid. For a capsule it is the hull of those of a pillar and two balls.

    Args:
        shape: One of `SHAPES`.
        origin: Points outside the solid, not below the floor, float64, shape (3,) or (n, 3).
        direction: Directions of any length, no coordinate 0, float64, shape (3,) or (n, 3).

    Returns:
        t, shape (n,), ∞ for a ray that misses; and the surface's outward unit normal there, shape (n, 3), meaningless
        for a ray that misses. Exact up to rounding.

    Examples:
        >>> eye = torch.tensor([0.0, 1.0, 5.0], dtype=torch.float64)
        >>> time, normal = entry("sphere", eye, torch.tensor([[1e-9, 1e-9, -1.0]], dtype=torch.float64))
        >>> time.item(), normal[0].round().tolist()
        (4.0, [0.0, 0.0, 1.0])
    """
    first, last = _interval(shape, origin, direction)
    time = torch.where((first < last) & (last > 0), first, torch.inf)
    point = origin + torch.where(time < torch.inf, time, 0.0)[:, None] * direction
    return time, _normal(shape, point)


def is_hit(shape: str, origin: Tensor, direction: Tensor) -> Tensor:
    """Whether rays meet a solid of size 1: booleans, shape (n,). The arguments are those of `entry`."""
    first, last = _interval(shape, origin, direction)
    return (first < last) & (last > 0)


def _interval(shape: str, origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """First and last t of each line inside the solid; first > last where there is none."""
    if shape == "cube":
        sides = [_slab(origin, direction, axis, -_CUBE, _CUBE) for axis in (0, 2)]
        return _intersection(*sides, _slab(origin, direction, 1, 0, 2 * _CUBE))
    if shape == "cylinder":
        radius, height = _CYLINDER
        return _intersection(_pillar(origin, direction, radius), _slab(origin, direction, 1, 0, height))
    if shape == "sphere":
        return _ball(origin, direction, _SPHERE, _SPHERE)
    radius, height = _CAPSULE
    side = _intersection(_pillar(origin, direction, radius), _slab(origin, direction, 1, radius, height - radius))
    balls = [_ball(origin, direction, middle, radius) for middle in (radius, height - radius)]
    # An empty interval is replaced by one that does not affect the hull.
    parts = [(torch.where(a < b, a, torch.inf), torch.where(a < b, b, -torch.inf)) for a, b in (side, *balls)]
    return torch.stack([a for a, _ in parts]).amin(0), torch.stack([b for _, b in parts]).amax(0)


def _intersection(*intervals: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return torch.stack([a for a, _ in intervals]).amax(0), torch.stack([b for _, b in intervals]).amin(0)


def _slab(origin: Tensor, direction: Tensor, axis: int, low: float, high: float) -> tuple[Tensor, Tensor]:
    ends = [(end - origin[..., axis]) / direction[..., axis] for end in (low, high)]
    return torch.minimum(*ends), torch.maximum(*ends)


def _pillar(origin: Tensor, direction: Tensor, radius: float) -> tuple[Tensor, Tensor]:
    """An infinite round pillar about the y axis."""
    return _roots(origin[..., ::2], direction[..., ::2], radius)


def _ball(origin: Tensor, direction: Tensor, middle: float, radius: float) -> tuple[Tensor, Tensor]:
    """A ball whose centre is on the y axis."""
    return _roots(origin - torch.tensor([0, middle, 0], dtype=origin.dtype), direction, radius)


def _roots(origin: Tensor, direction: Tensor, radius: float) -> tuple[Tensor, Tensor]:
    """The two t with ‖origin + t · direction‖ = radius; ∞ and −∞ if there are none."""
    a = (direction**2).sum(-1)
    half_b = (origin * direction).sum(-1)
    discriminant = half_b**2 - a * ((origin**2).sum(-1) - radius**2)
    root = discriminant.clamp(min=0).sqrt()
    met = discriminant > 0
    return torch.where(met, (-half_b - root) / a, torch.inf), torch.where(met, (-half_b + root) / a, -torch.inf)


def _normal(shape: str, point: Tensor) -> Tensor:
    """Outward unit normal at points of the surface, shape (n, 3)."""
    x, y, z = point.unbind(-1)
    if shape == "cube":
        # The face is that of the outermost coordinate.
        centred = torch.stack([x, y - _CUBE, z], dim=-1)
        face = centred.abs().argmax(-1, keepdim=True)
        return torch.zeros_like(point).scatter(1, face, centred.gather(1, face).sign())
    if shape == "cylinder":
        radius, height = _CYLINDER
        # A point on the side is at the full radius; a point on the lid is nearer to the lid than to the side.
        on_lid = (y - height).abs() < radius - torch.hypot(x, z)
        side = torch.stack([x, torch.zeros_like(y), z], dim=-1) / radius
        return torch.where(on_lid[:, None], torch.tensor([0.0, 1.0, 0.0], dtype=point.dtype), side)
    radius, height = (_SPHERE, 2 * _SPHERE) if shape == "sphere" else _CAPSULE
    return torch.stack([x, y - y.clamp(radius, height - radius), z], dim=-1) / radius
