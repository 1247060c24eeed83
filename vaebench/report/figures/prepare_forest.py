"""Prepare forest plots of a claim: for each model the estimate that decided, so that no dot contradicts its word."""

from collections.abc import Iterable, Sequence

from vaebench.claims import CheckResult, Claim, Verdict, VerdictWord
from vaebench.report.figures.spec import CORRECTED, OTHERWISE, ForestFigure, ForestPart, ForestPoint, ForestRow
from vaebench.report.rows.distinct import Model, distinct
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.condition_marks import mark
from vaebench.report.words.condition_words import condition_words
from vaebench.report.words.decisive import contradicts, decisive, worst
from vaebench.report.words.format import OF_WHAT
from vaebench.report.words.levels import has_controls
from vaebench.report.words.markdown import SYMBOLS, words


def forest_figure(claim: Claim, shown: Iterable[ShownRecord]) -> ForestFigure:
    """Prepare a forest plot of one claim, of the models that it applies to.

    Args:
        claim: The claim.
        shown: Records of one task and preset.

    Returns:
        The figure; without parts if the claim applies to none. A statistic that is judged at several knob values is
        drawn at that which is worst for the claim.
    """
    ordered = sorted(distinct(shown), key=lambda model: (model.first.dataset, model.label))
    kept = [one for one in ordered if one.first.verdicts[claim.id].word != "not applicable"]
    checks = [_by_statistic(one.first.verdicts[claim.id]) for one in kept]
    names = tuple(dict.fromkeys(name for found in checks for name in found))
    measured = tuple(dict.fromkeys(map(_measured, names)))
    deciding = [decisive(one.first.verdicts[claim.id]).statistic for one in kept]
    controlled = has_controls(claim)
    parts = []
    for name in names:
        rows = tuple(_row(claim, one, name, measured) for one, its in zip(kept, deciding, strict=True) if its == name)
        head = _head([found[name] for found in checks if name in found])
        low, high = (None if end is None else float(end) for end in (head.low, head.high))
        said, column = condition_words(name) + OF_WHAT[head.scale], measured.index(_measured(name))
        parts += [ForestPart(said, column, low, high, rows)] if rows else []
    return ForestFigure(tuple(map(condition_words, measured)), tuple(parts), controlled)


def _measured(statistic: str) -> str:
    """What a statistic is of: ``damage`` of ``damage: Kendall τ``."""
    return statistic.partition(":")[0]


def _by_statistic(verdict: Verdict) -> dict[str, CheckResult]:
    """The check of each statistic; along a knob that at the value which is worst for the claim."""
    found: dict[str, list[CheckResult]] = {}
    for check in verdict.checks:
        found.setdefault(check.statistic, []).append(check)
    return {name: worst(its) for name, its in found.items()}


def _head(checks: Sequence[CheckResult]) -> CheckResult:
    return next((check for check in checks if check.interval), checks[0])


def _row(claim: Claim, model: Model, name: str, measured: Sequence[str]) -> ForestRow:
    """The row of a model, of which the named statistic decides."""
    one, verdict = model.first, model.first.verdicts[claim.id]
    check = _by_statistic(verdict)[name]
    of = [[found for found in verdict.checks if _measured(found.statistic) == each] for each in measured]
    said: tuple[VerdictWord, ...] = tuple(worst(found).word if found else "not applicable" for found in of)
    marks = tuple(mark(found) if found else SYMBOLS["not applicable"] for found in of)
    points = _points((verdict, *one.control_verdicts.get(claim.id, ())), name)
    return ForestRow(one.dataset, model.label, check.word, said, marks, points, _note(check, len(verdict.seeds)))


def _note(check: CheckResult, seeds: int) -> str:
    """Say how many seeds a number is of, if not all; or mark a word that the interval beside it would not give."""
    if check.interval and check.interval.n < seeds:
        return f"{check.interval.n} of {seeds}"
    if check.code == "corrected":
        return CORRECTED
    return OTHERWISE if check.interval and contradicts(check, check.word, "") else ""


def _points(verdicts: Sequence[Verdict], name: str) -> tuple[ForestPoint, ...]:
    found = ((verdict.arm, _by_statistic(verdict).get(name)) for verdict in verdicts)
    intervals = ((arm, check.interval) for arm, check in found if check is not None)
    return tuple(ForestPoint(words(arm), one.estimate, one.low, one.high) for arm, one in intervals if one is not None)
