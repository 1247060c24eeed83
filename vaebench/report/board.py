"""The board of a checkout: read what it publishes, write its pages, say which are stale."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from vaebench.mistakes import Mistake
from vaebench.report.files import IN_THE_WAY, STRANGER, SUBMISSIONS, drawn_figures, stale_pages
from vaebench.report.pages import pages
from vaebench.report.selection import Selection, select
from vaebench.report.sent import SENDER, Sent, sender_of, sent
from vaebench.report.suite import Suite, suite
from vaebench.results.record import Record
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import BadRecord, read_records, write_text

PAGES = "leaderboard"
"""The folder of a checkout, or of a run, that holds the board."""


@dataclass(frozen=True)
class Written:
    """What came of writing a board.

    Attributes:
        page: The board's page.
        files: What was written or taken away.
        strangers: One line for each file in the board's folders that is not the suite's; none was touched.
        bad: One line for each file that should be a record and is none, or is left out because it cannot be.
    """

    page: Path
    files: tuple[Path, ...]
    strangers: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()


@dataclass(frozen=True)
class Published:
    """The records that a checkout publishes.

    Attributes:
        references: Its reference results.
        submissions: What others sent.
        bad: What lies among the submissions and is no record.
        bad_references: What lies among the reference results and is no record.
    """

    references: tuple[Record, ...]
    submissions: tuple[Sent, ...] = ()
    bad: tuple[BadRecord, ...] = ()
    bad_references: tuple[BadRecord, ...] = ()


class BadReferences(Mistake):
    """Some of the suite's own records are none, or are not whole.

    Args:
        lines: One for each of them.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        count = len(lines)
        super().__init__(f"{count} of the reference results {'is' if count == 1 else 'are'} bad; nothing is written")
        self.lines = tuple(lines)


def published(folder: Path) -> Published:
    """Read what a checkout publishes.

    Args:
        folder: The checkout.

    Returns:
        Its records.
    """
    references, bad = read_records(folder / REFERENCES, as_store=True)
    return Published(tuple(references), *_submitted(folder / PAGES / SUBMISSIONS), tuple(bad))


def _submitted(folder: Path) -> tuple[tuple[Sent, ...], tuple[BadRecord, ...]]:
    """Read what others sent, each below a folder of the sender's name."""
    found: list[Sent] = []
    bad: list[BadRecord] = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.is_symlink():
            bad.append(BadRecord(place, "a link, which is not followed"))
        elif place.is_file() and place.suffix.lower() == ".json":
            bad.append(BadRecord(place, "it lies in no sender's folder"))
        elif place.is_dir() and not SENDER.fullmatch(place.name):
            bad.append(BadRecord(place, "a sender's name is small letters and digits, with single hyphens between"))
        elif place.is_dir():
            records, none = read_records(place, as_store=True)
            found += [sent(record, place.name) for record in records]
            bad += none
    return tuple(found), tuple(bad)


def refuse_bad(folder: Path, found: Published, selection: Selection) -> None:
    """Stop where one of the suite's own records is none, or is not whole: nothing can rest on the others then.

    Args:
        folder: The checkout.
        found: What it publishes.
        selection: What came of it.

    Raises:
        BadReferences: There is one.
    """
    ours = {id(record) for record in found.references}
    faults = [one for one in selection.faults if id(one.record) in ours]
    lines = [f"{folder / REFERENCES / one.record.subject.file_name}: {one.why}" for one in faults]
    if lines := [*map(str, found.bad_references), *lines]:
        raise BadReferences(lines)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: what is read is kept, and looking it through again costs a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@uncollected()
def current_pages(redraw: bool = False) -> tuple[Path, dict[str, str], tuple[str, ...]]:
    """Make the pages of the committed records.

    Args:
        redraw: Whether figures that look fresh are drawn again too.

    Returns:
        The folder they belong to, each page's text by its place below it, and a line for each submission that is none.

    Raises:
        Mistake: A reference result is bad, or the board has a link.
    """  # noqa: DOC502 - raised by refuse_bad and drawn_figures
    folder = root()
    drawn = drawn_figures(folder / PAGES)  # also looks for links
    found, there = published(folder), suite()
    selection = select(there, found.references, submissions=found.submissions)
    refuse_bad(folder, found, selection)
    place = folder / PAGES / SUBMISSIONS
    refused = [f"{place / sender_of(o.record) / o.record.subject.file_name}: {o.why}" for o in selection.faults]
    written = board_pages(folder, there, found, selection, drawn={} if redraw else drawn)
    return folder / PAGES, written, (*map(str, found.bad), *refused)


def board_pages(
    folder: Path, there: Suite, found: Published, selection: Selection, drawn: Mapping[str, str], preview: bool = False
) -> dict[str, str]:
    """Make the pages of a selection; what is no record is named by its place below the checkout's board.

    Args:
        folder: The checkout.
        there: What there is.
        found: What the checkout publishes.
        selection: What is shown.
        drawn: Figures drawn before, by path.
        preview: Whether the pages say that they are a preview.

    Returns:
        Contents by path below the board.
    """
    unread = [bad.path.relative_to(folder / PAGES).as_posix() for bad in found.bad]
    return pages(there, selection, preview, drawn, unread)


def write(redraw: bool = False) -> Written:
    """Write the leaderboard's pages that are stale, and take away those that no longer belong to it.

    Args:
        redraw: Whether to draw every figure again.

    Returns:
        What was written.
    """
    folder, made, bad = current_pages(redraw)
    return replace(write_pages(folder, made, redraw), bad=bad)


def write_pages(folder: Path, made: Mapping[str, str], redrawn: bool = False) -> Written:
    """Write the pages below a folder that are not there as they should be, and take away what should not be.

    Only files that bear the suite's mark are written over or taken away.

    Args:
        folder: Where.
        made: Text by place.
        redrawn: Whether their figures were drawn just now.

    Returns:
        What was written.

    Raises:
        Mistake: A link or another's file is in the way; then nothing was written.
    """
    stale = stale_pages(folder, made, redrawn)
    if in_the_way := [name for name, why in stale.items() if why == IN_THE_WAY]:
        raise Mistake(f"{folder / in_the_way[0]} {IN_THE_WAY}")
    ours = [name for name, why in stale.items() if why != STRANGER]
    for name in ours:
        if name in made:
            write_text(folder / name, made[name])
        else:
            (folder / name).unlink()
    strangers = tuple(f"{folder / name} {why}" for name, why in stale.items() if why == STRANGER)
    return Written(folder / "README.md", tuple(folder / name for name in ours), strangers)


def stale(redraw: bool = False) -> tuple[list[str], tuple[str, ...]]:
    """Say what is stale of the leaderboard as it lies there.

    Args:
        redraw: Whether every figure is drawn again, and compared with what is there.

    Returns:
        One line a page, and one for each submission that is no record: the pages may be fresh, and say so.
    """
    folder, made, bad = current_pages(redraw)
    return [f"{name}: {why}" for name, why in stale_pages(folder, made, redraw).items()], bad
