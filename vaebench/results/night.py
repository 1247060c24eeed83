"""The reference of a night: a file a record, JSON Lines, with the scale of rounding beside every number.

The first line says what ran, on what and how it ended. Every other line is one reading. An index lists the files, with
a hash of each. So a file that is gone, added or changed is noticed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from vaebench.experiment import Preset
from vaebench.mistakes import Mistake
from vaebench.results.record import (
    MOST_CELLS,
    MOST_MEASUREMENTS,
    Count,
    Date,
    Environment,
    Hash,
    Release,
    Split,
    Status,
    Stored,
    Subject,
    Text,
    first_error,
)
from vaebench.results.rounding import Scale
from vaebench.results.store import write_text
from vaebench.version import VERSION

FOLDER = "nightly"
"""Of a checkout's reference results, the folder of those of the night."""

INDEX = "index.json"
LARGEST_FILE = 16 * 2**20

Place = tuple[str, float | None, str, str]
"""Arm, knob value, name and unit of a reading."""

Key = tuple[str, str, str, str, Preset]
"""Task, variant, architecture, data set and preset."""


class SeedRow(Stored):
    """How one seed of the reference ended, and a hash of the examples and labels that it saw."""

    seed: Count
    status: Status
    reason: Text = ""
    data: Hash | None = None
    split: Split = "fixed"


class Reading(Stored):
    """One number a seed, and what rounding does to it.

    ``centres`` are the means over the run and its rounding twins. ``sd`` is the standard deviation of a single run
    about them. ``spread`` is the standard deviation over seeds. ``step`` is what one draw moves a share or a count by.
    """

    arm: Text
    knob: float | None
    name: Text
    unit: Text
    seeds: tuple[Count, ...]
    values: tuple[float, ...]
    centres: tuple[float, ...]
    sd: Annotated[float, Field(ge=0)]
    spread: Annotated[float, Field(ge=0)]
    step: Annotated[float, Field(ge=0)] = 0.0

    @property
    def place(self) -> Place:
        """Where it stands in a record."""
        return self.arm, self.knob, self.name, self.unit

    def scale(self, twins: int) -> Scale:
        """What rounding does to it.

        Args:
            twins: Number of twins a seed.

        Returns:
            The scale.
        """
        return Scale(dict(zip(self.seeds, self.centres, strict=True)), self.sd, twins, self.step)


class Head(Stored):
    """What a reference's numbers are of."""

    night: Literal[1] = 1
    suite_version: Release = VERSION
    subject: Subject
    environment: Environment
    date: Date | None = None
    twins: Count
    seeds: Annotated[tuple[SeedRow, ...], Field(min_length=1, max_length=MOST_CELLS)]


class Night(Stored):
    """The reference of one record of the night."""

    head: Head
    readings: Annotated[tuple[Reading, ...], Field(max_length=MOST_MEASUREMENTS)]

    @property
    def key(self) -> Key:
        """What it is of."""
        return key_of(self.head.subject)

    @property
    def blind(self) -> int:
        """Number of readings that rounding hides."""
        return sum(one.scale(self.head.twins).blind(one.spread) for one in self.readings)


class Index(Stored):
    """All references of a night: the sha256 of each file, and what has none, with the reason.

    ``whole`` says whether it is the suite's own night, which has every variant.
    """

    night: Literal[1] = 1
    whole: bool
    files: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]
    left_out: dict[str, Text]


def key_of(subject: Subject) -> Key:
    """What a record of a night is of."""
    return subject.task.name, subject.variant.name, subject.arch, subject.dataset.name, subject.preset


def file_of(key: Key) -> str:
    """Where a reference lies below the night's folder.

    Args:
        key: What it is of.

    Returns:
        The file's name, with its task's folder.
    """
    task, *rest = key
    return f"{task}/{'.'.join(rest)}.jsonl"


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
