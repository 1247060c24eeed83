"""A decoder's output: a distribution over data for each code."""

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
        variance: Noise variance, a scalar or a tensor that broadcasts against `mean`. With the full batch axis it may
            depend on the code. Without that axis it serves all codes.
        log_odds: Log odds of the mean, for a decoder that ends in a sigmoid. A task that reads the likelihood as
            Bernoulli takes them; without them it takes the mean as log odds.
    """

    mean: Tensor
    variance: Tensor | float
    log_odds: Tensor | None = None

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of x in nats, summed over the event, shape (batch,)."""
        error = functional.mse_loss(self.mean, x, reduction="none")
        if not isinstance(self.variance, Tensor):
            # One number for all is applied after the sum, which saves passes over the data in every step.
            normaliser = math.prod(x.shape[1:]) * math.log(2 * math.pi * self.variance)
            return -0.5 * (error.flatten(1).sum(1) / self.variance + normaliser)
        each = error / self.variance + torch.log(2 * math.pi * self.variance)
        return -0.5 * each.flatten(1).sum(1)

    def precision(self) -> Tensor:
        """Fisher information of the mean, its diagonal: 1/variance, shape (batch, *event)."""
        return torch.ones_like(self.mean) / self.variance

    def standardised(self) -> Tensor:
        """Coordinates whose Fisher information is 1, so that their JᵀJ by the code is the Fisher metric.

        If the variance serves all codes, they are mean/√variance, shape (batch, *event). If it may depend on the code,
        the metric is dm²/v + ½·(d log v)². Each normal is then a point of a surface in space, shape (batch, 3, *event).
        The surface is placed separately for each code, so only slopes by the code are meaningful.
        """
        variance = self.variance
        if isinstance(variance, Tensor) and variance.ndim == self.mean.ndim and len(variance) == len(self.mean):
            return _on_the_pseudosphere(self.mean, variance)
        return self.mean / variance**0.5

    def with_variance(self, variance: float) -> "Gaussian":
        """The same means with one fixed variance, for the suite's intervention."""
        return replace(self, variance=variance)


def _on_the_pseudosphere(mean: Tensor, variance: Tensor) -> Tensor:
    """Normals as points of Beltrami's pseudosphere of radius √2, whose curvature −½ is that of their metric.

    (ρ·cos φ, ρ·sin φ, √2·(s − tanh s)),  ρ = √2/cosh s = √(v₀/v),  φ = (m − m₀)/√v₀.

    Then dρ² + ρ²·dφ² + dh² is dm²/v + ½·(d log v)² wherever v > v₀/2. The place of a normal on the surface is free. m₀
    and v₀ are its own mean and variance, detached. So it is at φ = 0, ρ = 1, and m₀ and v₀ have no slope in either
    mode. The pair (m/√v₀, log v/√2) has the same metric there, but is flat. Derivatives of its metric would be wrong,
    and Kähler's condition is about those.
    """
    held_mean, held_scale = mean.detach(), variance.detach().sqrt()
    radius = (held_scale / variance.sqrt()).expand_as(mean)
    angle = (mean - held_mean) / held_scale
    s = torch.acosh(2**0.5 / radius)
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle), 2**0.5 * (s - torch.tanh(s))), 1)


_FAR = 16.0
"""Log odds beyond which the slope of tanh loses digits in single precision: about 2·10⁻⁵ of it."""


@dataclass(frozen=True)
class Bernoulli:
    """Independent coin flips. Data in [0, 1] count as probabilities.

    Attributes:
        logits: Log odds, shape (batch, *event).
        repeats: How often each coin counts: 4 for an image shown at four times its pixels.
    """

    logits: Tensor
    repeats: float = 1.0

    @property
    def mean(self) -> Tensor:
        """Probability of a one, shape (batch, *event)."""
        return torch.sigmoid(self.logits)

    def log_prob(self, x: Tensor) -> Tensor:
        """Negative cross entropy in nats, summed over the event with repeats, shape (batch,)."""
        each = functional.binary_cross_entropy_with_logits(self.logits, x, reduction="none")
        return -self.repeats * each.flatten(1).sum(1)

    def precision(self) -> Tensor:
        """Fisher information of the mean, its diagonal: repeats/(p(1−p)), shape (batch, *event).

        In double precision, because single precision overflows beyond log odds of 88.
        """
        logits = self.logits.double()
        precision: Tensor = self.repeats * (2.0 + torch.exp(logits) + torch.exp(-logits))
        return precision

    def standardised(self) -> Tensor:
        """The parameter of Fisher information 1: √repeats·2·arcsin √p up to a constant.

        Its slope by the log odds, √repeats·√(p(1−p)), keeps its digits as p nears 0 or 1.
        """
        size = self.logits.abs()
        near = torch.atan(torch.tanh(self.logits / 4))
        # Far out tanh rounds to ±1 and its slope to 0.
        far = torch.sign(self.logits) * (math.pi / 4 - torch.atan(torch.exp(-size / 2)))
        angle: Tensor = self.repeats**0.5 * 2 * torch.where(size < _FAR, near, far)
        return angle


Likelihood = Gaussian | Bernoulli
