"""What a claim is, and how readings judge it.

A claim is a sentence of a paper with one or more conditions. A condition turns the readings of one seed into one or
two numbers and names the region where they lie if the sentence is true. Seeds are the sample: a 95 % t-interval over
seeds that lies inside the region says ``holds``, one that lies outside says ``fails``, one that straddles says
``undecided``. A claim holds when every condition holds; that needs no correction for many conditions (an
intersection-union test keeps its level), while a claim fails as soon as one condition does.

The error of an instrument within one trained model (`Reading.stderr`) is stored and shown, and never mixed into the
spread over seeds, which already contains it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

LEVEL = 0.95
SURVIVING_SHARE = 0.8
"""A claim is not judged on the seeds that survived when more than a fifth did not: survivors are no fair sample."""

VerdictWord = Literal["holds", "fails", "undecided", "not applicable"]


@dataclass(frozen=True)
class Reading:
    """A number an instrument read off one model.

    Attributes:
        name: What was read.
        value: The number, finite.
        stderr: The instrument's own standard error on this one model; 0 where it is exact.
        n: How many evaluations it rests on.
        unit: Its unit; ``1`` for a pure number.
        better: Which way is better, where one is.
    """

    name: str
    value: float
    stderr: float
    n: int
    unit: str = "1"
    better: Literal["higher", "lower", "neither"] = "neither"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.isfinite(self.stderr)):
            raise ValueError(f"reading {self.name} is not finite: {self.value} ± {self.stderr}")


@dataclass(frozen=True)
class Declined:
    """A reading that does not exist for a model, and why: undefined is neither zero nor NaN.

    Attributes:
        name: What would have been read.
        reason: One line.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Observation:
    """A reading with its place: which arm, which knob value, which seed.

    Attributes:
        arm: ``trained`` or a control's name.
        knob: The knob's value, or None where the task has no knob.
        seed: The seed of the cell.
        reading: What was read there, or why nothing was.
    """

    arm: str
    knob: float | None
    seed: int
    reading: Reading | Declined


