"""The β-TC-VAE: the VAE with β times the weight on the total correlation of its codes."""

from torch import Tensor

from vaebench.kernels.aggregate_posterior import total_correlation
from vaebench.models import Objective, Step, Variant, autoencoder, negative_elbo
from vaebench.models.objectives import total

WEIGHT = 4.0
"""The weight of the suite's β-VAE, so that the two differ only in what they weight."""


def weighted_total_correlation(weight: float) -> Objective:
    """Build the objective −log p(x|z) + KL + (β − 1)·TC, in nats.

    TC is the total correlation of the aggregate posterior q(z).

    Source: Chen et al. 2018, arXiv 1802.04942: −log p + MI + β·TC + Σ_j KL(q(z_j) ‖ p(z_j)). For any estimate of q(z),
    MI + TC + Σ_j KL_j is E KL(q(z|x) ‖ p(z)). So both forms are equal in expectation. This one has the KL in closed
    form: at β = 1 it is the ELBO. q(z) is estimated from the batch with the stratified weights of the paper's appendix
    (`kernels/aggregate_posterior`). The weights of its main text are biased.

    Args:
        weight: β.

    Returns:
        The objective.
    """
    elbo = negative_elbo()

    def objective(step: Step) -> dict[str, Tensor]:
        correlation = total_correlation(step.z, step.posterior.mean, step.posterior.scale, step.examples)
        return {"negative elbo": total(elbo(step)), "total correlation": (weight - 1) * correlation}

    return objective


VARIANT = Variant(
    name="beta_tcvae",
    source="arXiv:1802.04942",
    build=autoencoder,
    objective=weighted_total_correlation(WEIGHT),
    strengths=(1.0, 4.0, 8.0),
    objective_at=weighted_total_correlation,
)
