"""The board of a checkout: read its records, write its pages, list those that are stale."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vaebench.mistakes import Mistake
from vaebench.report.cache import Cache, cache_file
from vaebench.report.every_file import pages
from vaebench.report.files import IN_THE_WAY, STRANGER, SUBMISSIONS, drawn_figures, stale_pages
from vaebench.report.processes import uncollected
from vaebench.report.reading import kept_records
from vaebench.report.received.sent import THIS_RUN, Sent, sender_of, sent
from vaebench.report.rows.run_places import RowPlaces
from vaebench.report.rows.selection import Selection, select
from vaebench.report.rows.trust import with_trust
from vaebench.report.suite import Suite, suite
from vaebench.report.texts import Texts
from vaebench.results.record import Record
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import BadRecord, read_records, write_text
from vaebench.results.submission import SENDER, too_much

PAGES = "leaderboard"
"""The folder of a checkout, or of a run, that holds the board."""


@dataclass(frozen=True)
class Written:
    """The result of writing a board.

    Attributes:
        page: The board's page.
        files: The files that were written or removed.
        strangers: One line for each file in the board's folder that is not the suite's; none was touched.
        bad: One line for each file that is not a record, and for each record that is refused.
        places: Of a preview, the places of the run's rows.
    """

    page: Path
    files: tuple[Path, ...]
    strangers: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    places: tuple[RowPlaces, ...] = ()


@dataclass(frozen=True)
class Published:
    """The records that a checkout publishes.

    Attributes:
        references: Its reference results.
        submissions: Records that others sent.
        bad: Files among the submissions that are no records.
        bad_references: Files among the reference results that are no records.
    """

    references: tuple[Record, ...]
    submissions: tuple[Sent, ...] = ()
    bad: tuple[BadRecord, ...] = ()
    bad_references: tuple[BadRecord, ...] = ()


class BadReferences(Mistake):
    """Some of the suite's own records cannot be read, or are incomplete.

    Args:
        lines: One for each of them.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        count = len(lines)
        super().__init__(f"{count} of the reference results {'is' if count == 1 else 'are'} bad; nothing is written")
        self.lines = tuple(lines)


def published(folder: Path, there: Suite | None = None, store: Cache | None = None) -> Published:
    """Read the records that a checkout publishes.

    Args:
        folder: The checkout.
        there: What there is, if what is worked out of the suite's own records is kept.
        store: Where it is kept; nowhere by default.

    Returns:
        Its records.
    """
    below = folder / REFERENCES
    references, bad = kept_records(below, there, store or Cache(None)) if there else read_records(below, as_store=True)
    return Published(tuple(references), *_submitted(folder / PAGES / SUBMISSIONS), tuple(bad))


def _submitted(folder: Path) -> tuple[tuple[Sent, ...], tuple[BadRecord, ...]]:
    """Read what others sent. Each sender has a folder."""
    found: list[Sent] = []
    bad: list[BadRecord] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink():
            bad.append(BadRecord(path, "a link, which is not followed"))
        elif path.is_file() and path.suffix.lower() == ".json":
            bad.append(BadRecord(path, "it lies in no sender's folder"))
        elif path.is_dir() and not SENDER.fullmatch(path.name):
            bad.append(BadRecord(path, "a sender's name is small letters and digits, with single hyphens between"))
        elif path.is_dir() and (why := too_much(path)):
            bad.append(BadRecord(path, why))
        elif path.is_dir():
            records, none = read_records(path, as_store=True)
            found += [sent(record, path.name) for record in records]
            bad += none
    return tuple(found), tuple(bad)


def refuse_bad(folder: Path, found: Published, selection: Selection) -> None:
    """Stop if one of the suite's own records cannot be read or is incomplete.

    Args:
        folder: The checkout.
        found: What it publishes.
        selection: The records that it shows.

    Raises:
        BadReferences: There is one.
    """
    ours = {id(record) for record in found.references}
    faults = [one for one in selection.faults if id(one.record) in ours]
    lines = [f"{folder / REFERENCES / one.record.subject.file_name}: {one.why}" for one in faults]
    if lines := [*map(str, found.bad_references), *lines]:
        raise BadReferences(lines)


