"""Prepare the first picture of a task's page: how each claim came out. The same model counts once."""

import math
from collections import Counter
from collections.abc import Sequence

from vaebench.papers import Task
from vaebench.report.figures.spec import TallyFigure, TallyRow
from vaebench.report.markdown import words
from vaebench.report.shown import ShownRecord

SAME = 1e-3
"""Estimates of one model differ by less between its names, absolutely or relatively."""


def tally_figure(task: Task, shown: Sequence[ShownRecord]) -> TallyFigure:
    """Count how the claims of a task came out.

    Args:
        task: The task.
        shown: Its records of one preset.

    Returns:
        The figure; without rows where there is no record.
    """
    different = distinct(shown)
    rows = []
    for claim in task.claims if different else ():
        verdicts = [one.verdicts[claim.id] for one in different]
        two = any(condition.role == "control" for condition in claim.conditions)
        published = Counter(verdict.published.word for verdict in verdicts)
        controlled = Counter(verdict.controlled.word for verdict in verdicts)
        first = published["holds"], published["fails"], published["undecided"]
        second = (controlled["holds"], controlled["fails"], controlled["undecided"]) if two else ()
        rows.append(TallyRow(words(claim.id), first, second))
    return TallyFigure(tuple(rows))


def distinct(shown: Sequence[ShownRecord]) -> list[ShownRecord]:
    """Leave out records whose model is that of another: the same network and data, and all estimates equal.

    Args:
        shown: Records of one task.

    Returns:
        The first of each.
    """
    kept: dict[tuple[str, str], list[tuple[ShownRecord, list[float]]]] = {}
    for one in sorted(shown, key=lambda one: (len(one.row.variant), one.row_label)):
        place, found = (one.dataset, one.row.arch), _estimates(one)
        if not any(_equal(found, other) for _, other in kept.get(place, [])):
            kept.setdefault(place, []).append((one, found))
    chosen = {id(one) for ones in kept.values() for one, _ in ones}
    return [one for one in shown if id(one) in chosen]


def _estimates(shown: ShownRecord) -> list[float]:
    checks = (check for verdict in shown.verdicts.values() for check in verdict.checks)
    return [check.interval.estimate if check.interval else math.inf for check in checks]


def _equal(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    return len(ours) == len(theirs) and all(
        one == other or math.isclose(one, other, rel_tol=SAME, abs_tol=SAME * SAME)
        for one, other in zip(ours, theirs, strict=True)
    )
