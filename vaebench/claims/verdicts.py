"""Claims, and what measurements say of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from vaebench.claims.conditions import Condition
from vaebench.claims.intervals import LEVEL, Interval, drawn, share_interval
from vaebench.claims.statistics import Role, Sample, Scale, Statistic, number_text
from vaebench.claims.table import Across, Table

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
        reported: Measurements that are shown beside the verdict and not judged.
        analytic: What the ``analytic`` arm must get, because mathematics has it so: a control that fails shows that the
            claim can; one that holds shows the instruments to be right. Empty where it settles nothing, or there is
            none.
        over_records: Whether it is judged with records as the sample as well: it speaks of all objectives and data.
    """

    id: str
    says: str
    conditions: tuple[Condition, ...]
    reported: tuple[str, ...] = ()
    analytic: Literal["holds", "fails", ""] = ""
    over_records: bool = False

    def __post_init__(self) -> None:
        if not self.conditions:
            raise ValueError(f"claim {self.id} has no condition: nothing could fail it")
        if not any(condition.role == "published" for condition in self.conditions):
            raise ValueError(f"claim {self.id} has no published condition: nothing that the paper says could fail it")


@dataclass(frozen=True)
class CheckResult:
    """How one statistic of a condition came out.

    Attributes:
        statistic: What was checked, in words.
        interval: Its estimate and interval over seeds; None where no seed has it.
        low: Lower end of the region the claim names.
        high: Upper end of that region.
        word: What the interval says.
        reason: Why there is no verdict, or why it rests on fewer seeds.
        knob: The knob value it is of; None where it is of all, or there is no knob.
        scale: What was estimated over seeds, and how.
        estimate_beyond: What the estimate itself had to lie beyond; None for no more than the interval had to.
        role: Of its condition.
    """

    statistic: str
    interval: Interval | None
    low: float | None
    high: float | None
    word: VerdictWord
    reason: str = ""
    knob: float | None = None
    scale: Scale = "mean"
    estimate_beyond: float | None = None
    role: Role = "published"

    @property
    def place(self) -> str:
        """The statistic, with the knob value where it is of one."""
        return self.statistic if self.knob is None else f"{self.statistic} at {number_text(self.knob)}"


@dataclass(frozen=True)
class Verdict:
    """What the measurements say of a claim.

    Attributes:
        claim: The claim's id.
        arm: The arm that was judged.
        word: ``holds``, ``fails``, ``undecided`` or ``not applicable``.
        checks: One for each statistic.
        agreement: Mean over conditions of the agreement of each seed, 0 where the claim is false and 1 at the ideal.
        seeds: The seeds that `agreement` belongs to.
        reason: Why, where the word alone does not say.
    """

    claim: str
    arm: str
    word: VerdictWord
    checks: tuple[CheckResult, ...]
    agreement: tuple[float, ...]
    seeds: tuple[int, ...]
    reason: str = ""


def _place(interval: Interval, statistic: Statistic) -> VerdictWord:
    """Place an interval against a region, which is open: at its edge, up to rounding, is not inside."""
    if interval.low is None or interval.high is None:
        return "undecided"
    below = -math.inf if statistic.low is None else statistic.low + statistic.rounding
    above = math.inf if statistic.high is None else statistic.high - statistic.rounding
    if below < interval.low and interval.high < above:
        return "holds"
    if interval.high <= below or interval.low >= above:
        return "fails"
    return "undecided"


def _too_small(interval: Interval, statistic: Statistic) -> str:
    """Say that an effect is too small to count, though its interval lies where it should; or nothing."""
    beyond = statistic.estimate_beyond
    if beyond is None:
        return ""
    below = statistic.high is not None
    if (beyond - interval.estimate if below else interval.estimate - beyond) > statistic.rounding:
        return ""
    mean = number_text(round(interval.estimate, 3))
    return f"its mean, {mean}, is not {'below' if below else 'above'} {number_text(beyond)}"


def _counted(statistic: Statistic, word: VerdictWord) -> str:
    """Say how many of how many there are: of draws, or of seeds where these are too few for any share to decide."""
    if statistic.scale == "draws":
        return f"{drawn(statistic.values, statistic.draws)} of {sum(statistic.draws)} draws"
    if statistic.scale != "share" or word != "undecided":
        return ""
    n, ideal = len(statistic.values), 1.0 if statistic.high is None else 0.0
    surest = share_interval((ideal,) * n)
    if _place(surest, statistic) == "holds" or n == 1:
        return ""
    most = f"above {surest.low:.3f}" if statistic.high is None else f"below {surest.high:.3f}"
    return f"{statistic.values.count(ideal)} of {n} read {ideal:g}, and a sample of {n} cannot show a mean {most}"


