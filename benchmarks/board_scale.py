"""Time the leaderboard with many rows: seconds, memory, and which pages a submission touches.

Run by hand, for example::

    python benchmarks/board_scale.py 200

Each row is a variant of its own with a record of each task. It is made of a committed record: the name and the code's
hash differ, and every number moves by its own two per cent, so that no two rows are one model. A row is the suite's
own, so it counts in everything. Records of tasks that have changed since are shown as superseded, which is faster. So
the records are given the current version's hash, and columns for what it measures besides. The papers' findings, which
are about other records, are left out.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from vaebench import catalog
from vaebench.claims import Column, judged_names
from vaebench.report.suite import suite
from vaebench.results.record import Record, cell_id, strict_json
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import read_records

ARCH, PREFERRED = "mlp", "digits"


def templates() -> list[Record]:
    """One committed record of each task, as if it were of the task's current version."""
    records, _ = read_records(root() / REFERENCES, as_store=True)
    found: dict[str, Record] = {}
    for record in records:
        subject = record.subject
        if (subject.variant.name, subject.arch, subject.dataset.name) == ("vae", ARCH, PREFERRED):
            found[subject.task.name] = record
    return [_current(record) for record in found.values()]


def _current(record: Record) -> Record:
    task, there = catalog.task(record.subject.task.name), suite()
    subject = record.subject
    measured = subject.task.model_copy(
        update={"version": task.version, "hash": task.definition_hash(subject.preset, subject.dataset.name)}
    )
    data = there.datasets[subject.dataset.name]
    dataset = subject.dataset.model_copy(update={"version": data.number, "hash": data.hash})
    changed = {"subject": subject.model_copy(update={"task": measured, "dataset": dataset})}
    return record.model_copy(update={**changed, "measurements": (*record.measurements, *_missing(record))})


def _missing(record: Record) -> list[Column]:
    """Columns for what the task judges now and the record does not have: those of its first judged measurement."""
    names = judged_names(catalog.task(record.subject.task.name).claims)
    there = {column.name for column in record.measurements}
    like = next(name for name in names if name in there)
    columns = [column for column in record.measurements if column.name == like]
    return [replace(column, name=name) for name in names if name not in there for column in columns]


def row(record: Record, number: int) -> Record:
    """A record of another variant, whose numbers are each some two per cent nearer to 0: so none is impossible."""
    rng = random.Random(f"{record.subject.task.name} {number}")
    name = f"made_{number:05}"
    variant = record.subject.variant.model_copy(update={"name": name, "code_hash": f"{number:016x}"})
    columns = tuple(
        replace(c, values=tuple(v * (1 - abs(rng.gauss(0, 0.02))) for v in c.values)) if c.arm == "trained" else c
        for c in record.measurements
    )
    subject = record.subject.model_copy(update={"variant": variant})
    cells = tuple(
        cell.model_copy(
            update={
                "id": cell_id(subject, cell.seed, record.environments[cell.environment]),
                "seconds": {what: round(took * (1 + rng.random()), 3) for what, took in cell.seconds.items()},
            }
        )
        for cell in record.cells
    )
    return record.model_copy(update={"subject": subject, "cells": cells, "measurements": columns, "judged_by": None})


def write(folder: Path, record: Record, below: str = REFERENCES) -> None:
    """Put a record into a checkout."""
    path = folder / below / record.subject.file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(strict_json(record), "utf-8")


def timed(folder: Path, *arguments: str) -> dict[str, object]:
    """Run the verb in a checkout.

    Returns:
        Seconds of wall and processor, peak memory and exit status.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    code = (
        "import dataclasses, resource, sys\n"
        "import vaebench.report.board as board\n"
        "from vaebench.cli import main\n"
        "there = board.suite\n"
        "board.suite = lambda: dataclasses.replace(there(), findings={})\n"
        f"sys.argv = {['vaebench', 'leaderboard', *arguments]!r}\n"
        "try:\n    main()\nfinally:\n"
        "    sys.stderr.write(f'peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode == 2:
        raise SystemExit(done.stderr)
    peak = int(done.stderr.rpartition("peak ")[2].split()[0])
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "processor": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "peak MB": peak // 1024,
        "exit": done.returncode,
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the board."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in (folder / "leaderboard").rglob("*") if p.is_file()}


def main(rows: int) -> None:
    """Make a checkout of so many rows, time the verb, and say which pages a submission touches."""
    say = sys.stdout.write
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = templates()
        for record in made:
            for number in range(rows):
                write(folder, row(record, number))
        say(f"{rows} rows × {len(made)} tasks\n")
        for label, arguments in (("leaderboard", ()), ("leaderboard again", ()), ("leaderboard --check", ("--check",))):
            say(f"{label}: {json.dumps(timed(folder, *arguments))}\n")
        before = contents(folder)
        say(f"front page: {len(before['leaderboard/README.md']) / 1000:.0f} kB of {len(before)} files\n")
        write(folder, row(made[0], rows + 1), "leaderboard/submissions/somebody")
        timed(folder)
        after = contents(folder)
        if out := after.get("leaderboard/left_out.md"):
            raise SystemExit(f"the submission is left out, so nothing is shown by it: {out.decode().splitlines()[-1]}")
        changed = sorted(path for path in after if before.get(path) != after[path])
        say(f"a submission to {made[0].subject.task.name} changes: {', '.join(changed)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
