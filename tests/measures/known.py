"""What the tests of instruments share: small data, exact models on them, and models of known functions."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vaebench.claims import Measurement
from vaebench.data import Dataset, Split
from vaebench.data.linear_gaussian_sources import load
from vaebench.experiment import EvaluationBudget, Interventions
from vaebench.models import Bernoulli, Gaussian, Normal
from vaebench.models.exact import linear_vae_at_fixed_scale, linear_vae_with_learned_scale
from vaebench.training.fit import Trained
from vaebench.training.intervened import Intervened

VARIANCE = 0.05
BETA = 2 * VARIANCE
EIGENVALUES = (2.0, 0.7, 0.2)
EVALUATION = EvaluationBudget(samples=4096, points=400, attacked=20, attack_steps=40, attack_restarts=3)
GAUSSIAN_SOURCES = load()


def generator(seed: int = 0) -> torch.Generator:
    """A generator for an instrument's draws."""
    return torch.Generator().manual_seed(seed)


def ellipsoid(n: int = 600, shape: tuple[int, ...] = (2, 4)) -> Dataset:
    """Examples whose covariance has exactly `EIGENVALUES`, in eight dimensions, off the origin."""
    rng = generator(1)
    rows = torch.randn(n, len(EIGENVALUES), generator=rng, dtype=torch.float64)
    rows = torch.linalg.qr(rows - rows.mean(0))[0] * (n * torch.tensor(EIGENVALUES).double()).sqrt()
    basis = torch.linalg.qr(torch.randn(8, len(EIGENVALUES), generator=rng, dtype=torch.float64))[0].T
    x = (rows @ basis + 0.5).float().reshape(n, *shape)
    return Dataset("ellipsoid", 1, Split(x), Split(x[torch.randperm(n, generator=rng)]))


def trained(
    model: nn.Module, latent: int, interventions: Interventions | None = None, kl_weight: float | None = 1.0
) -> Trained:
    """A model as an instrument is given it."""
    by = Interventions(likelihood_variance=VARIANCE) if interventions is None else interventions
    return Trained(Intervened(model, by).eval().requires_grad_(False), latent, kl_weight)


def exact_at(data: Dataset, scale: float, latent: int = 3, kl_weight: float = 1.0) -> Trained:
    """The linear VAE's closed form at a fixed posterior scale."""
    by = Interventions(posterior_scale=scale, likelihood_variance=VARIANCE)
    return trained(linear_vae_at_fixed_scale(data, latent, scale, kl_weight * BETA), latent, by, kl_weight)


def exact_learned(latent: int = 3, variance: float = 0.005) -> Trained:
    """The linear VAE's closed form on normal sources, its posterior scale learned."""
    model = linear_vae_with_learned_scale(GAUSSIAN_SOURCES, latent, None, 2 * variance)
    return trained(model, latent, Interventions(likelihood_variance=variance))


class Known(nn.Module):
    """A model made of two functions and a scale."""

    def __init__(
        self,
        encode: Callable[[Tensor], Tensor],
        decode: Callable[[Tensor], Tensor],
        scale: Tensor | float = 0.1,
        bernoulli: bool = False,
    ) -> None:
        super().__init__()
        self.functions, self.scale, self.bernoulli = (encode, decode), scale, bernoulli

    def encode(self, x: Tensor) -> Normal:
        mean = self.functions[0](x)
        return Normal(mean, torch.as_tensor(self.scale).expand_as(mean))

    def decode(self, z: Tensor) -> Gaussian | Bernoulli:
        decoded = self.functions[1](z)
        return Bernoulli(decoded) if self.bernoulli else Gaussian(decoded, VARIANCE)


def by_name(measurements: tuple[Measurement, ...]) -> dict[str, Measurement]:
    """Measurements by their names, each there once."""
    assert len({measurement.name for measurement in measurements}) == len(measurements)
    return {measurement.name: measurement for measurement in measurements}
