"""A VampPrior: p(z) is the mean posterior of pseudo-inputs, which are learned (Tomczak & Welling 2018)."""

import torch
from torch import Tensor, nn

from vaebench.models import (
    FEATURES,
    AutoEncoder,
    Variant,
    architecture,
    mixture_log_prob,
    mixture_sample,
    negative_elbo,
)


class VampPriorVAE(AutoEncoder):
    """An ordinary VAE with its own prior."""

    def __init__(self, shape: tuple[int, ...], latent: int, arch: str) -> None:
        """Build the networks and 50 pseudo-inputs."""
        family = architecture(arch)
        super().__init__(family.encoder(shape), family.decoder(latent, shape), FEATURES, latent)
        self.pseudo_inputs = nn.Parameter(torch.rand(50, *shape))

    def prior_sample(self, noise: Tensor) -> Tensor:
        """Codes from the prior, of standard normal noise."""
        components = self.encode(self.pseudo_inputs)
        return mixture_sample(noise, components.mean, components.scale)

    def prior_log_prob(self, z: Tensor) -> Tensor:
        """Log density of the prior in nats."""
        components = self.encode(self.pseudo_inputs)
        return mixture_log_prob(z, components.mean, components.scale)


META = {"name": "vamp_prior_vae", "source": "arXiv:1705.07120", "licence": "MIT", "contact": "the authors of vaebench"}
VARIANT = Variant("vamp_prior_vae", "arXiv:1705.07120", VampPriorVAE, negative_elbo(), kl_weight=1.0, prior="own")
