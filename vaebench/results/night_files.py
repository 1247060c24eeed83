"""The files of a night's reference: written together with their index, and read with all that is wrong with them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from vaebench.mistakes import Mistake
from vaebench.results.night import Head, Index, Night, Reading, file_of
from vaebench.results.record import first_error
from vaebench.results.store import write_text

INDEX = "INDEX"
"""JSON, and not called so: a `.json` among reference results is a record."""

LARGEST_FILE = 16 * 2**20


def night_text(night: Night) -> str:
    """Write a reference as JSON Lines.

    Args:
        night: The reference.

    Returns:
        The text, ending in a newline.
    """
    lines = [night.head.model_dump(mode="json"), *(one.model_dump(mode="json") for one in night.readings)]
    return "".join(json.dumps(line, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n" for line in lines)


def read_night(path: Path) -> Night:
    """Read one reference.

    Args:
        path: The file.

    Returns:
        The reference.

    Raises:
        Mistake: It is none; the line names file, line and field.
    """
    lines = _bytes(path).splitlines()
    at = 1
    try:
        head = Head.model_validate_json(lines[0] if lines else b"")
        readings = []
        for at, line in enumerate(lines[1:], 2):  # noqa: B007 - the message names it
            readings.append(Reading.model_validate_json(line))
        return Night(head=head, readings=tuple(readings))
    except ValidationError as error:
        raise Mistake(f"{path}, line {at}: {first_error(error)}") from error


def _bytes(path: Path) -> bytes:
    try:
        if path.is_symlink() or not path.is_file():
            raise Mistake(f"there is no file {path}; `make nightly-reference` makes it")
        content = path.read_bytes()
    except OSError as error:
        raise Mistake(f"{path}: {error.strerror}") from error
    if len(content) > LARGEST_FILE:
        raise Mistake(f"{path}: larger than {LARGEST_FILE // 2**20} MiB")
    return content


def read_index(folder: Path) -> Index:
    """Read what a night is expected to have.

    Args:
        folder: Of the references.

    Returns:
        The index.

    Raises:
        Mistake: There is none, or it is no index.
    """
    try:
        return Index.model_validate_json(_bytes(folder / INDEX))
    except ValidationError as error:
        raise Mistake(f"{folder / INDEX}: {first_error(error)}") from error


def write_nights(folder: Path, nights: Mapping[str, str], left_out: Mapping[str, str], whole: bool) -> None:
    """Write references and their index; files that are no longer of the night are removed.

    Args:
        folder: Where.
        nights: Text by file name, see `night_text` and `file_of`.
        left_out: Reason by file name, of records that have no place in the night.
        whole: Whether this is the suite's own night.
    """
    for name, text in nights.items():
        write_text(folder / name, text)
    for path in folder.rglob("*.jsonl"):
        if path.relative_to(folder).as_posix() not in nights:
            path.unlink()
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(nights.items())}
    index = Index(whole=whole, files=hashes, left_out=dict(sorted(left_out.items())))
    write_text(folder / INDEX, json.dumps(index.model_dump(), indent=1, sort_keys=True) + "\n")


def read_nights(folder: Path) -> tuple[Index, dict[str, Night], list[str]]:
    """Read all references of a night.

    Args:
        folder: Where they are.

    Returns:
        The index, reference by file name, and a line for each file that is gone, added, changed or no reference.
    """
    index = read_index(folder)
    found, troubles = {}, []
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.jsonl")}
    for name, expected in index.files.items():
        if name not in there:
            troubles.append(f"{name}: the reference is missing")
            continue
        try:
            if hashlib.sha256(_bytes(there[name])).hexdigest() != expected:
                troubles.append(f"{name}: changed since the index was written")
            night = read_night(there[name])
            if file_of(night.key) != name:
                raise Mistake(f"{name}: subject: it is of {file_of(night.key)}")
            found[name] = night
        except Mistake as mistake:
            troubles.append(str(mistake))
    troubles += [f"{name}: not in the index" for name in sorted(there.keys() - index.files.keys())]
    return index, found, troubles
