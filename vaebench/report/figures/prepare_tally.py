"""Prepare the first picture of a task's page: how each claim came out. The same model counts once."""

from collections import Counter
from collections.abc import Sequence

from vaebench.papers import Task
from vaebench.report.figures.spec import TallyFigure, TallyRow
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.levels import has_controls
from vaebench.report.words.markdown import words


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
        verdicts = [one.first.verdicts[claim.id] for one in different]
        two = has_controls(claim)
        published = Counter(verdict.published.word for verdict in verdicts)
        controlled = Counter(verdict.controlled.word for verdict in verdicts)
        first = published["holds"], published["fails"], published["undecided"]
        second = (controlled["holds"], controlled["fails"], controlled["undecided"]) if two else ()
        rows.append(TallyRow(words(claim.id), first, second))
    return TallyFigure(tuple(rows))
