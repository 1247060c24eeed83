"""Monte-Carlo means and ratios of means, with standard errors; the error for undefined quantities."""

from typing import NamedTuple

import torch
from torch import Tensor


class Undefined(ValueError):  # noqa: N818 - the word of the record's status, and no error of the caller's
    """A quantity has no value here; the message gives the reason in one line, for the record."""


class Estimate(NamedTuple):
    """A number estimated from a sample.

    Attributes:
        value: The estimate.
        stderr: Its standard error, in the unit and shape of `value`; zero where the value is exact.
        n: Number of independent draws behind it.
    """

    value: Tensor
    stderr: Tensor
    n: int


def require_finite(values: Tensor, name: str) -> Tensor:
    """Return a tensor if all of it is finite.

    Args:
        values: Any tensor.
        name: Its name in the error message.

    Returns:
        `values` itself.

    Raises:
        Undefined: If a value is infinite or NaN, as after a diverged training.

    Examples:
        >>> require_finite(torch.ones(2), "the loss")
        tensor([1., 1.])
    """
    # A sum is finite only if all its numbers are, and is thirty times as fast; one of finite numbers may overflow.
    if not torch.isfinite(values.sum()) and not torch.isfinite(values).all():
        raise Undefined(f"{name} contains a value that is not finite")
    return values


def mean_estimate(values: Tensor) -> Estimate:
    """Estimate an expectation by a mean of independent draws, in their unit.

    value = (1/n)·Σ_i v_i,  stderr = s/√n with s² = Σ_i (v_i − value)²/(n − 1).

    Closed form: the variance of a mean of n independent draws is Var(v)/n.

    Args:
        values: Independent draws, shape (n, *shape).

    Returns:
        The mean and its standard error, shapes (*shape). The value is unbiased, and so is stderr².

    Raises:
        Undefined: If there are fewer than two draws, or one is not finite.

    Examples:
        >>> mean_estimate(torch.tensor([1.0, 2.0, 3.0])).value
        tensor(2.)
    """
    n = values.shape[0]
    if n < 2:
        raise Undefined(f"a standard error needs at least two draws, got {n}")
    require_finite(values, "the sample")
    return Estimate(values.mean(0), _sd(values) / n**0.5, n)


def ratio_estimate(numerators: Tensor, denominators: Tensor) -> Estimate:
    """Estimate a ratio of expectations E a / E b from paired draws, in a's unit over b's.

    R = Σ_i a_i / Σ_i b_i,  stderr = s/(√n·|b̄|), s the standard deviation of a_i − R·b_i.

    Closed form: the delta method. R − E a/E b = mean(a_i − (E a/E b)·b_i)/b̄: a mean of draws with expectation zero
    over a number that tends to E b. Numerator and denominator may be correlated: the residual a_i − R·b_i accounts for
    it. It vanishes where they are proportional.

    Args:
        numerators: Draws of a, shape (n,).
        denominators: Draws of b, made together with those of a, shape (n,).

    Returns:
        The ratio and its standard error, scalars. Both are biased O(1/n).

    Raises:
        ValueError: If the shapes differ.
        Undefined: If there are fewer than two draws, one is not finite, or the denominators sum to zero.

    Examples:
        >>> share = ratio_estimate(torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0]))
        >>> float(share.value), float(share.stderr)
        (0.5, 0.0)
    """
    if numerators.shape != denominators.shape:
        raise ValueError(f"a ratio pairs its draws: got shapes {numerators.shape} and {denominators.shape}")
    n = numerators.shape[0]
    if n < 2:
        raise Undefined(f"a standard error needs at least two draws, got {n}")
    require_finite(numerators, "the numerator")
    below = require_finite(denominators, "the denominator").mean()
    if below == 0:
        raise Undefined("the denominator of the ratio is zero")
    ratio = numerators.mean() / below
    residuals = numerators - ratio * denominators
    return Estimate(ratio, _sd(residuals) / (n**0.5 * below.abs()), n)


def _sd(values: Tensor) -> Tensor:
    """Standard deviation over the draws; in double precision, as squares may overflow."""
    return values.double().std(0).to(values.dtype)
