"""Data whose density is known exactly: independent sources laid along orthonormal vectors of R¹⁶."""

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
    """A law on the line with mean 0 and a stated variance."""

    @property
    def variance(self) -> float:
        """Its variance, exactly."""

    def log_density(self, s: Tensor) -> Tensor:
        """Give log p(s) in nats, of the shape and dtype of s, exact; −inf outside the support."""

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n values, float64, shape (n,), on the device of `rng`."""


@dataclass(frozen=True)
class Normal:
    """The normal law N(0, variance).

    Attributes:
        variance: Its variance.
    """

    variance: float

    def log_density(self, s: Tensor) -> Tensor:
        """Give log p(s) = −½ s²/variance − ½ log(2π variance) in nats.

        Closed form: the definition.

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
    """Two equally likely normal laws about ±m, with m² = between · variance and (1 − between) · variance each.

    Two modes exist iff m exceeds one component's standard deviation, that is between > ½; the density at the valley is
    about 2 exp(−between / (2 (1 − between))) of that at the modes.

    Attributes:
        variance: Its variance, between the components and within them together.
        between: Share of the variance that lies between the components, in (0, 1).
    """

    variance: float
    between: float

    def __post_init__(self) -> None:
        if not 0 < self.between < 1:
            raise ValueError(f"the share of variance between the components must lie in (0, 1), got {self.between}")

    @property
    def mode(self) -> float:
        """Where the upper component has its mean, m."""
        return math.sqrt(self.between * self.variance)

    @property
    def within(self) -> float:
        """Variance of one component."""
        return (1 - self.between) * self.variance

    def log_density(self, s: Tensor) -> Tensor:
        """Give log p(s) = log[½ N(s; m, within) + ½ N(s; −m, within)] in nats.

        Closed form: the definition, summed in logarithms, so that it stays exact where both terms underflow.

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
    """The law whose density rises linearly from 0 at −2L/3 to 2/L at L/3 and is 0 elsewhere, L = √(18 variance).

    Attributes:
        variance: Its variance, L²/18.
    """

    variance: float

    @property
    def length(self) -> float:
        """Length of the interval it lives on, L."""
        return math.sqrt(18 * self.variance)

    def log_density(self, s: Tensor) -> Tensor:
        """Give log p(s) = log[2 (s + 2L/3) / L²] in nats on (−2L/3, L/3], −inf elsewhere.

        Closed form: the definition.

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
        # The logarithm of 1 stands in outside, so that the gradient is 0 and not NaN where the density is just 0.
        log_height = torch.where(inside, height, 1.0).log()
        return torch.where(inside, log_height + math.log(2 / self.length), -torch.inf)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n values by inverting the distribution function, float64, shape (n,), on the device of `rng`."""
        # 1 − u, u in [0, 1), is never 0: the lower end, where the density is 0, is never drawn.
        u = torch.rand(n, generator=rng, device=rng.device, dtype=torch.float64)
        return self.length * ((1 - u).sqrt() - 2 / 3)


@dataclass(frozen=True, eq=False)
class JointLogDensity:
    """Log density of x = Σ_j s_j b_j for independent sources s_j on orthonormal vectors b_j; call it on x.

    Attributes:
        sources: The law of each source.
        basis: The vectors, float64, shape (m, 16).
    """

    sources: tuple[Source, ...]
    basis: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Give log p(x) = Σ_j log p_j(⟨b_j, x⟩) in nats, with respect to the m-dimensional volume of the manifold.

        Closed form: the vectors are orthonormal, so the map from sources to x keeps volume. A point off the manifold is
        read at its projection onto it.

        Args:
            x: Points, shape (n, 16), of any floating dtype and on any device.

        Returns:
            Nats, **float64**, shape (n,), on the device of x; exact for the x given, and −inf where a source lies
            outside its support.

        Raises:
            ValueError: If x has another shape.
        """
        if x.ndim != 2 or x.shape[1] != self.basis.shape[1]:
            raise ValueError(f"x must have shape (n, {self.basis.shape[1]}), got {tuple(x.shape)}")
        s = x.double() @ self.basis.to(x.device).T
        return torch.stack([law.log_density(s[:, j]) for j, law in enumerate(self.sources)]).sum(0)


@cache
def orthonormal_basis(m: int) -> Tensor:
    """Give the m orthonormal vectors of R¹⁶ that every one of these data sets lies along.

    Formula: Q of the QR factorisation of a fixed 16×m matrix, its columns' signs chosen so that R's diagonal is
    positive. That makes Q unique, so that it is the same on every machine up to rounding in float64; the fixed matrix
    is made of hashes, and rests on no random generator.

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
    """Draw a data set of independent sources: 20,000 points to fit on and 5,000 to measure on, all on a flat manifold.

    Each source of each split has a stream of its own, so that changing one law moves no other source's values.

    Args:
        name: The data set's name, from which its streams are derived.
        version: Its version.
        sources: Law of each source, in falling order of variance.

    Returns:
        The data set, x float32 of shape (n, 16), with its truth; neither labels nor factors. The truth's log density is
        float64, and so is its basis.

    Raises:
        ValueError: If the variances do not fall.
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
