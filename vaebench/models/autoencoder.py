"""The ordinary VAE: a network, two heads for the posterior, a network back, a likelihood."""

from collections.abc import Callable

from torch import Tensor, nn

from vaebench.models.likelihoods import Gaussian, Likelihood
from vaebench.models.networks import FEATURES, architecture
from vaebench.models.posteriors import Normal

GAUSSIAN_VARIANCE = 0.05
"""Noise variance of a Gaussian likelihood where neither the variant nor the task says another."""


def gaussian_of_record(mean: Tensor) -> Gaussian:
    """The Gaussian likelihood of record, with variance `GAUSSIAN_VARIANCE`."""
    return Gaussian(mean, GAUSSIAN_VARIANCE)


class AutoEncoder(nn.Module):
    """A model in the suite's sense: ``encode`` gives a posterior, ``decode`` a likelihood.

    Args:
        encoder: From (batch, *shape) to (batch, features).
        decoder: From (batch, latent) to (batch, *shape).
        features: Width of what the encoder gives.
        latent: Number of latent units.
        likelihood: Makes a likelihood of what the decoder gives.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        features: int,
        latent: int,
        likelihood: Callable[[Tensor], Likelihood] = gaussian_of_record,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.mean = nn.Linear(features, latent)
        self.log_scale = nn.Linear(features, latent)
        self.decoder = decoder
        self.likelihood = likelihood

    def encode(self, x: Tensor) -> Normal:
        """Posterior of each example; x has shape (batch, *shape), the posterior (batch, latent)."""
        features = self.encoder(x)
        return Normal(self.mean(features), log_scale=self.log_scale(features))

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code; z has shape (batch, latent), the likelihood (batch, *shape)."""
        return self.likelihood(self.decoder(z))


def autoencoder(
    shape: tuple[int, ...], latent: int, arch: str, likelihood: Callable[[Tensor], Likelihood] = gaussian_of_record
) -> AutoEncoder:
    """Build an ordinary VAE of an architecture.

    Args:
        shape: Shape of one example.
        latent: Number of latent units.
        arch: Name of the architecture.
        likelihood: Makes a likelihood of what the decoder gives.

    Returns:
        The model, freshly initialised from torch's generator.
    """
    family = architecture(arch)
    return AutoEncoder(family.encoder(shape), family.decoder(latent, shape), FEATURES, latent, likelihood)
