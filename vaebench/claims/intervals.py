"""Means over seeds with their t-intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its t-interval.

    Attributes:
        estimate: Mean over seeds.
        low: Lower end, None with fewer than two seeds.
        high: Upper end, None with fewer than two seeds.
        n: Number of seeds.
    """

    estimate: float
    low: float | None
    high: float | None
    n: int


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
    # Both here, because listing claims needs no statistics and must be quick.
    import numpy as np
    from scipy.special import stdtrit

    if not values:
        raise ValueError("an interval needs at least one value")
    n, mean = len(values), float(np.mean(values))
    if n == 1:
        return Interval(mean, None, None, 1)
    half = float(stdtrit(n - 1, 0.5 + level / 2) * np.std(values, ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half, n)
