"""A VAE whose KL is held at a capacity of 5 nats: a variant of one's own, in one file."""

from torch import Tensor

from vaebench.models import Step, Variant, autoencoder


def objective(step: Step) -> dict[str, Tensor]:
    """Reconstruct, and hold the KL at 5 nats."""
    kl = step.posterior.kl().mean()
    return {"reconstruction": -step.likelihood.log_prob(step.x).mean(), "capacity": (kl - 5.0).abs()}


VARIANT = Variant(name="capacity_vae", source="arXiv:1804.03599", build=autoencoder, objective=objective)
