"""The σ-VAE: the Gaussian likelihood's variance is learned, one number for all data, beside the weights.

Source: Rybkin, Daniilidis & Levine 2021. At the optimum it is the mean squared error of a dimension. They also offer
that optimum itself, taken of each batch; here it is a parameter, for a variance that depends on the batch makes no
log p(x|z) of one example, and leaves none to a model that is read one example at a time.
"""

import math

import torch
from torch import Tensor, nn

from vaebench.models import AutoEncoder, Gaussian, Player, Variant, autoencoder, negative_elbo
from vaebench.models.autoencoder import GAUSSIAN_VARIANCE

FLOOR = math.exp(-12)
"""The authors' code too holds log σ above −6: on data without noise the likelihood has no upper bound."""


class SharedVariance(nn.Module):
    """A likelihood whose variance is a parameter; it starts where other variants' is held."""

    def __init__(self) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.tensor(math.log(GAUSSIAN_VARIANCE - FLOOR)))

    def forward(self, mean: Tensor) -> Gaussian:
        """The likelihood with these means, shape (batch, *shape)."""
        return Gaussian(mean, FLOOR + self.log_variance.exp())


def build(shape: tuple[int, ...], latent: int, arch: str) -> AutoEncoder:
    """An ordinary VAE with one parameter more."""
    return autoencoder(shape, latent, arch, SharedVariance())


# A player of the same objective, for its pace alone: the first steps' squared errors are hundreds of times the last's,
# and with the networks' rate and memory the variance stops on its way, at two thirds of the error or at several of it.
VARIANCE = Player("likelihood", negative_elbo(), learning_rate=0.03, betas=(0.9, 0.99))
VARIANT = Variant("sigma_vae", "arXiv:2006.13202", build, negative_elbo(), kl_weight=1.0, players=(VARIANCE,))
