"""Records as files, written whole or not at all. What is read is checked and capped."""

import codecs
import json
import os
import re
import secrets
import stat
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from pydantic import ValidationError

from vaebench.bounded import read_bounded
from vaebench.claims import CheckResult, Column, Interval
from vaebench.experiment import UNJUDGED
from vaebench.mistakes import Mistake
from vaebench.results.assemble import rejudge
from vaebench.results.record import SCHEMA_VERSION, UNFINISHED, Record, Subject, first_error, strict_json
from vaebench.results.schema1 import upgraded

MAX_BYTES = 16 * 2**20
"""A record's file above this is refused, and read no further."""

MOST = {b"{": 8_000, b"[": 30_000, b",": 200_000}
"""How often these may stand in a record's file, ten times as often as in the largest of a whole run: they say how many
objects, lists and values it holds, and counting them costs nothing."""


MANIFEST = "submission.json"
"""At the top of a sender's folder: what the folder says of itself (see `results.submission`). It is no record."""

DAMAGED = "no whole JSON; was it written or copied in part?"

_SCHEMA_1 = re.compile(rb'"schema_version": *1\b')


class BadRecord(Mistake):
    """A file is not a record this suite can read; the message names the file and says why.

    Args:
        path: The file.
        why: One line, which begins with the field where there is one.
    """

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write a file whole or not at all, also where two processes write it at once.

    Args:
        path: Where; folders are made.
        text: What.
        durable: Whether to wait until the disk has it, which takes milliseconds. Without, it may be lost or empty after
            a loss of power, which is enough for what can be made again.

    Raises:
        Mistake: It cannot be written; a file that was there is as it was.
    """
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}.half")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with half.open("x", encoding="utf-8") as file:
                file.write(text)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        raise Mistake(f"cannot write {path}: {error.strerror}") from error


def check_place(folder: Path, subject: Subject) -> None:
    """Check, before any work, that nothing else stands where a record or its folder is to be.

    Args:
        folder: The store.
        subject: What the record is about.

    Raises:
        Mistake: A folder is in the record's place, or a file in its folder's.
    """
    path = folder / subject.file_name
    if path.is_dir():
        raise Mistake(f"cannot write {path}: there is a folder of that name")
    if path.parent.exists() and not path.parent.is_dir():
        raise Mistake(f"cannot write {path}: {path.parent} is no folder")


def write_record(folder: Path, record: Record) -> Path:
    """Store a record under its own name.

    Args:
        folder: The store.
        record: The record.

    Returns:
        The file.
    """
    path = folder / record.subject.file_name
    write_text(path, strict_json(record))
    return path


def why_kept(folder: Path, record: Record) -> str:
    """Say why a record that is already in a store stands against a new one; empty where the new one may replace it.

    A record of the same subject with more finished seeds stands, and so does one of another preset or device, unless
    it is ``quick`` or ``nightly``.

    Args:
        folder: The store.
        record: The new record.

    Returns:
        One line, or nothing.
    """
    path = folder / record.subject.file_name
    try:
        there = read_record(path)
    except (OSError, BadRecord):
        return ""
    ours, theirs = record.subject, there.subject
    if theirs.preset not in UNJUDGED and (theirs.preset, theirs.device) != (ours.preset, ours.device):
        return f"{path} holds a {theirs.preset} run on {theirs.device}"
    finished, more = (sum(cell.status not in UNFINISHED for cell in one.cells) for one in (record, there))
    if theirs == ours and more > finished:
        return f"{path} holds {more} finished seeds, this run {finished}"
    return ""


def read_record(path: Path) -> Record:
    """Read one record.

    Args:
        path: The file.

    Returns:
        The record, its verdicts as they stand in the file; those of schema 1 are made anew.

    Raises:
        BadRecord: It is no ordinary file, cannot be read, or holds no record; see `record_of`.
    """  # noqa: DOC502 - raised by what it calls
    return record_of(file_bytes(path), path)


def file_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """Read an ordinary file, and no more of it than it may have.

    Args:
        path: The file. A link is not followed.
        most: Its greatest size in bytes; a record's by default.

    Returns:
        Its bytes; one more than `most` of a larger one.

    Raises:
        BadRecord: It is no ordinary file, or cannot be read.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise BadRecord(path, "no ordinary file")  # a link may lead anywhere, a pipe may never end
        return read_bounded(path, most)
    except OSError as error:
        raise BadRecord(path, str(error.strerror)) from error


def record_of(text: bytes, path: Path) -> Record:
    """Read one record of a file's bytes.

    Args:
        text: The bytes.
        path: The file, for messages.

    Returns:
        As `read_record`.

    Raises:
        BadRecord: They are too many, damaged, of another schema, or no record.
    """
    if len(text) > MAX_BYTES:
        raise BadRecord(path, f"larger than {MAX_BYTES // 2**20} MiB")
    for sign, most in MOST.items():
        if (found := text.count(sign)) > most:
            raise BadRecord(path, f"{found} times {sign.decode()!r}, where a record has {most} at most")
    if text.startswith(codecs.BOM_UTF8):
        raise BadRecord(path, "begins with a byte order mark; save it as UTF-8 without one")
    try:
        if not _is_plain(text):
            json.loads(text, object_pairs_hook=each_once)
        if _SCHEMA_1.search(text):
            return rejudge(Record.model_validate_json(upgraded(text)))
        record = Record.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        if first["loc"] == ("schema_version",) and first["type"] != "missing":
            given = first["input"]
            said = f"of schema {given}" if type(given) is int else f"schema_version {given!r:.40} is no whole number"
            raise BadRecord(path, f"{said:.80}; this suite reads schema 1 and {SCHEMA_VERSION}") from None
        if first["type"] == "json_invalid":
            raise BadRecord(path, f"{DAMAGED} {first['msg']}") from None
        raise BadRecord(path, first_error(error)) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadRecord(path, f"{DAMAGED} {error}") from None
    except RecursionError:
        raise BadRecord(path, "nested too deeply for a record") from None
    except ValueError as error:
        raise BadRecord(path, str(error)) from None
    return record


