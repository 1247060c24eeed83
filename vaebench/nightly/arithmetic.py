"""What a processor's other arithmetic does to the numbers of a night.

Rounding twins share one arithmetic. A reading into which rounding enters squared, such as the roughness of a path, has
another mean under another arithmetic, and twins cannot show that. So each cell is also run with the plainest arithmetic
that the processor has, and the distance becomes a part of the scale.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from vaebench import catalog
from vaebench.mistakes import Mistake
from vaebench.nightly.cells import Asked, Progress, Where, planned
from vaebench.nightly.elsewhere import run_there
from vaebench.nightly.reference import readings_of, unfinished, whole_reference
from vaebench.results.journal import Journal
from vaebench.results.night import Night, Reading
from vaebench.results.night_files import night_text, write_nights
from vaebench.results.record import UNFINISHED, CellOutcome

PLAINEST = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "ONEDNN_MAX_CPU_ISA": "SSE41"}
"""No vector instructions: for elementwise functions, matrix products and convolutions. Libraries that a machine lacks
do not read their variable."""

AT_ONCE = 12
"""Cells that are run between two times that they are kept."""


def widened(night: Night, outcomes: Mapping[int, CellOutcome]) -> Night:
    """Add to the scale of each reading how far another arithmetic moves it.

    Args:
        night: The reference.
        outcomes: Of the other arithmetic, by seed.

    Returns:
        The reference, whose readings have the root mean square of the distance over seeds. A reading that the other
        arithmetic does not have keeps what the reference says of it.
    """
    there = {seed: readings_of(outcome) for seed, outcome in outcomes.items()}

    def of(one: Reading) -> Reading:
        pairs = zip(one.seeds, one.values, strict=True)
        far = [there[s][one.place].values[0] - v for s, v in pairs if s in there and one.place in there[s]]
        return one.model_copy(update={"arithmetic": math.sqrt(sum(d * d for d in far) / len(far))}) if far else one

    return night.model_copy(update={"readings": tuple(map(of, night.readings))})


def plainest(asked: Sequence[Asked], where: Where, journal: Journal, progress: Progress) -> dict[Asked, CellOutcome]:
    """Run cells with the plainest arithmetic of this processor.

    Args:
        asked: The cells.
        where: On what.
        journal: Keeps what is finished. It is of this arithmetic alone. A cell that did not finish is run again.
        progress: Is told of each cell.

    Returns:
        Outcome by what was asked.
    """
    cells, _ = planned(asked, where)
    kept, _ = journal.read({cell.id: (cell.subject, cell.seed) for cell in cells.values()})
    done = {id_: outcome for id_, outcome in kept.items() if outcome.status not in UNFINISHED}
    found = {one: done[cell.id] for one, cell in cells.items() if cell.id in done}
    left = [one for one in cells if one not in found]
    for at in range(0, len(left), AT_ONCE):
        part = run_there(
            catalog.PACKAGE.parent, left[at : at + AT_ONCE], where, _after(at, len(left), progress), PLAINEST
        )
        for outcome in part.values():
            journal.append(outcome)
        found |= part
    return found


def _after(done: int, total: int, progress: Progress) -> Progress:
    return lambda part, _, last: progress(done + part, total, last)


def widen(folder: Path, where: Where, work: Path, progress: Progress) -> None:
    """Add to a stored reference what the plainest arithmetic does to it.

    Args:
        folder: Of the reference.
        where: On what cells run.
        work: Folder of the journal.
        progress: Is told of each cell.

    Raises:
        Mistake: The reference is not whole, or a cell was not run or did not finish. Nothing is written.
    """
    index, nights = whole_reference(folder)
    cells = {
        name: [Asked(*one.key, row.seed) for row in one.head.seeds if row.status == "ok"]
        for name, one in nights.items()
    }
    every = [cell for of in cells.values() for cell in of]
    ran = plainest(every, where, Journal(work / "plainest"), progress)
    if why := unfinished(every, ran):
        raise Mistake(f"with the plainest arithmetic {why}; nothing was widened, and the same command runs them again")
    texts = {
        name: night_text(widened(nights[name], {cell.seed: ran[cell] for cell in of})) for name, of in cells.items()
    }
    write_nights(folder, texts, index.left_out, index.whole)
