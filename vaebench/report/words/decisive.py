"""Find the check that decided a verdict, so that the number on the page never contradicts the word beside it."""

import math
from collections.abc import Sequence

from vaebench.claims import WORST_FIRST, CheckResult, LevelName, Verdict

BLIND = "its measure does not find all that was planted, and decides nothing under controls"
"""What is said of a check whose measure misses a plant, reads it the wrong way round, or is not shown to find it."""


def distance(check: CheckResult) -> float:
    """Say how far an estimate lies inside its region, in units of the interval's half that faces the nearest end.

    A value above 1 means that the whole interval lies inside, and below −1 that all of it lies outside. On the
    logarithmic scale distances are of logarithms.

    Args:
        check: The check of one statistic.

    Returns:
        A pure number; −∞ without an estimate, ±∞ without a width. A region is open: its end lies outside.

    Examples:
        >>> from vaebench.claims import Interval
        >>> distance(CheckResult("r", Interval(0.8, 0.7, 0.9, 5), None, 1.0, "holds"))
        2.0
        >>> distance(CheckResult("r", Interval(1.3, 1.1, 1.5, 5), None, 1.0, "fails"))
        -1.5
    """
    found = check.interval
    if found is None:
        return -math.inf
    ends = [(check.low, 1.0), (check.high, -1.0)]
    bounds = [(_scaled(end, check), sign) for end, sign in ends if end is not None]
    estimate = _scaled(found.estimate, check)
    low = estimate if found.low is None else _scaled(found.low, check)
    high = estimate if found.high is None else _scaled(found.high, check)
    return min((_facing(sign * (estimate - end), sign, low, estimate, high) for end, sign in bounds), default=math.inf)


def _facing(inside: float, sign: float, low: float, estimate: float, high: float) -> float:
    """Divide the way from an end of the region by the half of the interval that faces that end."""
    half = estimate - low if (inside >= 0) == (sign > 0) else high - estimate
    if half > 0:
        return round(inside / half, 9)
    return math.inf if inside > 0 else -math.inf


def _scaled(value: float, check: CheckResult) -> float:
    return math.log(max(value, 1e-300)) if check.scale == "log" else value


def is_blind(check: CheckResult) -> bool:
    """Say whether a check's measure did not find all its plants: it decides nothing under controls."""
    return check.code == "cannot tell"


def reason_of(check: CheckResult) -> str:
    """Say why a check came out so, where its number does not say it.

    Args:
        check: The check.

    Returns:
        Its reason, and that its measure cannot tell; empty where neither is so.
    """
    return "; ".join(filter(None, [check.reason, BLIND if is_blind(check) else ""]))


def checks_of(verdict: Verdict, level: LevelName) -> tuple[CheckResult, ...]:
    """List the checks that decide at one level.

    As published, they are those of the paper's own conditions. Under controls, they are all whose measure can tell; or
    all, if none can, for then this is the verdict.

    Args:
        verdict: The verdict.
        level: ``published`` or ``controlled``.

    Returns:
        One or more checks.
    """
    if level == "published":
        return tuple(one for one in verdict.checks if one.role == "published")
    seeing = tuple(one for one in verdict.checks if not is_blind(one))
    return verdict.checks if verdict.controlled.code == "cannot tell" else seeing or verdict.checks


def worst(checks: Sequence[CheckResult]) -> CheckResult:
    """Choose the check that decides: of those with the worst word, the one that lies farthest on the wrong side.

    Args:
        checks: One or more.

    Returns:
        The check. A check that lacks an estimate comes after all that have one.
    """
    word = min((one.word for one in checks), key=WORST_FIRST.index)
    deciding = [one for one in checks if one.word == word]
    if len(deciding) == 1:
        return deciding[0]
    return min(deciding, key=lambda one: (one.interval is None, distance(one)))


def decisive(verdict: Verdict, level: LevelName = "controlled") -> CheckResult:
    """Find the check that decided a verdict at one level.

    Args:
        verdict: The verdict.
        level: ``published`` or ``controlled``.

    Returns:
        The check.
    """
    return worst(checks_of(verdict, level))


def contradicts(check: CheckResult, word: str, reason: str) -> bool:
    """Say whether a printed estimate contradicts the word beside it.

    Args:
        check: The check whose estimate is printed.
        word: The word.
        reason: What is printed as the reason.

    Returns:
        True where a claim holds and the interval is not inside the region, where it fails and the interval is not
        outside, or where it is undecided, the interval is on one side, and no reason stands beside it.
    """
    if check.interval is None:
        return word in {"holds", "fails"}
    side = distance(check)
    if word == "holds":
        return not side > 1
    if word == "fails":
        return not side <= -1
    return word == "undecided" and abs(side) > 1 and not reason
