"""Bring the records of a folder to today's schema and names, where nothing but those has changed.

A task's hash depends on the names of types and fields. Schema 2 came with other names, so hashes moved although no
definition did. Today's definition is written in the names of schema 1, and hashed. If that is the hash of a record, the
definition is the same, and the record gets today's hash.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaebench import catalog
from vaebench.claims import Absence, Column, judged_names
from vaebench.fingerprint import plain_value, value_hash
from vaebench.mistakes import Mistake
from vaebench.results.assemble import rejudge
from vaebench.results.record import Record, strict_json
from vaebench.results.store import read_files, write_text

TYPES = {"TrainingConfig": "Recipe", "EvaluationBudget": "Effort", "Budget": "Protocol"}
FIELDS = {
    "Budget": {"training": "recipe", "evaluation": "effort"},
    "Trend": {"measurement": "reading"},
    "Outpaces": {"measurement": "reading"},
    "Near": {"measurement": "reading"},
    "Beyond": {"measurement": "reading"},
    "Exceeds": {"measurement": "reading"},
}
TEXTS = {"reconstruction.unexplained_variance": "robustness.unexplained_variance"}
"""What types, fields and instruments were called in schema 1."""

LEFT_OUT = "alike_"
"""How measurements begin that were left out where the setting gave them no meaning, before instruments said so."""


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


def hash_in_schema_1(definition: Any) -> str:
    """Hash a definition as schema 1 did, by the names that it had.

    Args:
        definition: As `Task.definition` gives it.

    Returns:
        16 hexadecimal digits.
    """
    return value_hash(_as_before(plain_value(definition)))


def _as_before(value: Any) -> Any:
    if isinstance(value, Mapping):
        kind = value.get("", "")
        fields = FIELDS.get(kind, {})
        turned = {fields.get(key, key): _as_before(found) for key, found in value.items()}
        return turned | ({"": TYPES.get(kind, kind)} if kind else {})
    if isinstance(value, list):
        return [_as_before(one) for one in value]
    return TEXTS.get(value, value) if isinstance(value, str) else value


def migrate(folder: Path) -> Migrated:
    """Write the records of a folder anew where their schema or their names are those of before.

    Args:
        folder: A store, a part of one, or a folder that holds some. Each record is written where it was read.

    Returns:
        What was done. Numbers stay as they are; verdicts are made anew by today's code.

    Raises:
        Mistake: There is no such folder.
    """
    if not folder.is_dir():
        raise Mistake(
            f"{folder} is a file; give a folder of records" if folder.exists() else f"there is no folder {folder}"
        )
    records, bad = read_files(folder)
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


def migrated(record: Record) -> Record | None:
    """Give a record today's hash of its task, today's claims and verdicts.

    Args:
        record: A record that was read, of any schema.

    Returns:
        The record, or None where it measured another definition.
    """
    subject = record.subject
    if subject.task.name not in catalog.task_names():
        return None
    task = catalog.task(subject.task.name)
    now = task.definition_hash(subject.preset)
    if subject.task.hash not in {now, hash_in_schema_1(task.definition(subject.preset))}:
        return None
    if subject.task.version != task.version:
        return None
    named = subject.model_copy(update={"task": subject.task.model_copy(update={"hash": now})})
    judged = {"subject": named, "claims": task.claims, "invariants": task.invariants}
    return rejudge(record.model_copy(update=judged | {"measurements": (*record.measurements, *_left_out(record))}))


def _left_out(record: Record) -> list[Column]:
    """Decline what a setting gave no meaning and nobody asked for."""
    finished = tuple(cell.seed for cell in record.cells if cell.status == "ok")
    absence = Absence("it has no meaning in this setting", "setting", finished)
    judged = judged_names(catalog.task(record.subject.task.name).claims) if finished else ()
    names = [name for name in judged if name.startswith(LEFT_OUT) and name not in record.table.names]
    return [Column(name, "trained", None, "1", "neither", (), (), (), (), (absence,)) for name in names]
