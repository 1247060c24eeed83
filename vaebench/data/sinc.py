"""A sinc-shaped surface of known density in R¹⁶: two normal coordinates and a rippled height; curved, flat nowhere.

The surface is x = u b₁ + v b₂ + h(r) b₃ with h(r) = 2 sin(r)/r, r = √(u² + v²), on the vectors that `three_sources`
lies along, and u and v are independent normals of its two larger variances. It falls from the centre to a ring at
r = 4.49, 2.75 standard deviations of u, with slopes up to 0.87: the area element takes up to 0.28 nats off the log
density. The radius of curvature is 1.5 at the centre, against posteriors 0.07 wide in units of x at β = 0.01. Two
variances that differ leave no circle of equally good codes.

It stands between a flat set and `projective_plane`, which no orthogonal coordinates cover: on every surface there are
such coordinates, locally. But no unit has a source of its own here, and a unit's importance has no variance to be
compared with. The shape and its numbers are ours.
"""

import math

import torch
from torch import Tensor

from vaebench.data import Dataset, Split, Truth
from vaebench.data._independent_sources import DIMENSIONS, Normal, orthonormal_basis
from vaebench.seeds import seed_for

VERSION = 1
LAWS = (Normal(8 / 3), Normal(2 / 3))
HEIGHT, WAVE_NUMBER = 2.0, 1.0

_TRAIN, _HELD_OUT = 20_000, 5_000


def load() -> Dataset:
    """Draw the data set.

    Returns:
        20,000 and 5,000 points, float32, shape (n, 16), with their truth, which knows no source variances and no basis.

    Examples:
        >>> data = load()
        >>> data.shape, data.truth.dimension, data.truth.source_variances
        ((16,), 2, None)
    """
    truth = Truth(log_density, source_variances=None, gaussian=False, basis=None, dimension=2)
    return Dataset("sinc", VERSION, _split("train", _TRAIN), _split("held_out", _HELD_OUT), truth)


def embed(coordinates: Tensor) -> Tensor:
    """Lay points of the plane on the surface: x = u b₁ + v b₂ + h(r) b₃.

    Args:
        coordinates: u and v, shape (n, 2), of any floating dtype.

    Returns:
        Points, of the dtype of `coordinates`, shape (n, 16); exact up to rounding.

    Examples:
        >>> top = embed(torch.zeros(1, 2))
        >>> round(top.norm().item(), 6)  # the height at the centre
        2.0
    """
    # torch.sinc(t) is sin(πt)/(πt), and 1 at t = 0.
    height = HEIGHT * torch.sinc(WAVE_NUMBER / math.pi * torch.linalg.vector_norm(coordinates, dim=1, keepdim=True))
    return torch.cat([coordinates, height], dim=1) @ orthonormal_basis(3).to(coordinates)


def log_density(x: Tensor) -> Tensor:
    """Give log p(x) = log N(u; 0, 8/3) + log N(v; 0, 2/3) − ½ log(1 + h′(r)²) in nats, with respect to area.

    Closed form: the area element of a graph of height h over the plane is √(1 + ‖∇h‖²), here ‖∇h‖ = |h′(r)|. A point
    off the surface is read at the point of the surface above or below it, that is at its own u and v.

    Args:
        x: Points, shape (n, 16), of any floating dtype and on any device.

    Returns:
        Nats, **float64**, shape (n,), on the device of x; exact for the x given.

    Raises:
        ValueError: If x has another shape.

    Examples:
        >>> log_density(embed(torch.zeros(1, 2))).item() + math.log(2 * math.pi * 4 / 3) < 1e-9
        True
    """
    if x.ndim != 2 or x.shape[1] != DIMENSIONS:
        raise ValueError(f"x must have shape (n, {DIMENSIONS}), got {tuple(x.shape)}")
    u, v = (x.double() @ orthonormal_basis(3)[:2].to(x.device).T).unbind(-1)
    return LAWS[0].log_density(u) + LAWS[1].log_density(v) - 0.5 * torch.log1p(_squared_slope(u**2 + v**2))


def _squared_slope(squared_radius: Tensor) -> Tensor:
    """Give h′(r)² = (a k)² (cos q − sin q / q)² / q² at q = k r, a the height and k the wave number, from r²."""
    squared = WAVE_NUMBER**2 * squared_radius
    # Near the centre both terms of the difference are 1: there its series, −q²/3 + q⁴/30.
    near = squared < 1e-5
    q = torch.where(near, 1.0, squared).sqrt()
    share = torch.where(near, squared * (1 / 3 - squared / 30) ** 2, (q.cos() - q.sin() / q) ** 2 / q**2)
    return (HEIGHT * WAVE_NUMBER) ** 2 * share


def _split(part: str, n: int) -> Split:
    streams = [torch.Generator().manual_seed(seed_for("sinc", part, j)) for j in range(len(LAWS))]
    coordinates = torch.stack([law.sample(n, rng) for law, rng in zip(LAWS, streams, strict=True)], dim=-1)
    return Split(embed(coordinates).float())
