"""What an interval over seeds says of one statistic."""

import math
from dataclasses import dataclass

from vaebench.claims.claim import CheckResult, ReasonCode, VerdictWord
from vaebench.claims.intervals import LEVEL, Interval, drawn, enough, share_interval
from vaebench.claims.statistics import Role, Statistic, number_text


@dataclass(frozen=True)
class Ran:
    """How many seeds were started, how many have measurements, and how many looks the claim is one of."""

    started: int
    seen: int
    looks: int


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


_NO_SEED: Outcome = ("undecided", "no seed finished", "no seed")


def checked(statistic: Statistic, role: Role, ran: Ran, corrections: int, unheard: str) -> CheckResult:
    """Judge one statistic; `unheard` names what nobody asked for."""
    interval = statistic.interval() if statistic.values else None
    if ran.started > 0 and not ran.seen:
        word, reason, code = _NO_SEED
    elif unheard:
        word, reason, code = "undecided", f"nobody asked for {unheard}: there is no such measurement", "unasked"
    elif interval:
        word, reason, code = _decided(statistic, interval, ran, corrections)
    else:
        word, reason, code = _absent(statistic)
    return CheckResult(
        *(statistic.what, interval, statistic.low, statistic.high, word, reason, statistic.knob, statistic.scale),
        estimate_beyond=statistic.estimate_beyond,
        role=role,
        code=code,
    )


def _absent(statistic: Statistic) -> Outcome:
    """Say why no seed has a number."""
    if statistic.degenerate:
        return "undecided", statistic.missing, "collapsed"
    return "not applicable", statistic.missing, "setting"


def _decided(statistic: Statistic, interval: Interval, ran: Ran, together: int) -> Outcome:
    """Say what an interval over seeds decides."""
    if not enough(interval.n, ran.started):
        lacking = statistic.missing or "the others did not finish"
        return "undecided", f"only {interval.n} of {ran.started} seeds have it: {lacking}", "few seeds"
    if interval.n == 1:
        return "undecided", "one seed has no spread", "one seed"
    if statistic.uninformative:
        return "undecided", statistic.uninformative, "uninformative"
    word = _place(interval, statistic)
    if doubt := _doubt(word, interval, statistic, ran, together):
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
    word: VerdictWord, interval: Interval, statistic: Statistic, ran: Ran, together: int
) -> tuple[str, ReasonCode] | None:
    """Say why a statistic is undecided though its interval lies on one side; or nothing."""
    if word == "holds" and (small := _too_small(interval, statistic)):
        return small, "too small"
    if word == "holds" and statistic.degenerate:
        lost = len(statistic.degenerate)
        return f"{lost} of {ran.started} models leave nothing to read: {statistic.missing}", "collapsed"
    if word == "undecided":
        return None
    # Every statistic has to hold, and any one of them, or of the looks, may bring the claim down.
    several = ran.looks * (together if word == "fails" else 1)
    level = 1 - (1 - LEVEL) / several
    if _place(statistic.interval(level), statistic) != word:
        side, what = ("inside", "looks") if word == "holds" else ("outside", "statistics")
        return (
            f"{side} by its {100 * LEVEL:g} % interval, but not by the {100 * level:.1f} % interval "
            f"that corrects for {several} {what}"
        ), "corrected"
    return None
