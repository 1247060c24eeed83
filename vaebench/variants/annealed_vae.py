"""The annealed VAE: the KL divergence is held at a capacity that grows during training."""

import torch
from torch import Tensor

from vaebench.models import Objective, Step, Variant, autoencoder

PULL = 1000.0
"""γ of Bonheme & Grzes 2022 (arXiv 2205.08399), for all data."""

CAPACITY = 25.0
"""The middle of the same study's 5, 10, 25, 50, 75 nats."""


def annealed(capacity: float) -> Objective:
    """Build the objective −log p(x|z) + γ·|KL − C|, in nats.

    C rises from 0 to `capacity` over the first third of training.

    Source: Burgess et al. 2018, arXiv 1804.03599, eq. 8. KL is the batch's mean, as in disentanglement_lib, so single
    examples may lie on both sides of C. A third of training is 100,000 of the 300,000 steps of Bonheme & Grzes.

    Args:
        capacity: C at the end, in nats.

    Returns:
        The objective.
    """

    def objective(step: Step) -> dict[str, Tensor]:
        kl = step.posterior.kl().mean()
        done = 3 * torch.as_tensor(step.step, dtype=torch.float64, device=kl.device) / step.steps
        allowed = (capacity * done.clamp(max=1.0)).to(kl.dtype)
        return {
            "reconstruction": -step.likelihood.log_prob(step.x).mean(),
            "capacity": PULL * (kl - allowed).abs(),
        }

    return objective


VARIANT = Variant(
    name="annealed_vae",
    source="arXiv:1804.03599",
    build=autoencoder,
    objective=annealed(CAPACITY),
    strengths=(5.0, 25.0, 75.0),
    objective_at=annealed,
)
