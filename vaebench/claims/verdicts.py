"""Claims, and what the readings of a record say of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from vaebench.claims.conditions import Condition
from vaebench.claims.intervals import Interval, t_interval
from vaebench.claims.quantities import Quantity
from vaebench.claims.readings import Sample

SURVIVING_SHARE = 0.8
"""A claim is not judged on the seeds that survived when more than a fifth did not: survivors are no fair sample."""

VerdictWord = Literal["holds", "fails", "undecided", "not applicable"]


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
    conditions: tuple[Condition, ...]
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
    """Place an interval against a region, which is open: a reading at its edge is not inside."""
    if interval.low is None or interval.high is None:
        return "undecided"
    below = -math.inf if low is None else low
    above = math.inf if high is None else high
    if below < interval.low and interval.high < above:
        return "holds"
    if interval.high <= below or interval.low >= above:
        return "fails"
    return "undecided"


def _find(quantity: Quantity, seeds_run: int, seeds_seen: int) -> Finding:
    region = (quantity.low, quantity.high)
    if not quantity.values:
        if not seeds_seen and seeds_run:
            return Finding(quantity.what, None, *region, "undecided", "no seed finished")
        word: VerdictWord = "undecided" if quantity.failed else "not applicable"
        return Finding(quantity.what, None, *region, word, quantity.missing)
    interval = t_interval(quantity.values)
    if interval.n < SURVIVING_SHARE * seeds_run:
        reason = f"{interval.n} of {seeds_run} seeds have it: {quantity.missing or 'the others did not finish'}"
        return Finding(quantity.what, interval, *region, "undecided", reason)
    reason = "one seed has no spread" if interval.n == 1 else ""
    return Finding(quantity.what, interval, *region, _region_verdict(interval, *region), reason)


def _worst(words: Iterable[VerdictWord]) -> VerdictWord:
    order: tuple[VerdictWord, ...] = ("fails", "undecided", "holds", "not applicable")
    return min(words, key=order.index)


def _agreement_by_seed(quantity: Quantity) -> dict[int, float]:
    """Agreement of each seed, 0 for a seed whose model denies the reading."""
    return dict.fromkeys(quantity.failed, 0.0) | dict(zip(quantity.seeds, quantity.agreement, strict=True))


def judge(claim: Claim, sample: Sample, arm: str = "trained", seeds_run: int | None = None) -> Verdict:
    """Judge one claim on one arm.

    Args:
        claim: What is claimed.
        sample: All observations of a record, from the cells that finished.
        arm: Which arm to judge; a control judged like the trained arm shows what the instruments can tell apart.
        seeds_run: How many seeds were started, those that diverged included; by default those seen in `sample`.

    Returns:
        The verdict. It is ``not applicable`` when no condition has a meaning; a condition without one does not count
        beside others that have theirs, and says why in its finding. A reading that the *model* denies, by collapsing
        say, leaves the claim ``undecided`` and its agreement at 0.
    """
    seen = len({observation.seed for observation in sample})
    started = seen if seeds_run is None else seeds_run
    reduced = [condition.quantities(sample, arm) for condition in claim.conditions]
    findings = tuple(_find(quantity, started, seen) for quantities in reduced for quantity in quantities)
    word = _worst(finding.verdict for finding in findings)
    judged = [
        _agreement_by_seed(quantities[0]) for quantities in reduced if quantities[0].values or quantities[0].failed
    ]
    seeds = tuple(sorted(set.intersection(*map(set, judged)))) if judged else ()
    agreement = tuple(sum(by_seed[seed] for by_seed in judged) / len(judged) for seed in seeds)
    reason = next((f.reason for f in findings if f.verdict == word and f.reason), "")
    return Verdict(claim.id, arm, word, findings, agreement, seeds, reason)
