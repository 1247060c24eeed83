"""Proofs that records were trained again: one file for each sender, written by the suite's own machines.

They lie beside the submissions and not among them, where a sender could write them. A proof names a record by the hash
of its file, so it ends when the record changes. Replays write them (``verify --replay``); here they are only read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from vaebench.mistakes import first_line
from vaebench.results.record import Count, Date, Release, Stored, first_error
from vaebench.results.store import BadRecord
from vaebench.results.submission import FilePath, Sender, Sha256, read_bytes, strictly

REPLAYS = "replays"
"""Below the board: ``replays/<sender>.json``."""

MOST_BYTES = 2**20


class Proof(Stored):
    """That cells of a record were trained again and gave its numbers.

    ``replayed``: some cells, from the sender's sources. ``retrained``: all cells.
    """

    file: FilePath
    sha256: Sha256
    level: Literal["replayed", "retrained"]
    date: Date
    machine: Annotated[str, Field(min_length=1, max_length=200)]
    suite_version: Release
    seeds: Annotated[tuple[Count, ...], Field(min_length=1, max_length=100)]


class Proofs(Stored):
    """All proofs of one sender's records."""

    schema_version: Annotated[int, Field(ge=1, le=1)]
    sender: Sender
    proofs: Annotated[tuple[Proof, ...], Field(max_length=2000)]


def read_proofs(board: Path, sender: str) -> Mapping[str, Proof]:
    """Read the proofs of one sender's records.

    Args:
        board: The board's folder.
        sender: The sender.

    Returns:
        The last proof of each record, by the hash of the record's file; empty where there is none.

    Raises:
        BadRecord: The file is damaged, or of another sender.
    """
    path = board / REPLAYS / f"{sender}.json"
    if not path.is_symlink() and not path.exists():
        return {}
    text = read_bytes(path, MOST_BYTES)
    try:
        strictly(text)
        found = Proofs.model_validate_json(text)
    except ValidationError as error:
        raise BadRecord(path, first_error(error)) from None
    except (ValueError, RecursionError) as error:
        raise BadRecord(path, first_line(error)) from None
    if found.sender != sender:
        raise BadRecord(path, f"sender: {found.sender}, and the file is of {sender}")
    return {proof.sha256: proof for proof in found.proofs}
