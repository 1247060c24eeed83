"""The board as files: which of a folder are the suite's own, and which are not as they should be.

Every page and figure bears a mark. A file without one is somebody else's: it is named, and never changed or removed.
A board's folder holds no links, so nothing outside it is ever read, written or removed.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from vaebench.mistakes import Mistake
from vaebench.report.figures.forgery import same_drawing
from vaebench.report.figures.stamp import STAMP_BEGINS, stamp

MARK = "<!-- Written by `vaebench leaderboard`; it writes over edits. -->"
"""The first line of every page."""

SUBMISSIONS = "submissions"
"""The folder of a board that others fill. Nothing below it is a page."""

MAX_BYTES = 64 * 2**20
"""A file above this is no page; it is read no further."""

DIFFERS, MISSING, GONE = "differs from what the records say", "missing", "should not be there"
FORGED = "is not what its inputs look like when they are drawn again"
STRANGER = "should not be there, and is not the suite's to remove: move it away"
IN_THE_WAY = "stands in a page's place, and is not the suite's to write over: move it away"


def drawn_figures(folder: Path) -> dict[str, str]:
    """Read the figures of a board that was written before.

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
        if name.startswith("figures/") and name.count("/") == 1 and name.endswith(".svg")
    }


def stale_pages(folder: Path, pages: Mapping[str, str], redrawn: bool = False) -> dict[str, str]:
    """Compare a folder with what its files should be.

    Pages are compared byte for byte, figures by the hash of their inputs. Submissions are not looked at, nor files
    whose name begins with a dot.

    Args:
        folder: The board's folder.
        pages: What it should hold, from `pages`.
        redrawn: Whether figures are compared by what they show, too; then those in `pages` were drawn just now, and
            those of the folder have to be by the same version of matplotlib, or nobody could tell.

    Returns:
        For each file below the folder that is missing, differs or should not be there, which of these; in order, and
        empty when the board is fresh.

    Raises:
        Mistake: There is a link, or a file that is no ordinary one.
    """  # noqa: DOC502 - raised by board_files
    there = {name: path for name, path in board_files(folder) if not name.rpartition("/")[2].startswith(".")}
    said = {name: GONE if _marked(_text(path)) else STRANGER for name, path in there.items() if name not in pages}
    for name, expected in pages.items():
        if name not in there:
            said[name] = MISSING
        elif why := _differs(name, found := _text(there[name]), expected, redrawn):
            said[name] = why if _marked(found) else IN_THE_WAY
    return dict(sorted(said.items()))


def board_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """List the files of a board, submissions aside.

    Args:
        folder: The board's folder; it need not be there.

    Yields:
        Path below the folder, and path.

    Raises:
        Mistake: There is a link, or a file that is no ordinary one.
    """
    if not _is_folder(folder):
        if os.path.lexists(folder):
            raise Mistake(f"{folder} is no folder; move it away")
        return
    waiting = [folder]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            name = path.relative_to(folder).as_posix()
            if _is_folder(path):
                waiting += [path] if name != SUBMISSIONS else []
            elif stat.S_ISREG(path.lstat().st_mode):
                yield name, path
            else:
                raise Mistake(f"{path} is no ordinary file; a board has none such, move it away")


def _is_folder(path: Path) -> bool:
    """Whether it is a folder; a link to one is refused, because it may lead out of the board."""
    if path.is_symlink():
        raise Mistake(f"{path} is a link; a board has none, because links lead out of it: move it away")
    return path.is_dir()


def _text(path: Path) -> str:
    with path.open("rb") as file:
        found = file.read(MAX_BYTES + 1)
    return found.decode("utf-8", "replace") if len(found) <= MAX_BYTES else ""


def _marked(text: str) -> bool:
    """Whether a file is the suite's: also one that was edited, or that git left with both sides of a conflict."""
    return MARK in text or STAMP_BEGINS in text


def _differs(name: str, found: str, expected: str, redrawn: bool) -> str:
    if not name.endswith(".svg"):
        return "" if found == expected else DIFFERS
    own, should = stamp(found), stamp(expected)
    if own is None or should is None or own.inputs != should.inputs:
        return DIFFERS
    if redrawn and own.drawer != should.drawer:
        return (
            f"was drawn by matplotlib {own.drawer}, and {should.drawer}, which is here, cannot tell whether it is right"
        )
    return FORGED if redrawn and not same_drawing(own.drawing, should.drawing) else ""
