"""The complex projective plane CP² in R¹⁶, known density, m = 4, no orthogonal coordinates: an expected failure.

A point is a complex line in C³, represented by the projection onto it: P = v vᴴ / ‖v‖² with v = (1, z₁, z₂). This
Hermitian matrix has nine real numbers. Those off the diagonal are multiplied by √2, so that the sum of squares is
‖P‖²_F. Times the scale c, they are the coordinates of x on nine orthonormal vectors of R¹⁶. z₁ and z₂ are independent
circular normals, CN(0, τ²).

The metric. Let v be a unit vector and w orthogonal to it. The line moves by dP = w vᴴ + v wᴴ, so ‖dP‖² = 2‖w‖². The
embedding is isometric to the Fubini–Study metric ‖w‖², up to the factor 2c². In z that metric is the Hermitian matrix
[(1 + ‖z‖²) I − z̄ zᵀ] / (1 + ‖z‖²)². Its determinant (1 + ‖z‖²)⁻³ is also its real volume element. Each of four lengths
grows by √2 c, so the volume element of x is 4c⁴ (1 + ‖z‖²)⁻³.

What is proved where. The text above shows that the metric is the Fubini–Study metric, and the tests check it. No open
part of it has coordinates in which the metric is diagonal. This is a theorem of Gauduchon & Moroianu (arXiv:1907.05882,
for CPᵐ with m ≥ 2), cited from its abstract and introduction. It needs four dimensions: every surface has such
coordinates locally. So has every three-dimensional manifold (DeTurck & Yang 1984, as that introduction says).

Why failure is expected. The relations of Nakagawa, Kato & Suzuki (arXiv:2007.15190) need such coordinates. Independent
units give the best decoder's Jacobian orthogonal columns, and no decoder onto a part of this manifold has them
throughout. By Hadamard's inequality ∏‖J_j‖ ≥ √det JᵀJ. A density computed from the units one by one is then too small.
The theorem does not give the size of either gap. Both shrink with the part of the plane that the data cover. τ makes
them cover much of it: half of the data are farther than 0.91 from the centre, and π/2 is the maximum. One short run
gave a mean cosine of 0.14, against 0.015 on `three_sources`, and a bias of −0.2 nats. These are expectations, not
targets.
"""

import math

import torch
from torch import Tensor

from vaebench.data import Dataset, Split, Truth
from vaebench.data._independent_sources import DIMENSIONS, orthonormal_basis
from vaebench.seeds import seed_for

VERSION = 1
SPREAD = 1.0  # τ², the mean of |z_j|²
SCALE = 2.5  # c: the variances of x in the eight directions that it varies in then have the mean 0.51

_NUMBERS = 9  # of a Hermitian 3×3 matrix
_TRAIN, _HELD_OUT = 20_000, 5_000


def load() -> Dataset:
    """Draw the data set.

    Returns:
        20,000 and 5,000 points, float32, shape (n, 16), with their truth, without source variances and basis.

    Examples:
        >>> data = load()
        >>> data.shape, data.truth.dimension, data.truth.source_variances
        ((16,), 4, None)
    """
    truth = Truth(log_density, source_variances=None, gaussian=False, basis=None, dimension=4)
    return Dataset("projective_plane", VERSION, _split("train", _TRAIN), _split("held_out", _HELD_OUT), truth)


def embed(coordinates: Tensor) -> Tensor:
    """Map points of C² onto the projective plane in R¹⁶.

    x = c Σ_k p_k b_k, p the numbers P₁₁, P₂₂, P₃₃ and √2 Re, √2 Im of P₁₂, P₁₃, P₂₃.

    Args:
        coordinates: Re z₁, Im z₁, Re z₂, Im z₂, shape (n, 4), of any floating dtype.

    Returns:
        Points, of the dtype of `coordinates`, shape (n, 16). Exact up to rounding. All are at distance c from 0.

    Examples:
        >>> round(embed(torch.tensor([[0.3, -2.0, 1.0, 0.5]])).norm().item(), 6)
        2.5
    """
    z = torch.complex(coordinates[:, ::2], coordinates[:, 1::2])
    v = torch.cat([torch.ones_like(z[:, :1]), z], dim=1)
    v = v / torch.linalg.vector_norm(v, dim=1, keepdim=True)
    off_diagonal = math.sqrt(2) * v[:, [0, 0, 1]] * v[:, [1, 2, 2]].conj()
    numbers = torch.cat([v.abs() ** 2, off_diagonal.real, off_diagonal.imag], dim=1)
    return SCALE * numbers @ orthonormal_basis(_NUMBERS).to(coordinates)


def log_density(x: Tensor) -> Tensor:
    """Return log p(x) = −‖z‖²/τ² + 3 log(1 + ‖z‖²) − 2 log(πτ²) − log(4c⁴) in nats, per 4-volume.

    Closed form: the density of z divided by the volume element of x. Both depend on z through 1 + ‖z‖² = 1/P₁₁ alone,
    which is one coordinate of x. A point off the manifold gets the value at that coordinate.

    Args:
        x: Points, shape (n, 16), of any floating dtype and on any device.

    Returns:
        Nats, **float64**, shape (n,), on the device of x. Exact for the given x, and −∞ where P₁₁ is not positive,
        because the density vanishes towards z = ∞.

    Raises:
        ValueError: If x has another shape.

    Examples:
        >>> radii = torch.tensor([0.0, 2**0.5, 4.0])  # where ‖z‖² = 3τ² − 1 it is greatest
        >>> log_density(embed(torch.nn.functional.pad(radii[:, None], (0, 3)))).argmax().item()
        1
    """
    if x.ndim != 2 or x.shape[1] != DIMENSIONS:
        raise ValueError(f"x must have shape (n, {DIMENSIONS}), got {tuple(x.shape)}")
    p11 = x.double() @ orthonormal_basis(_NUMBERS)[0].to(x.device) / SCALE
    inside = p11 > 0
    # Outside, 1 is used, so that the gradient is 0 and not NaN where the density is 0.
    growth = 1 / torch.where(inside, p11, 1.0)
    log_volume = math.log(4 * SCALE**4) - 3 * growth.log()
    log_p = (1 - growth) / SPREAD - 2 * math.log(math.pi * SPREAD) - log_volume
    return torch.where(inside, log_p, -torch.inf)


def _split(part: str, n: int) -> Split:
    # One stream for each real coordinate, each of variance τ²/2.
    streams = [torch.Generator().manual_seed(seed_for("projective_plane", part, j)) for j in range(4)]
    columns = [torch.randn(n, generator=rng, dtype=torch.float64) for rng in streams]
    return Split(embed(math.sqrt(SPREAD / 2) * torch.stack(columns, dim=-1)).float())
