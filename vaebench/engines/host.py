"""A worker on another machine: it places what it received, and runs cells in a watched process, as `local` does."""

import os
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from vaebench.engines import Died
from vaebench.engines.freight import cache_folder, data_root, place
from vaebench.engines.local import Workers
from vaebench.engines.shipped import Answer, Freight, Shipped
from vaebench.mistakes import Mistake
from vaebench.results.journal import Journal, line_of


def worker_name(prefix: str) -> str:
    """Name this worker and its shard, as no other is named.

    Args:
        prefix: Of the run.

    Returns:
        Prefix, machine, process and four random bytes.
    """
    machine = re.sub(r"[^a-z0-9]+", "-", socket.gethostname().lower())[:40].strip("-")
    return f"{prefix}-{machine}-{os.getpid()}-{os.urandom(4).hex()}"


class Host:
    """A worker, and the process in which its cells run.

    Args:
        freight: What cells need beside themselves.
        fetch: Gets the bytes of a hash.
        shard: Where it appends outcomes, or None if it cannot reach the run's folder.

    Raises:
        Mistake: This machine cannot compute what the run asks for; one line says why.
    """

    def __init__(self, freight: Freight, fetch: Callable[[str], bytes], shard: Journal | None) -> None:
        cache = cache_folder()
        self._shard = shard
        sources = place(freight.sources, fetch, cache)
        sys.path[:0] = [str(sources / path) for path in freight.paths if str(sources / path) not in sys.path]
        self._references = {
            asked: str(sources / found) if found.endswith(".py") else found
            for asked, found in freight.references.items()
        }
        roots = [Path(root) for root in (os.environ.get("VAEBENCH_DATA"), freight.root) if root]
        self._roots = {name: str(data_root(name, data, roots, fetch, cache)) for name, data in freight.data.items()}
        self._workers = Workers()
        try:
            strange = self._workers.ask("differs", freight.torch, dict(freight.code), freight.cuda)
        except Died as died:
            raise Mistake(f"worker {socket.gethostname()}: its process {died}") from died
        if strange:
            raise Mistake(f"worker {socket.gethostname()} {strange}")

    def run(self, cell: Shipped) -> Answer:
        """Run a cell.

        Args:
            cell: The cell.

        Returns:
            Its outcome; one that no disk took is not kept.
        """
        here = {
            "reference": self._references.get(cell.reference, cell.reference),
            "data_root": self._roots.get(cell.dataset, cell.data_root),
        }
        (outcome,) = self._workers.run([cell.model_copy(update=here)], 1)  # type: ignore[list-item]
        line = line_of(outcome)
        try:
            if self._shard is not None:
                self._shard.append_line(line)
        except Mistake:
            return Answer(line=line.decode())
        return Answer(line=line.decode(), kept=self._shard is not None)

    def end(self) -> None:
        """End its process."""
        self._workers.__exit__()
