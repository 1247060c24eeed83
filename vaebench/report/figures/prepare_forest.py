"""Prepare forest plots of a claim: for each model the estimate that decided, so that no dot contradicts its word."""

from collections.abc import Iterable, Sequence

from vaebench.claims import CheckResult, Claim, Verdict
from vaebench.report.decisive import worst
from vaebench.report.distinct import Model, distinct
from vaebench.report.figures.spec import CORRECTED, ForestFigure, ForestPart, ForestPoint, ForestRow
from vaebench.report.format import OF_WHAT
from vaebench.report.markdown import words
from vaebench.report.shown import ShownRecord


def forest_figure(claim: Claim, shown: Iterable[ShownRecord]) -> ForestFigure:
    """Prepare a forest plot of one claim, of the models that it applies to.

    Args:
        claim: The claim.
        shown: Records of one task and preset.

    Returns:
        The figure; without parts if the claim applies to none, or if it is judged at several knob values.
    """
    ordered = sorted(distinct(shown), key=lambda model: (model.first.dataset, model.label))
    kept = [one for one in ordered if one.first.verdicts[claim.id].word != "not applicable"]
    kept = [one for one in kept if all(check.knob is None for check in one.first.verdicts[claim.id].checks)]
    count = min((len(one.first.verdicts[claim.id].checks) for one in kept), default=0)
    if not count:
        return ForestFigure((), ())
    checks = [one.first.verdicts[claim.id].checks[:count] for one in kept]
    deciding = [found.index(worst(found)) for found in checks]
    heads = [_head([found[place] for found in checks]) for place in range(count)]
    parts = []
    for place in sorted(set(deciding)):
        rows = tuple(_row(claim, one, place, count) for one, its in zip(kept, deciding, strict=True) if its == place)
        low, high = (None if end is None else float(end) for end in (heads[place].low, heads[place].high))
        parts.append(ForestPart(place, low, high, rows))
    return ForestFigure(tuple(words(head.statistic) + OF_WHAT[head.scale] for head in heads), tuple(parts))


def _head(checks: Sequence[CheckResult]) -> CheckResult:
    return next((check for check in checks if check.interval), checks[0])


def _row(claim: Claim, model: Model, place: int, count: int) -> ForestRow:
    """The row of a model, of which the statistic at a place decides."""
    one = model.first
    judged = (one.verdicts[claim.id], *one.control_verdicts.get(claim.id, ()))
    said = tuple(check.word for check in one.verdicts[claim.id].checks[:count])
    return ForestRow(one.dataset, model.label, said, _points(judged, place))


def _points(verdicts: Sequence[Verdict], index: int) -> tuple[ForestPoint, ...]:
    points = []
    for verdict in verdicts:
        check = verdict.checks[index] if index < len(verdict.checks) else None
        if check is not None and (interval := check.interval) is not None:
            seeds = len(verdict.seeds)
            note = f"{interval.n} of {seeds}" if interval.n < seeds else CORRECTED * (check.code == "corrected")
            points.append(ForestPoint(words(verdict.arm), interval.estimate, interval.low, interval.high, note))
    return tuple(points)
