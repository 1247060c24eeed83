"""Conditions on a measurement's course along the knob: that it falls or rises, or moves more than another."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

from vaebench.claims.statistics import ROUNDING, Role, Sample, Statistic, clip, filled
from vaebench.claims.table import Sweep


def kendall_tau(values: Sequence[float]) -> float:
    """Rank agreement of a sweep with its own order: Kendall's τ, from −1 (falls at every pair) to 1.

    Closed form: τ = Σ_{i<j} sign(v_j − v_i) / (n(n−1)/2); a tie, equality up to `ROUNDING`, counts nothing either way.

    Args:
        values: Measurements in the order of a strictly rising knob, at least two.

    Returns:
        τ, a pure number.

    Examples:
        >>> kendall_tau([3.0, 2.0, 1.0]), kendall_tau([1.0, 1.0 + 1e-7])
        (-1.0, 0.0)
    """
    total, pairs = 0, 0
    for earlier, later in combinations(values, 2):
        change, size = later - earlier, max(later, earlier, -later, -earlier)
        pairs += 1
        if abs(change) > ROUNDING * size:
            total += 1 if change > 0 else -1
    return total / pairs


def log_ratio(values: Sequence[float]) -> float:
    """Logarithm of a sweep's last value over its first, 0 where they are equal up to `ROUNDING`.

    Args:
        values: Positive measurements in the order of a rising knob.

    Returns:
        log(last) − log(first), a pure number.

    Examples:
        >>> log_ratio([1.0, 5.0, 1.0])
        0.0
    """
    change = math.log(values[-1]) - math.log(values[0])
    return change if abs(change) > ROUNDING else 0.0


LEAST = 0.02
"""Smallest change of a logarithm that counts along a knob: two per cent. Of an affine decoder, whose mean degree is 1
at every scale, sampling alone makes changes of −1.4 to 0.8 %, and a sure one where seeds share their draws."""

LEAST_TAU = 0.5
"""Smallest mean of Kendall's τ that counts as a trend: three pairs of knob values of four go the claimed way."""


@dataclass(frozen=True)
class Trend:
    """A measurement falls, or rises, as the knob rises: judged on the log-ratio across the knob *and* on Kendall's τ.

    The log-ratio must be beyond `least`, τ beyond 0, and the mean of τ beyond `LEAST_TAU`. So a course that goes up and
    down alike in all seeds is no trend, however narrow its interval. Agreement is τ in the claimed direction. It is 0
    in a seed whose ends differ by no more than `least`.

    Attributes:
        measurement: The measurement's name; it must be positive.
        direction: Which way the claim says it goes.
        least: The smallest change of a logarithm that counts; ours.
    """

    measurement: str
    direction: Literal["falls", "rises"]
    kind: Literal["trend"] = "trend"
    role: Role = field(default="published", metadata={"hashed": False})
    least: float = field(default=LEAST, metadata={"hashed": False})

    def __post_init__(self) -> None:
        if self.direction not in ("falls", "rises"):
            raise ValueError(f"a trend falls or rises, not {self.direction!r}")
        check_least(self.least)

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements that it judges."""
        return (self.measurement,)

    def statistics(self, sample: Sample, arm: str) -> tuple[Statistic, ...]:
        """Reduce each seed's series to log(last/first) and Kendall's τ.

        Args:
            sample: The measurements, over seeds.
            arm: The arm to judge.

        Returns:
            The two statistics; their region is the half-line of the claimed direction, from −`least` or `least` on for
            the log-ratio, and the estimate of τ has to lie beyond `LEAST_TAU`. A seed that lacks the measurement at one
            knob value has neither: half a knob is another experiment.
        """
        sweep = positive_course(sample, self.measurement, arm)
        falls = self.direction == "falls"
        sign = -1 if falls else 1
        ratios = tuple(map(log_ratio, sweep.values.values()))
        taus = tuple(map(kendall_tau, sweep.values.values()))
        agreement = tuple(
            0.0 if abs(ratio) <= self.least else clip(sign * tau) for ratio, tau in zip(ratios, taus, strict=True)
        )
        found = []
        for name, least, mean, numbers in (
            ("log-ratio across the knob", self.least, None, ratios),
            ("Kendall τ", 0.0, sign * LEAST_TAU, taus),
        ):
            low, high = (None, 0.0 - least) if falls else (least, None)
            what = f"{self.measurement}: {name}"
            statistic = Statistic(
                *(what, low, high, tuple(sweep.values), numbers, agreement, sweep.degenerate, sweep.reason),
                estimate_beyond=mean,
                rounding=ROUNDING,
            )
            found.append(statistic)
        return tuple(found)


@dataclass(frozen=True)
class Outpaces:
    """A measurement falls across the knob by more than another moves anywhere on the way.

    Its log-fall from the first knob value to the last exceeds the other's largest |log-change| from the first value. A
    course that rises and comes back has moved. The condition is on the difference of the two, which must be beyond
    `least`. Their ratio has no bounds where the other measurement stands still.

    Agreement is (fall − other)/(|fall| + other). It is 1 if only the measurement moves. It is 0 if both move alike, or
    neither by more than `least`. It is −1 if only the other moves, or the measurement rises.

    Attributes:
        measurement: The measurement that should fall; it must be positive.
        other: The measurement that should move less, likewise.
        least: The smallest change of a logarithm that counts; ours.
    """

    measurement: str
    other: str
    kind: Literal["outpaces"] = "outpaces"
    role: Role = field(default="published", metadata={"hashed": False})
    least: float = field(default=LEAST, metadata={"hashed": False})

    def __post_init__(self) -> None:
        check_least(self.least)

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements that it judges."""
        return (self.measurement, self.other)

    def statistics(self, sample: Sample, arm: str) -> tuple[Statistic, ...]:
        """Reduce each seed's two series to −log(last/first) of the one minus the largest |log(·/first)| of the other.

        Args:
            sample: The measurements, over seeds.
            arm: The arm to judge.

        Returns:
            One statistic, with the half-line from `least` on.
        """
        course, other = (positive_course(sample, name, arm) for name in (self.measurement, self.other))
        what = f"log-fall of {self.measurement} minus largest log-change of {self.other}"
        return (outpacing(what, self.least, course, other, _largest_change),)


