"""What a decoder says of x: a distribution over data for each code."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Gaussian:
    """Independent normals with one variance.

    Attributes:
        mean: Shape (batch, *event).
        variance: Noise variance, a scalar or a tensor that broadcasts against `mean`. It may depend on the code if it
            has the axis of the batch, at its full length; one without that axis serves all codes.
    """

    mean: Tensor
    variance: Tensor | float

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of x in nats, summed over the event, shape (batch,)."""
        error = functional.mse_loss(self.mean, x, reduction="none")
        if not isinstance(self.variance, Tensor):
            # One number for all: it can wait until the sum, which saves passes over the data in every step.
            normaliser = math.prod(x.shape[1:]) * math.log(2 * math.pi * self.variance)
            return -0.5 * (error.flatten(1).sum(1) / self.variance + normaliser)
        each = error / self.variance + torch.log(2 * math.pi * self.variance)
        return -0.5 * each.flatten(1).sum(1)

    def precision(self) -> Tensor:
        """Fisher information of the mean, its diagonal: 1/variance, shape (batch, *event)."""
        return torch.ones_like(self.mean) / self.variance

    def standardised(self) -> Tensor:
        """Coordinates whose Fisher information is 1: the squared differential by the code, JᵀJ, is the Fisher metric.

        mean/√variance, shape (batch, *event), where the variance serves all codes. Where it may depend on the code the
        metric has the variance's share too, dm²/v + ½·(d log v)², and each normal is a point of a surface in space,
        shape (batch, 3, *event). That is laid anew for each code, so only slopes in the code mean anything, not values.
        """
        variance = self.variance
        if isinstance(variance, Tensor) and variance.ndim == self.mean.ndim and len(variance) == len(self.mean):
            return _on_the_pseudosphere(self.mean, variance)
        return self.mean / variance**0.5

    def with_variance(self, variance: float) -> "Gaussian":
        """The same means with one fixed variance: the suite's likelihood-variance intervention."""
        return replace(self, variance=variance)


def _on_the_pseudosphere(mean: Tensor, variance: Tensor) -> Tensor:
    """Normals as points of Beltrami's pseudosphere of radius √2, for their metric has the curvature −½.

    (ρ·cos φ, ρ·sin φ, √2·(s − tanh s)),  ρ = √2/cosh s = √(v₀/v),  φ = (m − m₀)/√v₀,  so dρ² + ρ²·dφ² + dh² is
    dm²/v + ½·(d log v)² wherever v > v₀/2. Where a normal stands on the surface is free: m₀ and v₀ are its own mean and
    variance, held, so that it stands at φ = 0, ρ = 1, and carry no slope in either mode. The pair (m/√v₀, log v/√2) has
    the same metric there, but flat: the derivatives of the metric, which Kähler's condition is about, would be wrong.
    """
    held_mean, held_scale = mean.detach(), variance.detach().sqrt()
    radius = (held_scale / variance.sqrt()).expand_as(mean)
    angle = (mean - held_mean) / held_scale
    s = torch.acosh(2**0.5 / radius)
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle), 2**0.5 * (s - torch.tanh(s))), 1)


_FAR = 16.0
"""Log odds beyond which the slope of tanh has lost digits in single precision: about 2·10⁻⁵ of it."""


@dataclass(frozen=True)
class Bernoulli:
    """Independent coin flips; data in [0, 1] are read as probabilities.

    Attributes:
        logits: Log odds, shape (batch, *event).
        repeats: How often each coin is counted: an image shown at four times its pixels has each of them four times.
    """

    logits: Tensor
    repeats: float = 1.0

    @property
    def mean(self) -> Tensor:
        """Probability of a one, shape (batch, *event)."""
        return torch.sigmoid(self.logits)

    def log_prob(self, x: Tensor) -> Tensor:
        """Negative cross entropy in nats, summed over the event as often as it is counted, shape (batch,)."""
        each = functional.binary_cross_entropy_with_logits(self.logits, x, reduction="none")
        return -self.repeats * each.flatten(1).sum(1)

    def precision(self) -> Tensor:
        """Fisher information of the mean, its diagonal: repeats/(p(1−p)), shape (batch, *event).

        In double precision, for in single it would be infinite beyond log odds of 88.
        """
        logits = self.logits.double()
        precision: Tensor = self.repeats * (2.0 + torch.exp(logits) + torch.exp(-logits))
        return precision

    def standardised(self) -> Tensor:
        """The parameter whose Fisher information is 1 everywhere, √repeats·2·arcsin √p up to a constant.

        Its slope by the log odds, √repeats·√(p(1−p)), keeps its digits however near p is to 0 or 1.
        """
        size = self.logits.abs()
        near = torch.atan(torch.tanh(self.logits / 4))
        # tanh rounds to ±1 far out, where its slope would be 0.
        far = torch.sign(self.logits) * (math.pi / 4 - torch.atan(torch.exp(-size / 2)))
        angle: Tensor = self.repeats**0.5 * 2 * torch.where(size < _FAR, near, far)
        return angle


Likelihood = Gaussian | Bernoulli
