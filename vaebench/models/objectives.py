"""What training minimises, computed from the suite's training step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor, nn

from vaebench.models.likelihoods import Likelihood
from vaebench.models.posteriors import Posterior
from vaebench.models.priors import divergence
from vaebench.models.refused import Refused


@dataclass(frozen=True)
class Step:
    """One training step as the suite ran it: everything an objective may use.

    Attributes:
        x: The examples to explain, shape (batch, *shape), without the input noise.
        posterior: Output of ``encode``, after the suite's interventions.
        z: Codes drawn from it, shape (batch, latent). Complex, and half as many, for a complex posterior.
        likelihood: Output of ``decode`` at z, after the suite's interventions.
        step: Number of the step, from 0. On a GPU it is a tensor without axes, in double precision. A captured step is
            replayed, so compute with it by torch (`clamp`, `where`).
        rng: For an objective's own randomness.
        steps: Number of steps of the whole training, for schedules.
        examples: Number of training examples, for estimates of the aggregate posterior from a batch.
        seen: What was encoded, shape (batch, *shape): x plus the input noise, if any.
        encode: The model's ``encode`` with the suite's interventions, for further examples.
        decode: Likewise, for further codes.
        model: The variant's own module, for parts other than encoder and decoder.
        noise: Standard normal draws that made z, shape (batch, latent).
        labels: Classes of the examples, int64, shape (batch,), for a variant that takes them; else None.
    """

    x: Tensor
    posterior: Posterior
    z: Tensor
    likelihood: Likelihood
    step: int | Tensor
    rng: torch.Generator
    steps: int
    examples: int
    seen: Tensor
    encode: Callable[[Tensor], Posterior]
    decode: Callable[[Tensor], Likelihood]
    model: nn.Module
    noise: Tensor | None = None
    labels: Tensor | None = None

    def kl(self) -> Tensor:
        """KL(q(z|x) ‖ p(z)) in nats, shape (batch,), from the model's own prior if it has one.

        In closed form for a normal posterior under N(0, I). Else log q(z|x) − log p(z) at this step's z.
        """
        return divergence(self.model, self.posterior, self.noise)


Terms = Tensor | Mapping[str, Tensor]
Objective = Callable[[Step], Terms]


def total(terms: Terms) -> Tensor:
    """Sum an objective's terms to the scalar that is minimised.

    Args:
        terms: A scalar, or scalars by name.

    Returns:
        The scalar, in nats per example.

    Raises:
        Refused: There is no term, or a term is not a scalar tensor.
    """
    parts = {"this one": terms} if isinstance(terms, Tensor) else terms
    if not isinstance(parts, Mapping) or not all(isinstance(part, Tensor) for part in parts.values()):
        given = "other values by name" if isinstance(terms, Mapping) else f"a {type(terms).__name__}"
        raise Refused(f"an objective gives a scalar tensor, or scalar tensors by name; this one gives {given}")
    for name, part in parts.items():
        if part.ndim != 0:
            raise Refused(f"an objective gives a scalar or scalars by name; {name} has shape {tuple(part.shape)}")
    if not parts:
        raise Refused("an objective gives a scalar or scalars by name; this one gives none")
    return reduce(torch.add, parts.values())


def negative_elbo(kl_weight: float = 1.0) -> Objective:
    """Build the objective of VAE and β-VAE, in nats, averaged over the batch.

    −log p(x|z) + weight·KL(q(z|x) ‖ p(z)).

    Source: Kingma & Welling 2013, arXiv 1312.6114, eq. 7; with a weight other than 1, Higgins et al. 2017 (β-VAE). The
    suite writes β for the weight of the KL relative to a *sum of squared errors*. With a Gaussian likelihood of
    variance v, β = 2·v·weight.

    Args:
        kl_weight: Weight of the KL relative to the log likelihood, both in nats.

    Returns:
        The objective.
    """

    def objective(step: Step) -> dict[str, Tensor]:
        return {
            "reconstruction": -step.likelihood.log_prob(step.x).mean(),
            "kl": kl_weight * step.kl().mean(),
        }

    return objective
