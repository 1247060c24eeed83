"""A sinc-shaped surface of known density in R¹⁶: two normal coordinates and a rippled height.

The surface is x = u b₁ + v b₂ + h(r) b₃ with h(r) = 2 sin(r)/r, r = √(u² + v²). The vectors are those of
`three_sources`; u and v are independent normals with its two larger variances. The surface falls from the centre to a
ring at r = 4.49, which is 2.75 standard deviations of u. Slopes reach 0.87, so the area element lowers the log density
by up to 0.28 nats. The radius of curvature is 1.5 at the centre. Posteriors are 0.07 wide in units of x at β = 0.01.
The two variances differ, so the best codes are not free to rotate.

It is between a flat set and `projective_plane`, which has no orthogonal coordinates: every surface has them locally.
But no unit has its own source here, and no source variance can be compared with a unit's importance. The shape and its
numbers are ours.
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
        20,000 and 5,000 points, float32, shape (n, 16), with their truth, without source variances and basis.

    Examples:
        >>> data = load()
        >>> data.shape, data.truth.dimension, data.truth.source_variances
        ((16,), 2, None)
    """
    truth = Truth(log_density, source_variances=None, gaussian=False, basis=None, dimension=2)
    return Dataset("sinc", VERSION, _split("train", _TRAIN), _split("held_out", _HELD_OUT), truth)


def embed(coordinates: Tensor) -> Tensor:
    """Map points of the plane onto the surface: x = u b₁ + v b₂ + h(r) b₃.

    Args:
        coordinates: u and v, shape (n, 2), of any floating dtype.

    Returns:
        Points, of the dtype of `coordinates`, shape (n, 16). Exact up to rounding.

    Examples:
        >>> top = embed(torch.zeros(1, 2))
        >>> round(top.norm().item(), 6)  # the height at the centre
        2.0
    """
    # torch.sinc(t) is sin(πt)/(πt), and 1 at t = 0.
    height = HEIGHT * torch.sinc(WAVE_NUMBER / math.pi * torch.linalg.vector_norm(coordinates, dim=1, keepdim=True))
    return torch.cat([coordinates, height], dim=1) @ orthonormal_basis(3).to(coordinates)


def log_density(x: Tensor) -> Tensor:
    """Return log p(x) = log N(u; 0, 8/3) + log N(v; 0, 2/3) − ½ log(1 + h′(r)²) in nats, per area.

    Closed form: the area element of a graph of height h is √(1 + ‖∇h‖²), here ‖∇h‖ = |h′(r)|. A point off the surface
    gets the value at its own u and v.

    Args:
        x: Points, shape (n, 16), of any floating dtype and on any device.

    Returns:
        Nats, **float64**, shape (n,), on the device of x. Exact for the given x.

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
    """h′(r)² = (a k)² (cos q − sin q / q)² / q² at q = k r, from r²; a is the height, k the wave number."""
    squared = WAVE_NUMBER**2 * squared_radius
    # Near the centre both terms of the difference are 1, so its series is used: −q²/3 + q⁴/30.
    near = squared < 1e-5
    q = torch.where(near, 1.0, squared).sqrt()
    share = torch.where(near, squared * (1 / 3 - squared / 30) ** 2, (q.cos() - q.sin() / q) ** 2 / q**2)
    return (HEIGHT * WAVE_NUMBER) ** 2 * share


def _split(part: str, n: int) -> Split:
    streams = [torch.Generator().manual_seed(seed_for("sinc", part, j)) for j in range(len(LAWS))]
    coordinates = torch.stack([law.sample(n, rng) for law, rng in zip(LAWS, streams, strict=True)], dim=-1)
    return Split(embed(coordinates).float())
