"""The truncated prior, z·T with T below 1, matched in diversity to another sampler."""

import math
from collections.abc import Callable
from typing import NamedTuple

from scipy.optimize import brentq

from vaebench.kernels.estimate import Undefined


class MatchedTruncation(NamedTuple):
    """A truncation factor and its diversity, compared with the target.

    Attributes:
        factor: T.
        variation: The diversity at T, in the unit of the target.
        within: Whether the target lies between the values at the two ends. If not, `factor` is the nearer end.
    """

    factor: float
    variation: float
    within: bool


def matched_truncation(
    variation: Callable[[float], float], target: float, lower: float, upper: float, *, tolerance: float = 1e-3
) -> MatchedTruncation:
    """Find the truncation factor, without unit, that gives the diversity asked for.

    T in [lower, upper] with variation(T) = target, by Brent's bracketing.

    If variation(T) crosses the target several times, the result is one of the crossings; if it jumps over the target,
    the jump. `variation` must truncate the same draws at every T. With fresh draws the result near the target is
    random.

    Args:
        variation: T ↦ diversity of samples decoded from z·T, continuous; called about ten times.
        target: The diversity to match, in the same unit.
        lower: Smallest T, at least 0.
        upper: Largest T. Values above 1 widen the prior.
        tolerance: Largest error of T.

    Returns:
        T within `tolerance`, and its diversity. If the target is outside the values at the two ends, T is the nearer
        end and `within` is false. If `variation` is not monotone, an interior T might then still match.

    Raises:
        ValueError: If not 0 ≤ lower < upper < ∞, or the tolerance is not positive.
        Undefined: If the target, or a diversity during the search, is not finite.

    Examples:
        >>> matched = matched_truncation(lambda factor: 3 * factor, 1.5, 0.0, 1.0)
        >>> round(matched.factor, 3), matched.within
        (0.5, True)
        >>> matched_truncation(lambda factor: 3 * factor, 4.0, 0.0, 1.0)
        MatchedTruncation(factor=1.0, variation=3.0, within=False)
    """
    if not 0 <= lower < upper < math.inf:
        raise ValueError(f"truncation is sought from 0 ≤ lower to upper > lower, got {lower} and {upper}")
    if not tolerance > 0:
        raise ValueError(f"tolerance must be positive, got {tolerance}")
    if not math.isfinite(target):
        raise Undefined(f"the variation to match is {target}")
    found: dict[float, float] = {}

    def excess(factor: float) -> float:
        # The root finder evaluates the ends again, and each evaluation decodes all samples.
        if factor not in found:
            found[factor] = float(variation(factor))
        if not math.isfinite(found[factor]):
            raise Undefined(f"the variation at T = {factor:g} is {found[factor]}")
        return found[factor] - target

    ends = sorted((lower, upper), key=lambda end: abs(excess(end)))
    if min(map(excess, (lower, upper))) > 0 or max(map(excess, (lower, upper))) < 0:
        return MatchedTruncation(ends[0], found[ends[0]], within=False)
    factor = float(brentq(excess, lower, upper, xtol=tolerance))
    excess(factor)
    return MatchedTruncation(factor, found[factor], within=True)
