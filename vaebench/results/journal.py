"""The journal of a run: finished cells, one a line with a checksum, each on the disk before the next is begun.

Workers of other machines append to shards of their own, below the same folder; all are read together.
"""

import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from vaebench.mistakes import Mistake
from vaebench.results.record import UNFINISHED, CellOutcome, Subject, first_error

JOURNAL = "journal.jsonl"

SHARDS = "shards"
"""Below a run's folder: a journal for each worker that appends by itself."""

MAX_LINE = 16 * 2**20
"""A line above this many bytes is damage, and is not kept in memory."""

MAX_DAMAGES = 100
"""Damages told apart; whatever comes after is added to the last."""

LINE = re.compile(rb'\{"check":"([0-9a-f]{16})","cell":(.*)\}\s*', re.DOTALL)


@dataclass(frozen=True)
class Damage:
    """Lines of a journal, one after another, that cannot be used for one reason.

    Attributes:
        path: The journal.
        line: Number of the first, from 1.
        last: Number of the last.
        why: One line.
    """

    path: Path
    line: int
    last: int
    why: str


def _check(cell: bytes) -> bytes:
    return hashlib.sha256(cell).hexdigest()[:16].encode()


class Journal:
    """Finished cells, one a line.

    A line is ``{"check": …, "cell": …}``; the check is a hash of the cell's text, so that a single changed character
    is noticed. A line without a check, as earlier versions wrote, counts as damage: it proves nothing, and its
    cell is of other code.

    Args:
        folder: The folder of the run; made if it is not there.
        shard: Name of a worker, to append to its shard; empty for the journal itself.
        reads: Whether it is only read. Then nothing is made, and it need not be there.

    Raises:
        Mistake: The folder cannot be written, or its journal is no ordinary file.
    """

    def __init__(self, folder: Path, shard: str = "", *, reads: bool = False) -> None:
        self.folder = folder
        self.path = folder / SHARDS / f"{shard}.jsonl" if shard else folder / JOURNAL
        if reads:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._open(os.O_RDWR | os.O_APPEND | os.O_CREAT).close()
        except OSError as error:
            raise Mistake(f"cannot write to {folder}: {error.strerror}") from error

    def append(self, outcome: CellOutcome) -> None:
        """Write one cell and wait until the disk has it.

        Args:
            outcome: The cell.

        Raises:
            Mistake: The disk does not take it; the journal is as it was before.
        """  # noqa: DOC502 - raised by append_line
        self.append_line(line_of(outcome))

    def append_line(self, line: bytes) -> None:
        """Write a line of `line_of` and wait until the disk has it.

        Args:
            line: The line.

        Raises:
            Mistake: The disk does not take it; the journal is as it was before.
        """
        try:
            with self._open(os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
                end = file.seek(0, os.SEEK_END)
                if end and os.pread(file.fileno(), 1, end - 1) != b"\n":
                    line = b"\n" + line  # a line that a killed run left half-written must not swallow this one
                try:
                    _write(file, line)
                except OSError:
                    file.truncate(end)
                    raise
        except OSError as error:
            raise Mistake(
                f"cannot write to {self.path}: {error.strerror}; "
                "the cells in it are whole, and the same command goes on from there"
            ) from error

    def read(
        self, planned: Mapping[str, tuple[Subject, int]] | None = None
    ) -> tuple[dict[str, CellOutcome], list[Damage]]:
        """Read cells, and of a run's own journal also its shards; a damaged line costs only its own cell.

        Args:
            planned: Subject and seed by id of the cells that are wanted, to which a line has to agree; None for all.

        Returns:
            Cells by id, and the lines that cannot be used. A later line counts over an earlier one. Of several
            files with one cell, one that has it finished counts.
        """
        cells, damages = self._read(planned)
        for shard in self._shards():
            try:
                found, torn = shard._read(planned)
            except OSError as error:
                found, torn = {}, [Damage(shard.path, 1, 1, error.strerror or str(error))]
            except Mistake:
                found, torn = {}, [Damage(shard.path, 1, 1, "no ordinary file")]
            cells |= {id_: one for id_, one in found.items() if id_ not in cells or cells[id_].status in UNFINISHED}
            damages += torn
        return cells, damages

    def _shards(self) -> "list[Journal]":
        if self.path.name != JOURNAL or (self.folder / SHARDS).is_symlink():
            return []
        return [Journal(self.folder, path.stem, reads=True) for path in sorted((self.folder / SHARDS).glob("*.jsonl"))]

    def _read(self, planned: Mapping[str, tuple[Subject, int]] | None) -> tuple[dict[str, CellOutcome], list[Damage]]:
        cells: dict[str, CellOutcome] = {}
        damages: list[Damage] = []
        for number, line in self._lines():
            try:
                outcome = outcome_of(line)
                if planned is None or planned.get(outcome.id) == (outcome.subject, outcome.seed):
                    cells[outcome.id] = outcome
                elif outcome.id in planned:
                    raise ValueError("subject or seed is not that of the cell which its id names")
            except ValueError as error:
                _add(damages, Damage(self.path, number, number, str(error)))
        return cells, damages

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        if not os.path.lexists(self.path):
            return
        with io.BufferedReader(self._open(os.O_RDONLY)) as file:
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if line.strip():
                    yield number, line
                while not line.endswith(b"\n") and (line := file.readline(MAX_LINE)):
                    pass  # what is left of a line that is too long

    def _open(self, flags: int) -> io.FileIO:
        """Open the journal; never a link, which may lead anywhere, nor a pipe or a device, which may never end."""
        if self.path.is_symlink():
            raise Mistake(f"{self.path}: no ordinary file")
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        file = io.FileIO(os.open(self.path, flags, 0o666), "rb" if flags & os.O_ACCMODE == os.O_RDONLY else "rb+")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise Mistake(f"{self.path}: no ordinary file")
        return file


def _write(file: io.FileIO, line: bytes) -> None:
    """Write a line whole; the system may take it in pieces."""
    while line:
        line = line[file.write(line) :]
    os.fsync(file.fileno())


def line_of(outcome: CellOutcome) -> bytes:
    """Write a cell as a line of a journal, with its checksum.

    Args:
        outcome: The cell.

    Returns:
        The line with its end.
    """
    cell = outcome.model_dump_json().encode()
    return b'{"check":"%s","cell":%s}\n' % (_check(cell), cell)


def outcome_of(line: bytes) -> CellOutcome:
    """Read the cell of a line.

    Args:
        line: Of a journal, or from a worker.

    Returns:
        The cell.

    Raises:
        ValueError: There is none; the message says why in one line.
    """
    if len(line) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE // 2**20} MiB")
    found = LINE.fullmatch(line)
    if found is None:
        raise ValueError("cut short, or without a checksum as in earlier versions")
    if _check(found[2]) != found[1]:
        raise ValueError("its checksum does not match")
    try:
        return CellOutcome.model_validate_json(found[2])
    except ValidationError as error:
        raise ValueError(first_error(error)) from error


def _add(damages: list[Damage], new: Damage) -> None:
    """Add a damage, together with the one before it where both are alike and neighbours."""
    if damages:
        before = damages[-1]
        if (before.why == new.why and before.last + 1 == new.line) or len(damages) == MAX_DAMAGES:
            damages[-1] = replace(before, last=new.last)
            return
    damages.append(new)
