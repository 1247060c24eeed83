"""What instruments share: the functions of a trained model, and readings that may not exist."""

from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.claims import Declined, Reading
from vaebench.data import Dataset
from vaebench.kernels.estimate import Estimate, Undefined
from vaebench.measures import Effort
from vaebench.models.likelihoods import Gaussian
from vaebench.training.fit import Trained

Function = Callable[[Tensor], Tensor]
Instrument = Callable[[Trained, Dataset, Effort, torch.Generator], tuple[Reading | Declined, ...]]


def decoded_mean(trained: Trained) -> Function:
    """The decoder as a function: (batch, latent) to the likelihood's mean, (batch, *shape)."""
    return lambda z: trained.model.decode(z).mean


def encoded_mean(trained: Trained) -> Function:
    """The encoder as a function: (batch, *shape) to the posterior's mean, (batch, latent)."""
    return lambda x: trained.model.encode(x).mean


def reconstructed(trained: Trained) -> Function:
    """The reconstruction at the posterior's mean, (batch, *shape) to (batch, *shape)."""
    return lambda x: trained.model.decode(trained.model.encode(x).mean).mean


def kl_weight_in_squares(trained: Trained, x: Tensor) -> float | None:
    """β, the weight of the KL beside a sum of squared errors; None where it is not fixed or no squares are summed."""
    with torch.no_grad():
        likelihood = trained.model.decode(trained.model.encode(x[:1]).mean)
    return trained.model.interventions.beta(trained.kl_weight) if isinstance(likelihood, Gaussian) else None


def held_out(data: Dataset, most: int) -> Tensor:
    """The first held-out examples, at most so many, shape (n, *shape)."""
    return data.held_out.x[:most]


def posterior_codes(trained: Trained, x: Tensor, rng: torch.Generator) -> Tensor:
    """One draw from each example's posterior, shape (batch, latent)."""
    with torch.no_grad():
        posterior = trained.model.encode(x)
        return posterior.sample(torch.randn(posterior.mean.shape, generator=rng, device=x.device))


def of_sample(name: str, values: Tensor, unit: str = "1") -> Reading:
    """Mean over examples with its standard error, from values of shape (batch,)."""
    spread = float(values.double().std()) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return Reading(name, float(values.double().mean()), spread, len(values), unit)


def estimated(name: str, estimate: Callable[[], Estimate], unit: str = "1") -> Reading | Declined:
    """A kernel's estimate as a reading, or its reason where the kernel says that there is none."""
    try:
        found = estimate()
    except Undefined as reason:
        return Declined(name, str(reason), "model")
    return Reading(name, float(found.value), float(found.stderr), found.n, unit)
