"""Data of exactly known density: independent sources along orthonormal vectors of R¹⁶."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vaebench.data import Dataset, Split, Truth
from vaebench.seeds import seed_for

DIMENSIONS = 16
_TRAIN, _HELD_OUT = 20_000, 5_000


class Source(Protocol):
    """A distribution on the line with mean 0 and a stated variance."""

    @property
    def variance(self) -> float:
        """Its variance, exactly."""

    def log_density(self, s: Tensor) -> Tensor:
        """Return log p(s) in nats, of the shape and dtype of s, exact; −inf outside the support."""

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n values, float64, shape (n,), on the device of `rng`."""


@dataclass(frozen=True)
class Normal:
    """The normal distribution N(0, variance).

    Attributes:
        variance: Its variance.
    """

    variance: float

    def log_density(self, s: Tensor) -> Tensor:
        """Return log p(s) = −½ s²/variance − ½ log(2π variance) in nats.

        Args:
            s: Values of the source, shape (...).

        Returns:
            Nats, of the shape and dtype of s; exact.

        Examples:
            >>> Normal(1.0).log_density(torch.tensor(0.0))
            tensor(-0.9189)
        """
        return -0.5 * s**2 / self.variance - 0.5 * math.log(2 * math.pi * self.variance)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n values, float64, shape (n,), on the device of `rng`."""
        return math.sqrt(self.variance) * torch.randn(n, generator=rng, device=rng.device, dtype=torch.float64)


@dataclass(frozen=True)
class Mixture:
    """Two equally likely normal distributions with means ±m.

    m² = between · variance, and each component has variance (1 − between) · variance. There are two modes iff m exceeds
    one component's standard deviation, that is between > ½. The density in the valley is about 2 exp(−between / (2 (1 −
    between))) of that at the modes.

    Attributes:
        variance: Its total variance, between and within components.
        between: Share of the variance between the components, in (0, 1).
    """

    variance: float
    between: float

    def __post_init__(self) -> None:
        if not 0 < self.between < 1:
            raise ValueError(f"the share of variance between the components must lie in (0, 1), got {self.between}")

    @property
    def mode(self) -> float:
        """Mean of the upper component, m."""
        return math.sqrt(self.between * self.variance)

    @property
    def within(self) -> float:
        """Variance of one component."""
        return (1 - self.between) * self.variance

    def log_density(self, s: Tensor) -> Tensor:
        """Return log p(s) = log[½ N(s; m, within) + ½ N(s; −m, within)] in nats.

        Terms are summed as logarithms, which is exact where both underflow.

        Args:
            s: Values of the source, shape (...).

        Returns:
            Nats, of the shape and dtype of s; exact.

        Examples:
            >>> law = Mixture(1.0, between=0.8)
            >>> (law.log_density(torch.tensor(law.mode)) > law.log_density(torch.tensor(0.0))).item()
            True
        """
        upper = -0.5 * (s - self.mode) ** 2 / self.within
        lower = -0.5 * (s + self.mode) ** 2 / self.within
        return torch.logaddexp(upper, lower) - math.log(2) - 0.5 * math.log(2 * math.pi * self.within)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n values, float64, shape (n,), on the device of `rng`."""
        upper = torch.rand(n, generator=rng, device=rng.device, dtype=torch.float64) < 0.5
        noise = torch.randn(n, generator=rng, device=rng.device, dtype=torch.float64)
        return torch.where(upper, self.mode, -self.mode) + math.sqrt(self.within) * noise