def _largest_change(values: Sequence[float]) -> float:
    return max(abs(math.log(value / values[0])) for value in values)


def outpacing(
    what: str, least: float, course: Sweep, other: Sweep, moved: Callable[[Sequence[float]], float]
) -> Statistic:
    """Hold the log-fall of one course against what another moves, in the seeds that have both.

    Args:
        what: The statistic in words.
        least: The smallest difference of logarithms that counts.
        course: The course that should fall.
        other: The course that should move less.
        moved: What counts as the other's movement, a logarithm.

    Returns:
        The differences, with the half-line from `least` on. Agreement is (fall − other)/(|fall| + |other|), and 0 where
        neither moves by more than `least`.
    """
    paired = {
        seed: [-log_ratio(values), moved(other.values[seed])]
        for seed, values in course.values.items()
        if seed in other.values
    }
    degenerate = tuple(sorted({*course.degenerate, *other.degenerate}))
    both = replace(course, values=paired, degenerate=degenerate, reason=course.reason or other.reason)
    frame = Statistic(what, least, None, (), (), (), rounding=ROUNDING)
    found = filled(frame, both, lambda pair: pair[0] - pair[1], float)
    return replace(found, agreement=tuple(_share(fall, change, least) for fall, change in paired.values()))


def _share(fall: float, other: float, least: float) -> float:
    size = abs(fall) + abs(other)
    return (fall - other) / size if max(abs(fall), abs(other)) > least and size else 0.0


def positive_course(sample: Sample, name: str, arm: str) -> Sweep:
    """Take a measurement along two knob values or more.

    Args:
        sample: The measurements.
        name: The measurement's name.
        arm: The arm.

    Returns:
        The seeds where it is positive at all knob values; the others as degenerate.
    """
    sweep = sample.sweep(name, arm)
    positive = {seed: values for seed, values in sweep.values.items() if min(values) > 0}
    failed = tuple(sorted({*sweep.degenerate, *(sweep.values.keys() - positive.keys())}))
    if len(sweep.knobs) < 2:
        return replace(sweep, values={}, reason=sweep.reason or "a trend needs two knob values")
    if len(positive) < len(sweep.values):
        reason = sweep.reason or f"{name} is not positive at every knob value"
        return replace(sweep, values=positive, degenerate=failed, reason=reason)
    return sweep


def check_least(least: float) -> None:
    """Refuse a smallest change that is none.

    Args:
        least: The smallest change of a logarithm that counts.

    Raises:
        ValueError: It is below 0 or not finite.
    """
    if not 0 <= least < math.inf:
        raise ValueError(f"the smallest change that counts is 0 or above, not {least}")
