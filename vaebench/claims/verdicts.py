"""What measurements say of a claim."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vaebench.claims.checks import Ran, checked
from vaebench.claims.claim import WORST_FIRST, CheckResult, Claim, Level, ReasonCode, Verdict, VerdictWord
from vaebench.claims.conditions import Condition, needed_by
from vaebench.claims.plants import Found, PlantWord, read_plants, validity
from vaebench.claims.statistics import Sample, Statistic
from vaebench.claims.table import Table

WORST_READ: tuple[PlantWord, ...] = ("reversed", "missed", "undecided", "found")
"""Which of several readings of plants counts: the first of these that is among them."""

TOO_FEW: tuple[ReasonCode, ...] = ("collapsed", "one seed", "few seeds", "no seed")
"""Reasons that keep plants from being read as well, and say why by themselves."""


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

        Under controls a measure that has plants decides only if it found them all. The others decide without it, still
        widened for all; where none is left the claim is ``undecided``, without an agreement. One that merely misses a
        plant keeps the claim from holding where it speaks against it: to miss is no reason to read the opposite. One
        that reads a plant the wrong way round does not.
    """
    ran = Ran(len(table.seeds) if seeds_run is None else seeds_run, len(table.seeds), claim.looks)
    found = read_plants(claim.plants, table, ran.started) if arm == "trained" else ()
    return _judged(claim, table, arm, ran, found)


def _judged(claim: Claim, sample: Sample, arm: str, ran: Ran, found: tuple[Found, ...]) -> Verdict:
    """Judge both levels. Under controls a measure decides only if it found all its plants, where it has any."""
    reduced = [(condition, condition.statistics(sample, arm)) for condition in claim.conditions]
    needed = {name for condition in claim.conditions for name in needed_by(condition)}
    unheard = needed - sample.names if sample.names else set()  # of an empty table nothing was asked at all

    def level(part: Sequence[Reduced], together: int) -> tuple[Level, tuple[CheckResult, ...]]:
        return _level(part, ran, unheard, found, together)

    published = [(of, statistics) for of, statistics in reduced if of.role == "published"]
    every = _together(reduced)
    controlled, checks = level(reduced, every)
    first = level(published, _together(published))[0] if len(published) < len(reduced) else controlled
    worst = _worst_words(found)
    if any(worst.get(name, "found") != "found" for of in claim.conditions for name in of.measurements):
        parts = [(_blind(of, statistics, worst), (of, statistics)) for of, statistics in reduced]
        words = [word for word, (_, statistics) in parts for _ in statistics]
        checks = tuple(
            replace(check, code="cannot tell") if word else check for check, word in zip(checks, words, strict=True)
        )
        seeing = [part for word, part in parts if not word]
        against = [
            check
            for check, word in zip(checks, words, strict=True)
            if word and word != "reversed" and check.word == "fails"
        ]
        if len(seeing) < len(reduced):
            rest = level(seeing, every)[0] if seeing else None
            controlled = _without_blind(rest, controlled, _why_blind(found, claim), against)
    return Verdict(claim.id, arm, first, controlled, checks, found)


def _worst_words(found: Iterable[Found]) -> dict[str, PlantWord]:
    """By measurement, the worst word of its plants."""
    worst: dict[str, PlantWord] = {}
    for one in found:
        before = worst.get(one.plant.measurement, "found")
        worst[one.plant.measurement] = min(before, one.word, key=WORST_READ.index)
    return worst


def _blind(condition: Condition, statistics: Iterable[Statistic], worst: Mapping[str, PlantWord]) -> PlantWord | None:
    """How a condition's measures read their plants, if not all were found; None if it can tell, or was not read."""
    words = [worst[name] for name in condition.measurements if worst.get(name, "found") != "found"]
    # What was not read says why by itself.
    return min(words, key=WORST_READ.index) if words and any(one.values for one in statistics) else None


def _why_blind(found: Iterable[Found], claim: Claim) -> str:
    """Say in words what became of the judged measures' plants that were not found, the worst of them."""
    judged = set(judged_names([claim]))
    unshown = [one for one in found if one.word != "found" and one.plant.measurement in judged]
    word = min((one.word for one in unshown), key=WORST_READ.index)
    plants = "the plant " + ", ".join(sorted({one.plant.title for one in unshown if one.word == word}))
    match word:
        case "reversed":
            return f"reads {plants} the wrong way round"
        case "missed":
            return f"misses {plants}"
    return f"is not shown to find {plants}"


def _without_blind(rest: Level | None, all_together: Level, why: str, against: Sequence[CheckResult]) -> Level:
    """The level of the conditions whose measures can tell; where there are none, it cannot tell."""
    if rest is None or rest.word == "not applicable":
        if all_together.code in TOO_FEW:
            return all_together
        reason = f"its measure {why}"
        return replace(all_together, word="undecided", agreement=(), seeds=(), reason=reason, code="cannot tell")
    if rest.word == "holds" and against:
        reason = f"it holds by the measures that can tell; {against[0].place} speaks against it, and {why}"
        return replace(rest, word="undecided", reason=reason, code="cannot tell", decided_by=against[0].place)
    return replace(rest, reason=f"by the measures that can tell; another {why}") if rest.word == "holds" else rest


Reduced = tuple[Condition, tuple[Statistic, ...]]
"""A condition with its statistics."""


def _together(reduced: Iterable[Reduced]) -> int:
    """How many statistics could bring a claim down."""
    every = (one for _, statistics in reduced for one in statistics)
    return max(1, sum(not one.uninformative for one in every if one.values or one.degenerate))


def _level(
    reduced: Sequence[Reduced], ran: Ran, unheard: set[str], found: Sequence[Found], together: int
) -> tuple[Level, tuple[CheckResult, ...]]:
    """Judge some conditions, each widened for so many."""
    meant = [[one for one in statistics if one.values or one.degenerate] for _, statistics in reduced]
    checks = tuple(
        checked(one, of.role, ran, together, ", ".join(sorted(unheard.intersection(needed_by(of)))))
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
    valid = validity(found, (name for of, _ in reduced for name in of.measurements))
    return Level(word, agreement, seeds, why.reason, why.code, decided_by, valid), checks
