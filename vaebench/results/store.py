"""The only room that writes: records as files, cells as lines of a journal. What is read is checked and capped."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from vaebench.mistakes import Mistake
from vaebench.results.record import SCHEMA_VERSION, CellOutcome, Record, strict_json

MAX_BYTES = 16 * 2**20
"""A record's file above this is refused, and read no further."""

JOURNAL = "journal.jsonl"


class BadRecord(Mistake):
    """A file is not a record this suite can read; the message names the file and says why."""


@dataclass(frozen=True)
class Damage:
    """A line of a journal that cannot be read.

    Attributes:
        path: The journal.
        line: Its number, from 1.
        why: One line.
    """

    path: Path
    line: int
    why: str


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Args:
        path: Where; folders are made.
        text: What.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.half")
    try:
        with half.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


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
    it is ``quick``.

    Args:
        folder: The store.
        record: The new record.

    Returns:
        One line, or nothing.
    """
    path = folder / record.subject.file_name
    try:
        there = read_record(path)
    except (FileNotFoundError, BadRecord):
        return ""
    ours, theirs = record.subject, there.subject
    if theirs.preset != "quick" and (theirs.preset, theirs.device) != (ours.preset, ours.device):
        return f"{path} holds a {theirs.preset} run on {theirs.device}"
    finished, more = (sum(cell.status == "ok" for cell in one.cells) for one in (record, there))
    if theirs == ours and more > finished:
        return f"{path} holds {more} finished seeds, this run {finished}"
    return ""


def _first_error(error: ValidationError) -> str:
    found = error.errors()[0]
    place = ".".join(str(step) for step in found["loc"])
    return f"{place}: {found['msg']}" if place else found["msg"]


def read_record(path: Path) -> Record:
    """Read one record.

    Args:
        path: The file.

    Returns:
        The record, its verdicts as they stand in the file.

    Raises:
        BadRecord: It is no ordinary file, too large, damaged, of another schema, or no record.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise BadRecord(f"{path}: no ordinary file")  # a link may lead anywhere, a pipe may never end
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadRecord(f"{path}: {error.strerror}") from error
    if len(text) > MAX_BYTES:
        raise BadRecord(f"{path}: larger than {MAX_BYTES // 2**20} MiB")
    try:
        return Record.model_validate_json(text)
    except ValidationError as error:
        if error.errors()[0]["loc"] == ("schema_version",):
            found = error.errors()[0]["input"]
            raise BadRecord(f"{path}: of schema {found}; this suite reads schema {SCHEMA_VERSION}") from None
        raise BadRecord(f"{path}: {_first_error(error)}") from None


def read_records(folder: Path) -> tuple[list[Record], list[str]]:
    """Read every record below a folder.

    Args:
        folder: A store, or a single record's file.

    Returns:
        The records in the order of their paths, and one line for each file that is none.
    """
    records, bad = [], []
    for path in sorted(folder.rglob("*.json")) if folder.is_dir() else [folder]:
        try:
            records.append(read_record(path))
        except BadRecord as error:
            bad.append(str(error))
    return records, bad


class Journal:
    """Finished cells, one a line, each on the disk before the next is begun.

    Args:
        folder: The folder of the run; made if it is not there.

    Raises:
        Mistake: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab"):
                pass
        except OSError as error:
            raise Mistake(f"cannot write to {folder}: {error.strerror}") from error

    def append(self, outcome: CellOutcome) -> None:
        """Write one cell and wait until the disk has it.

        Args:
            outcome: The cell.
        """
        with self.path.open("ab+") as file:
            if file.tell() and not self._ends_a_line():
                file.write(b"\n")  # a line that a killed run left half-written must not swallow this one
            file.write(outcome.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _ends_a_line(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def read(self) -> tuple[dict[str, CellOutcome], list[Damage]]:
        """Read all cells; a damaged line costs only its own cell.

        Returns:
            Cells by id, a later line over an earlier, and the lines that cannot be read.
        """
        cells: dict[str, CellOutcome] = {}
        damages: list[Damage] = []
        for number, line in self._lines():
            try:
                outcome = CellOutcome.model_validate_json(line)
            except ValidationError as error:
                damages.append(Damage(self.path, number, _first_error(error)))
            else:
                cells[outcome.id] = outcome
        return cells, damages

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
