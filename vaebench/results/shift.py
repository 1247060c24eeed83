"""How far a measurement's new population over seeds lies from its reference population."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from vaebench.claims import LEVEL, ROUNDING, Column

SMALLEST = float(np.finfo(np.float32).eps)
"""Rounding moves a mean by about this much outright. A number near 0 may be the difference of two numbers near 1."""


@dataclass(frozen=True)
class Shift:
    """How far a new mean lies from a reference's, in units of its standard error.

    Attributes:
        mean: The new mean.
        expected: The reference's mean.
        stderr: Standard error of their difference if nothing changed.
        freedom: Degrees of freedom that the standard error rests on; infinite where it is all rounding.
    """

    mean: float
    expected: float
    stderr: float
    freedom: float

    @property
    def p(self) -> float:
        """Two-sided probability of a difference this large if nothing changed."""
        if self.mean == self.expected:
            return 1.0
        return float(2 * stdtr(self.freedom, -abs(self.mean - self.expected) / self.stderr))

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Bound what the new mean would be if nothing changed."""
        half = float(stdtrit(self.freedom, 0.5 + level / 2)) * self.stderr
        return self.expected - half, self.expected + half


def shift(new: Column, reference: Column) -> Shift | None:
    """Compare a measurement's new population over seeds with the reference's, in the measurement's unit.

    t = (mean_new − mean_ref) / √(s²(1/n_new + 1/n_ref) + r²).

    - s² is the variance over seeds, pooled from both sides. It has n_new + n_ref − 2 degrees of freedom. It is at least
      the mean square of the instrument's own standard errors.
    - r = 10⁻⁵·magnitude + 2⁻²³ is what rounding may do to all seeds at once. An exact arm has no spread. So it drifts
      only if its number changes by more than rounding.

    The variance is pooled, because "nothing changed" means that both sides are draws from one population. It is also
    the one choice that keeps its level. The table has simulated runs of 6 records × 200 measurements at a nominal 5 %
    (2,000 runs, standard error .005). Seeds share half their variance within a record. Power is the chance to see one
    measurement moved by 4 or 6 standard deviations, or 40 moved by 4.

    | 5 seeds against 5 | reference only | Welch | pooled |
    | --- | --- | --- | --- |
    | false alarms, normal | .055 | .024 | .043 |
    | false alarms, log-normal | .887 | .017 | .037 |
    | false alarms, t with 3 d.f. | .127 | .009 | .021 |
    | power, one measurement by 4 | .03 | .16 | .26 |
    | power, one measurement by 6 | .09 | .58 | .78 |
    | power, 40 measurements by 4 | .17 | .72 | .85 |

    The price is paid for a shift that also widens the spread. Pooling sees it later than the reference's variance alone
    would: .07 against .13 for one measurement moved by 6 and spread threefold. With unequal counts the protection of
    symmetry is lost. One new seed against ten, log-normal, raises a false alarm in most runs under any of the three. A
    run should have as many seeds as the reference. If it has the *same* seeds, the two sides are positively related,
    which makes the test milder.

    Closed form: Student's two-sample t, exact for normal measurements but for the floors, which make it milder.

    Args:
        new: The new measurements.
        reference: The reference's measurements of the same place.

    Returns:
        The comparison; None where both sides have a single seed, so that no spread is known.

    Examples:
        >>> base = {"arm": "analytic", "knob": None, "name": "gain", "unit": "1", "better": "neither"}
        >>> def column(*v):
        ...     exact = {"stderrs": (0.0,) * len(v), "counts": (1,) * len(v)}
        ...     return Column(**base, seeds=tuple(range(len(v))), values=v, **exact)
        >>> shift(column(1.0, 2.0, 3.0), column(2.0, 3.0, 4.0)).p
        0.287...
        >>> shift(column(0.5, 0.5), column(0.500001, 0.500001)).p > 0.5  # rounding
        True
        >>> shift(column(0.5, 0.5), column(0.501, 0.501)).p < 1e-9  # no rounding
        True
    """
    counts = len(new.values), len(reference.values)
    freedom = sum(counts) - 2
    if freedom < 1:
        return None
    size = max(map(abs, (*new.values, *reference.values))) or 1.0  # so that squaring cannot overflow
    sides = [[value / size for value in side.values] for side in (new, reference)]
    means = [sum(side) / len(side) for side in sides]
    squares = sum((value - mean) * (value - mean) for side, mean in zip(sides, means, strict=True) for value in side)
    errors = [stderr / size for stderr in (*new.stderrs, *reference.stderrs)]
    spread = max(squares / freedom, sum(error * error for error in errors) / len(errors))
    spread *= 1 / counts[0] + 1 / counts[1]
    rounding = ROUNDING * max(map(abs, means)) + SMALLEST / size
    rounding *= rounding
    # A sum of an estimated and a known variance (Welch and Satterthwaite): the known part has no error of its own.
    growth = 1 + rounding / spread if spread > 0 else math.inf
    return Shift(means[0] * size, means[1] * size, math.sqrt(spread + rounding) * size, freedom * growth * growth)
