"""The divergence of complex posteriors from the prior, which every training step of a complex variant takes."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import BATCH, DOUBLE, LATENT, SINGLE, draw, relative_error
from vaebench.kernels.complex_normal import complex_normal_divergence, complex_normal_kl, paired


def kl_and_gradients(spread: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Divergence of codes near the prior and its derivative by the log scale."""
    mean, log_scale = (spread * draw(BATCH, width, seed=width, dtype=dtype) for width in (LATENT, LATENT // 2))
    log_scale.requires_grad_()
    kl = complex_normal_kl(paired(mean), log_scale)
    return kl.detach(), torch.autograd.grad(kl.sum(), log_scale)[0]


def normals(units: int, dtype: torch.dtype) -> list[Tensor]:
    """Means and covariances of two batches of complex normals."""
    roots = [paired(draw(BATCH, units, 2 * units, seed=seed, dtype=dtype)) for seed in (1, 2)]
    identity = torch.eye(units, dtype=dtype)
    return [each for root in roots for each in (root[:, 0], root @ root.mH + identity)]


class ComplexNormalKl:
    params = (1e-4, 1e-2, 1.0)
    param_names = ("spread of mean and log scale",)
    unit = "relative"

    def setup(self, spread: float) -> None:
        kl_and_gradients(spread, SINGLE)

    def time_complex_normal_kl_and_gradient(self, spread: float) -> None:
        kl_and_gradients(spread, SINGLE)

    def track_complex_normal_kl_error(self, spread: float) -> float:
        return relative_error(kl_and_gradients(spread, SINGLE)[0], kl_and_gradients(spread, DOUBLE)[0])

    def track_complex_normal_kl_gradient_error(self, spread: float) -> float:
        return relative_error(kl_and_gradients(spread, SINGLE)[1], kl_and_gradients(spread, DOUBLE)[1])


class Divergence:
    params = (2, 8)
    param_names = ("complex units",)
    unit = "relative"

    def setup(self, units: int) -> None:
        self.normals = normals(units, SINGLE)

    def time_complex_normal_divergence(self, _units: int) -> None:
        complex_normal_divergence(*self.normals)

    def track_complex_normal_divergence_error(self, units: int) -> float:
        return relative_error(
            complex_normal_divergence(*self.normals), complex_normal_divergence(*normals(units, DOUBLE))
        )
