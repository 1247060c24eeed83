"""What others send: a folder of records, the sources of their variants, and a list of all its files with their hashes.

All of it is data. Sources are hashed and never executed here; only a replay runs them.
"""

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from vaebench.mistakes import first_line
from vaebench.results.record import Release, Stored, first_error, whole
from vaebench.results.store import MANIFEST, BadRecord, each_once, file_bytes

LONGEST_PATH = 200
"""Characters of a path."""

MOST_SENT, MOST_SENT_BYTES = 1000, 64 * 2**20
"""Files of a sender's folder, and their bytes: several times what a variant with three networks has."""

PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""What a file or folder of a submission may be called: no other alphabets, no hidden files, nothing that leads away."""

SENDER = re.compile(r"(?=.{1,39}\Z)[a-z0-9]+(-[a-z0-9]+)*")
"""A sender's folder is a GitHub user name in small letters."""

Sender = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=39)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FilePath = Annotated[str, Field(min_length=1, max_length=LONGEST_PATH)]
Reason = Annotated[str, Field(min_length=10, max_length=500)]


class Superseded(Stored):
    """A record that a later one replaces, and why."""

    file: FilePath
    sha256: Sha256
    reason: Reason


class Submission(Stored):
    """What a sender's folder says of itself: every file with its hash, and which earlier records it replaces."""

    schema_version: Annotated[int, Field(ge=1, le=1)]
    sender: Sender
    suite_version: Release
    files: Annotated[dict[FilePath, Sha256], Field(min_length=1, max_length=MOST_SENT)]
    supersedes: Annotated[tuple[Superseded, ...], Field(max_length=MOST_SENT)] = ()


def sha256(path: Path) -> str:
    """Hash a file's bytes.

    Args:
        path: An ordinary file.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def read_submission(folder: Path) -> Submission:
    """Read what a sender's folder says of itself.

    Args:
        folder: The sender's folder.

    Returns:
        The list of its files.

    Raises:
        BadRecord: There is none, or it is damaged.
    """
    path = folder / MANIFEST
    text = read_bytes(path, 2**20)
    try:
        strictly(text)
        return Submission.model_validate_json(text)
    except ValidationError as error:
        raise BadRecord(path, first_error(error)) from None
    except (ValueError, RecursionError) as error:
        raise BadRecord(path, first_line(error)) from None


def strictly(text: bytes) -> None:
    """Check that JSON has each key once in an object, no NUL, and a whole number for its schema.

    Args:
        text: JSON.

    Raises:
        ValueError: It does not, or it is no JSON.
    """  # noqa: DOC502 - raised by what it calls
    json.loads(text, object_pairs_hook=each_once)
    found = json.loads(text)
    whole(found.get("schema_version") if isinstance(found, dict) else None)


def files_below(folder: Path) -> dict[str, Path]:
    """List the files of a sender's folder.

    Args:
        folder: The folder.

    Returns:
        Paths by their path below it.

    Raises:
        BadRecord: One is no ordinary file, has an odd name, or they are too many.
    """
    found: dict[str, Path] = {}
    for path in _walk(folder):
        if not PART.fullmatch(path.name):
            raise BadRecord(path, "its name is not of letters, digits, dots, hyphens and underscores")
        if stat.S_ISDIR(mode := path.lstat().st_mode):
            continue
        if not stat.S_ISREG(mode):
            raise BadRecord(path, "no ordinary file")
        if path.lstat().st_nlink > 1:
            raise BadRecord(path, "it has a second name elsewhere (a hard link)")
        found[path.relative_to(folder).as_posix()] = path
        if len(found) > MOST_SENT:
            raise BadRecord(folder, f"more than {MOST_SENT} files")
    return dict(sorted(found.items()))


def too_much(folder: Path) -> str:
    """Say that a sender's folder is too large to be read; empty if it is not.

    Args:
        folder: The folder.

    Returns:
        One line.
    """
    files, size = 0, 0
    try:
        for path in _walk(folder):
            files, size = files + 1, size + path.lstat().st_size
            if files > MOST_SENT or size > MOST_SENT_BYTES:
                return f"more than {MOST_SENT} files or {MOST_SENT_BYTES // 2**20} MiB; none of it is read"
    except OSError:
        return ""  # each file that cannot be read is named by itself
    except BadRecord as bad:
        return "" if bad.path != folder else bad.why
    return ""


def _walk(folder: Path) -> Iterator[Path]:
    """Yield all files and folders below one, links not followed."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            for entry in sorted(here.iterdir()):
                yield entry
                if entry.is_dir() and not entry.is_symlink():
                    waiting.append(entry)
        except OSError as error:
            raise BadRecord(here, str(error.strerror)) from error


def unlisted(folder: Path, listed: Submission) -> list[BadRecord]:
    """Compare a sender's folder with what it says of itself.

    Args:
        folder: The folder.
        listed: Its list.

    Returns:
        One objection for each file that is missing, unlisted or of another hash.
    """
    there = files_below(folder)
    there.pop(MANIFEST, None)
    found = [BadRecord(path, "its list does not name it") for name, path in there.items() if name not in listed.files]
    for name, hash_ in sorted(listed.files.items()):
        if name not in there:
            found.append(BadRecord(folder / MANIFEST, f"files.{name}: there is no such file"))
        elif sha256(there[name]) != hash_:
            found.append(BadRecord(there[name], f"files.{name}: its hash is not the one that {MANIFEST} says"))
    return found


def read_bytes(path: Path, most: int) -> bytes:
    """Read a small ordinary file.

    Args:
        path: The file. A link is not followed.
        most: Its greatest size in bytes.

    Returns:
        Its bytes.

    Raises:
        BadRecord: It is not there, no ordinary file, or too large.
    """
    text = file_bytes(path, most)
    if len(text) > most:
        raise BadRecord(path, f"larger than {most} bytes")
    return text