Sample = Sequence[Observation]


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
    from scipy.special import stdtrit  # here, because listing claims needs no statistics and must be quick

    if not values:
        raise ValueError("an interval needs at least one value")
    n, mean = len(values), float(np.mean(values))
    if n == 1:
        return Interval(mean, None, None, 1)
    half = float(stdtrit(n - 1, 0.5 + level / 2) * np.std(values, ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half, n)


@dataclass(frozen=True)
class Quantity:
    """One number a seed, with the region where the claim says it lies.

    Attributes:
        what: What the number is, in words.
        low: Lower end of the region, None for none.
        high: Upper end of the region, None for none.
        seeds: The seeds that have the number.
        values: The number of each of them.
        agreement: For each of them, 0 where the condition's control would lie, 1 where the claim's ideal lies.
        missing: Why seeds lack it, when some do.
    """

    what: str
    low: float | None
    high: float | None
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    agreement: tuple[float, ...]
    missing: str = ""


def _clip(share: float) -> float:
    return min(1.0, max(0.0, share))


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _readings(sample: Sample, name: str, arm: str) -> tuple[dict[int, dict[float | None, float]], str]:
    """Values by seed and knob, and a reason given where one was declined, the first in the alphabet."""
    found: dict[int, dict[float | None, float]] = {}
    reasons: set[str] = set()
    for seen in sample:
        if seen.arm == arm and seen.reading.name == name:
            if isinstance(seen.reading, Reading):
                found.setdefault(seen.seed, {})[seen.knob] = seen.reading.value
            else:
                reasons.add(seen.reading.reason)
    return found, min(reasons, default="" if found else f"the {arm} arm has no reading {name}")


def _without_knob(sample: Sample, name: str, arm: str) -> tuple[dict[int, float], str]:
    """Value by seed of a reading of a task without a knob; with a knob, the mean over its values."""
    found, reason = _readings(sample, name, arm)
    # Sorted, because a sum depends on its order in the last digit.
    return {seed: float(np.mean(sorted(values.values()))) for seed, values in found.items()}, reason


def kendall_tau(values: Sequence[float]) -> float:
    """Rank agreement of a series with its own order: Kendall's τ, from −1 (falls at every pair) to 1.

    Closed form: τ = Σ_{i<j} sign(v_j − v_i) / (n(n−1)/2); a tie counts nothing either way.

    Args:
        values: Readings in the order of a strictly rising knob, at least two.

    Returns:
        τ, a pure number.

    Examples:
        >>> kendall_tau([3.0, 2.0, 1.0]), kendall_tau([1.0, 1.0])
        (-1.0, 0.0)
    """
    signs = np.sign(np.subtract.outer(values, values)).T
    return float(signs[np.triu_indices(len(values), 1)].mean())


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
            The two quantities; their region is the half-line of the claimed direction.
        """
        found, reason = _readings(sample, self.reading, arm)
        knobs = sorted({knob for series in found.values() for knob in series if knob is not None})
        series = {seed: [values[k] for k in knobs] for seed, values in found.items() if set(knobs) <= values.keys()}
        if len(knobs) < 2:
            return (Quantity(f"{self.reading} {self.direction}", None, None, (), (), (), reason or "no knob"),)
        usable = {seed: v for seed, v in series.items() if min(v) > 0}
        if len(usable) < len(found):
            reason = reason or f"{self.reading} is not positive at every knob value"
        sign = -1.0 if self.direction == "falls" else 1.0
        low, high = (None, 0.0) if self.direction == "falls" else (0.0, None)
        seeds = tuple(sorted(usable))
        ratios = tuple(math.log(usable[s][-1] / usable[s][0]) for s in seeds)
        taus = tuple(kendall_tau(usable[s]) for s in seeds)
        agreement = tuple(_clip(sign * tau) for tau in taus)
        return (
            Quantity(f"{self.reading}: log-ratio across the knob", low, high, seeds, ratios, agreement, reason),
            Quantity(f"{self.reading}: Kendall τ", low, high, seeds, taus, agreement, reason),
        )


@dataclass(frozen=True)
class Near:
    """A reading equals a known number up to a tolerance (equivalence: the whole interval must lie inside).

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
        found, reason = _without_knob(sample, self.reading, arm)
        reach = abs(self.null - self.target)
        return (
            Quantity(
                f"{self.reading} within {_number(self.tolerance)} of {_number(self.target)}",
                self.target - self.tolerance,
                self.target + self.tolerance,
                tuple(sorted(found)),
                tuple(found[s] for s in sorted(found)),
                tuple(_clip(1 - abs(found[s] - self.target) / reach) for s in sorted(found)),
                reason,
            ),
        )


@dataclass(frozen=True)
class Beyond:
    """A reading lies beyond a limit, on the side of the claim's ideal.

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
        found, reason = _without_knob(sample, self.reading, arm)
        below = self.ideal < self.limit
        return (
            Quantity(
                f"{self.reading} {'below' if below else 'above'} {_number(self.limit)}",
                None if below else self.limit,
                self.limit if below else None,
                tuple(sorted(found)),
                tuple(found[s] for s in sorted(found)),
                tuple(_clip((found[s] - self.null) / (self.ideal - self.null)) for s in sorted(found)),
                reason,
            ),
        )


@dataclass(frozen=True)
class Exceeds:
    """A reading exceeds its control's, paired by seed.

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
        found, reason = _without_knob(sample, self.reading, arm)
        control, control_reason = _without_knob(sample, self.control, arm)
        seeds = tuple(sorted(found.keys() & control.keys()))
        gains = tuple(found[s] - control[s] for s in seeds)
        rooms = tuple(self.ideal - control[s] for s in seeds)
        return (
            Quantity(
                f"{self.reading} minus {self.control}",
                0.0,
                None,
                seeds,
                gains,
                tuple(
                    _clip(gain / room) if room > 0 else float(gain >= 0)
                    for gain, room in zip(gains, rooms, strict=True)
                ),
                reason or control_reason,
            ),
        )


Condition = Trend | Near | Beyond | Exceeds


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper, made testable.

    Attributes:
        id: Its name, for example ``decoder_lipschitz``.
        says: The sentence.
        conditions: What must hold, every one.
        beside: Readings that are shown beside the verdict and not judged.
    """

    id: str
    says: str
    conditions: tuple[Condition, ...] = field()
    beside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.conditions:
            raise ValueError(f"claim {self.id} has no condition: nothing could fail it")


@dataclass(frozen=True)
class Finding:
    """How one quantity of a condition came out.

    Attributes:
        what: The quantity, in words.
        interval: Its mean and t-interval over seeds; None where no seed has it.
        low: Lower end of the region the claim names.
        high: Upper end of that region.
        verdict: What the interval says.
        reason: Why there is no verdict, or why it rests on fewer seeds.
    """

    what: str
    interval: Interval | None
    low: float | None
    high: float | None
    verdict: VerdictWord
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the readings say of a claim.

    Attributes:
        claim: The claim's id.
        arm: The arm that was judged.
        verdict: The word.
        findings: One for each quantity; the first is the headline.
        agreement: Mean over conditions of the agreement of each seed, 0 at the control and 1 at the ideal.
        seeds: The seeds that `agreement` belongs to.
        reason: Why, where the word alone does not say.
    """

    claim: str
    arm: str
    verdict: VerdictWord
    findings: tuple[Finding, ...]
    agreement: tuple[float, ...]
    seeds: tuple[int, ...]
    reason: str = ""


def _region_verdict(interval: Interval, low: float | None, high: float | None) -> VerdictWord:
    """Place an interval against a region: the open half-line, or the closed target ± tolerance."""
    if interval.low is None or interval.high is None:
        return "undecided"
    below = -math.inf if low is None else low
    above = math.inf if high is None else high
    if below < interval.low and interval.high < above:
        return "holds"
    if interval.high <= below or interval.low >= above:
        return "fails"
    return "undecided"


def _find(quantity: Quantity, seeds_run: int) -> Finding:
    region = (quantity.low, quantity.high)
    if not quantity.values:
        return Finding(quantity.what, None, *region, "not applicable", quantity.missing)
    interval = t_interval(quantity.values)
    if interval.n < SURVIVING_SHARE * seeds_run:
        reason = f"{interval.n} of {seeds_run} seeds have it: {quantity.missing or 'the others did not finish'}"
        return Finding(quantity.what, interval, *region, "undecided", reason)
    reason = "one seed has no spread" if interval.n == 1 else ""
    return Finding(quantity.what, interval, *region, _region_verdict(interval, *region), reason)


def _worst(words: Iterable[VerdictWord]) -> VerdictWord:
    order: tuple[VerdictWord, ...] = ("fails", "undecided", "holds", "not applicable")
    return min(words, key=order.index)


def judge(claim: Claim, sample: Sample, arm: str = "trained", seeds_run: int | None = None) -> Verdict:
    """Judge one claim on one arm.

    Args:
        claim: What is claimed.
        sample: All observations of a record, from the cells that finished.
        arm: Which arm to judge; a control judged like the trained arm shows what the instruments can tell apart.
        seeds_run: How many seeds were started, those that diverged included; by default those seen in `sample`.

    Returns:
        The verdict. It is ``not applicable`` when no condition has a reading; a condition without one does not count
        beside others that have theirs, and says why in its finding.
    """
    started = len({seen.seed for seen in sample}) if seeds_run is None else seeds_run
    reduced = [condition.quantities(sample, arm) for condition in claim.conditions]
    findings = tuple(_find(quantity, started) for quantities in reduced for quantity in quantities)
    word = _worst(finding.verdict for finding in findings)
    judged = [quantities[0] for quantities in reduced if quantities[0].values]
    seeds = tuple(sorted(set.intersection(*(set(q.seeds) for q in judged)))) if judged else ()
    agreement = tuple(float(np.mean([q.agreement[q.seeds.index(s)] for q in judged])) for s in seeds)
    reason = next((f.reason for f in findings if f.verdict == word and f.reason), "")
    return Verdict(claim.id, arm, word, findings, agreement, seeds, reason)