@uncollected()
def current_pages(redraw: bool = False, checkout: Path | None = None) -> tuple[Path, Texts, tuple[str, ...]]:
    """Make the pages of the committed records.

    Args:
        redraw: Whether figures that look fresh are drawn again too.
        checkout: Whose records; by default that which `root` finds.

    Returns:
        Their folder, each page's text by its path below it, and a line for each submission that is refused.

    Raises:
        Mistake: A reference result is bad, or the board has a link.
    """  # noqa: DOC502 - raised by refuse_bad and drawn_figures
    folder = checkout or root()
    drawn = drawn_figures(folder / PAGES)  # also looks for links
    there = suite()
    found = published(folder, there, Cache(None if redraw else cache_file()))
    selection = chosen(folder, there, found)
    refuse_bad(folder, found, selection)
    below = folder / PAGES / SUBMISSIONS
    refused = [f"{below / sender_of(o.record) / o.record.subject.file_name}: {o.why}" for o in selection.faults]
    written = board_pages(folder, there, found.bad, selection, drawn={} if redraw else drawn)
    return folder / PAGES, written, (*map(str, found.bad), *refused)


def chosen(
    folder: Path, there: Suite, found: Published, preview: bool = False, among: Published | None = None
) -> Selection:
    """Choose the records that a board shows, and work out how far what others sent can be trusted.

    Args:
        folder: The checkout.
        there: What there is.
        found: What it publishes.
        preview: Whether quick runs are shown, and seeds may be few.
        among: What is shown, if that is more or less than what is published.

    Returns:
        What is shown, and what is left out.
    """
    shown, board = among or found, folder / PAGES
    mine = tuple(one for one in shown.submissions if one.sender == THIS_RUN)
    others = tuple(one for one in shown.submissions if one.sender != THIS_RUN)
    trusted, refused = with_trust(board, board / SUBMISSIONS, there, found.references, others) if others else ((), ())
    selection = select(there, shown.references, preview, (*mine, *trusted))
    return replace(selection, left_out=(*selection.left_out, *refused))


def board_pages(
    folder: Path,
    there: Suite,
    bad: Iterable[BadRecord],
    selection: Selection,
    drawn: Mapping[str, str],
    preview: bool = False,
) -> Texts:
    """Make the pages of a selection. A file that is no record is named by its path below the checkout's board.

    Args:
        folder: The checkout.
        there: What there is.
        bad: Files among the submissions that are no records.
        selection: What is shown.
        drawn: Figures drawn before, by path.
        preview: Whether the pages are a preview.

    Returns:
        Contents by path below the board.
    """
    unread = [one.path.relative_to(folder / PAGES).as_posix() for one in bad]
    return pages(there, selection, preview, drawn, unread)


def write(redraw: bool = False, checkout: Path | None = None) -> Written:
    """Write the leaderboard's pages that are stale, and remove those that no longer belong to it.

    Args:
        redraw: Whether to draw every figure again.
        checkout: Whose board; by default that which `root` finds.

    Returns:
        What was written.
    """
    folder, made, bad = current_pages(redraw, checkout)
    return replace(write_pages(folder, made, redraw), bad=bad)


def write_pages(folder: Path, made: Mapping[str, str], redrawn: bool = False) -> Written:
    """Write the stale pages below a folder, and remove those that no longer belong to it.

    Only files that bear the suite's mark are written over or removed.

    Args:
        folder: The board's folder.
        made: Text by path.
        redrawn: Whether their figures were drawn just now.

    Returns:
        What was written.

    Raises:
        Mistake: There is a link, or a file of somebody else has the name of a page. Nothing was written.
    """
    stale = stale_pages(folder, made, redrawn)
    if in_the_way := [name for name, why in stale.items() if why == IN_THE_WAY]:
        raise Mistake(f"{folder / in_the_way[0]} {IN_THE_WAY}")
    ours = [name for name, why in stale.items() if why != STRANGER]
    for name in ours:
        if name in made:
            write_text(folder / name, made[name], durable=False)
        else:
            (folder / name).unlink()
    strangers = tuple(f"{folder / name} {why}" for name, why in stale.items() if why == STRANGER)
    return Written(folder / "README.md", tuple(folder / name for name in ours), strangers)


def stale(redraw: bool = False) -> tuple[list[str], tuple[str, ...]]:
    """List the stale pages of the leaderboard.

    Args:
        redraw: Whether every figure is drawn again and compared.

    Returns:
        One line for each stale page, and one for each submission that is refused. Such a submission does not make pages
        stale.
    """
    folder, made, bad = current_pages(redraw)
    return [f"{name}: {why}" for name, why in stale_pages(folder, made, redraw).items()], bad
