"""The linear VAE: affine encoder and decoder, with an optimum in closed form.

Source: Lucas, Tucker, Grosse & Norouzi 2019. Their posterior is N(V(x − m), D) with one diagonal D for all data. A
scale that depends on x has the same optimum D, but converges slowly on badly conditioned data.
"""

import math

import torch
from torch import Tensor, nn

from vaebench.models import Likelihood, Normal, Variant, negative_elbo
from vaebench.models.autoencoder import gaussian_of_record


class LinearVAE(nn.Module):
    """One affine map each way, and one posterior scale per unit."""

    encoder_layers = ("mean",)

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__()
        size = math.prod(shape)
        self.mean = nn.Linear(size, latent)
        self.log_scale = nn.Parameter(torch.zeros(latent))
        self.decoder = nn.Sequential(nn.Linear(latent, size), nn.Unflatten(1, shape))

    def encode(self, x: Tensor) -> Normal:
        """Posterior of each example, shape (batch, latent)."""
        mean = self.mean(x.flatten(1))
        return Normal(mean, log_scale=self.log_scale.expand_as(mean))

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code, shape (batch, *shape)."""
        return gaussian_of_record(self.decoder(z))


def build(shape: tuple[int, ...], latent: int, arch: str) -> LinearVAE:  # noqa: ARG001 - affine under any name
    """Build it; ``mlp`` has no hidden layer here."""
    return LinearVAE(shape, latent)


VARIANT = Variant(
    name="linear_vae",
    source="arXiv:1911.02469",
    build=build,
    objective=negative_elbo(),
    kl_weight=1.0,
    archs=("mlp",),
    learning_rate=0.03,  # an affine net is badly conditioned: at a usual 0.001 it is far from its optimum for long
)
