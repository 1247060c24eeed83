"""Intervals over seeds: of a mean, of a geometric mean, of a mean share, and of a share of draws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

LEVEL = 0.95

SURVIVING_SHARE = 0.8
"""A claim is not judged on the seeds that survived when more than a fifth did not: survivors are no fair sample."""


@dataclass(frozen=True, slots=True)  # a board holds hundreds of thousands
class Interval:
    """An estimate over seeds with its interval.

    Attributes:
        estimate: Mean over seeds, or geometric mean where a condition asks for that.
        low: Lower end, None with fewer than two seeds.
        high: Upper end, None with fewer than two seeds.
        n: Number of seeds.
    """

    estimate: float
    low: float | None
    high: float | None
    n: int


def enough(n: int, seeds: int) -> bool:
    """Say whether those seeds that have a number may speak for all.

    Args:
        n: How many have it.
        seeds: How many were started.

    Returns:
        Whether they are at least `SURVIVING_SHARE` of these.

    Examples:
        >>> enough(4, 5), enough(3, 5)
        (True, False)
    """
    return n >= SURVIVING_SHARE * seeds


def t_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Bound a mean over seeds: mean ± t·s/√n, exact when seeds are normal.

    Args:
        values: One number a seed.
        level: Coverage.

    Returns:
        The interval, in the values' unit; its ends are None for a single seed.

    Raises:
        ValueError: There is no value.

    Examples:
        >>> t_interval([1.0, 2.0, 3.0])
        Interval(estimate=2.0, low=-0.484..., high=4.484..., n=3)
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    n, mean = len(values), sum(values) / len(values)
    if n == 1:
        return Interval(mean, None, None, 1)
    squares = sum((value - mean) * (value - mean) for value in values)
    half = _student(n - 1, 0.5 + level / 2) * math.sqrt(squares / (n - 1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


@cache
def _student(freedom: int, below: float) -> float:
    """The quantile of Student's t."""
    from scipy.special import stdtrit  # here, because listing claims needs no statistics and must be quick

    return float(stdtrit(freedom, below))


def log_interval(values: Sequence[float], floor: float, level: float = LEVEL) -> Interval:
    """Bound a geometric mean over seeds: exp of the t-interval of logarithms, exact when seeds are log-normal.

    Args:
        values: One number a seed, not negative.
        floor: Positive; a smaller value counts as this, for 0 has no logarithm.
        level: Coverage.

    Returns:
        The interval, in the values' unit; its ends are None for a single seed.

    Examples:
        >>> log_interval([1.0, 2.0, 4.0], 1e-6)
        Interval(estimate=2.0, low=0.357..., high=11.189..., n=3)
    """
    logs = t_interval([math.log(max(value, floor)) for value in values], level)
    if logs.low is None or logs.high is None:
        return Interval(math.exp(logs.estimate), None, None, logs.n)
    # Seeds that lie hundreds of decades apart have an upper end beyond all numbers.
    return Interval(math.exp(logs.estimate), math.exp(logs.low), math.exp(min(logs.high, 700.0)), logs.n)


def share_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Bound the mean of a share whose distribution over seeds is unknown.

    The lower end is the least p with min_h E(B − h)₊/(S − h) > tail. Here S is the sum of the n values and
    B ~ Binomial(n, p). h runs over 0, 1, … below S, and tail = (1 − level)/2. The upper end mirrors it.

    The level is never missed, whatever the distribution. Let the n values lie in [0, 1] and have the mean p. Then B
    dominates their sum S for convex functions (Hoeffding). By Markov, P(S ≥ s) ≤ E(S − h)₊/(s − h).

    If all seeds are 0, or all 1, the interval is Clopper and Pearson's. For other counts of five it is wider than
    theirs by .006 at most. Five ones show no more than .025^(1/5) = .478: a share below that may give them by chance.

    Source: Hoeffding 1963, JASA 58, section 6; Bentkus 2004, Annals of Probability 32 (the bound).

    Args:
        values: One share a seed, in [0, 1].
        level: Coverage, at least.

    Returns:
        The interval; its ends are None for a single seed.

    Raises:
        ValueError: There is no value, or one is no share.

    Examples:
        >>> share_interval([1.0] * 5)
        Interval(estimate=1.0, low=0.478..., high=1.0, n=5)
        >>> share_interval([1.0, 1.0, 1.0, 1.0, 0.0])
        Interval(estimate=0.8, low=0.278..., high=0.995..., n=5)
    """
    if not values or not all(0 <= value <= 1 for value in values):
        raise ValueError(f"shares lie between 0 and 1, and there is at least one: {tuple(values)}")
    n, total, tail = len(values), math.fsum(values), (1 - level) / 2
    if n == 1:
        return Interval(total, None, None, 1)
    return Interval(total / n, _least_mean(total, n, tail), 1 - _least_mean(n - total, n, tail), n)


@cache  # seeds of different records often have the same sum, and a bisection takes half a millisecond
def _least_mean(total: float, n: int, tail: float) -> float:
    """The least mean of n values in [0, 1] under which their sum may reach `total` with more probability than tail."""
    import numpy as np
    from scipy.special import bdtrc

    below = np.arange(math.ceil(total))
    low, high = 0.0, 1.0
    for _ in range(50 if total > 0 else 0):
        p = (low + high) / 2
        excess = bdtrc(np.arange(n), n, p)[::-1].cumsum()[::-1]  # E(B − h)₊ = Σ_{k≥h} P(B > k)
        likely = bool(np.all(excess[: len(below)] > tail * (total - below)))
        low, high = (low, p) if likely else (p, high)
    return low


def draws_interval(values: Sequence[float], draws: Sequence[int], level: float = LEVEL) -> Interval:
    """Bound a share of independent draws, pooled over the models of all seeds (Clopper–Pearson).

    The sample is the draws, and the models are taken as they are: it speaks of these models and of no others. Exact at
    least: shares that differ between models make tails of the pooled count lighter (Hoeffding 1956).

    Source: Clopper & Pearson 1934, Biometrika 26; Hoeffding 1956, Annals of Mathematical Statistics 27.

    Args:
        values: The share of draws in each seed's model.
        draws: How many draws each rests on, at least one.
        level: Coverage, at least.

    Returns:
        The interval; `estimate` is the share of all draws, n the number of seeds, and the ends are None for one seed.

    Raises:
        ValueError: A seed has no draws, or a share that none could have.

    Examples:
        >>> draws_interval([1.0, 1.0], [100, 100])
        Interval(estimate=1.0, low=0.981..., high=1.0, n=2)
    """
    from scipy.special import betaincinv

    if not values or min(draws) < 1 or not all(0 <= value <= 1 for value in values):
        raise ValueError(f"shares lie between 0 and 1, each of one draw or more: {tuple(values)} of {tuple(draws)}")
    hits, total, tail = drawn(values, draws), sum(draws), (1 - level) / 2
    if len(values) == 1:
        return Interval(hits / total, None, None, 1)
    low = float(betaincinv(hits, total - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, total - hits, 1 - tail)) if hits < total else 1.0
    return Interval(hits / total, low, high, len(values))


def drawn(values: Sequence[float], draws: Sequence[int]) -> int:
    """Count the draws of which a share is said, over all seeds."""
    return sum(round(value * n) for value, n in zip(values, draws, strict=True))
