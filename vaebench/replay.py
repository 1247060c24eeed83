"""Train some cells of a record again, from the variant's source, and hold them against the record."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vaebench.claims import Column
from vaebench.mistakes import Mistake
from vaebench.nightly.cells import Asked, Progress, Where, run_here
from vaebench.nightly.expected import with_twins
from vaebench.nightly.judge import Judged, judge
from vaebench.nightly.reference import night_of
from vaebench.nightly.rotation import as_night
from vaebench.provenance import now
from vaebench.report.received.suspicion import drawn
from vaebench.results.record import CellOutcome, Environment, Record


@dataclass(frozen=True)
class Replayed:
    """One cell that was trained again.

    Attributes:
        cell: The cell.
        judged: The record's numbers, held against what came of it here and of its rounding twins.
        unlike: What the record says of the variant and its sources do not give, or why the numbers prove nothing; empty
            if neither.
    """

    cell: Asked
    judged: Judged
    unlike: str = ""

    @property
    def good(self) -> bool:
        """Whether the cell gives the record's numbers, and the variant is what the record says."""
        return self.judged.good and bool(self.judged.readings) and not self.unlike


@dataclass(frozen=True)
class Replay:
    """What a replay came to.

    Attributes:
        cells: The cells.
        date: When it ended.
        environment: Where it ran.
    """

    cells: tuple[Replayed, ...]
    date: str
    environment: Environment

    @property
    def good(self) -> bool:
        """Whether cells were compared, and all of them give the record's numbers."""
        return bool(self.cells) and all(one.good for one in self.cells)


def chosen(records: Sequence[Record], n: int) -> tuple[tuple[Record, int], ...]:
    """Choose the cells of a replay at random. What hung on the records could be steered by their author.

    Args:
        records: The records.
        n: How many cells, at most.

    Returns:
        Record and seed of each, the records each once before any comes twice.

    Raises:
        Mistake: None of the records has a finished cell.
    """
    rng = random.SystemRandom()
    cells = []
    for record in sorted(records, key=lambda one: one.subject.file_name):
        seeds = [row.seed for row in record.cells if row.status == "ok"]
        rng.shuffle(seeds)
        cells += [(turn, rng.random(), record, seed) for turn, seed in enumerate(seeds)]
    if not cells:
        raise Mistake("none of the records has a finished cell to replay")
    cells.sort(key=lambda one: one[:2])
    return tuple((record, seed) for _, _, record, seed in cells[:n])


def replay(records: Sequence[Record], sources: Mapping[str, str], n: int, where: Where, progress: Progress) -> Replay:
    """Train cells again and compare. This runs the variants' code: call it where nothing can be lost.

    A cell that gives the record's numbers to the last bit is done. For any other, rounding twins are run here, and say
    how far another machine's rounding may lie from the record.

    Args:
        records: What was submitted.
        sources: By name of a variant: its file, or its name where it is the suite's own.
        n: Number of cells.
        where: On what they run.
        progress: Is told of each cell.

    Returns:
        The cells with their words, the date and the machine.

    Raises:
        Mistake: The number makes no sense, a variant's source is not given, or nothing could be run.
    """
    if n < 1:
        raise Mistake(f"--replay takes 1 cell or more, not {n}")
    picked = [(_asked(record, seed, sources), record) for record, seed in chosen(records, n)]
    ran: dict[Asked, CellOutcome] = dict(run_here([cell for cell, _ in picked], where, progress))
    if not ran:
        raise Mistake("none of the chosen cells can be run here")
    found = [Replayed(cell, _bits(record, cell, ran), _unlike(record, ran.get(cell))) for cell, record in picked]
    others = [one.cell for one in found if one.judged.word in {"rounding", "moved"}]
    twins = dict(run_here(with_twins(others), where, progress)) if others else {}
    settled = [
        replace(one, judged=_scaled(one, record, ran, twins)) if one.cell in others else one
        for one, (_, record) in zip(found, picked, strict=True)
    ]
    return Replay(tuple(settled), now(), next(iter(ran.values())).environment)


def _asked(record: Record, seed: int, sources: Mapping[str, str]) -> Asked:
    s = record.subject
    if s.variant.name not in sources:
        raise Mistake(f"{s.file_name}: subject.variant.name: there is no source of {s.variant.name}")
    return Asked(s.task.name, sources[s.variant.name], s.arch, s.dataset.name, s.preset, seed)


def _bits(record: Record, cell: Asked, ran: Mapping[Asked, CellOutcome]) -> Judged:
    return judge(as_night(record, cell.seed), {cell.seed: ran[cell]} if cell in ran else {})


def _unlike(record: Record, ran: CellOutcome | None) -> str:
    """Say where a record describes another variant than its sources give: only running them tells.

    Without this a sender could leave out that the variant is never placed, or change its kl_weight.
    """
    if ran is None:
        return ""
    if not any(ran.seed in column.seeds for column in drawn(record).values()):
        return "measurements: none depends on training, so that a replay shows nothing"
    said, found = record.subject.variant, ran.subject.variant
    for name in type(said).model_fields:
        if (one := getattr(said, name)) != (other := getattr(found, name)):
            return f"subject.variant.{name}: {one!r:.80}, and the sources give {other!r:.80}"
    return ""


def _scaled(
    one: Replayed, record: Record, ran: Mapping[Asked, CellOutcome], twins: Mapping[Asked, CellOutcome]
) -> Judged:
    """Hold the record's numbers against those made here, on the scale of the twins made here."""
    own = {twin: outcome for twin, outcome in twins.items() if replace(twin, ulp=0) == one.cell}
    here = night_of({one.cell: ran[one.cell], **own}, [one.cell.seed])
    row = next(row for row in record.cells if row.seed == one.cell.seed)
    claimed = ran[one.cell].model_copy(
        update={
            "status": row.status,
            "measurements": _of_seed(record, one.cell.seed),
            "subject": record.subject,
            "environment": record.environments[row.environment or 0],
            "data": row.data,
        }
    )
    return judge(here, {one.cell.seed: claimed})


def _of_seed(record: Record, seed: int) -> tuple[Column, ...]:
    """A record's measurements of one seed."""
    found = []
    for column in record.measurements:
        if seed in column.seeds:
            at = column.seeds.index(seed)
            one = (column.values[at],), (column.stderrs[at],), (column.counts[at],)
            found.append(replace(column, seeds=(seed,), values=one[0], stderrs=one[1], counts=one[2], absent=()))
    return tuple(found)
