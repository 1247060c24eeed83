"""An encoder's output: a distribution over z for each example.

Each kind has ``mean``, ``sample(noise)`` and ``log_prob_at(noise)``. The suite moves and narrows a posterior by
``with_scale`` and ``moved``. If `diagonal` is False, what needs one scale for each unit is not applicable.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vaebench.kernels.complex_normal import complex_normal_kl, complex_normal_log_density, paired, unpaired
from vaebench.kernels.normal import normal_kl
from vaebench.models.refused import Refused


def _scale_and_logarithm(name: str, scale: Tensor | None, log_scale: Tensor | None) -> tuple[Tensor, Tensor]:
    """Both, where one of the two is given."""
    if scale is not None and log_scale is None:
        return scale, torch.log(scale)
    if log_scale is not None and scale is None:
        return torch.exp(log_scale), log_scale
    raise ValueError(f"{name} takes either scale or log_scale")


@dataclass(frozen=True)
class Normal:
    """Independent normals, one for each latent unit.

    Attributes:
        mean: Means, shape (batch, latent).
        scale: Standard deviations, shape (batch, latent).
        log_scale: Their logarithms. A network that outputs them keeps the KL exact near collapse, where the scale
            itself rounds to 1.
    """

    diagonal: ClassVar[bool] = True

    mean: Tensor
    scale: Tensor
    log_scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor | None = None, *, log_scale: Tensor | None = None) -> None:
        scale, log_scale = _scale_and_logarithm("Normal", scale, log_scale)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "log_scale", log_scale)

    def sample(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise into posterior draws: z = mean + scale·noise.

        Args:
            noise: Standard normal draws, shape (..., batch, latent).

        Returns:
            Codes, shape (..., batch, latent).
        """
        return self.mean + self.scale * noise

    def kl(self) -> Tensor:
        """Divergence from the standard normal prior, in nats, shape (batch,)."""
        return normal_kl(self.mean, self.log_scale)

    def log_prob_at(self, noise: Tensor) -> Tensor:
        """Log density at the draw of some noise, in nats: from (..., batch, latent) to (..., batch)."""
        return _standard(noise) - self.log_scale.sum(-1)

    def with_scale(self, scale: Tensor) -> "Normal":
        """The same means with one scale for all units, a scalar."""
        return Normal(self.mean, scale.to(self.scale.dtype).expand_as(self.scale))

    def moved(self, mean: Tensor, by: float) -> "Normal":
        """Other means, shape (batch, latent), and log scales changed by a number."""
        return Normal(mean, log_scale=self.log_scale + by)

    def parts(self) -> tuple[Tensor, ...]:
        """Everything that decides the distribution; each has a first axis of examples."""
        return self.mean, self.scale, self.log_scale


