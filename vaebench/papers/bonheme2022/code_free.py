"""What a decoder gains that ignores the code: the loss of its best output, and what there is to gain beyond it."""

import math

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined
from vaebench.models.likelihoods import Bernoulli, Gaussian, Likelihood
from vaebench.training.intervened import Intervened


def code_free_loss(model: Intervened, x: Tensor, held_out: Tensor) -> float:
    """Loss of the best output that is one for all examples, at a KL of 0.

    Closed form: a Bernoulli's best output is the mean image, a Gaussian's is the mean image at the declared variance.
    Half an example of ones and half of zeros is added to the mean of a Bernoulli. So no probability is 0 or 1.

    Args:
        model: Its likelihood says which.
        x: Training examples, shape (n, *shape).
        held_out: Examples that the loss is of, shape (m, *shape).

    Returns:
        The mean of −log p(x) over held-out examples, in nats.

    Raises:
        Undefined: The model learns its variance.
    """  # noqa: DOC502 - raised by _like
    mean = x.mean(0, keepdim=True)
    return -_mean_log_prob(_like(model, held_out, mean, len(x)), held_out)


def data_scale(model: Intervened, x: Tensor, held_out: Tensor) -> float:
    """Loss of the best code-free output minus that of a perfect reconstruction at a KL of 0, in nats.

    Args:
        model: As in `code_free_loss`.
        x: As in `code_free_loss`.
        held_out: As in `code_free_loss`.

    Returns:
        The data's own scale, which no code reaches.
    """
    perfect = -_mean_log_prob(_like(model, held_out, held_out, math.inf), held_out)
    return code_free_loss(model, x, held_out) - perfect


def _mean_log_prob(likelihood: Likelihood, x: Tensor) -> float:
    return float(likelihood.log_prob(x).double().mean())


def _like(model: Intervened, x: Tensor, output: Tensor, examples: float) -> Likelihood:
    """The model's likelihood with another output, one for all examples or one each."""
    with torch.no_grad():
        own = model.decode(model.encode(x[:1]).mean)
    given = output.expand(len(x), *output.shape[1:])
    if isinstance(own, Bernoulli):
        share = (given.double() + 0.5 / examples) / (1 + 1 / examples)
        return Bernoulli(torch.logit(share, 1e-12).to(x.dtype), own.repeats)
    if isinstance(own.variance, Tensor):
        raise Undefined("the variance is learned: there is no declared one for the best code-free output")
    return Gaussian(given, own.variance)
