"""Claims, and what measurements say of them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vaebench.claims.conditions import Condition
from vaebench.claims.intervals import LEVEL, Interval, drawn, share_interval
from vaebench.claims.plants import Found, Plant, Validity, read_plants, validity
from vaebench.claims.statistics import Role, Sample, Scale, Statistic, number_text
from vaebench.claims.table import Across, Table

SURVIVING_SHARE = 0.8
"""A claim is not judged on the seeds that survived when more than a fifth did not: survivors are no fair sample."""

VerdictWord = Literal["holds", "fails", "undecided", "not applicable"]

ReasonCode = Literal[
    "",
    "setting",
    "collapsed",
    "uninformative",
    "straddles",
    "too small",
    "corrected",
    "one seed",
    "few seeds",
    "no seed",
    "unasked",
    "cannot tell",
]
"""Why a check is not plain: a reason that programs can read.

- ``setting``: the measurement has no meaning for this variant, task or data set.
- ``collapsed``: the model denies it in some seed.
- ``uninformative``: nothing could have been seen. The control is at floor or ceiling, or the interval is wider than the
  way from the null to the ideal.
- ``straddles``: the interval holds values of both sides.
- ``too small``: the effect lies on the claimed side, and is smaller than what counts.
- ``corrected``: outside the region, but not after the correction for several statistics.
- ``one seed``, ``few seeds``, ``no seed``: too few seeds finished.
- ``unasked``: nobody asked for such a measurement.
- ``cannot tell``: a measure of the level reads a plant the wrong way round.
"""

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
        plants: Arms whose true answer is known, which show whether the measures can tell.
    """

    id: str
    says: str
    conditions: tuple[Condition, ...]
    reported: tuple[str, ...] = ()
    analytic: Literal["holds", "fails", ""] = ""
    over_records: bool = False
    plants: tuple[Plant, ...] = ()

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
        code: The reason's code.
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
    code: ReasonCode = ""

    @property
    def place(self) -> str:
        """The statistic, with the knob value where it is of one."""
        return self.statistic if self.knob is None else f"{self.statistic} at {number_text(self.knob)}"


LevelName = Literal["published", "controlled"]


@dataclass(frozen=True)
class Level:
    """What some of a claim's conditions say together.

    Attributes:
        word: ``holds``, ``fails``, ``undecided`` or ``not applicable``.
        agreement: Mean over conditions of the agreement of each seed, 0 where the claim is false and 1 at the ideal.
        seeds: The seeds that `agreement` belongs to.
        reason: Why, where the word alone does not say.
        code: The reason's code.
        decided_by: The statistic of the first check that has the level's word; empty where every check holds.
        valid: Whether the level's measures were shown to tell, by plants.
    """

    word: VerdictWord
    agreement: tuple[float, ...] = ()
    seeds: tuple[int, ...] = ()
    reason: str = ""
    code: ReasonCode = ""
    decided_by: str = ""
    valid: Validity = "not shown"


@dataclass(frozen=True)
class Verdict:
    """What the measurements say of a claim, at two levels.

    Attributes:
        claim: The claim's id.
        arm: The arm that was judged.
        published: By the paper's own measure, or the nearest that can be taken: does the observation replicate?
        controlled: The same together with every control of ours: does the interpretation stand?
        checks: One for each statistic, as it is judged under controls.
        plants: How the claim's plants were read; empty for a control's verdict.
    """

    claim: str
    arm: str
    published: Level
    controlled: Level
    checks: tuple[CheckResult, ...]
    plants: tuple[Found, ...] = ()

    @property
    def word(self) -> VerdictWord:
        """The word under controls."""
        return self.controlled.word

    @property
    def agreement(self) -> tuple[float, ...]:
        """Agreement of each seed under controls."""
        return self.controlled.agreement

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of `agreement`."""
        return self.controlled.seeds

    @property
    def reason(self) -> str:
        """Why it is so under controls."""
        return self.controlled.reason


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


Outcome = tuple[VerdictWord, str, ReasonCode]
"""A word, its reason, and the reason's code."""


def _checked(
    statistic: Statistic, role: Role, seeds_run: int, seeds_seen: int, together: int, unheard: str
) -> CheckResult:
    """Judge one statistic of so many that each can bring the claim down; `unheard` names what nobody asked for."""
    if statistic.values:
        interval = statistic.interval()
        word, reason, code = _decided(statistic, interval, seeds_run, together)
    else:
        interval = None
        word, reason, code = _absent(statistic, unheard, no_seed=seeds_run > 0 and not seeds_seen)
    return CheckResult(
        *(statistic.what, interval, statistic.low, statistic.high, word, reason, statistic.knob, statistic.scale),
        estimate_beyond=statistic.estimate_beyond,
        role=role,
        code=code,
    )


def _absent(statistic: Statistic, unheard: str, no_seed: bool) -> Outcome:
    """Say why no seed has a number."""
    if no_seed:
        return "undecided", "no seed finished", "no seed"
    if unheard:
        return "undecided", f"nobody asked for {unheard}: there is no such measurement", "unasked"
    if statistic.degenerate:
        return "undecided", statistic.missing, "collapsed"
    return "not applicable", statistic.missing, "setting"


