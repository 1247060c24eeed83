"""Whole flows over stored records: score a run against reference results, write the leaderboard, check it."""

from dataclasses import dataclass, replace
from pathlib import Path

from vaebench import catalog, leaderboard
from vaebench.leaderboard import TaskText, Term
from vaebench.mistakes import Mistake
from vaebench.results.record import Record
from vaebench.results.score import Score, score
from vaebench.results.store import read_records, write_text

REFERENCES, PAGES, SUBMISSIONS = "reference_results", "leaderboard", leaderboard.SUBMISSIONS


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
    return records, bad


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
    return score(records, references), bad + bad_references


def score_lines(one: Score, most: int = 5) -> list[str]:
    """What a score says beyond its word, a line each."""
    lines = [one.reason] if one.reason else []
    for drift in one.drifts[:most]:
        place = drift.reading if drift.knob is None else f"{drift.reading} at {drift.knob:g}"
        if drift.mean is not None and drift.low is not None:
            lines.append(f"{place} ({drift.arm}): {drift.mean:.4g}, expected {drift.low:.4g} to {drift.high:.4g}")
        else:
            lines.append(f"{place} ({drift.arm}): {drift.why}")
    return lines + ([f"… and {len(one.drifts) - most} more"] if len(one.drifts) > most else [])


def task_texts() -> tuple[TaskText, ...]:
    """What the leaderboard needs to know of each task.

    Returns:
        One text a task.
    """
    tasks = [catalog.task(name) for name in catalog.task_names()]
    data_hashes = {name: catalog.dataset_version(name)[1] for name in catalog.dataset_names()}
    return tuple(
        TaskText(
            name=task.name,
            version=task.version,
            hashes={preset: task.definition_hash(preset) for preset in task.protocols},
            title=task.title,
            source=task.source,
            asks=task.asks,
            text=catalog.task_text(task.name),
            knob_name=task.knob.name if task.knob else None,
            knob_symbol=task.knob.symbol if task.knob else None,
            datasets=task.datasets,
            arms=("known", *(name for arm in task.arms for name in (arm.name, f"known_{arm.name}"))),
            instruments=(*task.instruments, *task.comparisons),
            claims=task.claims,
            invariants=task.invariants,
            tradeoffs=task.tradeoffs,
            data_hashes=data_hashes,
            knob_values=None
            if task.knob and task.knob.name == "strength"
            else {preset: protocol.knob_values for preset, protocol in task.protocols.items()},
        )
        for task in tasks
    )


def glossary() -> tuple[Term, ...]:
    """What the leaderboard's names mean, in the first lines of their pages.

    Returns:
        A term for each variant, network and data set.
    """
    folders = (
        ("variant", "variants", catalog.variant_names()),
        ("network", "models/networks", catalog.arch_names()),
        ("data", "data", catalog.dataset_names()),
    )
    return tuple(
        Term(kind, name, catalog.summary(folder, name), f"vaebench/{folder}/{name}.py")
        for kind, folder, names in folders
        for name in names
    )


def committed(folder: Path) -> tuple[list[Record], list[Record]]:
    """Read what a checkout publishes.

    Args:
        folder: The checkout.

    Returns:
        Its reference results, and the submissions.

    Raises:
        Mistake: A committed file is no record.
    """
    stores = []
    for stored in (folder / REFERENCES, folder / PAGES / SUBMISSIONS):
        records, bad = read_records(stored) if stored.is_dir() else ([], [])
        if bad:
            raise Mistake(bad[0])
        stores.append(records)
    references, submissions = stores
    return references, submissions


def current_pages() -> tuple[Path, dict[str, str]]:
    """The pages that the committed records make.

    Returns:
        The folder they belong to, and each page's text by its place below it.

    Raises:
        Mistake: A committed file is no record.
    """  # noqa: DOC502 - raised by committed
    folder = root()
    drawn = leaderboard.drawn_figures(folder / PAGES)
    references, submissions = committed(folder)
    return folder / PAGES, leaderboard.pages(
        task_texts(), references, drawn=drawn, glossary=glossary(), submissions=submissions
    )


def write() -> Written:
    """Write the leaderboard's pages that are stale, and take away those that no longer belong to it.

    Returns:
        What was written.
    """
    folder, pages = current_pages()
    return write_pages(folder, pages)


def write_pages(folder: Path, pages: dict[str, str]) -> Written:
    """Write the pages below a folder that are not there as they should be, and take away what should not be.

    Only files that bear the suite's mark are written over or taken away.

    Args:
        folder: Where.
        pages: Text by place.

    Returns:
        What was written.

    Raises:
        Mistake: A link or another's file is in the way; then nothing was written.
    """
    stale = leaderboard.stale_pages(folder, pages)
    if in_the_way := [name for name, why in stale.items() if why == leaderboard.IN_THE_WAY]:
        raise Mistake(f"{folder / in_the_way[0]} {leaderboard.IN_THE_WAY}")
    ours = [name for name, why in stale.items() if why != leaderboard.STRANGER]
    for name in ours:
        if name in pages:
            write_text(folder / name, pages[name])
        else:
            (folder / name).unlink()
    strangers = tuple(f"{folder / name} {why}" for name, why in stale.items() if why == leaderboard.STRANGER)
    return Written(folder / "README.md", tuple(folder / name for name in ours), strangers)


def stale() -> list[str]:
    """What is stale of the leaderboard as it lies there, one line a page."""
    folder, pages = current_pages()
    return [f"{name}: {why}" for name, why in leaderboard.stale_pages(folder, pages).items()]


def write_preview(folder: Path) -> Written:
    """Write the board that the committed records would make with a run's among them, below the run's folder.

    Committed records are shown only under the presets that the run has. One of the same code in the same place as the
    run's gives way to it.

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
    presets, places = {record.subject.preset for record in records}, {_place(record) for record in records}
    references, submissions = (
        [record for record in store if record.subject.preset in presets and _place(record) not in places]
        for store in committed(checkout)
    )
    drawn = leaderboard.drawn_figures(checkout / PAGES)
    pages = leaderboard.pages(task_texts(), records + references, True, drawn, glossary(), submissions)
    return replace(write_pages(folder / PAGES, pages), bad=tuple(bad))


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
