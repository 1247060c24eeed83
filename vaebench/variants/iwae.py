"""The importance-weighted autoencoder: a tighter bound, from several codes per example."""

import torch
from torch import Tensor

from vaebench.kernels.importance_bound import importance_bound
from vaebench.kernels.normal import normal_log_density, standard_normal
from vaebench.models import Objective, Step, Variant, autoencoder


def importance_weighted(samples: float) -> Objective:
    """Build −log (1/K)·Σ_k p(x|z_k)·p(z_k)/q(z_k|x), in nats, averaged over the batch.

    Source: Burda et al. 2016, arXiv 1509.00519. The step's own code is the first of the K, so K = 1 is the ELBO with a
    sampled KL. A larger K costs K − 1 more decoder passes. The paper uses K of 1, 5 and 50.

    Args:
        samples: K, a whole number.

    Returns:
        The objective.
    """
    more = round(samples) - 1

    def objective(step: Step) -> Tensor:
        noise = standard_normal((more, *step.z.shape), step.rng, dtype=step.z.dtype, device=step.z.device)
        others = step.posterior.sample(noise)
        again = step.x.expand(more, *step.x.shape).flatten(0, 1)
        explained = (step.likelihood.log_prob(step.x), step.decode(others.flatten(0, 1)).log_prob(again))
        z = torch.cat([step.z.unsqueeze(0), others])
        log_ratio = normal_log_density(z) - normal_log_density(z, step.posterior.mean, step.posterior.scale)
        return -importance_bound(torch.cat(explained).reshape(log_ratio.shape) + log_ratio).mean()

    return objective


VARIANT = Variant(
    name="iwae",
    source="arXiv:1509.00519",
    build=autoencoder,
    objective=importance_weighted(5),
    strengths=(1.0, 5.0, 20.0),
    objective_at=importance_weighted,
)
