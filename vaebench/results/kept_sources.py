"""The source files of a variant, kept with its run and sent with its records.

They are data: hashed, parsed and never executed here. Only a replay runs them.
"""

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field, ValidationError

from vaebench.fingerprint import source_hash
from vaebench.mistakes import Mistake
from vaebench.results.record import Stored
from vaebench.results.store import BadRecord
from vaebench.results.submission import LONGEST_PATH, FilePath, files_below, read_bytes

SOURCES = "sources"
"""Below a run or a sender's folder: a folder for each variant, with the files that its code hash covers."""

ENTRY = "ENTRY"
"""In a variant's folder of sources: where the variant is defined, as ``my_vae.py:VARIANT``."""

MOST_FILES, MOST_BYTES = 50, 256 * 2**10
"""Sources of one variant: files, and bytes of each."""


class Entry(Stored):
    """Where a variant is defined in its sources."""

    file: FilePath
    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


def source_files(folder: Path) -> dict[str, Path]:
    """List the source files of a variant.

    Args:
        folder: ``sources/<variant>``.

    Returns:
        Paths by their path below it; empty if there is no such folder.

    Raises:
        BadRecord: One is no ordinary Python file, or they are too large or too many.
    """
    if folder.is_symlink():
        raise BadRecord(folder, "a link, which is not followed")
    if not folder.is_dir():
        return {}
    found = files_below(folder)
    found.pop(ENTRY, None)
    if len(found) > MOST_FILES:
        raise BadRecord(folder, f"{len(found)} files, where a variant has {MOST_FILES} at most")
    for name, path in found.items():
        if path.suffix != ".py" or len(name) > LONGEST_PATH:
            raise BadRecord(path, "only Python files of short names are sources")
        if path.stat().st_size > MOST_BYTES:
            raise BadRecord(path, f"larger than {MOST_BYTES // 2**10} KiB")
    return found


def code_hash(folder: Path) -> str:
    """Hash a variant's sources as a run does. They are parsed and not executed.

    Args:
        folder: ``sources/<variant>``.

    Returns:
        16 hexadecimal digits; empty if there are no sources.

    Raises:
        BadRecord: A file is no source, or is nested too deeply to be parsed.
    """
    files = source_files(folder)
    try:
        return source_hash(files.values()) if files else ""
    except (RecursionError, MemoryError) as error:
        raise BadRecord(folder, "a source is nested too deeply to be read") from error


def entry(folder: Path) -> Entry:
    """Read where a variant is defined; a replay loads it from there.

    Args:
        folder: ``sources/<variant>``.

    Returns:
        File and name.

    Raises:
        BadRecord: There is no such line, or it names no source.
    """
    path = folder / ENTRY
    try:
        file, _, name = read_bytes(path, 2 * LONGEST_PATH).decode("ascii").strip().rpartition(":")
        found = Entry(file=file, name=name)
    except (ValidationError, UnicodeDecodeError):
        raise BadRecord(path, "not of the form my_vae.py:VARIANT") from None
    if found.file not in source_files(folder):
        raise BadRecord(path, f"{found.file:.80} is none of the sources")
    return found


def keep_sources(folder: Path, variant: str, files: Mapping[str, bytes], where: str) -> None:
    """Keep a variant's sources with its run. What lay there of an earlier run is replaced.

    Args:
        folder: Of the run.
        variant: The variant's name.
        files: Contents by path below ``sources/<variant>``.
        where: File and name of its definition, as ``my_vae.py:VARIANT``.

    Raises:
        Mistake: They cannot be written.
    """
    below = folder / SOURCES / variant
    try:
        for old in below.rglob("*") if below.is_dir() and not below.is_symlink() else ():
            if old.is_file() and old.relative_to(below).as_posix() not in {*files, ENTRY}:
                old.unlink()
        for name, content in (*files.items(), (ENTRY, f"{where}\n".encode())):
            path = below / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise Mistake(f"cannot write {error.filename or below}: {error.strerror}") from error


def placed(files: Mapping[Path, bytes], suite: Path) -> dict[str, bytes]:
    """Name files by their path below the folder that they share; the suite's own below its name.

    Args:
        files: Contents by absolute path.
        suite: The suite's folder.

    Returns:
        Contents by relative path.
    """
    theirs = [path for path in files if not path.is_relative_to(suite)]
    shared = Path(os.path.commonpath([path.parent for path in theirs])) if theirs else suite.parent
    return {
        PurePosixPath(path.relative_to(suite.parent if path.is_relative_to(suite) else shared)).as_posix(): content
        for path, content in sorted(files.items())
    }
