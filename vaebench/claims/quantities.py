"""Quantities: one number a seed, made of readings along a knob, with the region where a claim says it lies."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vaebench.claims.intervals import LEVEL, Interval, draws_interval, log_interval, share_interval, t_interval
from vaebench.claims.readings import Reading, Sample

ROUNDING = 1e-5
"""A relative change below this is none: readings in single precision do not tell it from rounding."""

NOUGHT = 1e-10
"""The share of a limit that 0 counts as where logarithms are taken: far below any limit, and below rounding."""

Scale = Literal["mean", "log", "share", "draws"]
"""What is estimated, and by which interval:

- ``mean``: the mean over seeds, by its t-interval.
- ``log``: the geometric mean over seeds, by the t-interval of logarithms.
- ``share``: the mean of shares whose distribution is unknown, by an exact interval; seeds are the sample.
- ``draws``: the share of all draws from the models at hand, by an exact interval; draws are the sample.
"""


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
        knob: The knob value it is of; None where it is of all, or there is no knob.
        powerless: Why the numbers can neither meet the claim nor speak against it; empty where they can.
        scale: What is estimated of the numbers, and how.
        draws: How many draws each number rests on, where the scale asks for it.
        estimate_beyond: What the estimate itself must lie beyond, on the region's side of it; None for no more than
            the interval must.
        rounding: What lies no farther than this from an end of the region lies at that end.
    """

    what: str
    low: float | None
    high: float | None
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    agreement: tuple[float, ...]
    failed: tuple[int, ...] = ()
    missing: str = ""
    knob: float | None = None
    powerless: str = ""
    scale: Scale = "mean"
    draws: tuple[int, ...] = ()
    estimate_beyond: float | None = None
    rounding: float = 0.0

    def interval(self, level: float = LEVEL) -> Interval:
        """Estimate what the scale asks for, with an interval.

        Args:
            level: Coverage.

        Returns:
            The interval. On the logarithmic scale 0 counts as `NOUGHT` of the region's end.
        """
        match self.scale:
            case "log":
                return log_interval(self.values, NOUGHT * (self.high or 1.0), level)
            case "share":
                return share_interval(self.values, level)
            case "draws":
                return draws_interval(self.values, self.draws, level)
            case "mean":
                return t_interval(self.values, level)


@dataclass(frozen=True)
class Series:
    """A reading by seed and knob value, for the seeds that have it at every value; and why others do not.

    Attributes:
        knobs: The values of the knob, rising.
        values: The reading at each, by seed.
        failed: The seeds whose model denies it.
        reason: Why seeds lack it, when some do.
        stderrs: The instrument's own standard errors, as `values`.
        counts: How many evaluations each reading rests on, as `values`.
    """

    knobs: tuple[float | None, ...]
    values: Mapping[int, Sequence[float]]
    failed: tuple[int, ...]
    reason: str
    stderrs: Mapping[int, Sequence[float]]
    counts: Mapping[int, Sequence[int]]


def series_of(sample: Sample, name: str, arm: str) -> Series:
    """Gather a reading of one arm by seed, along the knob.

    Args:
        sample: All observations of a record.
        name: The reading's name.
        arm: The arm.

    Returns:
        The series.
    """
    found: dict[int, dict[float | None, Reading]] = {}
    knobs: set[float | None] = set()
    failed: set[int] = set()
    reasons: set[str] = set()
    for seen in sample:
        if seen.arm == arm and seen.reading.name == name:
            knobs.add(seen.knob)
            if isinstance(seen.reading, Reading):
                found.setdefault(seen.seed, {})[seen.knob] = seen.reading
            else:
                reasons.add(seen.reading.reason)
                if seen.reading.cause == "model":
                    failed.add(seen.seed)
    order = tuple(sorted(knobs, key=lambda knob: -math.inf if knob is None else knob))
    whole = {seed: [at[k] for k in order] for seed, at in sorted(found.items()) if len(at) == len(order)}
    values = {seed: [reading.value for reading in at] for seed, at in whole.items()}
    stderrs = {seed: [reading.stderr for reading in at] for seed, at in whole.items()}
    counts = {seed: [reading.n for reading in at] for seed, at in whole.items()}
    # The first in the alphabet, so that the reason does not hang on the order of the observations.
    reason = min(reasons, default="" if found else f"the {arm} arm has no reading {name}")
    return Series(order, values, tuple(sorted(failed)), reason, stderrs, counts)


def at_each_knob(sample: Sample, name: str, arm: str) -> tuple[Series, ...]:
    """Gather a reading of one arm by seed, at each knob value by itself.

    Args:
        sample: All observations of a record.
        name: The reading's name.
        arm: The arm.

    Returns:
        One series a knob value, rising; one without values where nobody observed the reading.
    """
    seen = [one for one in sample if one.arm == arm and one.reading.name == name]
    course = series_of(seen, name, arm)
    each = tuple(series_of([one for one in seen if one.knob == knob], name, arm) for knob in course.knobs)
    return each or (course,)


def only(values: Sequence[float]) -> float:
    """Take the number of a series at one knob value."""
    (value,) = values
    return value


def clip(agreement: float) -> float:
    """Keep an agreement between −1 and 1."""
    return min(1.0, max(-1.0, agreement))


def number_text(value: float) -> str:
    """Print a number for a sentence, with a true minus sign."""
    return f"{value:g}".replace("-", "−")


def filled(
    template: Quantity, series: Series, number: Callable[[Sequence[float]], float], agree: Callable[[float], float]
) -> Quantity:
    """Fill a quantity's frame with one number a seed and its agreement; of a series at one knob value it is of that."""
    values = tuple(number(at) for at in series.values.values())
    return replace(
        template,
        knob=series.knobs[0] if len(series.knobs) == 1 else None,
        seeds=tuple(series.values),
        values=values,
        agreement=tuple(clip(agree(value)) for value in values),
        failed=series.failed,
        missing=series.reason,
    )
