"""Conditions on a reading's course along the knob: that it falls or rises, or moves more than another."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from vaebench.claims.quantities import ROUNDING, Quantity, Series, clip, filled, series_of
from vaebench.claims.readings import Sample


def kendall_tau(values: Sequence[float]) -> float:
    """Rank agreement of a series with its own order: Kendall's τ, from −1 (falls at every pair) to 1.

    Closed form: τ = Σ_{i<j} sign(v_j − v_i) / (n(n−1)/2); a tie, equality up to `ROUNDING`, counts nothing either way.

    Args:
        values: Readings in the order of a strictly rising knob, at least two.

    Returns:
        τ, a pure number.

    Examples:
        >>> kendall_tau([3.0, 2.0, 1.0]), kendall_tau([1.0, 1.0 + 1e-7])
        (-1.0, 0.0)
    """
    signs = [
        0 if abs(later - earlier) <= ROUNDING * max(abs(later), abs(earlier)) else math.copysign(1, later - earlier)
        for earlier, later in combinations(values, 2)
    ]
    return sum(signs) / len(signs)


def log_ratio(values: Sequence[float]) -> float:
    """Logarithm of a series' last value over its first, 0 where they are equal up to `ROUNDING`.

    Args:
        values: Positive readings in the order of a rising knob.

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
    """A reading falls, or rises, as the knob rises: judged on the log-ratio across the knob *and* on Kendall's τ.

    The log-ratio must be beyond `LEAST`, τ beyond 0, and its mean beyond `LEAST_TAU`: a course that goes up and down,
    by the same in all seeds, is no trend however narrow its interval. Agreement is τ in the claimed direction, and 0 in
    a seed whose ends differ by no more than `LEAST`.

    Attributes:
        reading: The reading's name; it must be positive.
        direction: Which way the claim says it goes.
    """

    reading: str
    direction: Literal["falls", "rises"]
    kind: Literal["trend"] = "trend"

    def __post_init__(self) -> None:
        if self.direction not in ("falls", "rises"):
            raise ValueError(f"a trend falls or rises, not {self.direction!r}")

    @property
    def readings(self) -> tuple[str, ...]:
        """Names of the readings that it judges."""
        return (self.reading,)

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Reduce each seed's series to log(last/first) and Kendall's τ.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            The two quantities; their region is the half-line of the claimed direction, from −`LEAST` or `LEAST` on for
            the log-ratio, and the estimate of τ has to lie beyond `LEAST_TAU`. A seed that lacks the reading at one
            knob value has neither: half a knob is another experiment.
        """
        series = _positive_course(sample, self.reading, arm)
        falls = self.direction == "falls"

        def agree(values: Sequence[float]) -> float:
            if abs(log_ratio(values)) <= LEAST:
                return 0.0
            return -kendall_tau(values) if falls else kendall_tau(values)

        agreement = tuple(clip(agree(values)) for values in series.values.values())
        sign = -1 if falls else 1
        found = []
        for name, least, mean, number in (
            ("log-ratio across the knob", LEAST, None, log_ratio),
            ("Kendall τ", 0.0, sign * LEAST_TAU, kendall_tau),
        ):
            low, high = (None, 0.0 - least) if falls else (least, None)
            what = f"{self.reading}: {name}"
            frame = Quantity(what, low, high, (), (), (), estimate_beyond=mean, rounding=ROUNDING)
            found.append(replace(filled(frame, series, number, float), agreement=agreement))
        return tuple(found)


@dataclass(frozen=True)
class Outpaces:
    """From the first knob value to the last a reading falls by a larger factor than another moves anywhere on the way.

    So its log-fall exceeds the other's largest |log-change| from the first value: a course that rises and comes back
    has moved. The difference of logarithms stands for the ratio of log-changes that it is above 1 with: the ratio has
    no bounds where the other reading stands still. It must be beyond `LEAST`. Agreement is
    (fall − other)/(|fall| + other): 1 where only the reading moves, 0 where both move alike or neither by more than
    `LEAST`, −1 where only the other does or the reading rises.

    Attributes:
        reading: The reading that should fall; it must be positive.
        other: The reading that should move less, likewise.
    """

    reading: str
    other: str
    kind: Literal["outpaces"] = "outpaces"

    @property
    def readings(self) -> tuple[str, ...]:
        """Names of the readings that it judges."""
        return (self.reading, self.other)

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Reduce each seed's two series to −log(last/first) of the one minus the largest |log(·/first)| of the other.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            One quantity, with the half-line from `LEAST` on.
        """
        series, other = (_positive_course(sample, name, arm) for name in (self.reading, self.other))
        paired = {
            seed: [-log_ratio(values), max(abs(math.log(at / other.values[seed][0])) for at in other.values[seed])]
            for seed, values in series.values.items()
            if seed in other.values
        }
        both = replace(
            series,
            values=paired,
            failed=tuple(sorted({*series.failed, *other.failed})),
            reason=series.reason or other.reason,
        )
        frame = Quantity(
            f"log-fall of {self.reading} minus largest log-change of {self.other}",
            *(LEAST, None, (), (), ()),
            rounding=ROUNDING,
        )
        found = filled(frame, both, lambda pair: pair[0] - pair[1], float)
        return (replace(found, agreement=tuple(_outpacing(*pair) for pair in paired.values())),)


def _outpacing(fall: float, other: float) -> float:
    return (fall - other) / (abs(fall) + other) if max(abs(fall), other) > LEAST else 0.0


def _positive_course(sample: Sample, name: str, arm: str) -> Series:
    """A reading along two knob values or more, of the seeds where it is positive at all of them."""
    series = series_of(sample, name, arm)
    positive = {seed: values for seed, values in series.values.items() if min(values) > 0}
    failed = tuple(sorted({*series.failed, *(series.values.keys() - positive.keys())}))
    if len(series.knobs) < 2:
        return replace(series, values={}, reason=series.reason or "a trend needs two knob values")
    if len(positive) < len(series.values):
        reason = series.reason or f"{name} is not positive at every knob value"
        return replace(series, values=positive, failed=failed, reason=reason)
    return series
