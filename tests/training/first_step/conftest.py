"""What the tests of the first look share: a small VAE, to be spoilt in one place each, and its look."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from vaebench.experiment import Interventions
from vaebench.models import Gaussian, Likelihood, Normal, Objective, Posterior, Variant, negative_elbo
from vaebench.seeds import seed_for
from vaebench.training.first_step import FirstLook, look
from vaebench.training.fit import build
from vaebench.training.intervened import Intervened

SHAPE, LATENT = (1, 4, 4), 3


class Small(nn.Module):
    """A sound VAE."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(16, 24), nn.Tanh(), nn.Linear(24, 2 * LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, 24), nn.Tanh(), nn.Linear(24, 16), nn.Unflatten(1, SHAPE))

    def encode(self, x: Tensor) -> Posterior:
        mean, log_scale = self.encoder(x).chunk(2, 1)
        return Normal(mean, log_scale=log_scale)

    def decode(self, z: Tensor) -> Likelihood:
        return Gaussian(self.decoder(z), 0.05)


@pytest.fixture(scope="session")
def x() -> Tensor:
    return torch.rand(100, *SHAPE, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def looked(x: Tensor) -> Callable[..., FirstLook]:
    """Look at a model and an objective."""

    def run(
        model: Callable[[], nn.Module] = Small,
        objective: Objective | None = None,
        by: Interventions | None = None,
        kl_weight: float | None = None,
        seed: int = 0,
        **options: object,
    ) -> FirstLook:
        variant = Variant(
            "small", "tests", lambda *_: model(), objective or negative_elbo(), kl_weight=kl_weight, **options
        )
        built = Intervened(build(variant, SHAPE, LATENT, "mlp", seed), by or Interventions(likelihood_variance=0.05))
        return look(variant, built, x, latent=LATENT, steps=1000, seed=seed_for(seed))

    return run
