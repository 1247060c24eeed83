"""What runs in a SLURM job: a bundle of cells, one after another, each appended to the job's own shard."""

import json
from pathlib import Path

from vaebench.engines.host import Host, worker_name
from vaebench.engines.shipped import Freight, Shipped
from vaebench.mistakes import Mistake
from vaebench.results.journal import SHARDS, Journal

SLURM = "slurm"
"""Below the run's folder: what driver and jobs tell each other."""

BLOBS, BUNDLES, FREIGHT, LOGS, RUN, SAID = "blobs", "bundles", "freight", "logs", "RUN", "said"
"""Files by their hash, cells by bundle, what cells need, submitit's own folder, the run at work, last words of jobs."""


def main(folder: str, bundle: str) -> None:
    """Run a bundle, as far as its run is still at work.

    Args:
        folder: Of the run.
        bundle: Name of the bundle, the run's before the dash.
    """
    top, run = Path(folder), bundle.partition("-")[0]
    below = top / SLURM
    try:
        freight = Freight.model_validate_json((below / f"{FREIGHT}-{run}").read_bytes())
        cells = [
            Shipped.model_validate_json(json.dumps(one)) for one in json.loads((below / BUNDLES / bundle).read_bytes())
        ]
        done = _finished(top, bundle)
        shard = Journal(top, worker_name(f"slurm-{bundle}"))
        host = Host(freight, lambda sum_: (below / BLOBS / sum_).read_bytes(), shard)
        for cell in cells:
            if not _at_work(below / RUN, run):
                return
            if cell.id not in done and not host.run(cell).kept:
                raise Mistake(f"cannot write to {shard.path}")
        host.end()
    except Mistake as mistake:
        (below / SAID / bundle).write_text(str(mistake), "utf-8")


def _at_work(path: Path, run: str) -> bool:
    try:
        return path.read_text("ascii") == run
    except (OSError, ValueError):
        return False


def _finished(folder: Path, bundle: str) -> set[str]:
    """Cells that this very job finished before it was requeued."""
    found: set[str] = set()
    for path in (folder / SHARDS).glob(f"slurm-{bundle}-*.jsonl"):
        found |= set(Journal(folder, path.stem).read()[0])
    return found
