"""An encoder's output: a distribution over z for each example."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.kernels.complex_normal import complex_normal_kl, paired, unpaired
from vaebench.kernels.normal import normal_kl


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


@dataclass(frozen=True)
class ComplexNormal:
    """Independent circular complex normals CN(mean, scale²), one for each complex latent unit.

    It equals real normals whose scales are tied in pairs, see `real`: latent/2 complex units are latent real ones.

    Attributes:
        mean: Means, complex, shape (batch, latent/2).
        scale: Standard deviations, E|z − mean|² = scale², real, shape (batch, latent/2).
        log_scale: Their logarithms.
    """

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

    def real(self) -> Normal:
        """The same posterior on real codes √2·(Re z, Im z), with prior N(0, I); shape (batch, latent)."""
        return Normal(unpaired(self.mean), log_scale=self.log_scale.repeat_interleave(2, -1))


Posterior = Normal | ComplexNormal
