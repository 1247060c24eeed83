"""The β-VAE: the VAE with four times the weight on the KL divergence."""

from vaebench.models import Variant, autoencoder, negative_elbo

KL_WEIGHT = 4.0
"""A middle value of Higgins et al. 2017. Their β multiplies the KL in nats, relative to a log likelihood."""

VARIANT = Variant(
    name="beta_vae",
    source="Higgins et al. 2017, ICLR",
    build=autoencoder,
    objective=negative_elbo(KL_WEIGHT),
    kl_weight=KL_WEIGHT,
    strengths=(1.0, 4.0, 8.0),
    objective_at=negative_elbo,
)
