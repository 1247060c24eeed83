"""Read the suite's own records, each at most once: what is worked out of a file is kept while the file is the same.

Kept are a record's verdicts, what it lacks, its summary and its page, under a hash of the file's bytes, of the tasks
and of all code of the package. Its measurements stay in the file. So an edited record is judged anew, and so is every
record when the code changes.
"""

import base64
import hashlib
import sys
import zlib
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from vaebench.report.cache import Cache
from vaebench.report.files import marked
from vaebench.report.pages.record_page import record_page
from vaebench.report.processes import PROCESSES, several, side_by_side, uncollected
from vaebench.report.received.admission import judged
from vaebench.report.rows.kept import Kept, page_for
from vaebench.report.rows.selection import unfit
from vaebench.report.rows.shown import show
from vaebench.report.rows.summary import Mean, Summary, Words, summarised
from vaebench.report.suite import Suite, suite
from vaebench.report.texts import squeezed
from vaebench.results.assemble import rejudge
from vaebench.results.on_file import OnFile
from vaebench.results.record import Record, Stored
from vaebench.results.store import BadRecord, file_bytes, read_files, read_record, record_files, record_of

MANY = 150
"""So many files that are not known are worked out by several processes: to start one takes a second."""


def kept_records(folder: Path, there: Suite, store: Cache) -> tuple[list[Record], list[BadRecord]]:
    """Read the suite's own records, as `store.read_records`.

    Args:
        folder: The store of records.
        there: What there is.
        store: What was worked out before.

    Returns:
        The records, with what was worked out of each; their measurements stay in their files. And why each other file
        is none.
    """
    paths = record_files(folder) if folder.is_dir() else []
    beside = _beside(there)
    keys = _keys(paths, beside)
    known = store.find(keys.values())
    records = {
        path: record for path, key in keys.items() if (record := _unpacked(known.pop(key, b""), path, key, there))
    }
    fresh: dict[str, bytes] = {}
    unknown = [path for path in keys if path not in records]
    for path, packed in _worked_out(unknown, keys):
        if record := _unpacked(packed, path, keys[path], there):
            records[path], fresh[keys[path]] = record, packed
    for path in unknown:
        if path not in records:
            try:
                text = file_bytes(path)  # it may have changed
                keys[path] = _key(text, beside)
                records[path], fresh[keys[path]] = _read(text, path, keys[path], there)
            except (BadRecord, OSError):
                continue  # said below
    store.keep(fresh, keys.values())
    found, bad = read_files(folder, True, lambda path: records.get(path) or read_record(path))
    return [record for _, record in found], bad


def work_out(record: Record, there: Suite) -> Kept:
    """Work out what is kept of a record.

    Args:
        record: One of the suite's own.
        there: What there is.

    Returns:
        What is kept.
    """
    task = there.by_name.get(record.subject.task.name)
    if task is None or _hashes(record) != _expected(record, there):
        return Kept(rejudge(record))
    if why := unfit(record, task):
        return Kept(record, why)
    anew = judged(record, task)
    (shown,) = show([anew])
    page = record_page(task, shown, False, there.variants)
    return Kept(anew, "", summarised(anew), squeezed(marked(page)), page_for(shown, there))


def _hashes(record: Record) -> tuple[str, str]:
    return record.subject.task.hash, record.subject.dataset.hash


def _expected(record: Record, there: Suite) -> tuple[str, str]:
    """The hashes that a current record has."""
    is_there = record.subject.task.name in there.by_name
    return (there.definition(record) if is_there else "", there.data_hash(record))


def _keys(paths: Sequence[Path], beside: str) -> dict[Path, str]:
    """The key of each file that can be read."""

    def key(path: Path) -> str:
        try:
            return _key(file_bytes(path), beside)
        except (BadRecord, OSError):
            return ""  # said when it is read

    with ThreadPoolExecutor(PROCESSES) as threads:
        return {path: found for path, found in zip(paths, threads.map(key, paths), strict=True) if found}


def _key(text: bytes, beside: str) -> str:
    return f"{hashlib.sha256(text).hexdigest()} {beside}"


def _beside(there: Suite) -> str:
    """A hash of what a record is read by: the code and the tasks."""
    return hashlib.sha256(f"{_code()} {there.tasks!r} {sorted(there.variants)}".encode()).hexdigest()


