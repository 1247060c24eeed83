"""The leaderboard: Markdown pages and figures, drawn from records alone.

`pages` makes every file of the board, `stale_pages` says which files of a folder are not what the records say. Pages
are the same byte for byte whoever writes them. Figures are not: another version of matplotlib moves their paths. So
an SVG bears a hash of its inputs (the data that are drawn, and the version of the drawing code), a hash of itself and
the version that drew it; it is fresh as long as the inputs are those of the records and nobody changed the drawing, and
`pages` keeps a fresh one as it is. A forger can make such hashes too: continuous integration draws all figures again.
"""

from collections.abc import Mapping, Sequence

from vaebench.report.figures.from_records import task_figures
from vaebench.report.figures.plots import Figure, inputs_hash, stamp
from vaebench.report.files import IN_THE_WAY, MARK, STRANGER, SUBMISSIONS, drawn_figures, stale_pages
from vaebench.report.front_page import front_page
from vaebench.report.record_page import record_page, record_path
from vaebench.report.selection import faults, select
from vaebench.report.sent import Sent
from vaebench.report.task_page import task_page
from vaebench.report.task_text import Suite, TaskText, Term
from vaebench.results.record import Record

__all__ = [
    "IN_THE_WAY",
    "MARK",
    "STRANGER",
    "SUBMISSIONS",
    "Suite",
    "TaskText",
    "Term",
    "drawn_figures",
    "faults",
    "pages",
    "stale_pages",
]


def pages(
    tasks: Sequence[TaskText],
    records: Sequence[Record],
    preview: bool = False,
    drawn: Mapping[str, str] | None = None,
    glossary: Sequence[Term] = (),
    submissions: Sequence[Sent] = (),
    suite: Suite | None = None,
    unread: Sequence[str] = (),
) -> dict[str, str]:
    """Make every file of the board.

    Args:
        tasks: The tasks, in the order of the board's columns.
        records: The suite's own records, in any order.
        preview: Whether quick runs are shown, under a banner that says so.
        drawn: Figures drawn before, by path; a fresh one is kept, which saves the drawing.
        glossary: What names of variants, networks and data sets mean.
        submissions: Records from others; none takes the place of one of `records`.
        suite: What there is; None where a record may name anything.
        unread: Files among the submissions that are no records; they are named.

    Returns:
        Contents by path below the board: ``README.md``, ``<task>.md``, ``records/<task>/*.md`` and ``figures/*.svg``.
    """
    selection = select(tasks, records, preview, submissions, suite, unread)
    written = {"README.md": front_page(tasks, selection, preview, glossary)}
    figures: dict[str, Figure] = {}
    for task in tasks:
        of_task = task_figures(task, selection)
        written[f"{task.name}.md"] = task_page(task, selection, of_task, preview)
        for record in selection.of_task(task.name):
            written[record_path(record, selection)] = record_page(task, record, selection, preview)
        figures |= of_task
    return {path: f"{MARK}\n\n{text}" for path, text in written.items()} | _drawn(figures, drawn or {})


def _drawn(figures: Mapping[str, Figure], before: Mapping[str, str]) -> dict[str, str]:
    """Draw figures, save those that were drawn before."""
    made = {}
    for path, figure in figures.items():
        drawn = stamp(before.get(path, ""))
        if drawn and drawn.inputs == inputs_hash(figure):
            made[path] = before[path]
        else:
            from vaebench.report.figures.drawing import svg  # matplotlib takes longer than all the rest

            made[path] = svg(figure)
    return made
