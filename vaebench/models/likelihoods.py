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
        variance: Noise variance, a scalar or a tensor that broadcasts against `mean`.
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
        """The parameter whose Fisher information is 1 everywhere: mean/√variance, shape (batch, *event).

        The variance is taken not to depend on the code.
        """
        return self.mean / self.variance**0.5

    def with_variance(self, variance: float) -> "Gaussian":
        """The same means with one fixed variance: the suite's likelihood-variance intervention."""
        return replace(self, variance=variance)


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
        """Fisher information of the mean, its diagonal: repeats/(p(1−p)), shape (batch, *event)."""
        precision: Tensor = self.repeats * (2.0 + torch.exp(self.logits) + torch.exp(-self.logits))
        return precision

    def standardised(self) -> Tensor:
        """The parameter whose Fisher information is 1 everywhere, √repeats·2·arcsin √p up to a constant."""
        angle: Tensor = self.repeats**0.5 * 2 * torch.atan(torch.tanh(self.logits / 4))  # never infinite
        return angle


Likelihood = Gaussian | Bernoulli