@dataclass(frozen=True)
class Ramp:
    """The distribution on [−2L/3, L/3] with a density rising linearly from 0 to 2/L, L = √(18 variance).

    Attributes:
        variance: Its variance, L²/18.
    """

    variance: float

    @property
    def length(self) -> float:
        """Length of its interval, L."""
        return math.sqrt(18 * self.variance)

    def log_density(self, s: Tensor) -> Tensor:
        """Return log p(s) = log[2 (s + 2L/3) / L²] in nats on (−2L/3, L/3], −inf elsewhere.

        Args:
            s: Values of the source, shape (...).

        Returns:
            Nats, of the shape and dtype of s; exact.

        Examples:
            >>> Ramp(1 / 18).log_density(torch.tensor([-0.7, 0.0, 0.4]))
            tensor([  -inf, 0.2877,   -inf])
        """
        height = (s + 2 * self.length / 3) / self.length
        inside = (height > 0) & (height <= 1)
        # Outside, log 1 is used, so that the gradient is 0 and not NaN where the density is 0.
        log_height = torch.where(inside, height, 1.0).log()
        return torch.where(inside, log_height + math.log(2 / self.length), -torch.inf)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n values, float64, shape (n,), on the device of `rng`, by inverting the distribution function."""
        # 1 − u is never 0, because u is in [0, 1). So the lower end, of density 0, is never drawn.
        u = torch.rand(n, generator=rng, device=rng.device, dtype=torch.float64)
        return self.length * ((1 - u).sqrt() - 2 / 3)


@dataclass(frozen=True, eq=False)
class JointLogDensity:
    """Log density of x = Σ_j s_j b_j, for independent sources s_j and orthonormal vectors b_j.

    Attributes:
        sources: The distribution of each source.
        basis: The vectors, float64, shape (m, 16).
    """

    sources: tuple[Source, ...]
    basis: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return log p(x) = Σ_j log p_j(⟨b_j, x⟩) in nats, per m-dimensional volume of the manifold.

        Closed form: the vectors are orthonormal, so the map from sources to x preserves volume. A point off the
        manifold gets the value at its projection.

        Args:
            x: Points, shape (n, 16), of any floating dtype and on any device.

        Returns:
            Nats, **float64**, shape (n,), on the device of x. Exact for the given x, and −inf where a source is outside
            its support.

        Raises:
            ValueError: If x has another shape.
        """
        if x.ndim != 2 or x.shape[1] != self.basis.shape[1]:
            raise ValueError(f"x must have shape (n, {self.basis.shape[1]}), got {tuple(x.shape)}")
        s = x.double() @ self.basis.to(x.device).T
        return torch.stack([law.log_density(s[:, j]) for j, law in enumerate(self.sources)]).sum(0)


@cache
def orthonormal_basis(m: int) -> Tensor:
    """Return the m orthonormal vectors of R¹⁶ that these data sets share.

    They are Q of the QR factorisation of a fixed 16×m matrix. The signs make R's diagonal positive, so Q is unique. It
    is the same on every machine up to rounding in float64. The matrix is made of hashes, not by a random generator.

    Args:
        m: Number of vectors, at most 16.

    Returns:
        The vectors, float64, shape (m, 16); do not change it in place.

    Raises:
        ValueError: If more than 16 are asked for.

    Examples:
        >>> basis = orthonormal_basis(3)
        >>> torch.allclose(basis @ basis.T, torch.eye(3, dtype=torch.float64))
        True
    """
    if not 1 <= m <= DIMENSIONS:
        raise ValueError(f"between 1 and {DIMENSIONS} orthonormal vectors fit in R^{DIMENSIONS}, not {m}")
    uniform = [
        [seed_for("independent_sources", "basis", i, j) / 2**62 - 1 for j in range(m)] for i in range(DIMENSIONS)
    ]
    q, r = np.linalg.qr(np.array(uniform))
    return torch.from_numpy(np.ascontiguousarray((q * np.sign(np.diag(r))).T))


def dataset(name: str, version: int, sources: Sequence[Source]) -> Dataset:
    """Draw a data set of independent sources: 20,000 training and 5,000 held-out points on a flat manifold.

    Each source of each split has its own stream. So changing one distribution changes no other source's values.

    Args:
        name: The data set's name, which determines its streams.
        version: Its version.
        sources: Distribution of each source, in descending order of variance.

    Returns:
        The data set, x float32 of shape (n, 16), with its truth, without labels or factors. The truth's log density and
        basis are float64.

    Raises:
        ValueError: If the variances are not in descending order.
    """
    laws = tuple(sources)
    variances = tuple(law.variance for law in laws)
    if list(variances) != sorted(variances, reverse=True):
        raise ValueError(f"sources come in falling order of variance, got {variances}")
    basis = orthonormal_basis(len(laws))

    def split(part: str, n: int) -> Split:
        streams = [torch.Generator().manual_seed(seed_for(name, part, j)) for j in range(len(laws))]
        s = torch.stack([law.sample(n, rng) for law, rng in zip(laws, streams, strict=True)], dim=-1)
        return Split((s @ basis).float())

    truth = Truth(
        log_density=JointLogDensity(laws, basis),
        source_variances=variances,
        gaussian=all(isinstance(law, Normal) for law in laws),
        basis=basis,
    )
    return Dataset(name, version, split("train", _TRAIN), split("held_out", _HELD_OUT), truth)
