"""Make a record of finished cells, and judge it; the same code judges a record again when somebody reads it."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from vaebench import __version__
from vaebench import claims as judging
from vaebench.claims import Claim, Declined, Interval, Reading, Verdict, judge, t_interval
from vaebench.fingerprint import source_hash
from vaebench.mistakes import Mistake
from vaebench.results.record import (
    SCHEMA_VERSION,
    CellOutcome,
    CellRow,
    Column,
    DeclinedColumn,
    Environment,
    Record,
    first_error,
)


def assemble(outcomes: Sequence[CellOutcome], claims: tuple[Claim, ...], invariants: tuple[Claim, ...]) -> Record:
    """Make one record of the cells of one subject.

    Args:
        outcomes: The cells, in any order; of several with one seed the last counts.
        claims: The task's claims.
        invariants: What must hold of a sound run, judged like claims and scored by nobody.

    Returns:
        The record, the same for the same cells in any order.

    Raises:
        ValueError: The cells are not of one subject, or there are none.
        Mistake: They are more than a record holds.
    """
    if not outcomes or any(outcome.subject != outcomes[0].subject for outcome in outcomes):
        raise ValueError("a record is made of the cells of one subject")
    cells = [cell for _, cell in sorted({outcome.seed: outcome for outcome in outcomes}.items())]
    environments: list[Environment] = []
    for cell in cells:
        if cell.environment not in environments:
            environments.append(cell.environment)
    columns, declined = _columns(cells)
    try:
        record = Record(
            schema_version=SCHEMA_VERSION,
            suite_version=__version__,
            subject=cells[0].subject,
            parameters=max(cell.parameters for cell in cells),
            environments=tuple(environments),
            claims=claims,
            invariants=invariants,
            cells=tuple(
                CellRow(
                    id=c.id,
                    seed=c.seed,
                    status=c.status,
                    reason=_readable(c.reason),
                    notes=tuple(map(_readable, c.notes)),
                    seconds=dict(sorted(c.seconds.items())),
                )
                for c in cells
            ),
            readings=columns,
            declined=declined,
            verdicts=(),
            control_verdicts=(),
            invariant_verdicts=(),
            score=None,
        )
    except ValidationError as error:
        raise Mistake(f"no record can be made of {cells[0].subject.file_name}: {first_error(error)}") from error
    return rejudge(record)


def _readable(text: str) -> str:
    """Show a NUL, which an error's message may hold and no record does."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def rejudge(record: Record) -> Record:
    """Judge a record's readings by its own claims, whatever verdicts it carries.

    Args:
        record: A record.

    Returns:
        The same record with verdicts and score made anew.
    """
    sample, seeds = record.sample(), len(record.cells)
    verdicts = tuple(judge(claim, sample, seeds_run=seeds) for claim in record.claims)
    controls = sorted({seen.arm for seen in sample} - {"trained"})
    # What holds of a sound run holds of every arm that is trained towards a closed form of its own.
    sound = ["trained", *(arm for arm in controls if f"known_{arm}" in controls)]
    return record.model_copy(
        update={
            "verdicts": verdicts,
            "control_verdicts": tuple(judge(c, sample, arm, seeds) for arm in controls for c in record.claims),
            "invariant_verdicts": tuple(judge(c, sample, arm, seeds) for arm in sound for c in record.invariants),
            "score": score_interval(verdicts),
            "judged_by": judging_hash(),
        }
    )


@cache
def judging_hash() -> str:
    """Hash of the code that makes verdicts of readings: records that it judged can be compared with it to the digit.

    Returns:
        16 hexadecimal digits.
    """
    return source_hash([*Path(judging.__file__).parent.glob("*.py"), Path(__file__)])


def score_by_seed(verdicts: Iterable[Verdict]) -> dict[int, float]:
    """A seed's score: the mean over claims of its agreement, 0 at the task's own controls and 1 at the papers' ideal.

    Args:
        verdicts: Of one record's trained arm.

    Returns:
        Score by seed, for the seeds that every applicable claim has; empty where no claim applies.
    """
    applicable = [dict(zip(v.seeds, v.agreement, strict=True)) for v in verdicts if v.verdict != "not applicable"]
    shared = set.intersection(*(set(a) for a in applicable)) if applicable else set()
    return {seed: float(np.mean([a[seed] for a in applicable])) for seed in sorted(shared)}


def score_interval(verdicts: Iterable[Verdict]) -> Interval | None:
    """Mean score over seeds with its t-interval.

    Args:
        verdicts: Of one record's trained arm.

    Returns:
        The interval, or None where no claim applies.
    """
    by_seed = score_by_seed(verdicts)
    return t_interval(list(by_seed.values())) if by_seed else None


def _columns(cells: Sequence[CellOutcome]) -> tuple[tuple[Column, ...], tuple[DeclinedColumn, ...]]:
    """Turn the cells' observations into columns over seeds, in the order in which the first cell read them."""
    read: dict[tuple[str, float | None, str], list[tuple[int, Reading]]] = {}
    missed: dict[tuple[str, float | None, Declined], list[int]] = {}
    for seed, observation in ((c.seed, o) for c in cells if c.status == "ok" for o in c.observations):
        place, reading = (observation.arm, observation.knob, observation.reading.name), observation.reading
        if isinstance(reading, Reading):
            read.setdefault(place, []).append((seed, reading))
        else:
            missed.setdefault((*place[:2], reading), []).append(seed)
    columns = tuple(
        Column(
            arm=arm,
            knob=knob,
            name=name,
            unit=rows[0][1].unit,
            better=rows[0][1].better,
            n=rows[0][1].n,
            seeds=tuple(seed for seed, _ in rows),
            values=tuple(reading.value for _, reading in rows),
            stderrs=tuple(reading.stderr for _, reading in rows),
        )
        for (arm, knob, name), rows in read.items()
    )
    declined = tuple(
        DeclinedColumn(
            arm=arm, knob=knob, name=no.name, reason=_readable(no.reason), cause=no.cause, seeds=tuple(seeds)
        )
        for (arm, knob, no), seeds in missed.items()
    )
    return columns, declined
