"""DIP-VAE-II: the aggregate posterior is pulled towards uncorrelated units of variance 1."""

import torch
from torch import Tensor

from vaebench.kernels.aggregate_posterior import aggregate_covariance
from vaebench.models import Objective, Step, Variant, autoencoder, negative_elbo
from vaebench.models.objectives import total

WEIGHT = 5.0
"""The middle of the weights 1, 2, 5, 10, 20 of Bonheme & Grzes 2022 (arXiv 2205.08399)."""


def disentangled_prior(weight: float) -> Objective:
    """Build the objective −log p(x|z) + KL + λ·‖Cov_z − I‖_F², in nats.

    Cov_z is the covariance of the batch's aggregate posterior.

    Source: Kumar et al. 2018, arXiv 1711.00848: λ_od·Σ_{i≠j} [Cov_z]_ij² + λ_d·Σ_i ([Cov_z]_ii − 1)², with one λ for
    both as in disentanglement_lib. The aggregate's mean is constrained by the KL alone.

    Args:
        weight: λ_od and λ_d.

    Returns:
        The objective.
    """
    elbo = negative_elbo()

    def objective(step: Step) -> dict[str, Tensor]:
        covariance = aggregate_covariance(step.posterior.mean, step.posterior.scale)
        identity = torch.eye(covariance.shape[-1], dtype=covariance.dtype, device=covariance.device)
        return {"negative elbo": total(elbo(step)), "covariance": weight * (covariance - identity).square().sum()}

    return objective


VARIANT = Variant(
    name="dip_vae_ii",
    source="arXiv:1711.00848",
    build=autoencoder,
    objective=disentangled_prior(WEIGHT),
    strengths=(1.0, 5.0, 20.0),
    objective_at=disentangled_prior,
)
