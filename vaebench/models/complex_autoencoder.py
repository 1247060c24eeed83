"""The complex VAE: encoder network, heads of a circular complex posterior, decoder network, likelihood."""

from collections.abc import Callable

from torch import Tensor, nn

from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.models.autoencoder import gaussian_of_record
from vaebench.models.likelihoods import Likelihood
from vaebench.models.networks import FEATURES, Unfit, architecture
from vaebench.models.posteriors import ComplexNormal


class ComplexAutoEncoder(nn.Module):
    """A `Model` with complex codes, made of ordinary real networks.

    The networks' codes are real and imaginary parts in turn, in standard deviations of a real prior. So the decoder's
    inputs have unit variance, as in every architecture. The mean head is that of a real model of the same size.

    Args:
        encoder: From (batch, *shape) to (batch, features).
        decoder: From (batch, latent), real, to (batch, *shape).
        features: Width of the encoder's output.
        latent: Number of real latent units, two for each complex one.
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
        self.log_scale = nn.Linear(features, latent // 2)
        self.decoder = decoder
        self.likelihood = likelihood

    def encode(self, x: Tensor) -> ComplexNormal:
        """Posterior of each example: from (batch, *shape) to (batch, latent/2)."""
        features = self.encoder(x)
        return ComplexNormal(paired(self.mean(features)), log_scale=self.log_scale(features))

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code: from complex (batch, latent/2) to (batch, *shape)."""
        return self.likelihood(self.decoder(unpaired(z)))


def complex_autoencoder(
    shape: tuple[int, ...], latent: int, arch: str, likelihood: Callable[[Tensor], Likelihood] = gaussian_of_record
) -> ComplexAutoEncoder:
    """Build a complex VAE of an architecture.

    Args:
        shape: Shape of one example.
        latent: Number of real latent units, two for each complex one.
        arch: Name of the architecture.
        likelihood: Makes a likelihood from the decoder's output.

    Returns:
        The model, freshly initialised from torch's generator.

    Raises:
        Unfit: The number of latent units is odd.
    """
    if latent % 2:
        raise Unfit(f"a complex unit is two real ones: the number of latent units is even, not {latent}")
    family = architecture(arch)
    return ComplexAutoEncoder(family.encoder(shape), family.decoder(latent, shape), FEATURES, latent, likelihood)
