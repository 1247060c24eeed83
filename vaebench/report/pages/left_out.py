"""Write the page of records that are not shown, with the reason of each."""

from collections.abc import Iterable

from vaebench.report.rows.selection import Selection
from vaebench.report.words.markdown import PREVIEW, bullets, escape

PAGE = "left_out.md"
"""The page's file at the top of the board."""


def left_out_page(selection: Selection, unread: Iterable[str], preview: bool) -> str:
    """Write the page.

    Args:
        selection: What is shown, and what is not.
        unread: Files among the submissions that are no records.
        preview: Whether to say that it is a preview.

    Returns:
        Markdown; empty if nothing is left out.
    """
    lines = _lines(selection, unread)
    if not lines:
        return ""
    parts = ["# Left out", *([PREVIEW] if preview else []), "[Leaderboard](README.md) · [glossary](glossary.md)"]
    return "\n\n".join([*parts, bullets(lines)]) + "\n"


def left_out_line(selection: Selection, unread: Iterable[str]) -> str:
    """Lead to the page.

    Args:
        selection: What is shown, and what is not.
        unread: Files among the submissions that are no records.

    Returns:
        A sentence of Markdown; empty if nothing is left out.
    """
    many = len(_lines(selection, unread))
    return f"[{many} file{'' if many == 1 else 's'}]({PAGE}) cannot be shown, each for a reason." if many else ""


def _lines(selection: Selection, unread: Iterable[str]) -> list[str]:
    return [*(escape(str(one)) for one in selection.left_out), *(f"{escape(name)}: no record" for name in unread)]
