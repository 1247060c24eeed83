"""Prepare forest plots of a claim: the statistic that decides most often, a row for each record."""

from collections import Counter
from collections.abc import Iterable, Sequence

from vaebench.claims import CheckResult, Claim, Verdict
from vaebench.report.decisive import worst
from vaebench.report.figures.spec import ForestFigure, ForestPoint, ForestRow
from vaebench.report.format import OF_WHAT
from vaebench.report.markdown import words
from vaebench.report.shown import ShownRecord


def forest_figure(claim: Claim, shown: Iterable[ShownRecord]) -> ForestFigure:
    """Prepare a forest plot of one claim, of the records that it applies to.

    Args:
        claim: The claim.
        shown: Records of one task and preset.

    Returns:
        The figure; without rows if it applies to none, or if it is judged at several knob values.
    """
    ordered = sorted(shown, key=lambda one: (one.dataset, one.row_label))
    kept = [one for one in ordered if one.verdicts[claim.id].word != "not applicable"]
    kept = [one for one in kept if all(check.knob is None for check in one.verdicts[claim.id].checks)]
    count = min((len(one.verdicts[claim.id].checks) for one in kept), default=0)
    if not count:
        return ForestFigure((), 0, None, None, ())
    shown_one = _deciding([one.verdicts[claim.id].checks[:count] for one in kept])
    heads = [_head([one.verdicts[claim.id].checks[index] for one in kept]) for index in range(count)]
    rows = []
    for one in kept:
        judged = (one.verdicts[claim.id], *one.control_verdicts.get(claim.id, ()))
        said = tuple(check.word for check in one.verdicts[claim.id].checks[:count])
        rows.append(ForestRow(one.dataset, one.row_label, said, _points(judged, shown_one)))
    names = tuple(words(head.statistic) + OF_WHAT[head.scale] for head in heads)
    low, high = (None if end is None else float(end) for end in (heads[shown_one].low, heads[shown_one].high))
    return ForestFigure(names, shown_one, low, high, tuple(rows))


def _head(checks: Sequence[CheckResult]) -> CheckResult:
    return next((check for check in checks if check.interval), checks[0])


def _deciding(verdicts: Sequence[Sequence[CheckResult]]) -> int:
    """Find the statistic that is the worst of its claim in most records; the first of several."""
    found = Counter(checks.index(worst(checks)) for checks in verdicts)
    return min(found, key=lambda index: (-found[index], index))


def _points(verdicts: Sequence[Verdict], index: int) -> tuple[ForestPoint, ...]:
    points = []
    for verdict in verdicts:
        interval = verdict.checks[index].interval if index < len(verdict.checks) else None
        if interval is not None:
            seeds = len(verdict.seeds)
            of_seeds = f"{interval.n} of {seeds}" if interval.n < seeds else ""
            points.append(ForestPoint(words(verdict.arm), interval.estimate, interval.low, interval.high, of_seeds))
    return tuple(points)
