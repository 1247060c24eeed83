"""Hashes of the bytes of files that are too large to be read at every start: read once, and again when they changed."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

Memory = dict[str, tuple[str, str]]
"""By name of a file or a folder: a hash of its sizes and times when it was read, and one of its bytes."""

Look = tuple[str, int, int, int]
"""Of a file: its place, its size, and when its content and anything of it were last changed, in nanoseconds."""

REMEMBERED = ".vaebench-hashes.json"
"""Below a folder of data: its memory."""

SETTLED = 3.0
"""Seconds after a change within which the clock of a file system may not tell another one from it."""

_kept: dict[Path, Memory] = {}
"""What this process has read, for folders that cannot be written."""


def files_hash(root: Path, names: Sequence[str]) -> str:
    """Hash the bytes of files. They are read once; then again only after a size or a time of theirs has changed.

    What was read is remembered in a file below the root, or where that cannot be written, by the process.

    Args:
        root: A folder of data.
        names: Files below it, or folders, of which every file counts.

    Returns:
        16 hexadecimal digits, the same wherever the files lie.

    Raises:
        OSError: A file is not there, or cannot be read.
    """  # noqa: DOC502 - raised by what it calls
    found = _remembered(root, names, "", _bytes_hash)
    return _short([(name, hash_) for name, (_, hash_) in found.items()])


def sha256_of(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Find the SHA-256 of each file's bytes, as `sha256sum` prints it. It is remembered as by `files_hash`.

    Args:
        root: A folder of data.
        names: Files below it.

    Returns:
        64 hexadecimal digits, by name.

    Raises:
        OSError: A file is not there, or cannot be read.
    """  # noqa: DOC502 - raised by what it calls

    def of(path: Path, _: Iterable[Look]) -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    return {name: hash_ for name, (_, hash_) in _remembered(root, names, "sha256 ", of).items()}


def _remembered(root: Path, names: Sequence[str], kind: str, hash_of: Callable[[Path, Sequence[Look]], str]) -> Memory:
    """Hashes of one kind by name, which are taken again only after a size or a time has changed."""
    began = time.time()
    before = _read(root) | _kept.get(root, {})
    now = dict(before)
    found: Memory = {}
    for name in names:
        looks = _looks(root / name)
        looked = _short(looks)
        if before.get(kind + name, ("", ""))[0] == looked:
            found[name] = before[kind + name]
            continue
        found[name] = looked, hash_of(root / name, looks)
        if all(max(written, changed) < (began - SETTLED) * 1e9 for _, _, written, changed in looks):
            now[kind + name] = found[name]
    if now != before:
        _keep(root, now)
    return found


def _short(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def _looks(path: Path) -> list[Look]:
    """How a file looks, or each file of a folder, by place below it, in an order of their own."""
    if not path.is_dir():
        return [_look("", path.stat())]
    folders = ((folder, os.path.relpath(folder, path), names) for folder, _, names in os.walk(path))
    return sorted(
        _look(f"{below}/{name}", os.stat(f"{at}/{name}"))  # noqa: PTH116 - a path for each of 200,000 takes seconds
        for at, below, names in folders
        for name in names
    )


def _look(place: str, found: os.stat_result) -> Look:
    return place, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _bytes_hash(top: Path, looks: Iterable[Look]) -> str:
    """Hash the bytes of files, each after its place below the top and its size."""
    digest = hashlib.sha256()
    for place, size, _, _ in looks:
        digest.update(b"%s\0%d\0" % (place.encode("utf-8", "surrogateescape"), size))
        with (top / place).open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    return digest.hexdigest()[:16]


def _read(root: Path) -> Memory:
    """What a folder of data remembers; nothing where that is damaged."""
    try:
        found = json.loads((root / REMEMBERED).read_text("utf-8"))
        return {str(name): (str(looked), str(hash_)) for name, (looked, hash_) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(root: Path, memory: Mapping[str, tuple[str, str]]) -> None:
    _kept[root] = dict(memory)
    half = root / f"{REMEMBERED}.{secrets.token_hex(8)}.half"
    try:
        half.write_text(json.dumps(memory), "utf-8")
        half.replace(root / REMEMBERED)
    except OSError:
        with suppress(OSError):
            half.unlink()
