"""Claims, and what the readings of a record say of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from vaebench.claims.conditions import Condition
from vaebench.claims.intervals import LEVEL, Interval, drawn, share_interval
from vaebench.claims.quantities import Quantity, Scale, number_text
from vaebench.claims.readings import Sample

SURVIVING_SHARE = 0.8
"""A claim is not judged on the seeds that survived when more than a fifth did not: survivors are no fair sample."""

VerdictWord = Literal["holds", "fails", "undecided", "not applicable"]

WORST_FIRST: tuple[VerdictWord, ...] = ("fails", "undecided", "holds", "not applicable")
"""Which of several words decides: the first of these that is among them."""


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper, made testable.

    Attributes:
        id: Its name, for example ``decoder_lipschitz``.
        says: The sentence.
        conditions: What must hold, every one.
        beside: Readings that are shown beside the verdict and not judged.
        known: What the ``known`` arm must get, because mathematics has it so: a control that fails shows that the claim
            can; one that holds shows the instruments to be right. Empty where it settles nothing, or there is none.
        over_records: Whether it is judged with records as the sample as well: it speaks of all objectives and data.
    """

    id: str
    says: str
    conditions: tuple[Condition, ...]
    beside: tuple[str, ...] = ()
    known: Literal["holds", "fails", ""] = ""
    over_records: bool = False

    def __post_init__(self) -> None:
        if not self.conditions:
            raise ValueError(f"claim {self.id} has no condition: nothing could fail it")


@dataclass(frozen=True)
class Finding:
    """How one quantity of a condition came out.

    Attributes:
        what: The quantity, in words.
        interval: Its estimate and interval over seeds; None where no seed has it.
        low: Lower end of the region the claim names.
        high: Upper end of that region.
        verdict: What the interval says.
        reason: Why there is no verdict, or why it rests on fewer seeds.
        knob: The knob value it is of; None where it is of all, or there is no knob.
        scale: What was estimated over seeds, and how.
        estimate_beyond: What the estimate itself had to lie beyond; None for no more than the interval had to.
    """

    what: str
    interval: Interval | None
    low: float | None
    high: float | None
    verdict: VerdictWord
    reason: str = ""
    knob: float | None = None
    scale: Scale = "mean"
    estimate_beyond: float | None = None

    @property
    def place(self) -> str:
        """The quantity, with the knob value where it is of one."""
        return self.what if self.knob is None else f"{self.what} at {number_text(self.knob)}"


@dataclass(frozen=True)
class Verdict:
    """What the readings say of a claim.

    Attributes:
        claim: The claim's id.
        arm: The arm that was judged.
        verdict: The word.
        findings: One for each quantity.
        agreement: Mean over conditions of the agreement of each seed, 0 where the claim is false and 1 at the ideal.
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


def _place(interval: Interval, quantity: Quantity) -> VerdictWord:
    """Place an interval against a region, which is open: at its edge, up to rounding, is not inside."""
    if interval.low is None or interval.high is None:
        return "undecided"
    below = -math.inf if quantity.low is None else quantity.low + quantity.rounding
    above = math.inf if quantity.high is None else quantity.high - quantity.rounding
    if below < interval.low and interval.high < above:
        return "holds"
    if interval.high <= below or interval.low >= above:
        return "fails"
    return "undecided"


def _too_small(interval: Interval, quantity: Quantity) -> str:
    """Say that an effect is too small to count, though its interval lies where it should; or nothing."""
    beyond = quantity.estimate_beyond
    if beyond is None:
        return ""
    below = quantity.high is not None
    if (beyond - interval.estimate if below else interval.estimate - beyond) > quantity.rounding:
        return ""
    mean = number_text(round(interval.estimate, 3))
    return f"its mean, {mean}, is not {'below' if below else 'above'} {number_text(beyond)}"


def _counted(quantity: Quantity, word: VerdictWord) -> str:
    """Say how many of how many there are: of draws, or of seeds where these are too few for any share to decide."""
    if quantity.scale == "draws":
        return f"{drawn(quantity.values, quantity.draws)} of {sum(quantity.draws)} draws"
    if quantity.scale != "share" or word != "undecided":
        return ""
    n, ideal = len(quantity.values), 1.0 if quantity.high is None else 0.0
    surest = share_interval((ideal,) * n)
    if _place(surest, quantity) == "holds" or n == 1:
        return ""
    most = f"above {surest.low:.3f}" if quantity.high is None else f"below {surest.high:.3f}"
    return f"{quantity.values.count(ideal)} of {n} read {ideal:g}, and a sample of {n} cannot show a mean {most}"


def _find(quantity: Quantity, seeds_run: int, seeds_seen: int, together: int) -> Finding:
    """Judge one quantity of so many that each can bring the claim down."""
    found = Finding(
        *(quantity.what, None, quantity.low, quantity.high, "undecided", quantity.missing, quantity.knob),
        scale=quantity.scale,
        estimate_beyond=quantity.estimate_beyond,
    )
    if not quantity.values:
        if not seeds_seen and seeds_run:
            return replace(found, reason="no seed finished")
        return found if quantity.failed else replace(found, verdict="not applicable")
    interval = quantity.interval()
    found = replace(found, interval=interval, reason="one seed has no spread" if interval.n == 1 else "")
    if interval.n < SURVIVING_SHARE * seeds_run:
        lacking = quantity.missing or "the others did not finish"
        return replace(found, reason=f"only {interval.n} of {seeds_run} seeds have it: {lacking}")
    word = "undecided" if quantity.powerless else _place(interval, quantity)
    if doubt := _doubt(word, interval, quantity, seeds_run, together):
        return replace(found, reason=doubt)
    return replace(found, verdict=word, reason=found.reason or quantity.powerless or _counted(quantity, word))


def _doubt(word: VerdictWord, interval: Interval, quantity: Quantity, seeds_run: int, together: int) -> str:
    """Say why a quantity is undecided though its interval lies on one side; or nothing."""
    if word == "holds" and (small := _too_small(interval, quantity)):
        return small
    if word == "holds" and quantity.failed:
        return f"{len(quantity.failed)} of {seeds_run} models leave nothing to read: {quantity.missing}"
    level = 1 - (1 - LEVEL) / together
    if word == "fails" and _place(quantity.interval(level), quantity) != "fails":
        return (
            f"outside by its {100 * LEVEL:g} % interval, but not by the {100 * level:.1f} % interval "
            f"that corrects for {together} quantities"
        )
    return ""


def _worst(words: Iterable[VerdictWord]) -> VerdictWord:
    return min(words, key=WORST_FIRST.index)


def _agreement_by_seed(quantities: Iterable[Quantity]) -> dict[int, float]:
    """Agreement of each seed, the mean over quantities that have a meaning, 0 for one that the seed's model denies."""
    each = [
        dict.fromkeys(quantity.failed, 0.0) | dict(zip(quantity.seeds, quantity.agreement, strict=True))
        for quantity in quantities
    ]
    shared = sorted(set.intersection(*map(set, each))) if each else []
    return {seed: sum(by_seed[seed] for by_seed in each) / len(each) for seed in shared}


