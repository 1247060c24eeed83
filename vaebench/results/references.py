"""The reference results, of a checkout or of an installed package, and how a run compares with them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from vaebench.mistakes import Mistake
from vaebench.results.bundle import bundled
from vaebench.results.record import Record
from vaebench.results.score import Score, score
from vaebench.results.store import read_records, record_files

REFERENCES = "reference_results"
"""The folder of a checkout that holds the records of the suite's own variants."""


def root() -> Path:
    """Find the checkout whose records and pages are meant.

    Returns:
        The current folder if it has reference results, else the checkout of this code.

    Raises:
        Mistake: Neither has any.
    """
    found = checkout()
    if found is None:
        raise Mistake(f"there is no folder {REFERENCES} here; run this in a checkout of vaebench")
    return found


def checkout() -> Path | None:
    """Find the checkout whose records and pages are meant.

    Returns:
        As `root`; None where neither folder has reference results.
    """
    return next((at for at in (Path(), Path(__file__).parents[2]) if (at / REFERENCES).is_dir()), None)


def own(reference: Path | None = None) -> tuple[Sequence[Record], list[str]]:
    """Read the suite's own reference results, or those that the user names.

    Args:
        reference: Their folder; None for those of the checkout, and without one for those of the installed package.

    Returns:
        The records, and one line for each file that is none.

    Raises:
        Mistake: There is nothing to read, or the package's are damaged.
    """  # noqa: DOC502 - raised by what it calls
    if reference is not None:
        return read(reference)
    found = checkout()
    return read(found / REFERENCES) if found is not None else (bundled(), [])


def own_row(row: str) -> tuple[list[Record], list[str], set[str]]:
    """Read the suite's own records of one row, and no other file of the checkout.

    Args:
        row: ``variant`` or ``variant.network``.

    Returns:
        The records by network and path, one line for each file that is none, and the names of all rows and variants.
    """
    found = checkout()
    if found is None:
        named = [(f"{one.subject.variant.name}.{one.subject.arch}", one) for one in bundled()]
        rows = {name for name, _ in named}
        chosen = [one for name, one in sorted(named, key=lambda pair: pair[0]) if _is_of(name, row)]
        return chosen, [], rows | {name.partition(".")[0] for name in rows}
    files = [(".".join(path.name.split(".")[:2]), path) for path in record_files(found / REFERENCES)]
    records, bad = list[Record](), list[str]()
    for name, path in sorted(files, key=lambda pair: pair[0]):
        if _is_of(name, row):
            some, lines = read_records(path)
            records += some
            bad += map(str, lines)
    rows = {name for name, _ in files}
    return records, bad, rows | {name.partition(".")[0] for name in rows}


def _is_of(name: str, row: str) -> bool:
    return row in {name, name.partition(".")[0]}


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
    """Compare a run with reference results.

    Args:
        folder: The run, or one record.
        reference: What it is compared with; None for the suite's own reference results.

    Returns:
        A score for each record, and one line for each file that is none.
    """
    records, bad = read(folder)
    references, bad_references = own(reference)
    return score(records, references, scope=folder.is_dir()), bad + bad_references


def against(scores: Sequence[Score], allow_stale: bool = False, partial: bool = False) -> list[str]:
    """Say what speaks against a run.

    Args:
        scores: Its scores.
        allow_stale: Whether records of another definition or code are accepted.
        partial: Whether it is accepted that records or seeds are missing.

    Returns:
        One line for each kind of trouble; empty for a run that reproduced all it was to. A run of which nothing was
        compared has trouble, whatever is accepted.
    """
    counts = Counter(one.status for one in scores)
    fewer = sum(1 for one in scores if one.unrun)
    found = [
        (counts["drifted"], "drifted", ""),
        (0 if allow_stale else counts["stale"], "stale, and not compared", "; --allow-stale accepts that"),
        (0 if partial else counts["missing"], "missing, and not compared", "; --partial accepts that"),
        (0 if partial else fewer, "of fewer seeds than the reference", "; --partial accepts that"),
    ]
    lines = [f"{number} of {len(scores)} records {what}{how}" for number, what, how in found if number]
    return lines if any(one.compared for one in scores) else [*lines, "nothing was compared"]


def score_lines(one: Score, most: int = 5) -> list[str]:
    """Say what a score says beyond its word.

    Args:
        one: The score.
        most: How many measurements that drifted are named.

    Returns:
        A line each.
    """
    lines = [one.reason] if one.reason else []
    for drift in one.drifts[:most]:
        place = drift.measurement if drift.knob is None else f"{drift.measurement} at {drift.knob:g}"
        if drift.mean is not None and drift.low is not None:
            lines.append(f"{place} ({drift.arm}): {drift.mean:.4g}, expected {drift.low:.4g} to {drift.high:.4g}")
        else:
            lines.append(f"{place} ({drift.arm}): {drift.why}")
    return lines + ([f"… and {len(one.drifts) - most} more"] if len(one.drifts) > most else [])
