"""A VAE whose posterior has a full covariance, by its Cholesky factor."""

import torch
from torch import Tensor, nn

from vaebench.models import FEATURES, FullNormal, Likelihood, Variant, architecture, gaussian_of_record, negative_elbo


class FullCovarianceVAE(nn.Module):
    """An ordinary VAE with another head."""

    def __init__(self, shape: tuple[int, ...], latent: int, arch: str) -> None:
        """Build both networks."""
        super().__init__()
        self.encoder, self.decoder = architecture(arch).encoder(shape), architecture(arch).decoder(latent, shape)
        self.mean, self.factor = nn.Linear(FEATURES, latent), nn.Linear(FEATURES, latent * latent)

    def encode(self, x: Tensor) -> FullNormal:
        """Posterior of each example."""
        features = self.encoder(x)
        mean = self.mean(features)
        square = self.factor(features).unflatten(1, (mean.shape[1], mean.shape[1]))
        diagonal = torch.diag_embed(square.diagonal(dim1=1, dim2=2).exp())
        return FullNormal(mean, square.tril(-1) + diagonal)

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood at each code."""
        return gaussian_of_record(self.decoder(z))


META = {"name": "full_covariance_vae", "source": "none", "licence": "MIT", "contact": "the authors of vaebench"}
VARIANT = Variant("full_covariance_vae", "none", FullCovarianceVAE, negative_elbo(), kl_weight=1.0)
