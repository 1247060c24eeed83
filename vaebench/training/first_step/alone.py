"""Whether a model treats each example separately and repeatably."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from vaebench.models import FlowNormal, FullNormal, Gaussian, Likelihood, Model, Posterior, Refused
from vaebench.training.intervened import Intervened

ROWS = 16
"""Most examples that are checked; half of them are also put into another batch."""

TOLERANCE = 1e-3
"""Tolerated difference, as a share of the outputs' spread over examples: far above rounding."""


def check_alone(model: Intervened, x: Tensor) -> None:
    """Encode and decode the same examples twice, in another batch, and alone.

    Instruments differentiate a batched function example by example. If an output depends on the others' inputs or on
    chance, the result is not a property of the model.

    Args:
        model: The model, in evaluation mode.
        x: Examples, shape (n, *shape).

    Raises:
        Refused: A result differs.
    """  # noqa: DOC502 - raised by what it calls
    own = cast("Model", model.model)
    with torch.no_grad():
        _check("encode", lambda rows: _said_of_codes(own.encode(rows)), x)
        codes = own.encode(x[: 2 * ROWS]).mean
        _check("decode", lambda rows: _said_of_data(own.decode(rows)), codes)


def _check(method: str, function: Callable[[Tensor], Tensor], inputs: Tensor) -> None:
    n = min(ROWS, max(1, len(inputs) // 2))
    first, others = inputs[:n], inputs[n : 2 * n]
    answer = function(first)
    if _differ(answer, function(first)):
        raise Refused(
            f"{method} gives two results for the same input in evaluation mode: "
            "is there dropout or noise that ignores self.training?"
        )
    half = max(1, n // 2)
    company = function(torch.cat([first[:half], others, first[half:]]))[:half]
    if _differ(answer[:half], company) or _differ(answer[:1], function(first[:1])):
        raise Refused(
            f"{method} gives another result for an example in another batch: it may not use statistics of the batch"
        )


def _differ(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return True
    spread = one.std(0, correction=0) if len(one) > 1 else torch.zeros_like(one[0])
    slack = TOLERANCE * spread + 1e-5 * one.abs().amax()
    return bool(((one - other).abs() > slack).any())


def _said_of_codes(posterior: Posterior) -> Tensor:
    if isinstance(posterior, FlowNormal | FullNormal):
        return torch.cat([part.flatten(1) if part.ndim > 1 else part.unsqueeze(1) for part in posterior.parts()], 1)
    mean = torch.view_as_real(posterior.mean).flatten(1) if posterior.mean.is_complex() else posterior.mean
    return torch.cat([mean, posterior.log_scale], 1)


def _said_of_data(likelihood: Likelihood) -> Tensor:
    if not isinstance(likelihood, Gaussian):
        return likelihood.logits.flatten(1)
    mean, variance = likelihood.mean, likelihood.variance
    if not isinstance(variance, Tensor):
        return mean.flatten(1)
    return torch.cat([mean.flatten(1), variance.log().expand_as(mean).flatten(1)], 1)
