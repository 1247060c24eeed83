"""The complex VAE: a network, two heads for a circular complex posterior, a network back, a likelihood."""

from collections.abc import Callable

from torch import Tensor, nn

from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.models.autoencoder import gaussian_of_record
from vaebench.models.likelihoods import Likelihood
from vaebench.models.networks import FEATURES, Unfit, architecture
from vaebench.models.posteriors import ComplexNormal


class ComplexAutoEncoder(nn.Module):
    """A model in the suite's sense with complex codes, made of ordinary, real networks.

    What the networks give and take are the real and imaginary parts in turn, in standard deviations of a real prior:
    so the decoder's inputs have unit variance, as those of any other architecture, and the mean head is that of a real
    model of the same size.

    Args:
        encoder: From (batch, *shape) to (batch, features).
        decoder: From (batch, latent), real, to (batch, *shape).
        features: Width of what the encoder gives.
        latent: Number of real latent units, two for each complex one.
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
        self.log_scale = nn.Linear(features, latent // 2)
        self.decoder = decoder
        self.likelihood = likelihood

    def encode(self, x: Tensor) -> ComplexNormal:
        """Posterior of each example; x has shape (batch, *shape), the posterior (batch, latent/2)."""
        features = self.encoder(x)
        return ComplexNormal(paired(self.mean(features)), log_scale=self.log_scale(features))

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code; z is complex, shape (batch, latent/2), the likelihood (batch, *shape)."""
        return self.likelihood(self.decoder(unpaired(z)))


def complex_autoencoder(
    shape: tuple[int, ...], latent: int, arch: str, likelihood: Callable[[Tensor], Likelihood] = gaussian_of_record
) -> ComplexAutoEncoder:
    """Build a complex VAE of an architecture.

    Args:
        shape: Shape of one example.
        latent: Number of real latent units, two for each complex one.
        arch: Name of the architecture.
        likelihood: Makes a likelihood of what the decoder gives.

    Returns:
        The model, freshly initialised from torch's generator.

    Raises:
        Unfit: The number of latent units is odd.
    """
    if latent % 2:
        raise Unfit(f"a complex unit is two real ones: the number of latent units is even, not {latent}")
    family = architecture(arch)
    return ComplexAutoEncoder(family.encoder(shape), family.decoder(latent, shape), FEATURES, latent, likelihood)
