"""The truncated prior, z·T with T below 1, brought to the variation of another way of sampling."""

import math
from collections.abc import Callable
from typing import NamedTuple

from scipy.optimize import brentq

from vaebench.kernels.estimate import Undefined


class MatchedTruncation(NamedTuple):
    """A truncation factor and how well its variation agrees with the one asked for.

    Attributes:
        factor: T.
        variation: What T gives, in the unit of the target.
        within: Whether the target lies between what the two ends give; if not, `factor` is the nearer end.
    """

    factor: float
    variation: float
    within: bool


def matched_truncation(
    variation: Callable[[float], float], target: float, lower: float, upper: float, *, tolerance: float = 1e-3
) -> MatchedTruncation:
    """Find the truncation factor, a pure number, at which samples vary as much as asked for.

    T in [lower, upper] with variation(T) = target, by Brent's bracketing.

    Closed form: none needed. Where variation(T) crosses the target more than once, one of the crossings; where it
    jumps over it, the jump. Let `variation` truncate the same draws at every T: with fresh ones it is no function, and
    the answer a lottery near the target.

    Args:
        variation: T ↦ variation of samples decoded from z·T, continuous; called about ten times.
        target: The variation asked for, in the same unit.
        lower: Smallest T, at least 0.
        upper: Largest T. Above 1 the prior is widened.
        tolerance: Largest error of T.

    Returns:
        T within `tolerance`, and what it gives. Where the target lies outside what the two ends give, the end that
        comes nearer to it, and `within` false: an interior T might have reached it if `variation` is not monotone.

    Raises:
        ValueError: If not 0 ≤ lower < upper, or the tolerance is not positive.
        Undefined: If the target, or a variation on the way, is not finite.

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
        # The root finder asks for the ends again, and each answer costs a decoding of all samples.
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
