"""The divergence from the prior, which every training step takes, near collapse and away from it."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import BATCH, DOUBLE, LATENT, draw, relative_error
from vaebench.kernels.normal import normal_kl


def kl_and_gradient(log_scale: Tensor) -> tuple[Tensor, Tensor]:
    """Divergence of codes with mean 0 and its derivative by the log scale."""
    leaf = log_scale.clone().requires_grad_()
    kl = normal_kl(torch.zeros_like(leaf), leaf)
    return kl.detach(), torch.autograd.grad(kl.sum(), leaf)[0]


class NormalKl:
    params = (1e-4, 1e-2, 1.0)
    param_names = ("spread of log scale",)
    unit = "relative"

    def setup(self, spread: float) -> None:
        self.log_scale = spread * draw(BATCH, LATENT)

    def time_normal_kl_and_gradient(self, _spread: float) -> None:
        kl_and_gradient(self.log_scale)

    def track_normal_kl_error(self, _spread: float) -> float:
        return relative_error(kl_and_gradient(self.log_scale)[0], kl_and_gradient(self.log_scale.to(DOUBLE))[0])

    def track_normal_kl_gradient_error(self, _spread: float) -> float:
        return relative_error(kl_and_gradient(self.log_scale)[1], kl_and_gradient(self.log_scale.to(DOUBLE))[1])
