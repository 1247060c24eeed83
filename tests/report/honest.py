"""An honest submission, synthesised: a record whose ids, code, dates and sources fit, and its folder."""

import json
import random
from functools import cache
from types import SimpleNamespace

from vaebench import catalog
from vaebench.provenance import SHARED, room_hash
from vaebench.report.received.scrutiny import Standard
from vaebench.report.received.sent import sent
from vaebench.results.assemble import rejudge
from vaebench.results.kept_sources import SOURCES, code_hash, keep_sources
from vaebench.results.record import Record, cell_id, strict_json
from vaebench.results.store import MANIFEST, write_record
from vaebench.results.submission import Submission, files_below, sha256
from vaebench.version import VERSION

SOURCE = b"VARIANT = 'not a variant, and never executed'\nraise SystemExit('a source was executed')\n"
hash_of = cache(room_hash)

WHERE = "my_vae.py:VARIANT"

SINCE = max(version.since for name in catalog.task_names() for version in catalog.task(name).versions)
"""The first day on which records of today's tasks can have been measured."""


def sources(folder, source=SOURCE, variant="my_vae"):
    """Put a variant's sources where a run keeps them, and give their hash."""
    keep_sources(folder, variant, {"my_vae.py": source}, WHERE)
    return code_hash(folder / SOURCES / variant)


def made_honest(record, code=None):
    """A record as a run of today would write it: known code, dates, odd durations, ids that follow."""
    rooms = {room: hash_of(room) for room in (*SHARED, f"papers/{record.subject.task.name.partition('_')[0]}")}
    if code:
        variant = record.subject.variant.model_copy(update={"code_hash": code})
        record = record.model_copy(update={"subject": record.subject.model_copy(update={"variant": variant})})
    environment = record.environments[0].model_copy(update={"code": rooms, "torch": "2.11.0"})
    rng = random.Random(record.subject.model_dump_json())
    cells = tuple(
        cell.model_copy(
            update={
                "id": cell_id(record.subject, cell.seed, environment),
                "environment": 0,
                "date": f"{SINCE}T00:{n:02}:07Z",
                "seconds": {"train": round(rng.uniform(20, 40), 3), "measure": round(rng.uniform(2, 5), 3)},
            }
        )
        for n, cell in enumerate(record.cells)
    )
    return rejudge(record.model_copy(update={"environments": (environment,), "cells": cells}))


def list_files(folder, sender=None, **changes):
    """Write the list of a sender's files."""
    files = {name: sha256(path) for name, path in files_below(folder).items() if name != MANIFEST}
    listed = Submission(schema_version=1, sender=sender or folder.name, suite_version=VERSION, files=files)
    (folder / MANIFEST).write_text(json.dumps(listed.model_dump(mode="json") | changes), "utf-8")


def submission(folder, record):
    """Write a whole submission of one record."""
    code = sources(folder)
    record = made_honest(record, code)
    write_record(folder, record)
    list_files(folder)
    return record


def world(made, there, references):
    """What the suite has, its own records, and an honest sender whom nobody may disturb."""
    bobs = made_honest(made.measured_for(there.tasks[0], made.record(variant="bobs_vae", seeds=3)), "b0b" + "0" * 13)
    own = tuple(map(made_honest, references))
    return SimpleNamespace(there=there, references=own, bob=sent(bobs, "bob"))


def standard(found):
    return Standard(found.there, found.references, (found.bob,))


def as_data(record):
    assert isinstance(record, Record)
    return json.loads(strict_json(record))
