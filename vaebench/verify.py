"""Verify what somebody sends: every reason against it, from the files alone. Nothing of it is executed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from vaebench.mistakes import Mistake
from vaebench.report.board import PAGES, published
from vaebench.report.files import SUBMISSIONS
from vaebench.report.received.scrutiny import Standard, scrutinise
from vaebench.report.received.sent import sent
from vaebench.report.suite import suite
from vaebench.results.record import Record
from vaebench.results.references import checkout, own
from vaebench.results.store import MANIFEST, BadRecord, read_files
from vaebench.results.submission import SENDER, Submission, read_submission, sha256, too_much, unlisted

MOST_LINES = 200
"""Reasons that are given; of more only the number is."""


@dataclass(frozen=True)
class Checked:
    """One file that was verified.

    Attributes:
        path: The file.
        reasons: What speaks against it.
        remarks: What a reader should know, and is no objection.
    """

    path: Path
    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verified:
    """What was found.

    Attributes:
        files: Of each record, and of each other file against which something speaks.
        records: Number of records that could be read.
    """

    files: tuple[Checked, ...]
    records: int

    @property
    def reasons(self) -> list[str]:
        """One line for each reason: file, field, why."""
        return [f"{one.path}: {reason}" for one in self.files for reason in one.reasons]

    @property
    def remarks(self) -> list[str]:
        """One line for each different remark: the first file that it is about, and how many more there are."""
        about: dict[str, list[Path]] = {}
        for one in self.files:
            for remark in dict.fromkeys(one.remarks):
                about.setdefault(remark, []).append(one.path)
        return [
            f"{first}{f' and {len(more)} more' if more else ''}: {remark}" for remark, (first, *more) in about.items()
        ]


@dataclass(frozen=True)
class Change:
    """What a pull request changes.

    Attributes:
        base: The checkout before it.
        paths: The paths that it touches.
        author: Who opened it; the only sender whose folder it may touch.
    """

    base: Path
    paths: Sequence[str] = ()
    author: str = ""


@dataclass
class _Asked:
    folder: Path
    sender: str
    found: list[Checked] = field(default_factory=list)

    def add(self, path: Path, *reasons: str) -> None:
        self.found.append(Checked(path, reasons))


def verify(folder: Path, reference: Path | None = None, change: Change | None = None) -> Verified:
    """Verify the records of a run, or of a sender's folder.

    Args:
        folder: Of a run; or ``submissions/NAME``, which must also be what its list of files says.
        reference: The suite's own records; those of the checkout or of the package by default.
        change: What a pull request changes, if that is to be judged too.

    Returns:
        Every reason against them.

    Raises:
        Mistake: There is no such folder, or nothing in it.
    """
    if folder.is_symlink():
        raise Mistake(f"{folder} is a link, which is not followed; give the folder that it leads to")
    if folder.exists() and not folder.is_dir():
        raise Mistake(f"{folder} is a file; give the folder of a run, or of a submission")
    if not folder.is_dir():
        raise Mistake(f"there is no folder {folder}")
    return verify_with(folder, standard(reference), change)


def standard(reference: Path | None = None) -> Standard:
    """Read what records are held against.

    Args:
        reference: The suite's own records; those of the checkout or of the package by default.

    Returns:
        The suite, its own records, and what others sent to the checkout.
    """
    here, there = checkout(), suite()
    if here is not None and reference is None:
        found = published(here)
        return Standard(there, found.references, found.submissions)
    return Standard(there, own(reference)[0])


def verify_with(folder: Path, held_against: Standard, change: Change | None = None) -> Verified:
    """Verify as `verify`, against what is given.

    Args:
        folder: As for `verify`.
        held_against: What records are held against.
        change: As for `verify`.

    Returns:
        As `verify`.

    Raises:
        Mistake: There is no record.
    """
    is_sent = folder.absolute().parent.name == SUBMISSIONS
    asked = _Asked(folder, folder.absolute().name if is_sent else "")
    if is_sent and (why := too_much(folder)):
        asked.add(folder, why)
        return Verified(tuple(asked.found), 0)
    found, bad = read_files(folder, as_store=is_sent)
    for one in bad:
        asked.add(one.path, one.why)
    if is_sent:
        _folder(asked, change)
    records: list[Record] = [sent(record, asked.sender) if is_sent else record for _, record in found]
    for (path, _), of_record in zip(found, scrutinise(records, held_against, folder), strict=True):
        asked.found.append(Checked(path, tuple(of_record.reasons), tuple(of_record.remarks)))
    if not asked.found:
        raise Mistake(f"there is no record in {folder}")
    return Verified(tuple(asked.found), len(found))


def _folder(asked: _Asked, change: Change | None) -> None:
    """Check a sender's folder as a whole: its name, its list of files, and what a pull request changes."""
    folder = asked.folder
    if not SENDER.fullmatch(asked.sender):
        asked.add(folder, "a sender's name is small letters and digits, with single hyphens between")
    try:
        listed = read_submission(folder)
        for one in unlisted(folder, listed):
            asked.add(one.path, one.why)
        if listed.sender != asked.sender:
            asked.add(folder / MANIFEST, f"sender: {listed.sender}, and it lies in the folder of {asked.sender}")
        if change:
            for path, why in superseded(folder, change.base / PAGES / SUBMISSIONS / asked.sender, listed):
                asked.add(path, why)
    except BadRecord as error:
        asked.add(error.path, error.why)
    if change:
        for name in foreign(change.paths, asked.sender):
            asked.add(Path(name), "a submission touches its own folder and the generated pages, and nothing else")
        if change.author and change.author.lower() != asked.sender:
            asked.add(folder, f"it is not the folder of {change.author.lower()}, who sends it")


def foreign(paths: Sequence[str], sender: str) -> list[str]:
    """List the paths that a submission may not touch.

    Args:
        paths: What a pull request changes.
        sender: Whose folder it is for.

    Returns:
        The paths outside the sender's folder that are no generated page, figure or table either.
    """
    return [path for path in paths if not _is_allowed(PurePosixPath(path), sender)]


def _is_allowed(path: PurePosixPath, sender: str) -> bool:
    if path.parts[:1] != (PAGES,) or ".." in path.parts:
        return False
    if path.parts[1:2] == (SUBMISSIONS,):
        return path.parts[2:3] == (sender,) and len(path.parts) > 3
    generated = path.suffix in {".md", ".svg", ".csv"} or path.parts[1:] == ("results", "croissant.json")
    return path.parts[1:2] != ("replays",) and generated


def superseded(folder: Path, before: Path, listed: Submission) -> list[tuple[Path, str]]:
    """Name the records that a submission changes or removes without saying so.

    Args:
        folder: The sender's folder.
        before: The same before the change; it may be missing.
        listed: What the folder says of itself.

    Returns:
        File and objection.
    """
    said = {(one.file, one.sha256) for one in listed.supersedes}
    found = []
    for path in sorted(before.glob("*/*.json")) if before.is_dir() else ():
        name, hash_ = path.relative_to(before).as_posix(), sha256(path)
        now = folder / name
        if (now.is_file() and sha256(now) == hash_) or (name, hash_) in said:
            continue
        what = "changed" if now.is_file() else "removed"
        found.append((now, f"{what}, and {MANIFEST} has no entry in supersedes with its earlier hash and a reason"))
    return found
