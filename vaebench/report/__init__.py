"""Whole flows over stored records: score a run against reference results, write the leaderboard, check it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vaebench import catalog
from vaebench.mistakes import Mistake
from vaebench.report import pages as board
from vaebench.report.sent import SENDER, THIS_RUN, Sent, sender_of, sent
from vaebench.report.texts import glossary, suite, task_texts
from vaebench.results.record import Record
from vaebench.results.score import Score, score
from vaebench.results.store import BadRecord, read_records, write_text

REFERENCES, PAGES, SUBMISSIONS = "reference_results", "leaderboard", board.SUBMISSIONS


@dataclass(frozen=True)
class Written:
    """What came of writing a board.

    Attributes:
        page: The board's page.
        files: What was written or taken away.
        strangers: One line for each file in the board's folders that is not the suite's; none was touched.
        bad: One line for each file that should be a record and is none.
    """

    page: Path
    files: tuple[Path, ...]
    strangers: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()


def root() -> Path:
    """The checkout whose records and pages are meant: the current folder if it has reference results, else our own.

    Returns:
        The folder.

    Raises:
        Mistake: Neither has any.
    """
    for folder in (Path(), catalog.PACKAGE.parent):
        if (folder / REFERENCES).is_dir():
            return folder
    raise Mistake(f"there is no folder {REFERENCES} here; run this in a checkout of vaebench")


def read(folder: Path) -> tuple[list[Record], list[str]]:
    """Read the records of a folder, or of one file.

    Args:
        folder: Where.

    Returns:
        The records, and one line for each file that is none.

    Raises:
        Mistake: There is nothing to read.
    """
    if not folder.exists():
        raise Mistake(f"there is no {folder}")
    records, bad = read_records(folder)
    if not records:
        raise Mistake(f"there is no record in {folder}" + (f"; {bad[0]}" if bad else ""))
    return records, list(map(str, bad))


def score_folder(folder: Path, reference: Path | None) -> tuple[tuple[Score, ...], list[str]]:
    """Score a run.

    Args:
        folder: The run, or one record.
        reference: What it is compared with; None for the suite's own reference results.

    Returns:
        A score for each record, and one line for each file that is none.
    """
    records, bad = read(folder)
    references, bad_references = read(reference or root() / REFERENCES)
    return score(records, references, scope=folder.is_dir()), bad + bad_references


def against(scores: Sequence[Score], allow_stale: bool = False, partial: bool = False) -> list[str]:
    """Say what speaks against a run.

    Args:
        scores: Its scores.
        allow_stale: Whether records of another definition or code are accepted.
        partial: Whether it is accepted that records or seeds are missing.

    Returns:
        One line for each kind of trouble; empty for a run that reproduced all it was to.
    """
    counts = Counter(one.status for one in scores)
    fewer = sum(1 for one in scores if one.unrun)
    found = [
        (counts["drifted"], "drifted", ""),
        (0 if allow_stale else counts["stale"], "stale, and not compared", "; --allow-stale accepts that"),
        (0 if partial else counts["missing"], "missing, and not compared", "; --partial accepts that"),
        (0 if partial else fewer, "of fewer seeds than the reference", "; --partial accepts that"),
    ]
    return [f"{number} of {len(scores)} records {what}{how}" for number, what, how in found if number]


def score_lines(one: Score, most: int = 5) -> list[str]:
    """What a score says beyond its word, a line each."""
    lines = [one.reason] if one.reason else []
    for drift in one.drifts[:most]:
        place = drift.measurement if drift.knob is None else f"{drift.measurement} at {drift.knob:g}"
        if drift.mean is not None and drift.low is not None:
            lines.append(f"{place} ({drift.arm}): {drift.mean:.4g}, expected {drift.low:.4g} to {drift.high:.4g}")
        else:
            lines.append(f"{place} ({drift.arm}): {drift.why}")
    return lines + ([f"… and {len(one.drifts) - most} more"] if len(one.drifts) > most else [])


@dataclass(frozen=True)
class Committed:
    """What a checkout publishes.

    Attributes:
        references: Its reference results.
        submissions: What others sent.
        bad: What lies among the submissions and is no record.
    """

    references: tuple[Record, ...]
    submissions: tuple[Sent, ...] = ()
    bad: tuple[BadRecord, ...] = ()


class BadReferences(Mistake):
    """Some of the suite's own records are none, or are not whole.

    Args:
        lines: One for each of them.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        count = len(lines)
        super().__init__(f"{count} of the reference results {'is' if count == 1 else 'are'} bad; nothing is written")
        self.lines = tuple(lines)


def committed(folder: Path) -> Committed:
    """Read what a checkout publishes.

    Args:
        folder: The checkout.

    Returns:
        What it is.

    Raises:
        BadReferences: A reference result is no record, or is not whole. A submission that is none is left out.
    """
    references, bad = read_records(folder / REFERENCES, as_store=True)
    faults = board.faults(task_texts(), references, suite())
    lines = [*map(str, bad), *(f"{folder / REFERENCES / one.subject.file_name}: {why}" for one, why in faults)]
    if lines:
        raise BadReferences(lines)
    return Committed(tuple(references), *_submitted(folder / PAGES / SUBMISSIONS))


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


