"""The ordinary VAE: encoder network, two posterior heads, decoder network, likelihood."""

from collections.abc import Callable

from torch import Tensor, nn

from vaebench.models.likelihoods import Gaussian, Likelihood
from vaebench.models.networks import FEATURES, architecture
from vaebench.models.posteriors import Normal

GAUSSIAN_VARIANCE = 0.05
"""Noise variance of a Gaussian likelihood, unless the variant or the task sets another."""


def gaussian_of_record(mean: Tensor) -> Gaussian:
    """The suite's standard Gaussian likelihood, with variance `GAUSSIAN_VARIANCE`."""
    return Gaussian(mean, GAUSSIAN_VARIANCE)


class AutoEncoder(nn.Module):
    """A `Model`: ``encode`` returns a posterior, ``decode`` a likelihood.

    Args:
        encoder: From (batch, *shape) to (batch, features).
        decoder: From (batch, latent) to (batch, *shape).
        features: Width of the encoder's output.
        latent: Number of latent units.
        likelihood: Makes a likelihood from the decoder's output.
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
        """Posterior of each example: from (batch, *shape) to (batch, latent)."""
        features = self.encoder(x)
        return Normal(self.mean(features), log_scale=self.log_scale(features))

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code: from (batch, latent) to (batch, *shape)."""
        return self.likelihood(self.decoder(z))


def autoencoder(
    shape: tuple[int, ...], latent: int, arch: str, likelihood: Callable[[Tensor], Likelihood] = gaussian_of_record
) -> AutoEncoder:
    """Build an ordinary VAE of an architecture.

    Args:
        shape: Shape of one example.
        latent: Number of latent units.
        arch: Name of the architecture.
        likelihood: Makes a likelihood from the decoder's output.

    Returns:
        The model, freshly initialised from torch's generator.
    """
    family = architecture(arch)
    return AutoEncoder(family.encoder(shape), family.decoder(latent, shape), FEATURES, latent, likelihood)
