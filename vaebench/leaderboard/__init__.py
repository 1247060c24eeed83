"""The leaderboard: Markdown pages and figures, drawn from records alone.

`pages` makes every file of the board, `stale_pages` says which files of a folder are not what the records say. Pages
are the same byte for byte whoever writes them. Figures are not: another version of matplotlib moves their paths. So
an SVG bears a hash of its inputs (the data that are drawn, and the version of the drawing code) and a hash of
itself; it is fresh as long as the inputs are those of the records and nobody changed the drawing, and `pages` keeps
a fresh one as it is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from vaebench.leaderboard.figures.from_records import task_figures
from vaebench.leaderboard.figures.plots import inputs_hash, stamp
from vaebench.leaderboard.front_page import front_page
from vaebench.leaderboard.record_page import record_page, record_path
from vaebench.leaderboard.selection import select
from vaebench.leaderboard.task_page import task_page
from vaebench.leaderboard.task_text import TaskText, Term
from vaebench.results.record import Record

__all__ = ["TaskText", "Term", "drawn_figures", "pages", "stale_pages"]


def pages(
    tasks: Sequence[TaskText],
    records: Sequence[Record],
    preview: bool = False,
    drawn: Mapping[str, str] | None = None,
    glossary: Sequence[Term] = (),
    submissions: Sequence[Record] = (),
) -> dict[str, str]:
    """Make every file of the board.

    Args:
        tasks: The tasks, in the order of the board's columns.
        records: The suite's own records, in any order.
        preview: Whether quick runs are shown, under a banner that says so.
        drawn: Figures drawn before, by path; a fresh one is kept, which saves the drawing.
        glossary: What names of variants, networks and data sets mean.
        submissions: Records from others; none takes the place of one of `records`.

    Returns:
        Contents by path below the board: ``README.md``, ``<task>.md``, ``records/<task>/*.md`` and ``figures/*.svg``.
    """
    selection = select(tasks, records, preview, submissions)
    made = {"README.md": front_page(tasks, selection, preview, glossary)}
    for task in tasks:
        figures = task_figures(task, selection)
        made[f"{task.name}.md"] = task_page(task, selection, figures, preview)
        for record in selection.of_task(task.name):
            made[record_path(record, selection)] = record_page(task, record, selection, preview)
        for path, figure in figures.items():
            before = (drawn or {}).get(path, "")
            if stamp(before) == inputs_hash(figure):
                made[path] = before
            else:
                from vaebench.leaderboard.figures.drawing import svg  # matplotlib takes longer than all the rest

                made[path] = svg(figure)
    return made


def drawn_figures(folder: Path) -> dict[str, str]:
    """Read the figures of a board that was written before.

    Args:
        folder: The board's folder.

    Returns:
        Contents by path below the folder.
    """
    return {
        f"figures/{path.name}": path.read_bytes().decode("utf-8", "replace")
        for path in sorted((folder / "figures").glob("*.svg"))
    }


def stale_pages(folder: Path, pages: Mapping[str, str]) -> dict[str, str]:
    """Compare a folder with what its files should be.

    Pages are compared byte for byte, figures by the hash of their inputs. Only what a board consists of is looked at:
    Markdown in the folder itself, all of ``records/``, SVG in ``figures/``; submissions beside them are not.

    Args:
        folder: The board's folder.
        pages: What it should hold, from `pages`.

    Returns:
        For each file below the folder that is missing, differs or should not be there, which of these; in order, and
        empty when the board is fresh.
    """
    said = dict.fromkeys(_strangers(folder, pages), "should not be there")
    for name, expected in pages.items():
        if not (folder / name).is_file():
            said[name] = "missing"
        elif _differs(name, (folder / name).read_bytes().decode("utf-8", "replace"), expected):
            said[name] = "differs from what the records say"
    return dict(sorted(said.items()))


def _strangers(folder: Path, pages: Mapping[str, str]) -> set[str]:
    """Files of a board that its records do not make: pages and figures of what is gone."""
    written = (*folder.glob("*.md"), *(path for path in folder.glob("records/**/*") if path.is_file()))
    there = {path.relative_to(folder).as_posix() for path in written} | drawn_figures(folder).keys()
    return there - pages.keys()


def _differs(name: str, found: str, expected: str) -> bool:
    if name.endswith(".svg"):
        return stamp(found) is None or stamp(found) != stamp(expected)
    return found != expected