def judged_readings(claims: Iterable[Claim]) -> tuple[str, ...]:
    """Name the readings that claims judge, each once.

    Args:
        claims: The claims.

    Returns:
        Names, in the order of the claims' conditions.
    """
    return tuple(
        dict.fromkeys(name for claim in claims for condition in claim.conditions for name in condition.readings)
    )


def judge(claim: Claim, sample: Sample, arm: str = "trained", seeds_run: int | None = None) -> Verdict:
    """Judge one claim on one arm.

    Args:
        claim: What is claimed.
        sample: All observations of a record, from the cells that finished.
        arm: Which arm to judge; a control judged like the trained arm shows what the instruments can tell apart.
        seeds_run: How many seeds were started, those that diverged included; by default those seen in `sample`.

    Returns:
        The verdict. The claim holds when each quantity's 95 % interval lies in its region, and its estimate beyond the
        smallest effect that counts, where there is one. It fails when one interval lies elsewhere, widened for the
        number of quantities that could (Bonferroni): so a claim whose quantities all lie at the edge fails by chance
        once in forty times at most, however many they are. It is ``not applicable`` when no condition has a meaning; a
        quantity without one does not count beside others that have theirs, and says why in its finding. A reading that
        the *model* denies in a seed, by collapsing say, leaves a claim that the others would meet ``undecided``, and
        its agreement there is 0. A contrast whose control left nothing to gain in any seed does so too: it keeps the
        claim from holding, at an agreement of 0, and never makes it fail.
    """
    seen = len({observation.seed for observation in sample})
    started = seen if seeds_run is None else seeds_run
    reduced = [condition.quantities(sample, arm) for condition in claim.conditions]
    meant = [[quantity for quantity in quantities if quantity.values or quantity.failed] for quantities in reduced]
    together = max(1, sum(not quantity.powerless for quantities in meant for quantity in quantities))
    findings = tuple(_find(quantity, started, seen, together) for quantities in reduced for quantity in quantities)
    word = _worst(finding.verdict for finding in findings)
    judged = [_agreement_by_seed(quantities) for quantities in meant if quantities]
    seeds = tuple(sorted(set.intersection(*map(set, judged)))) if judged else ()
    agreement = tuple(sum(by_seed[seed] for by_seed in judged) / len(judged) for seed in seeds)
    reason = next((f.reason for f in findings if f.verdict == word and f.reason), "")
    return Verdict(claim.id, arm, word, findings, agreement, seeds, reason)
