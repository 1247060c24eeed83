"""Conditions: what turns the readings of one seed into a number, and where that number lies if a claim is true."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from vaebench.claims.readings import Reading, Sample

ROUNDING = 1e-5
"""A relative change below this is none: readings in single precision do not tell it from rounding."""


@dataclass(frozen=True)
class Quantity:
    """One number a seed, with the region where the claim says it lies.

    Attributes:
        what: What the number is, in words.
        low: Lower end of the region, None for none.
        high: Upper end of the region, None for none.
        seeds: The seeds that have the number.
        values: The number of each of them.
        agreement: For each of them, 0 where the condition's control would lie, 1 where the claim's ideal lies, −1 as
            far on the other side of the control, and nothing beyond.
        failed: The seeds whose model denies the reading, see `Declined.cause`.
        missing: Why seeds lack it, when some do.
    """

    what: str
    low: float | None
    high: float | None
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    agreement: tuple[float, ...]
    failed: tuple[int, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class _Series:
    """A reading by seed and knob value, for the seeds that have it at every value; and why others do not."""

    knobs: tuple[float | None, ...]
    values: Mapping[int, Sequence[float]]
    failed: tuple[int, ...]
    reason: str


def _series(sample: Sample, name: str, arm: str) -> _Series:
    found: dict[int, dict[float | None, float]] = {}
    knobs: set[float | None] = set()
    failed: set[int] = set()
    reasons: set[str] = set()
    for seen in sample:
        if seen.arm == arm and seen.reading.name == name:
            knobs.add(seen.knob)
            if isinstance(seen.reading, Reading):
                found.setdefault(seen.seed, {})[seen.knob] = seen.reading.value
            else:
                reasons.add(seen.reading.reason)
                if seen.reading.cause == "model":
                    failed.add(seen.seed)
    order = tuple(sorted(knobs, key=lambda knob: -math.inf if knob is None else knob))
    whole = {seed: [at[k] for k in order] for seed, at in sorted(found.items()) if len(at) == len(order)}
    # The first in the alphabet, so that the reason does not hang on the order of the observations.
    reason = min(reasons, default="" if found else f"the {arm} arm has no reading {name}")
    return _Series(order, whole, tuple(sorted(failed)), reason)


def _clip(agreement: float) -> float:
    return min(1.0, max(-1.0, agreement))


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _quantity(
    template: Quantity, series: _Series, number: Callable[[Sequence[float]], float], agree: Callable[[float], float]
) -> Quantity:
    """Fill a quantity's frame with one number a seed and its agreement."""
    values = tuple(number(at) for at in series.values.values())
    return replace(
        template,
        seeds=tuple(series.values),
        values=values,
        agreement=tuple(_clip(agree(value)) for value in values),
        failed=series.failed,
        missing=series.reason,
    )


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


@dataclass(frozen=True)
class Trend:
    """A reading falls, or rises, as the knob rises: judged on the log-ratio across the knob *and* on Kendall's τ.

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

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Reduce each seed's series to log(last/first) and Kendall's τ.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            The two quantities; their region is the half-line of the claimed direction. A seed that lacks the reading at
            one knob value has neither: half a knob is another experiment.
        """
        series = _series(sample, self.reading, arm)
        positive = {seed: values for seed, values in series.values.items() if min(values) > 0}
        if len(series.knobs) < 2:
            series = replace(series, values={}, reason=series.reason or "a trend needs two knob values")
        elif len(positive) < len(series.values):
            reason = series.reason or f"{self.reading} is not positive at every knob value"
            series = replace(series, values=positive, reason=reason)
        falls = self.direction == "falls"
        frame = Quantity("", None if falls else 0.0, 0.0 if falls else None, (), (), ())

        def agree(values: Sequence[float]) -> float:
            return -kendall_tau(values) if falls else kendall_tau(values)

        agreement = tuple(_clip(agree(values)) for values in series.values.values())
        return tuple(
            replace(
                _quantity(replace(frame, what=f"{self.reading}: {what}"), series, number, float), agreement=agreement
            )
            for what, number in (("log-ratio across the knob", log_ratio), ("Kendall τ", kendall_tau))
        )


