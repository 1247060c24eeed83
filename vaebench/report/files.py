"""The board as files: which files of a folder are the suite's own, and which are stale.

Every page, figure and table bears a mark. A file without one belongs to somebody else. It is named, and never changed
or removed. A board's folder holds no links, so nothing outside it is ever read, written or removed.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from vaebench.bounded import read_bounded
from vaebench.mistakes import Mistake
from vaebench.report.figures.forgery import same_drawing
from vaebench.report.figures.stamp import STAMP_BEGINS, stamp
from vaebench.report.tables.taken_away import CSV_BEGINS
from vaebench.report.words.markdown import MADE_BY

MARK = f"<!-- {MADE_BY} -->"
"""The first line of every page."""


def marked(page: str) -> str:
    """Put the mark before a page.

    Args:
        page: Its Markdown.

    Returns:
        The file's text.
    """
    return f"{MARK}\n\n{page}"


SUBMISSIONS = "submissions"
"""The folder of a board for records of others. Nothing below it is a page."""

APART = (SUBMISSIONS, "replays")
"""Folders of a board that hold no pages: what others sent, and proofs that it was trained again."""

MAX_BYTES = 64 * 2**20
"""A larger file is no page, and is not read further."""

DIFFERS, MISSING, GONE = "differs from what the records say", "missing", "should not be there"
FORGED = "differs from the figure that its records give"
STRANGER = "was not written by vaebench, so it is not removed: move it away"
IN_THE_WAY = "has the name of a page but was not written by vaebench: move it away"


KEPT = "over_variants.md"
"""A page that keeps numbers which take long to make."""


def drawn_figures(folder: Path) -> dict[str, str]:
    """Read the figures of a board that was written before, and the page that keeps numbers.

    Args:
        folder: The board's folder.

    Returns:
        Contents by path below the folder.

    Raises:
        Mistake: There is a link, or a file that is no ordinary one.
    """  # noqa: DOC502 - raised by board_files
    return {
        name: _text(path)
        for name, path in board_files(folder)
        if name == KEPT or (name.startswith("figures/") and name.count("/") == 1 and name.endswith(".svg"))
    }


def stale_pages(folder: Path, pages: Mapping[str, str], redrawn: bool = False) -> dict[str, str]:
    """Compare the files of a folder with what they should be.

    Pages are compared byte for byte, figures by the hash of their inputs. Submissions are ignored, and files whose name
    begins with a dot.

    Args:
        folder: The board's folder.
        pages: What it should hold, from `pages`.
        redrawn: Whether figures are compared by what they show, too. Those in `pages` were then drawn just now. Those
            of the folder must be by the same version of matplotlib.

    Returns:
        Why a file is stale, by its path below the folder, in order; empty if the board is fresh.

    Raises:
        Mistake: There is a link, or a file that is no ordinary one.
    """  # noqa: DOC502 - raised by board_files
    there = {name: path for name, path in board_files(folder) if not name.rpartition("/")[2].startswith(".")}
    said = {name: GONE if _marked(_text(path)) else STRANGER for name, path in there.items() if name not in pages}
    for name, expected in pages.items():
        if name not in there:
            said[name] = MISSING
        elif why := _differs(name, found := _text(there[name]), expected, redrawn):
            is_empty = not there[name].stat().st_size  # a page that was lost
            said[name] = why if is_empty or _marked(found) else IN_THE_WAY
    return dict(sorted(said.items()))


def board_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """List the files of a board, submissions and replays aside.

    Args:
        folder: The board's folder; it may be missing.

    Yields:
        Path below the folder, and path.

    Raises:
        Mistake: There is a link, or a file that is no ordinary one.
    """
    if not _is_folder(folder):
        if os.path.lexists(folder):
            raise Mistake(f"{folder} is not a folder; move it away")
        return
    waiting = [folder]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            name = path.relative_to(folder).as_posix()
            if _is_folder(path):
                waiting += [path] if name not in APART else []
            elif stat.S_ISREG(path.lstat().st_mode):
                yield name, path
            else:
                raise Mistake(f"{path} is not an ordinary file; move it away")


def _is_folder(path: Path) -> bool:
    """Whether it is a folder. A link is refused, because it may lead out of the board."""
    if path.is_symlink():
        raise Mistake(f"{path} is a link; a board has no links, because they lead out of it: move it away")
    return path.is_dir()


def _text(path: Path) -> str:
    """Read a file; empty where it is too large to be a page."""
    found = read_bounded(path, MAX_BYTES)
    return found.decode("utf-8", "replace") if len(found) <= MAX_BYTES else ""


def _marked(text: str) -> bool:
    """Whether a file is the suite's. It may be edited, or in conflict."""
    return MADE_BY in text or STAMP_BEGINS in text or text.startswith(CSV_BEGINS)


def _differs(name: str, found: str, expected: str, redrawn: bool) -> str:
    if not name.endswith(".svg"):
        return "" if found == expected else DIFFERS
    own, should = stamp(found), stamp(expected)
    if own is None or should is None or own.inputs != should.inputs:
        return DIFFERS
    if redrawn and own.drawer != should.drawer:
        return f"was drawn by matplotlib {own.drawer}; the installed {should.drawer} cannot check it"
    return FORGED if redrawn and not same_drawing(own.drawing, should.drawing) else ""
