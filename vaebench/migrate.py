"""Bring the records of a folder to today's schema, claims and verdicts, where they measured today's definition.

Numbers stay as they are. A record of another definition is of a superseded protocol, and stays as it is.
"""

from dataclasses import dataclass
from pathlib import Path

from vaebench import catalog
from vaebench.mistakes import Mistake
from vaebench.results.assemble import rejudge
from vaebench.results.record import Record, strict_json
from vaebench.results.store import read_files, write_text


@dataclass(frozen=True)
class Migrated:
    """What came of a folder.

    Attributes:
        written: Records that were written anew.
        current: Number of records that were as they should be.
        others: One line for each record that measured another definition, and for each file that is no record.
    """

    written: tuple[Path, ...]
    current: int
    others: tuple[str, ...]


def migrate(folder: Path) -> Migrated:
    """Write the records of a folder anew where their schema or their names are those of before.

    Args:
        folder: A store, a part of one, or a folder that holds some. Each record is written where it was read.

    Returns:
        What was done. Numbers stay as they are; verdicts are made anew by today's code.

    Raises:
        Mistake: There is no such folder, or no record in it.
    """
    if not folder.is_dir():
        raise Mistake(
            f"{folder} is a file; give a folder of records" if folder.exists() else f"there is no folder {folder}"
        )
    records, bad = read_files(folder)
    if not records and not bad:
        raise Mistake(f"there is no record in {folder}")
    written, others, current = [], list(map(str, bad)), 0
    for path, record in records:
        found = migrated(record)
        if found is None:
            others.append(f"{path}: it measured another definition of its task, and stays as it is")
        elif found == record and b'"schema_version": 2' in path.read_bytes():
            current += 1
        else:
            write_text(path, strict_json(found))
            written.append(path)
    return Migrated(tuple(written), current, tuple(others))


def is_current(record: Record) -> bool:
    """Say whether a record measured today's definition of its task; a superseded one can be held against nothing.

    Args:
        record: A record that was read, of any schema.

    Returns:
        Whether name, version and hash are those of a task.
    """
    subject = record.subject
    if subject.task.name not in catalog.task_names():
        return False
    task = catalog.task(subject.task.name)
    now = task.version, task.definition_hash(subject.preset, subject.dataset.name)
    return (subject.task.version, subject.task.hash) == now


def migrated(record: Record) -> Record | None:
    """Give a record today's claims and verdicts.

    Args:
        record: A record that was read, of any schema.

    Returns:
        The record, or None where it measured another definition.
    """
    if not is_current(record):
        return None
    task = catalog.task(record.subject.task.name)
    return rejudge(record.model_copy(update={"claims": task.claims, "invariants": task.invariants}))