def _checked(
    statistic: Statistic, role: Role, seeds_run: int, seeds_seen: int, together: int, unheard: str
) -> CheckResult:
    """Judge one statistic of so many that each can bring the claim down; `unheard` names what nobody asked for."""

    def found(word: VerdictWord, reason: str, interval: Interval | None = None) -> CheckResult:
        return CheckResult(
            *(statistic.what, interval, statistic.low, statistic.high, word, reason, statistic.knob, statistic.scale),
            estimate_beyond=statistic.estimate_beyond,
            role=role,
        )

    if not statistic.values:
        if not seeds_seen and seeds_run:
            return found("undecided", "no seed finished")
        if unheard:
            return found("undecided", f"nobody asked for {unheard}: there is no such measurement")
        return found("undecided" if statistic.degenerate else "not applicable", statistic.missing)
    interval = statistic.interval()
    if interval.n < SURVIVING_SHARE * seeds_run:
        lacking = statistic.missing or "the others did not finish"
        return found("undecided", f"only {interval.n} of {seeds_run} seeds have it: {lacking}", interval)
    word = "undecided" if statistic.uninformative else _place(interval, statistic)
    if doubt := _doubt(word, interval, statistic, seeds_run, together):
        return found("undecided", doubt, interval)
    single = "one seed has no spread" if interval.n == 1 else ""
    return found(word, single or statistic.uninformative or _counted(statistic, word), interval)


def _doubt(word: VerdictWord, interval: Interval, statistic: Statistic, seeds_run: int, together: int) -> str:
    """Say why a statistic is undecided though its interval lies on one side; or nothing."""
    if word == "holds" and (small := _too_small(interval, statistic)):
        return small
    if word == "holds" and statistic.degenerate:
        return f"{len(statistic.degenerate)} of {seeds_run} models leave nothing to read: {statistic.missing}"
    level = 1 - (1 - LEVEL) / together
    if word == "fails" and _place(statistic.interval(level), statistic) != "fails":
        return (
            f"outside by its {100 * LEVEL:g} % interval, but not by the {100 * level:.1f} % interval "
            f"that corrects for {together} statistics"
        )
    return ""


def _worst(words: Iterable[VerdictWord]) -> VerdictWord:
    return min(words, key=WORST_FIRST.index)


def _agreement_by_seed(statistics: Iterable[Statistic]) -> dict[int, float]:
    """Agreement of each seed, the mean over statistics that have a meaning, 0 for one that the seed's model denies."""
    each = [
        dict.fromkeys(statistic.degenerate, 0.0) | dict(zip(statistic.seeds, statistic.agreement, strict=True))
        for statistic in statistics
    ]
    shared = sorted(set.intersection(*map(set, each))) if each else []
    return {seed: sum(by_seed[seed] for by_seed in each) / len(each) for seed in shared}


def judged_names(claims: Iterable[Claim]) -> tuple[str, ...]:
    """Name the measurements that claims judge, each once.

    Args:
        claims: The claims.

    Returns:
        Names, in the order of the claims' conditions.
    """
    return tuple(
        dict.fromkeys(name for claim in claims for condition in claim.conditions for name in condition.measurements)
    )


def judge(claim: Claim, table: Table, arm: str = "trained", seeds_run: int | None = None) -> Verdict:
    """Judge one claim on one arm.

    Args:
        claim: What is claimed.
        table: All measurements of a record, from the cells that finished.
        arm: Which arm to judge; a control judged like the trained arm shows what the instruments can tell apart.
        seeds_run: How many seeds were started, those that diverged included; by default those seen in `table`.

    Returns:
        The verdict. The claim holds when each statistic's 95 % interval lies in its region, and its estimate beyond the
        smallest effect that counts, where there is one. It fails when one interval lies elsewhere, widened for the
        number of statistics that could (Bonferroni): so a claim whose statistics all lie at the edge fails by chance
        once in forty times at most, however many they are. It is ``not applicable`` when no condition has a meaning; a
        statistic without one does not count beside others that have theirs, and says why in its check. A measurement
        that the *model* denies in a seed, by collapsing say, leaves a claim that the others would meet ``undecided``,
        and its agreement there is 0. A contrast whose control left nothing to gain in any seed does so too: it keeps
        the claim from holding, at an agreement of 0, and never makes it fail. A name that the table has on no arm is
        ``undecided``: nobody asked for such a measurement, and a misspelt one must not hold.
    """
    seen = len(table.seeds)
    return _judged(claim, table, arm, seen if seeds_run is None else seeds_run, seen)


def judge_across(claim: Claim, tables: Across) -> Verdict:
    """Judge a claim that speaks of all settings, with records as the sample in place of seeds.

    Args:
        claim: What is claimed.
        tables: The records' tables.

    Returns:
        The verdict. It bears no agreement, which is of seeds.
    """
    return replace(_judged(claim, tables, "trained", tables.size, tables.size), agreement=(), seeds=())


def _judged(claim: Claim, sample: Sample, arm: str, started: int, seen: int) -> Verdict:
    reduced = [(condition, condition.statistics(sample, arm)) for condition in claim.conditions]
    meant = [[one for one in statistics if one.values or one.degenerate] for _, statistics in reduced]
    together = max(1, sum(not one.uninformative for statistics in meant for one in statistics))
    # Of an empty table nothing was asked at all.
    unheard = {name for name in judged_names([claim]) if sample.names and name not in sample.names}
    checks = tuple(
        _checked(one, of.role, started, seen, together, ", ".join(sorted(unheard.intersection(of.measurements))))
        for of, statistics in reduced
        for one in statistics
    )
    word = _worst(check.word for check in checks)
    judged = [_agreement_by_seed(statistics) for statistics in meant if statistics]
    seeds = tuple(sorted(set.intersection(*map(set, judged)))) if judged else ()
    agreement = tuple(sum(by_seed[seed] for by_seed in judged) / len(judged) for seed in seeds)
    reason = next((check.reason for check in checks if check.word == word and check.reason), "")
    return Verdict(claim.id, arm, word, checks, agreement, seeds, reason)
