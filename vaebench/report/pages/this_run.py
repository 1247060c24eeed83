"""Write what a preview is read for: the rows of the run, with their verdicts and where they stand."""

from collections.abc import Sequence

from vaebench.papers import Task
from vaebench.report.pages.places_page import places_path
from vaebench.report.received.sent import THIS_RUN
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.levels import tally
from vaebench.report.words.markdown import escape, preset_suffix, table, words


def this_run(tasks: Sequence[Task], selection: Selection) -> str:
    """Write a row for each record of the run; if the run is of the suite's own variants, for each record.

    Args:
        tasks: The tasks, in order.
        selection: What a preview shows.

    Returns:
        Markdown; empty if nothing is shown.
    """
    rows = []
    mine = any(one.row.sender == THIS_RUN for one in selection.shown)
    for task in tasks:
        for one in selection.of_task(task.name):
            if not mine or one.row.sender == THIS_RUN:
                rows.append(_line(task, one))
    heads = ["Record", "Task", "As published", "Under controls", "Place"]
    return table(heads, rows) if rows else ""


def _line(task: Task, one: ShownRecord) -> list[str]:
    verdicts = [one.verdicts[claim.id] for claim in task.claims]
    counts = [tally(verdicts, published) or "–" for published in (True, False)]
    name = f"[{one.row_label} · {escape(one.dataset)}]({one.path}){preset_suffix(one.row.preset)}"
    return [name, f"[{words(task.name)}]({task.name}.md)", *counts, f"[places]({places_path(task)})"]
