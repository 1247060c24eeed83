"""The control of the complex VAE: a real VAE with posterior scales tied in pairs (2k, 2k+1).

The same seed gives both the same weights, draws and loss. So any difference between them is not in the model. Tying
averages a scale's optimum, 1/s² = 1 + (2/β)·(D′_2k + D′_2k+1)/2. A single coordinate may miss its own optimum.
"""

from torch import Tensor, nn

from vaebench.models import Likelihood, Normal, Unfit, Variant, architecture, negative_elbo
from vaebench.models.autoencoder import gaussian_of_record
from vaebench.models.networks import FEATURES


class PairTied(nn.Module):
    """An ordinary VAE with half as many scales."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, latent: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.mean = nn.Linear(FEATURES, latent)
        self.log_scale = nn.Linear(FEATURES, latent // 2)
        self.decoder = decoder

    def encode(self, x: Tensor) -> Normal:
        """Posterior of each example, shape (batch, latent)."""
        features = self.encoder(x)
        return Normal(self.mean(features), log_scale=self.log_scale(features).repeat_interleave(2, -1))

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code, shape (batch, *shape)."""
        return gaussian_of_record(self.decoder(z))


def build(shape: tuple[int, ...], latent: int, arch: str) -> PairTied:
    """Build it from an architecture, in the same order as ``complex_vae``."""
    if latent % 2:
        raise Unfit(f"scales are tied in pairs: the number of latent units is even, not {latent}")
    family = architecture(arch)
    return PairTied(family.encoder(shape), family.decoder(latent, shape), latent)


VARIANT = Variant("pair_tied_vae", "arXiv:2511.15172", build, negative_elbo(), kl_weight=1.0)