def _decided(statistic: Statistic, interval: Interval, seeds_run: int, together: int) -> Outcome:
    """Say what an interval over seeds decides."""
    if interval.n < SURVIVING_SHARE * seeds_run:
        lacking = statistic.missing or "the others did not finish"
        return "undecided", f"only {interval.n} of {seeds_run} seeds have it: {lacking}", "few seeds"
    if interval.n == 1:
        return "undecided", "one seed has no spread", "one seed"
    if statistic.uninformative:
        return "undecided", statistic.uninformative, "uninformative"
    word = _place(interval, statistic)
    if doubt := _doubt(word, interval, statistic, seeds_run, together):
        return "undecided", *doubt
    counted = _counted(statistic, word)
    return _straddling(statistic, interval, counted) if word == "undecided" else (word, counted, "")


def _straddling(statistic: Statistic, interval: Interval, counted: str) -> Outcome:
    """Say why an interval decides nothing: it could not, or it holds values of both sides."""
    if counted and statistic.scale == "share":
        return "undecided", counted, "few seeds"
    wide = _too_wide(interval, statistic)
    return "undecided", wide or counted, "uninformative" if wide else "straddles"


def _too_wide(interval: Interval, statistic: Statistic) -> str:
    """Say that an interval covers all that the claim distinguishes: nothing could have been seen; or nothing."""
    if statistic.room is None or interval.low is None or interval.high is None:
        return ""
    if interval.high - interval.low <= statistic.room:
        return ""
    width, room = (number_text(float(f"{value:.3g}")) for value in (interval.high - interval.low, statistic.room))
    return f"its interval is {width} wide, and all that the claim distinguishes is {room}"


def _doubt(
    word: VerdictWord, interval: Interval, statistic: Statistic, seeds_run: int, together: int
) -> tuple[str, ReasonCode] | None:
    """Say why a statistic is undecided though its interval lies on one side; or nothing."""
    if word == "holds" and (small := _too_small(interval, statistic)):
        return small, "too small"
    if word == "holds" and statistic.degenerate:
        lost = len(statistic.degenerate)
        return f"{lost} of {seeds_run} models leave nothing to read: {statistic.missing}", "collapsed"
    level = 1 - (1 - LEVEL) / together
    if word == "fails" and _place(statistic.interval(level), statistic) != "fails":
        return (
            f"outside by its {100 * LEVEL:g} % interval, but not by the {100 * level:.1f} % interval "
            f"that corrects for {together} statistics"
        ), "corrected"
    return None


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
    verdict = _judged(claim, table, arm, seen if seeds_run is None else seeds_run, seen)
    return _with_plants(claim, verdict, table) if claim.plants and arm == "trained" else verdict


def _with_plants(claim: Claim, verdict: Verdict, table: Table) -> Verdict:
    """Say of both levels whether their measures can tell; one that cannot decides nothing under controls."""
    found = read_plants(claim.plants, table)
    published = judged_names([replace(claim, conditions=tuple(c for c in claim.conditions if c.role == "published"))])
    first = replace(verdict.published, valid=validity(found, published))
    second = replace(verdict.controlled, valid=validity(found, judged_names([claim])))
    if second.valid == "cannot tell" and second.word in {"holds", "fails"}:
        arms = ", ".join(sorted({one.plant.arm for one in found if one.word == "reversed"}))
        reason = f"its measure reads the plant {arms} the wrong way round"
        second = replace(second, word="undecided", reason=reason, code="cannot tell")
    return replace(verdict, published=first, controlled=second, plants=found)


def judge_across(claim: Claim, tables: Across) -> Verdict:
    """Judge a claim that speaks of all settings, with records as the sample in place of seeds.

    Args:
        claim: What is claimed.
        tables: The records' tables.

    Returns:
        The verdict. It bears no agreement, which is of seeds.
    """
    found = _judged(claim, tables, "trained", tables.size, tables.size)
    published, controlled = (replace(level, agreement=(), seeds=()) for level in (found.published, found.controlled))
    return replace(found, published=published, controlled=controlled)


def _judged(claim: Claim, sample: Sample, arm: str, started: int, seen: int) -> Verdict:
    reduced = [(condition, condition.statistics(sample, arm)) for condition in claim.conditions]
    # Of an empty table nothing was asked at all.
    unheard = {name for name in judged_names([claim]) if sample.names and name not in sample.names}

    def level(part: Sequence[Reduced]) -> tuple[Level, tuple[CheckResult, ...]]:
        return _level(part, started, seen, unheard)

    controlled, checks = level(reduced)
    published = [(of, statistics) for of, statistics in reduced if of.role == "published"]
    first = controlled if len(published) == len(reduced) else level(published)[0]
    return Verdict(claim.id, arm, first, controlled, checks)


Reduced = tuple[Condition, tuple[Statistic, ...]]
"""A condition with its statistics."""


def _level(
    reduced: Sequence[Reduced], started: int, seen: int, unheard: set[str]
) -> tuple[Level, tuple[CheckResult, ...]]:
    """Judge some conditions together."""
    meant = [[one for one in statistics if one.values or one.degenerate] for _, statistics in reduced]
    together = max(1, sum(not one.uninformative for statistics in meant for one in statistics))
    checks = tuple(
        _checked(one, of.role, started, seen, together, ", ".join(sorted(unheard.intersection(of.measurements))))
        for of, statistics in reduced
        for one in statistics
    )
    word = _worst(check.word for check in checks)
    judged = [_agreement_by_seed(statistics) for statistics in meant if statistics]
    seeds = tuple(sorted(set.intersection(*map(set, judged)))) if judged else ()
    agreement = tuple(sum(by_seed[seed] for by_seed in judged) / len(judged) for seed in seeds)
    deciding = [check for check in checks if check.word == word]
    why = next((check for check in deciding if check.reason), deciding[0])
    decided_by = "" if word == "holds" else deciding[0].place
    return Level(word, agreement, seeds, why.reason, why.code, decided_by), checks
