"""The σ-VAE: the Gaussian likelihood's variance is learned, one number for all data.

Source: Rybkin, Daniilidis & Levine 2021. At the optimum the variance is the mean squared error per dimension. The
authors also offer that optimum, computed from each batch. Here the variance is a parameter. One that depends on the
batch gives a single example no log p(x|z), and instruments evaluate single examples.
"""

import math

import torch
from torch import Tensor, nn

from vaebench.models import AutoEncoder, Gaussian, Player, Variant, autoencoder, negative_elbo
from vaebench.models.autoencoder import GAUSSIAN_VARIANCE

FLOOR = math.exp(-12)
"""As in the authors' code, log σ stays above −6: on data without noise the likelihood is unbounded."""


class SharedVariance(nn.Module):
    """A likelihood whose variance is a parameter, initially the fixed value of other variants."""

    def __init__(self) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.tensor(math.log(GAUSSIAN_VARIANCE - FLOOR)))

    def forward(self, mean: Tensor) -> Gaussian:
        """The likelihood with these means, shape (batch, *shape)."""
        return Gaussian(mean, FLOOR + self.log_variance.exp())


def build(shape: tuple[int, ...], latent: int, arch: str) -> AutoEncoder:
    """Build an ordinary VAE with one more parameter."""
    return autoencoder(shape, latent, arch, SharedVariance())


# An adversary with the same objective, only for its own learning rate. The first steps' squared errors are hundreds of
# times the last ones'. With the networks' rate and betas the variance would stop early: at two thirds of the error or
# at several times it.
VARIANCE = Player("likelihood", negative_elbo(), learning_rate=0.03, betas=(0.9, 0.99))
VARIANT = Variant("sigma_vae", "arXiv:2006.13202", build, negative_elbo(), kl_weight=1.0, players=(VARIANCE,))
