"""The VAE: Gaussian likelihood, diagonal normal posterior, the evidence lower bound."""

from vaebench.models import Variant, autoencoder, negative_elbo

VARIANT = Variant(
    name="vae",
    source="arXiv:1312.6114",
    build=autoencoder,
    objective=negative_elbo(),
    kl_weight=1.0,
)
