"""A variant's model with the suite's interventions: this is trained and measured."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from vaebench.experiment import Interventions
from vaebench.models.likelihoods import Bernoulli, Likelihood
from vaebench.models.posteriors import Posterior
from vaebench.models.variant import Model


class Intervened(nn.Module):
    """Wraps a model and applies the interventions to the results of ``encode`` and ``decode``.

    The posterior scale and the input noise are buffers. Models that differ in them can thus be stacked like models that
    differ in their weights.

    Args:
        model: The variant's model.
        interventions: The suite's interventions.
    """

    posterior_scale: Tensor | None
    input_noise: Tensor

    def __init__(self, model: Model, interventions: Interventions) -> None:
        super().__init__()
        self.model = cast("nn.Module", model)
        self.interventions = interventions
        scale, noise = interventions.posterior_scale, interventions.input_noise
        self.register_buffer("posterior_scale", None if scale is None else torch.tensor(scale), persistent=False)
        self.register_buffer("input_noise", torch.tensor(noise), persistent=False)

    def encode(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
        """Posterior of each example, shape (batch, latent), with the suite's scale if one is fixed.

        Labels, shape (batch,), are for a conditional model. Without them it takes the one that it is read at.
        """
        posterior: Posterior = self._said("encode", x, labels)
        if self.posterior_scale is None or not isinstance(posterior, Posterior):
            return posterior  # whoever trains it is told what is wrong
        return posterior.with_scale(self.posterior_scale)

    def _said(self, method: str, given: Tensor, labels: Tensor | None) -> Any:
        return getattr(self.model, method)(given, *(() if labels is None else (labels,)))

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        """Likelihood at each code, shape (batch, *shape), with the suite's variance if one is fixed.

        A variance that is a tensor is learned by the variant and stays. Labels are as for `encode`.
        """
        likelihood: Likelihood = self._said("decode", z, labels)
        if not isinstance(likelihood, Likelihood):
            return likelihood  # whoever trains it is told what is wrong
        if self.interventions.likelihood == "bernoulli":
            logits = _log_odds(likelihood)
            values = logits.shape[1:].numel()
            return Bernoulli(logits, (self.interventions.pixels or values) / values)
        if isinstance(likelihood, Bernoulli):
            return likelihood
        variance = self.interventions.likelihood_variance
        if variance is not None and not isinstance(likelihood.variance, Tensor):
            return likelihood.with_variance(variance)
        return likelihood


def _log_odds(likelihood: Likelihood) -> Tensor:
    """A Bernoulli's own, those that a Gaussian states, or its mean."""
    if isinstance(likelihood, Bernoulli):
        return likelihood.logits
    return likelihood.mean if likelihood.log_odds is None else likelihood.log_odds
