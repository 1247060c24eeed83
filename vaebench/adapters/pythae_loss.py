"""A Pythae model's own ``loss_function`` as an objective, fed by the suite's step."""

import inspect
import math
from typing import Any

import torch
from torch import Tensor, nn

from vaebench.adapters.pythae_model import PythaeModel
from vaebench.models import Gaussian, Likelihood, Normal, Objective, Refused, Step

SEVERAL = ("IWAE", "CIWAE")
"""Models whose loss takes several codes of each example."""


def objective_of(kind: type[nn.Module]) -> Objective:
    """Make the objective of a kind of Pythae model: its own ``loss_function``, fed by the suite's step.

    Args:
        kind: The model's class.

    Returns:
        The objective.
    """
    if kind.__name__ in SEVERAL:
        return _several
    return _adversarial if kind.__name__ == "FactorVAE" else _plain


def energy_pair(likelihood: Likelihood, x: Tensor) -> tuple[Tensor, Tensor]:
    """Two rows of numbers for each example, with ½‖a − b‖² = −log p(x|z) up to a constant.

    Args:
        likelihood: At the codes.
        x: The examples, shape (batch, *shape).

    Returns:
        a and b, shape (batch, values) each.
    """
    if isinstance(likelihood, Gaussian):
        deviation = torch.as_tensor(likelihood.variance, dtype=x.dtype, device=x.device).sqrt()
        return (likelihood.mean / deviation).flatten(1), (x / deviation).flatten(1)
    root = (-2 * likelihood.log_prob(x)).clamp_min(1e-12).sqrt().unsqueeze(1)
    return root, torch.zeros_like(root)


def _inner(step: Step) -> Any:
    if not isinstance(step.model, PythaeModel):
        raise Refused("this objective is for a model of vaebench.adapters.pythae")
    return step.model.pythae


def _normal(step: Step) -> Normal:
    assert isinstance(step.posterior, Normal)
    return step.posterior


def _plain(step: Step) -> Tensor:
    model, posterior = _inner(step), _normal(step)
    likely, seen = energy_pair(step.likelihood, step.x)
    offered = {
        "recon_x": likely,
        "x": seen,
        "mu": posterior.mean,
        "log_var": 2 * posterior.log_scale,
        "z": step.z,
        "epoch": 1 + step.step * len(step.x) // step.examples,
        "dataset_size": step.examples,
        "z_prior": torch.randn(step.z.shape, generator=step.rng, device=step.z.device),
    }
    wanted = inspect.signature(model.loss_function).parameters
    loss: Tensor = model.loss_function(**{name: offered[name] for name in wanted})[0]
    return loss


def _several(step: Step) -> Tensor:
    """The first of the codes is the step's own; the others are drawn from its posterior."""
    model, posterior = _inner(step), _normal(step)
    count, (batch, latent) = model.n_samples, posterior.mean.shape
    more = torch.randn(count - 1, batch, latent, generator=step.rng, device=step.x.device)
    codes = torch.cat([step.z.unsqueeze(0), posterior.sample(more)]).transpose(0, 1)
    repeated = step.x.repeat_interleave(count, 0)
    likely, seen = energy_pair(step.decode(codes.reshape(-1, latent)), repeated)
    loss: Tensor = model.loss_function(
        likely.reshape(batch, count, -1),
        seen.reshape(batch, count, -1)[:, 0],
        posterior.mean.unsqueeze(1).expand_as(codes),
        2 * posterior.log_scale.unsqueeze(1).expand_as(codes),
        codes,
    )[0]
    return loss


def _halves(step: Step) -> tuple[Tensor, Tensor, Tensor]:
    """FactorVAE's losses: of one half of the batch, and codes of the other half with their units shuffled apart."""
    model, posterior, half = _inner(step), _normal(step), math.ceil(len(step.x) / 2)
    likely, seen = energy_pair(step.likelihood, step.x)
    others = step.z[half:].detach()
    order = torch.rand(others.shape, generator=step.rng, device=others.device).argsort(0)
    found: tuple[Tensor, Tensor, Tensor] = model.loss_function(
        likely[:half],
        seen[:half],
        posterior.mean[:half],
        2 * posterior.log_scale[:half],
        step.z[:half],
        others.gather(0, order),
    )
    return found


def _adversarial(step: Step) -> Tensor:
    return _halves(step)[1]


def discriminating(step: Step) -> Tensor:
    """Loss of FactorVAE's discriminator, a scalar.

    Args:
        step: Of the suite.

    Returns:
        In nats.
    """
    return _halves(step)[2]
