"""From a submission to a proof: which sources a replay runs, and what the board may say of it afterwards."""

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


def written_proofs(
    board: Path, folder: Path, records: Sequence[Record], sources: Mapping[str, str], found: Replay
) -> Path:
    """Write down that records were trained again and gave their numbers.

    Args:
        board: The board's folder.
        folder: The sender's folder.
        records: Its records.
        sources: From `sources_of`.
        found: A replay that is good.

    Returns:
        The file of proofs. Earlier proofs of other records are kept.

    Raises:
        Mistake: The replay is not good.
    """
    if not found.good:
        raise Mistake("a replay that does not give the record's numbers proves nothing")
    sender = folder.resolve().name
    kept = dict(read_proofs(board, sender))
    for record in records:
        ours = [one.cell.seed for one in found.cells if _is_of(record, one.cell, sources)]
        if not ours:
            continue
        finished = {row.seed for row in record.cells if row.status == "ok"}
        path = folder / record.subject.file_name
        kept[sha256(path)] = Proof(
            file=record.subject.file_name,
            sha256=sha256(path),
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
            {"cell": list(map(str, one.cell.key)), "seed": one.cell.seed, "word": one.judged.word, "unlike": one.unlike}
            for one in self.found.cells
        ]

    def lines(self) -> list[str]:
        """What a person reads, a line a cell and one for the proof."""
        lines = []
        for one in self.found.cells:
            cell, judged = one.cell, one.judged
            name = " ".join((cell.task, Path(cell.variant).stem, cell.arch, cell.dataset))
            numbers = f"{judged.readings} numbers, {judged.same} to the last bit"
            lines.append(f"{name} seed {cell.seed}: {judged.word}, {numbers}")
            lines += [f"{name} seed {cell.seed}: {one.unlike}"] if one.unlike else []
        if not self.found.good:
            lines.append("the cells that were trained again do not give the records")
        return [*lines, f"proof: {self.proof}"] if self.proof else lines


def proved(
    folder: Path, records: Sequence[Record], own: Mapping[str, str], n: int, where: Where, progress: Progress
) -> Proved:
    """Train cells of a submission again. This runs its variants' code.

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
    sources = sources_of(folder, records, own)
    found = replay(records, sources, n, where, progress)
    sent = folder.resolve().parent.name == SUBMISSIONS
    if not (found.good and sent):
        return Proved(found)
    return Proved(found, written_proofs(folder.resolve().parents[1], folder, records, sources, found))


def _is_of(record: Record, cell: Asked, sources: Mapping[str, str]) -> bool:
    subject = record.subject
    variant = sources[subject.variant.name]
    return (subject.task.name, variant, subject.arch, subject.dataset.name, subject.preset) == cell.key
