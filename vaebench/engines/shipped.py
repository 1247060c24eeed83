"""What goes to a worker on another machine, and what comes back: plain JSON of fixed shape, files by their hash."""

import math
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from vaebench.results.journal import outcome_of
from vaebench.results.record import CellOutcome, Commit, Count, Hash, Hashes, Stored, Subject, Text

if TYPE_CHECKING:
    from vaebench.cell import Cell

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def below(path: str) -> str:
    """Let no path lead out of the folder that it is joined to."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\0" in path or ".." in parts:
        raise ValueError(f"{path!r:.80} is no path below a folder")
    return path


Below = Annotated[str, Field(max_length=1000), AfterValidator(below)]

Files = dict[Below, Sha256]


class Shipped(Stored):
    """A cell, as `cell.Cell` has it."""

    id: Hash
    subject: Subject
    reference: str
    dataset: str
    seed: Count
    seconds: float | None
    data_root: str
    code: Hashes
    commit: Commit | None
    ulp: Count

    def cell(self) -> "Cell":
        """The cell, for the process that runs it; this imports torch."""
        from vaebench.cell import Cell

        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return Cell(**fields | {"data_root": Path(self.data_root)})


class DataFiles(Stored):
    """The files of a data set: their hash as a cell's subject has it, and each by its path below a root of data.

    `files` is empty where they are too large to be sent. Then a worker must have them.
    """

    hash: Hash
    files: Files


class Freight(Stored):
    """What a worker needs beside its cells.

    `torch` is the version of the run, `code` the hashes of the suite's rooms, `root` where the sender's data lie. Of
    variants that are brought, `sources` are the files, `paths` the folders that Python imports them from, and
    `references` where each is found: a file, or the same ``package.module:NAME``.
    """

    torch: Text
    code: Hashes
    cuda: bool
    root: str
    data: dict[str, DataFiles]
    sources: Files
    paths: tuple[str, ...]
    references: dict[str, str]


class Answer(Stored):
    """What a worker says of one cell.

    `line` is that of the journal, with its checksum. `kept` says whether the worker's shard has it. `mistake` is one
    line where the worker cannot work at all.
    """

    line: str = ""
    kept: bool = False
    mistake: str = ""


def shipped(cell: "Cell") -> Shipped:
    """Write a cell down for another machine.

    Args:
        cell: The cell.

    Returns:
        Its values.
    """
    endless = cell.seconds is None or math.isinf(cell.seconds)
    return Shipped(
        id=cell.id,
        subject=cell.subject,
        reference=cell.reference,
        dataset=cell.dataset,
        seed=cell.seed,
        seconds=None if endless else cell.seconds,
        data_root=str(cell.data_root),
        code=dict(cell.code),
        commit=cell.commit,
        ulp=cell.ulp,
    )


def received(line: bytes, cell: "Cell | Shipped") -> CellOutcome:
    """Read what a worker says of a cell. It is data, and is held against what was asked.

    Args:
        line: Of a journal.
        cell: What was asked.

    Returns:
        The outcome.

    Raises:
        ValueError: It is no outcome, or one of another cell; the message says so in one line.
    """
    outcome = outcome_of(line)
    if (outcome.id, outcome.subject, outcome.seed) != (cell.id, cell.subject, cell.seed):
        raise ValueError("it is of another cell than that which was asked for")
    return outcome