@dataclass(frozen=True)
class Near:
    """A reading equals a known number up to a tolerance (equivalence: the whole interval must lie inside).

    Along a knob, the value farthest from the target counts.

    Attributes:
        reading: The reading's name.
        target: What it is claimed to be.
        tolerance: How far off still counts as equal.
        null: What it would be if the claim were false: where agreement is 0.
    """

    reading: str
    target: float
    tolerance: float
    null: float
    kind: Literal["near"] = "near"

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < abs(self.null - self.target):
            raise ValueError(f"{self.reading}: a tolerance lies above 0 and below the way from target to null: {self}")

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Take the reading itself, with the region target ± tolerance.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            One quantity.
        """
        what = f"{self.reading} within {_number(self.tolerance)} of {_number(self.target)}"
        frame = Quantity(what, self.target - self.tolerance, self.target + self.tolerance, (), (), ())
        reach = abs(self.null - self.target)

        def farthest(values: Sequence[float]) -> float:
            return max(values, key=lambda value: abs(value - self.target))

        def agree(value: float) -> float:
            return 1 - abs(value - self.target) / reach

        return (_quantity(frame, _series(sample, self.reading, arm), farthest, agree),)


@dataclass(frozen=True)
class Beyond:
    """A reading lies beyond a limit, on the side of the claim's ideal. Along a knob, the worst value counts.

    Attributes:
        reading: The reading's name.
        limit: The limit.
        ideal: Where agreement is 1; its side of the limit is the region.
        null: Where agreement is 0: what the reading would be if the claim were false.
    """

    reading: str
    limit: float
    ideal: float
    null: float
    kind: Literal["beyond"] = "beyond"

    def __post_init__(self) -> None:
        if not (self.null <= self.limit < self.ideal or self.ideal < self.limit <= self.null):
            raise ValueError(f"{self.reading}: a limit lies between null and ideal, and is not the ideal: {self}")

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Take the reading itself, with the half-line from the limit towards the ideal.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            One quantity.
        """
        below = self.ideal < self.limit
        what = f"{self.reading} {'below' if below else 'above'} {_number(self.limit)}"
        frame = Quantity(what, None if below else self.limit, self.limit if below else None, (), (), ())

        def agree(value: float) -> float:
            return (value - self.null) / (self.ideal - self.null)

        return (_quantity(frame, _series(sample, self.reading, arm), max if below else min, agree),)


@dataclass(frozen=True)
class Exceeds:
    """A reading exceeds its control's, paired by seed. Along a knob, the smallest gain counts.

    Attributes:
        reading: The reading's name.
        control: The control reading's name, on the same arm.
        ideal: Where agreement is 1; it is 0 at the control.
    """

    reading: str
    control: str
    ideal: float
    kind: Literal["exceeds"] = "exceeds"

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Take reading − control of each seed, with the positive half-line.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            One quantity.
        """
        series, control = _series(sample, self.reading, arm), _series(sample, self.control, arm)
        paired = {
            seed: [self._gain(*pair) for pair in zip(values, control.values[seed], strict=True)]
            for seed, values in series.values.items()
            if seed in control.values
        }
        both = replace(
            series,
            values={seed: [min(gains)[0]] for seed, gains in paired.items()},
            failed=tuple(sorted({*series.failed, *control.failed})),
            reason=series.reason or control.reason,
        )
        frame = Quantity(f"{self.reading} minus {self.control}", 0.0, None, (), (), ())
        found = _quantity(frame, both, min, float)
        return (replace(found, agreement=tuple(_clip(min(gains)[1]) for gains in paired.values())),)

    def _gain(self, value: float, control: float) -> tuple[float, float]:
        """Gain over the control, 0 up to rounding, and the share of the way to the ideal."""
        gain = value - control
        if abs(gain) <= ROUNDING * max(abs(value), abs(control)):
            gain = 0.0
        room = self.ideal - control
        return gain, gain / room if room > 0 else float(gain >= 0)


Condition = Trend | Near | Beyond | Exceeds