_SPACE = b" \t\n\r"
_TEXT, _NUMBERS = rb'"[^"\\]*+"', rb"\[[-+0-9.eE, ]*+\]"
_PLAIN = rb"(?:%s|%s|[-+.0-9a-zE]++)" % (_TEXT, _NUMBERS)


def _on_one_line(kind: type[Column | CheckResult | Interval], **inside: bytes) -> bytes:
    """A pattern of what `strict_json` makes of a value of a class: each field once, each a text, a number or numbers.

    A match in a whole JSON is such an object: no quote stands alone in a text, so none begins or ends a match.
    """
    names = sorted(one.name for one in fields(kind))
    return rb"\{%s\}" % b", ".join(b'"%s": %s' % (name.encode(), inside.get(name, _PLAIN)) for name in names)


_INTERVAL = _on_one_line(Interval)
_EACH_ONCE = re.compile(
    b"|".join([_on_one_line(Column), _on_one_line(CheckResult, interval=b"(?:null|%s)" % _INTERVAL), _INTERVAL])
)


def _is_plain(text: bytes) -> bool:
    """Whether a JSON shows at once that it has each key once in an object, and no NUL: what `each_once` looks for.

    Columns and checks as the suite writes them have each key once, and are most of a record: they are passed over. Of
    the rest as many keys stand in the text as its objects keep. One that is there twice is kept once, and a text that
    looks like a key is counted too; so where the numbers differ, each object has to be looked at. Of a text that is no
    JSON it says nothing: whoever reads it finds that out.
    """
    kept, rest = 0, _EACH_ONCE.sub(b"0", text)

    def count(found: dict[str, object]) -> None:
        nonlocal kept
        kept += len(found)

    try:
        json.loads(rest, object_hook=count)
    except (ValueError, RecursionError):
        return False
    return kept == rest.translate(None, _SPACE).count(b'":') and b"\\u0000" not in text


def each_once(pairs: list[tuple[str, object]]) -> None:
    """Check one object of a JSON file, as an ``object_pairs_hook``: each key stands in it once, and no text has a NUL.

    Nothing is kept of it, so that a file costs the memory of its largest object.

    Args:
        pairs: Its keys and values.

    Raises:
        ValueError: A key is there twice, or a text has a NUL.
    """
    seen: set[str] = set()
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"{key:.200}: there twice in one object")
        seen.add(key)
        texts = [key, value, *(value if isinstance(value, list) else ())]
        if any("\0" in text for text in texts if isinstance(text, str)):
            raise ValueError(f"{key:.200}: a text with a NUL")


def read_records(folder: Path, as_store: bool = False) -> tuple[list[Record], list[BadRecord]]:
    """Read every record below a folder, each under its own name in its task's folder.

    Args:
        folder: A store, a part of one, or a single record's file, which may have any name.
        as_store: Whether the tasks' folders are to lie in this one, and no deeper.

    Returns:
        The records in the order of their paths, and why each other file is none.
    """
    found, bad = read_files(folder, as_store)
    return [record for _, record in found], bad


def read_files(
    folder: Path, as_store: bool = False, reader: Callable[[Path], Record] | None = None
) -> tuple[list[tuple[Path, Record]], list[BadRecord]]:
    """Read every record below a folder, as `read_records`, with the file that each was read from.

    Args:
        folder: A store, a part of one, or a single record's file, which may have any name.
        as_store: Whether the tasks' folders are to lie in this one, and no deeper.
        reader: Reads one file; `read_record` by default.

    Returns:
        File and record in the order of their paths, and why each other file is none.
    """
    found: list[tuple[Path, Record]] = []
    bad: list[BadRecord] = []
    for path in record_files(folder) if folder.is_dir() else [folder]:
        try:
            record = (reader or read_record)(path)
            if path != folder and (why := _misplaced(path, record, folder if as_store else None)):
                raise BadRecord(path, why)
        except BadRecord as error:
            bad.append(error)
        else:
            found.append((path, record))
    return found, bad


PREVIEW = "leaderboard"
"""Below a run: the board that a preview wrote there, which has no records."""


def record_files(folder: Path) -> list[Path]:
    """List what should be records, and what might lead to some and is not followed: links, folders that are closed.

    Args:
        folder: A store, or a part of one.

    Returns:
        The paths, sorted.
    """
    found, waiting = [], [folder]
    while waiting:
        here = waiting.pop()
        try:
            for path in here.iterdir():
                link = path.is_symlink()
                if path == folder / PREVIEW and path.is_dir() and not link:
                    continue
                if path.is_dir() and not link:
                    waiting.append(path)
                if path == folder / MANIFEST and not link:
                    continue
                if path.suffix.lower() == ".json" or (link and not path.is_file()):
                    found.append(path)
        except OSError:
            found.append(here)
    return sorted(found)


def _misplaced(path: Path, record: Record, store: Path | None) -> str:
    """Say where a record belongs that lies under another name, where its file would speak of another subject."""
    (task, name), here = record.subject.file_name.split("/"), path.absolute()
    if here.name != name:
        return f"its subject's file name is {name}"
    if here.parent.name != task:
        return f"subject.task.name: {task}, and its folder has another name"
    return "it does not lie in its task's folder right below the store" if store and path.parents[1] != store else ""