def current_pages(redraw: bool = False) -> tuple[Path, dict[str, str], tuple[str, ...]]:
    """The pages that the committed records make.

    Args:
        redraw: Whether figures that look fresh are drawn again too.

    Returns:
        The folder they belong to, each page's text by its place below it, and a line for each submission that is none.

    Raises:
        Mistake: A reference result is bad, or the board has a link.
    """  # noqa: DOC502 - raised by committed
    folder = root()
    drawn = board.drawn_figures(folder / PAGES)  # also looks for links
    found = committed(folder)
    pages = _pages(folder, found, False, {} if redraw else drawn)
    return folder / PAGES, pages, (*map(str, found.bad), *_refused(found, folder / PAGES / SUBMISSIONS))


def _refused(shown: Committed, place: Path, preview: bool = False) -> list[str]:
    """Name what others sent, or what a run has, that the board leaves out because it cannot be."""
    asked = (*shown.references, *shown.submissions) if preview else shown.submissions
    lines = []
    for record, why in board.faults(task_texts(), asked, suite(), shown.references, preview):
        sender = sender_of(record)
        if (sender in {"", THIS_RUN}) == preview:
            lines.append(f"{(place if preview else place / sender) / record.subject.file_name}: {why}")
    return lines


def _pages(folder: Path, shown: Committed, preview: bool, drawn: Mapping[str, str]) -> dict[str, str]:
    unread = [bad.path.relative_to(folder / PAGES).as_posix() for bad in shown.bad]
    return board.pages(task_texts(), shown.references, preview, drawn, glossary(), shown.submissions, suite(), unread)


def write(redraw: bool = False) -> Written:
    """Write the leaderboard's pages that are stale, and take away those that no longer belong to it.

    Args:
        redraw: Whether to draw every figure again.

    Returns:
        What was written.
    """
    folder, pages, bad = current_pages(redraw)
    return replace(write_pages(folder, pages, redraw), bad=bad)


def write_pages(folder: Path, pages: dict[str, str], redrawn: bool = False) -> Written:
    """Write the pages below a folder that are not there as they should be, and take away what should not be.

    Only files that bear the suite's mark are written over or taken away.

    Args:
        folder: Where.
        pages: Text by place.
        redrawn: Whether their figures were drawn just now.

    Returns:
        What was written.

    Raises:
        Mistake: A link or another's file is in the way; then nothing was written.
    """
    stale = board.stale_pages(folder, pages, redrawn)
    if in_the_way := [name for name, why in stale.items() if why == board.IN_THE_WAY]:
        raise Mistake(f"{folder / in_the_way[0]} {board.IN_THE_WAY}")
    ours = [name for name, why in stale.items() if why != board.STRANGER]
    for name in ours:
        if name in pages:
            write_text(folder / name, pages[name])
        else:
            (folder / name).unlink()
    strangers = tuple(f"{folder / name} {why}" for name, why in stale.items() if why == board.STRANGER)
    return Written(folder / "README.md", tuple(folder / name for name in ours), strangers)


def stale(redraw: bool = False) -> tuple[list[str], tuple[str, ...]]:
    """What is stale of the leaderboard as it lies there.

    Args:
        redraw: Whether every figure is drawn again, and compared with what is there.

    Returns:
        One line a page, and one for each submission that is no record: the pages may be fresh, and say so.
    """
    folder, pages, bad = current_pages(redraw)
    return [f"{name}: {why}" for name, why in board.stale_pages(folder, pages, redraw).items()], bad


def write_preview(folder: Path) -> Written:
    """Write the board that the committed records would make with a run's among them, below the run's folder.

    Committed records are shown only under the presets that the run has. One of the same code in the same place as the
    run's gives way to it. The run's rows of a variant that is not the suite's own say that they are the run's.

    Args:
        folder: Of the run.

    Returns:
        What was written.

    Raises:
        Mistake: It is a file or a checkout, there is nothing to read, or something is in the way.
    """
    if folder.is_file():
        raise Mistake(f"{folder} is a file; give the folder of a run")
    checkout = root()
    _refuse_checkout(folder, checkout)
    records, bad = read(folder)
    shown = _among(records, committed(checkout))
    pages = _pages(checkout, shown, True, board.drawn_figures(checkout / PAGES))
    return replace(write_pages(folder / PAGES, pages), bad=(*bad, *_refused(shown, folder, preview=True)))


def _among(records: Sequence[Record], found: Committed) -> Committed:
    """Put a run's records among the committed ones."""
    presets, places = {record.subject.preset for record in records}, {_place(record) for record in records}

    def kept(record: Record) -> bool:
        return record.subject.preset in presets and _place(record) not in places

    references = tuple(filter(kept, found.references))
    submissions = tuple(one for one in found.submissions if kept(one))
    names = suite().variants
    own = [names.get(record.subject.variant.name) == record.subject.variant.code_hash for record in records]
    if not references and not any(own):
        return Committed(tuple(records), submissions)
    ours = tuple(record for record, is_own in zip(records, own, strict=True) if is_own)
    theirs = tuple(sent(record, THIS_RUN) for record, is_own in zip(records, own, strict=True) if not is_own)
    return Committed((*ours, *references), (*theirs, *submissions))


def _refuse_checkout(folder: Path, checkout: Path) -> None:
    """Refuse to write a preview where a checkout keeps its own pages or records."""
    here, ours = folder.resolve(), checkout.resolve()
    inside = any(here.is_relative_to(ours / part) for part in (REFERENCES, PAGES))
    if (here / REFERENCES).exists() or ours.is_relative_to(here) or inside:
        raise Mistake(
            f"{folder} is a checkout or a part of one, and a preview would lie in it; give the folder of a run"
        )


def _place(record: Record) -> tuple[str, str, str]:
    subject = record.subject
    return subject.task.name, subject.file_name, subject.variant.code_hash
