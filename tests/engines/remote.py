"""What the tests of engines beyond one machine share."""

from pathlib import Path

from vaebench.engines.execute import Site, execute
from vaebench.results.journal import SHARDS, Journal
from vaebench.results.record import Record
from vaebench.runner import Done, plan, run


def shards(folder: Path) -> list[Path]:
    """The shard of each line that workers have written, one for each line."""
    return [path for path in sorted((folder / SHARDS).glob("*.jsonl")) for _ in path.read_text().splitlines()]


def timeless(record: Record) -> Record:
    """A record without what no two runs share: when its cells ran, and how long they took."""
    bare = {"seconds": {}, "date": None}
    return record.model_copy(update={"cells": tuple(cell.model_copy(update=bare) for cell in record.cells)})


def go(engine: str, request, site: Site, progress=lambda *_: None) -> Done:
    """Run a request on an engine."""
    journal, planned = Journal(request.out), plan(request)
    return run(request, planned, journal, progress, lambda *cells: execute(engine, site, *cells), keeps=True)
