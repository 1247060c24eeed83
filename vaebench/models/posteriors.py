"""What an encoder says of a code: a distribution over z for each example."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.kernels.normal import normal_kl


@dataclass(frozen=True)
class Normal:
    """Independent normals, one for each latent unit.

    Attributes:
        mean: Means, shape (batch, latent).
        scale: Standard deviations, shape (batch, latent).
        log_scale: Their logarithms. Given by a network that outputs them, they keep the KL exact near collapse,
            where the scale itself rounds to 1.
    """

    mean: Tensor
    scale: Tensor
    log_scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor | None = None, *, log_scale: Tensor | None = None) -> None:
        if scale is not None and log_scale is None:
            log_scale = torch.log(scale)
        elif log_scale is not None and scale is None:
            scale = torch.exp(log_scale)
        else:
            raise ValueError("Normal takes either scale or log_scale")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "log_scale", log_scale)

    def sample(self, noise: Tensor) -> Tensor:
        """Move standard normal noise to the posterior: z = mean + scale·noise.

        Args:
            noise: Standard normal draws, shape (..., batch, latent).

        Returns:
            Codes, shape (..., batch, latent).
        """
        return self.mean + self.scale * noise

    def kl(self) -> Tensor:
        """Divergence from the standard normal prior, in nats, shape (batch,)."""
        return normal_kl(self.mean, self.log_scale)


Posterior = Normal
