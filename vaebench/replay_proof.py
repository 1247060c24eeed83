"""From a submission to a proof: which sources a replay runs, and what the board may say of it afterwards."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vaebench.mistakes import Mistake
from vaebench.nightly.cells import Asked, Progress, Where
from vaebench.replay import Replay, replay
from vaebench.report.files import SUBMISSIONS
from vaebench.results.kept_sources import SOURCES, entry
from vaebench.results.record import Record
from vaebench.results.replays import REPLAYS, Proof, Proofs, read_proofs
from vaebench.results.store import write_text
from vaebench.results.submission import sha256
from vaebench.version import VERSION


def sources_of(folder: Path, records: Sequence[Record], own: Mapping[str, str]) -> dict[str, str]:
    """Find the sources of the variants of a submission. Nothing is run.

    Args:
        folder: The sender's folder, or a run's.
        records: Its records.
        own: The suite's own variants, with the hashes of their code.

    Returns:
        By name of a variant: its file; the name itself for one of the suite's own.

    Raises:
        Mistake: There are no sources, or the variant is not VARIANT of its file.
    """
    found: dict[str, str] = {}
    for variant in {record.subject.variant.name: record.subject.variant for record in records}.values():
        if own.get(variant.name) == variant.code_hash:
            found[variant.name] = variant.name
            continue
        below = folder / SOURCES / variant.name
        where = entry(below)
        if where.name != "VARIANT":
            raise Mistake(f"{below}: a replay runs VARIANT of a file, not {where.name}")
        found[variant.name] = str(below / where.file)
    return found


def hashes_of(folder: Path, records: Sequence[Record]) -> dict[str, str]:
    """Hash the files of records.

    Args:
        folder: The sender's folder, or a run's.
        records: Its records.

    Returns:
        SHA-256 by the file's path below it.
    """
    return {name: sha256(folder / name) for name in (record.subject.file_name for record in records)}


def written_proofs(
    board: Path,
    sender: str,
    records: Sequence[Record],
    sources: Mapping[str, str],
    hashes: Mapping[str, str],
    found: Replay,
) -> Path:
    """Write down that records were trained again and gave their numbers.

    Args:
        board: The board's folder.
        sender: Who sent them.
        records: The records.
        sources: From `sources_of`.
        hashes: From `hashes_of`, before anything of the sender's was run.
        found: A replay that is good.

    Returns:
        The file of proofs. Earlier proofs of other records are kept.

    Raises:
        Mistake: The replay is not good.
    """
    if not found.good:
        raise Mistake("a replay that does not give the record's numbers proves nothing")
    kept = dict(read_proofs(board, sender))
    for record in records:
        ours = [one.cell.seed for one in found.cells if _is_of(record, one.cell, sources)]
        if not ours:
            continue
        finished = {row.seed for row in record.cells if row.status == "ok"}
        name = record.subject.file_name
        kept[hashes[name]] = Proof(
            file=name,
            sha256=hashes[name],
            level="retrained" if finished <= set(ours) else "replayed",
            date=found.date,
            machine=found.environment.processor or found.environment.device,
            suite_version=VERSION,
            seeds=tuple(sorted(ours)),
        )
    proofs = Proofs(schema_version=1, sender=sender, proofs=tuple(kept.values()))
    path = board / REPLAYS / f"{sender}.json"
    write_text(path, proofs.model_dump_json(indent=1) + "\n")
    return path


@dataclass(frozen=True)
class Proved:
    """A replay, and the proof that came of it.

    Attributes:
        found: The replay.
        proof: The file of proofs; None if the replay is not good, or the folder is no submission.
    """

    found: Replay
    proof: Path | None = None

    def values(self) -> list[dict[str, object]]:
        """What a program reads: cell, seed and word of each."""
        return [
            {"cell": _named(one.cell), "seed": one.cell.seed, "word": one.judged.word, "unlike": one.unlike}
            for one in self.found.cells
        ]

    def lines(self) -> list[str]:
        """What a person reads, a line a cell and one for the proof."""
        lines = []
        for one in self.found.cells:
            cell, judged = one.cell, one.judged
            name = " ".join(_named(cell)[:-1])
            numbers = f"{judged.readings} numbers, {judged.same} to the last bit"
            lines.append(f"{name} seed {cell.seed}: {judged.word}, {numbers}")
            lines += [f"{name} seed {cell.seed}: {one.unlike}"] if one.unlike else []
        if not self.found.good:
            lines.append("the cells that were trained again do not give the records")
        return [*lines, f"proof: {self.proof}"] if self.proof else lines


def proved(
    folder: Path, records: Sequence[Record], own: Mapping[str, str], n: int, where: Where, progress: Progress
) -> Proved:
    """Train cells of a submission again. This runs its variants' code, from a copy: the folder stays as it is.

    Args:
        folder: The sender's folder, or a run's.
        records: Its records.
        own: The suite's own variants, with the hashes of their code.
        n: Number of cells.
        where: On what they run.
        progress: Is told of each cell.

    Returns:
        The replay. Of a submission that gives its numbers again, with the file of proofs.
    """
    sources_of(folder, records, own)  # what is wrong is said of the user's own files
    hashes, at = hashes_of(folder, records), folder.resolve()
    with tempfile.TemporaryDirectory(prefix="vaebench-replay-") as apart:
        if (folder / SOURCES).is_dir():
            shutil.copytree(folder / SOURCES, Path(apart) / SOURCES, symlinks=True)
        sources = sources_of(Path(apart), records, own)
        found = replay(records, sources, n, where, progress)
    if not (found.good and at.parent.name == SUBMISSIONS):
        return Proved(found)
    return Proved(found, written_proofs(at.parents[1], at.name, records, sources, hashes, found))


def _named(cell: Asked) -> list[str]:
    task, variant, arch, dataset, preset = cell.key
    return [task, Path(variant).stem, arch, dataset, preset]


def _is_of(record: Record, cell: Asked, sources: Mapping[str, str]) -> bool:
    subject = record.subject
    variant = sources[subject.variant.name]
    return (subject.task.name, variant, subject.arch, subject.dataset.name, subject.preset) == cell.key