@cache
def _code() -> str:
    """A hash of all that is run: the package's files, Python, and what computes."""
    digest = hashlib.sha256(f"{sys.version} {version('numpy')} {version('scipy')} {version('pydantic')}".encode())
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _worked_out(paths: Sequence[Path], keys: dict[Path, str]) -> Iterator[tuple[Path, bytes]]:
    """Work out many files in several processes; none where they are few.

    Yields:
        A file, and what is kept of it.
    """
    if len(paths) < MANY or not several():
        return
    size = 25
    parts = [paths[i : i + size] for i in range(0, len(paths), size)]
    with side_by_side(_work_out_some, [[str(path.absolute()) for path in part] for part in parts]) as found:
        for part, done in zip(parts, found, strict=True):
            yield from ((path, done[keys[path]]) for path in part if keys[path] in done)


@uncollected()
def _work_out_some(paths: Sequence[str]) -> dict[str, bytes]:
    """Work out files in a process of its own, for the suite of this code."""
    there = _suite()
    beside = _beside(there)
    found: dict[str, bytes] = {}
    for path in map(Path, paths):
        try:
            text = file_bytes(path)
            found[_key(text, beside)] = _worked(text, path, there)[2]
        except (BadRecord, OSError):
            continue
    return found


_suite = cache(suite)


def _read(text: bytes, path: Path, key: str, there: Suite) -> tuple[Record, bytes]:
    """Read a file's bytes, leave the measurements there, and work out what is kept."""
    record, kept, packed = _worked(text, path, there)
    return _on_file(record, kept, path, key), packed


def _worked(text: bytes, path: Path, there: Suite) -> tuple[Record, Kept, bytes]:
    """Read a file's bytes, and work out what is kept, which comes packed too."""
    record = record_of(text, path)
    kept = work_out(record, there)
    return record, kept, _packed(record, kept, there)


def _on_file(record: Record, kept: Kept, path: Path, key: str) -> Record:
    """Leave the measurements in the file."""
    there = OnFile(path, key.partition(" ")[0])
    again = kept.again.model_copy(update={"measurements": there})
    there.about = Kept(again, kept.unfit, kept.summary, kept.page, kept.page_for)
    return again if kept.summary else record.model_copy(update={"measurements": there})


class _Entry(Stored):
    """What is kept, as JSON; the page, which is squeezed already, stands behind it.

    `own_claims` is whether the claims are the record's own; else they are its task's, and are not written. `stored` is
    the record as it stands in its file, where the board does not judge it by its task.
    """

    expected: tuple[str, str]
    own_claims: bool
    again: Record
    stored: Record | None
    unfit: str
    places: str
    numbers: str
    means: dict[str, Mean]
    tolerances: dict[str, tuple[Words, ...]]
    page_for: str


_LENGTH = 8
"""Bytes in front that say how long the JSON is."""


def _packed(record: Record, kept: Kept, there: Suite) -> bytes:
    one, shown = kept.summary, kept.summary is not None
    without: dict[str, object] = {"measurements": (), **({"claims": (), "invariants": ()} if shown else {})}
    entry = _Entry.model_construct(
        expected=_expected(record, there),
        own_claims=not shown,
        again=kept.again.model_copy(update=without),
        stored=None if shown else record.model_copy(update=without),
        unfit=kept.unfit,
        places=one.places if one else "",
        numbers=base64.b64encode(one.numbers.tobytes()).decode() if one else "",
        means=dict(one.means) if one else {},
        tolerances=dict(one.tolerances) if one else {},
        page_for=kept.page_for,
    )
    text = zlib.compress(entry.model_dump_json().encode(), 1)
    return len(text).to_bytes(_LENGTH, "big") + text + kept.page


def _unpacked(packed: bytes, path: Path, key: str, there: Suite) -> Record | None:
    """Make the record of what was kept; None where there is nothing, or nothing of ours."""
    if not packed:
        return None
    end = _LENGTH + int.from_bytes(packed[:_LENGTH], "big")
    try:
        one = _Entry.model_validate_json(zlib.decompress(packed[_LENGTH:end]))
        numbers, page = array("d", base64.b64decode(one.numbers)), packed[end:]
    except (ValidationError, ValueError, zlib.error):
        return None
    if one.expected != _expected(one.again, there):
        return None
    if one.own_claims:
        return _on_file(one.stored or one.again, Kept(one.again, one.unfit), path, key)
    task = there.by_name[one.again.subject.task.name]
    again = one.again.model_copy(update={"claims": task.claims, "invariants": task.invariants})
    summary = Summary(one.places, numbers, one.means, one.tolerances)
    return _on_file(again, Kept(again, "", summary, page, one.page_for), path, key)
