"""A variant as an outsider would bring it: own networks, a Bernoulli likelihood, nothing inherited."""

import math

from torch import Tensor, nn

from vaebench.models import Bernoulli, Normal, Step, Variant


class BernoulliVAE(nn.Module):
    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(math.prod(shape), 64), nn.Tanh(), nn.Linear(64, 2 * latent)
        )
        self.decoder = nn.Sequential(nn.Linear(latent, 64), nn.Tanh(), nn.Linear(64, math.prod(shape)))
        self.shape = shape

    def encode(self, x: Tensor) -> Normal:
        mean, log_scale = self.encoder(x).chunk(2, dim=1)
        return Normal(mean, log_scale=log_scale)

    def decode(self, z: Tensor) -> Bernoulli:
        return Bernoulli(self.decoder(z).unflatten(1, self.shape))


def objective(step: Step) -> Tensor:
    return (step.posterior.kl() - step.likelihood.log_prob(step.x)).mean()


VARIANT = Variant(
    name="bernoulli_vae",
    source="tests",
    build=lambda shape, latent, arch: BernoulliVAE(shape, latent),
    objective=objective,
    kl_weight=1.0,
    archs=("mlp",),
)
