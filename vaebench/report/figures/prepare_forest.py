"""Prepare forest plots of a claim's estimates: a row for each record and a panel for each statistic."""

from collections.abc import Iterable, Sequence

from vaebench.claims import Claim, Verdict
from vaebench.report.figures.spec import ForestFigure, ForestPanel, ForestPoint, ForestRow
from vaebench.report.format import OF_WHAT
from vaebench.report.markdown import words
from vaebench.report.shown import ShownRecord


def forest_figure(claim: Claim, shown: Iterable[ShownRecord]) -> ForestFigure:
    """Prepare a forest plot of one claim, of the records that it applies to.

    Args:
        claim: The claim.
        shown: Records of one task and preset.

    Returns:
        The figure; without rows if it applies to none.
    """
    ordered = sorted(shown, key=lambda one: (one.dataset, one.row_label))
    kept = [one for one in ordered if one.verdicts[claim.id].word != "not applicable"]
    judged = [(one.verdicts[claim.id], *one.control_verdicts.get(claim.id, ())) for one in kept]
    rows = tuple(ForestRow(words(one.dataset), words(one.row_label), one.verdicts[claim.id].word) for one in kept)
    panels = []
    for index in range(min((len(v.checks) for verdicts in judged for v in verdicts), default=0)):
        heads = [verdicts[0].checks[index] for verdicts in judged]
        head = next((check for check in heads if check.interval), heads[0])
        points = tuple(_points(verdicts, index) for verdicts in judged)
        panels.append(ForestPanel(words(head.statistic) + OF_WHAT[head.scale], head.low, head.high, points))
    return ForestFigure(rows, tuple(panels))


def _points(verdicts: Sequence[Verdict], index: int) -> tuple[ForestPoint, ...]:
    points = []
    for verdict in verdicts:
        interval = verdict.checks[index].interval
        if interval is not None:
            seeds = len(verdict.seeds)
            of_seeds = f"{interval.n} of {seeds}" if interval.n < seeds else ""
            points.append(ForestPoint(words(verdict.arm), interval.estimate, interval.low, interval.high, of_seeds))
    return tuple(points)