@dataclass(frozen=True)
class ComplexNormal:
    """Independent circular complex normals CN(mean, scale²), one for each complex latent unit.

    It equals real normals whose scales are tied in pairs, see `real`: latent/2 complex units are latent real ones.

    Attributes:
        mean: Means, complex, shape (batch, latent/2).
        scale: Standard deviations, E|z − mean|² = scale², real, shape (batch, latent/2).
        log_scale: Their logarithms.
    """

    diagonal: ClassVar[bool] = True

    mean: Tensor
    scale: Tensor
    log_scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor | None = None, *, log_scale: Tensor | None = None) -> None:
        scale, log_scale = _scale_and_logarithm("ComplexNormal", scale, log_scale)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "log_scale", log_scale)

    def sample(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise into posterior draws: z = mean + scale·ε, ε circular with E|ε|² = 1.

        Args:
            noise: Real standard normal draws, shape (..., batch, latent), two for each complex unit.

        Returns:
            Codes, complex, shape (..., batch, latent/2).
        """
        return self.mean + self.scale * paired(noise)

    def kl(self) -> Tensor:
        """Divergence from the prior CN(0, I), in nats, shape (batch,)."""
        return complex_normal_kl(self.mean, self.log_scale)

    def log_prob_at(self, noise: Tensor) -> Tensor:
        """Log density at the draw of some noise, per complex unit, in nats: (..., batch, latent) to (..., batch)."""
        return complex_normal_log_density(self.sample(noise), self.mean, self.scale)

    def with_scale(self, scale: Tensor) -> "ComplexNormal":
        """The same means with one scale for all units, a scalar."""
        return ComplexNormal(self.mean, scale.to(self.scale.dtype).expand_as(self.scale))

    def moved(self, mean: Tensor, by: float) -> "ComplexNormal":
        """Other means, complex, shape (batch, latent/2), and log scales changed by a number."""
        return ComplexNormal(mean, log_scale=self.log_scale + by)

    def parts(self) -> tuple[Tensor, ...]:
        """Everything that decides the distribution; each has a first axis of examples."""
        return self.mean, self.scale, self.log_scale

    def real(self) -> Normal:
        """The same posterior on real codes √2·(Re z, Im z), with prior N(0, I); shape (batch, latent)."""
        return Normal(unpaired(self.mean), log_scale=self.log_scale.repeat_interleave(2, -1))


@dataclass(frozen=True)
class FullNormal:
    """A normal with a full covariance Σ = L·Lᵀ for each example.

    Attributes:
        mean: Means, shape (batch, latent).
        tril: L, lower triangular with a positive diagonal, shape (batch, latent, latent).
    """

    diagonal: ClassVar[bool] = False

    mean: Tensor
    tril: Tensor

    @property
    def scale(self) -> Tensor:
        """Standard deviation of each unit by itself, √Σ_jj, shape (batch, latent)."""
        lengths: Tensor = torch.linalg.vector_norm(self.tril, dim=-1)
        return lengths

    @property
    def log_scale(self) -> Tensor:
        """Logarithms of `scale`."""
        return torch.log(self.scale)

    def covariance(self) -> Tensor:
        """Σ, in double precision, shape (batch, latent, latent)."""
        factor = self.tril.double()
        return factor @ factor.mT

    def sample(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise into posterior draws: z = mean + L·noise; (..., batch, latent) both."""
        return self.mean + (self.tril @ noise.unsqueeze(-1)).squeeze(-1)

    def kl(self) -> Tensor:
        """Divergence from the standard normal prior, in nats, shape (batch,).

        ½(‖μ‖² + ‖L‖² − d) − Σ log L_jj: the divergence of the diagonal of L, and half the squares below it.
        """
        below = torch.tril(self.tril, -1).square().sum((-1, -2))
        return normal_kl(self.mean, self._log_diagonal()) + 0.5 * below

    def log_prob_at(self, noise: Tensor) -> Tensor:
        """Log density at the draw of some noise, in nats: from (..., batch, latent) to (..., batch)."""
        return _standard(noise) - self._log_diagonal().sum(-1)

    def with_scale(self, scale: Tensor) -> "FullNormal":
        """The same means with Σ = scale²·I; the scale is a scalar."""
        one = torch.eye(self.mean.shape[-1], dtype=self.tril.dtype, device=self.tril.device)
        return FullNormal(self.mean, (scale.to(self.tril.dtype) * one).expand_as(self.tril))

    def moved(self, mean: Tensor, by: float) -> "FullNormal":
        """Other means, shape (batch, latent), and L times e to a number."""
        return FullNormal(mean, self.tril * math.exp(by))

    def parts(self) -> tuple[Tensor, ...]:
        """Everything that decides the distribution; each has a first axis of examples."""
        return self.mean, self.tril

    def _log_diagonal(self) -> Tensor:
        return torch.log(self.tril.diagonal(dim1=-2, dim2=-1))


Flow = Callable[[Tensor], tuple[Tensor, Tensor]]
"""A smooth, invertible map of codes, (..., batch, latent), with its log |det Jacobian|, (..., batch).

What depends on the example is bound in the function itself.
"""


@dataclass(frozen=True)
class FlowNormal:
    """A normal moved by a flow: z = f(base draw). Its divergence is known by sampling alone, see ``Step.kl``.

    Attributes:
        base: The normal that the flow starts from.
        flow: f, with log |det ∂f|.
    """

    diagonal: ClassVar[bool] = False

    base: Normal
    flow: Flow

    @property
    def mean(self) -> Tensor:
        """The code at noise 0, shape (batch, latent); it is not the mean of the draws, but their place."""
        return self.flow(self.base.mean)[0]

    @property
    def scale(self) -> Tensor:
        """There is none.

        Raises:
            Refused: Always.
        """
        raise Refused("a posterior that a flow moves has no scale: take step.kl() and posterior.sample(noise)")

    @property
    def log_scale(self) -> Tensor:
        """There is none, see `scale`."""
        return self.scale

    def kl(self) -> Tensor:
        """There is none in closed form.

        Raises:
            Refused: Always.
        """
        raise Refused("the KL of a posterior that a flow moves is sampled: take step.kl()")

    def sample(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise into posterior draws, (..., batch, latent) both."""
        return self.flow(self.base.sample(noise))[0]

    def log_prob_at(self, noise: Tensor) -> Tensor:
        """Log density at the draw of some noise, in nats: from (..., batch, latent) to (..., batch)."""
        return self.base.log_prob_at(noise) - self.flow(self.base.sample(noise))[1]

    def with_scale(self, scale: Tensor) -> "FlowNormal":
        """The same flow from a base with one scale for all units, a scalar."""
        return FlowNormal(self.base.with_scale(scale), self.flow)

    def moved(self, mean: Tensor, by: float) -> "FlowNormal":
        """The same flow from a base of other means, shape (batch, latent), and changed log scales."""
        return FlowNormal(self.base.moved(mean, by), self.flow)

    def parts(self) -> tuple[Tensor, ...]:
        """Everything that decides the distribution; each has a first axis of examples."""
        return (*self.base.parts(), *self.flow(self.base.mean))


def _standard(noise: Tensor) -> Tensor:
    """Log density of standard normal noise, in nats: from (..., latent) to (...)."""
    return -0.5 * (noise.square().sum(-1) + noise.shape[-1] * math.log(2 * math.pi))


Posterior = Normal | ComplexNormal | FullNormal | FlowNormal
