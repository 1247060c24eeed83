"""Make a record of finished cells, and judge it; the same code judges a record again when somebody reads it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from vaebench import claims as judging
from vaebench.claims import Claim, Column, Interval, Level, LevelName, Table, Verdict, judge, t_interval, table
from vaebench.fingerprint import source_hash
from vaebench.mistakes import Mistake
from vaebench.results.record import (
    SCHEMA_VERSION,
    CellOutcome,
    CellRow,
    Environment,
    Record,
    first_error,
)
from vaebench.version import VERSION


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
    environments = list(dict.fromkeys(map(_frozen, cells)))
    try:
        record = Record(
            schema_version=SCHEMA_VERSION,
            suite_version=VERSION,
            subject=cells[0].subject,
            parameters=max(cell.parameters for cell in cells),
            environments=tuple(Environment.model_validate_json(text) for text in environments),
            claims=claims,
            invariants=invariants,
            cells=tuple(_row(cell, environments.index(_frozen(cell))) for cell in cells),
            measurements=tuple(_readable_column(one) for one in _table(cells).columns),
            verdicts=(),
            control_verdicts=(),
            invariant_verdicts=(),
            agreement=None,
            agreement_published=None,
        )
    except ValidationError as error:
        raise Mistake(f"no record can be made of {cells[0].subject.file_name}: {first_error(error)}") from error
    return rejudge(record)


def _frozen(cell: CellOutcome) -> str:
    return cell.environment.model_dump_json()


def _row(cell: CellOutcome, environment: int) -> CellRow:
    return CellRow(
        id=cell.id,
        seed=cell.seed,
        status=cell.status,
        reason=_readable(cell.reason),
        notes=tuple(map(_readable, cell.notes)),
        seconds=dict(sorted(cell.seconds.items())),
        environment=environment,
        date=cell.date,
        data=cell.data,
        split=cell.split,
    )


def _table(cells: Sequence[CellOutcome]) -> Table:
    """Put the cells' measurements together over seeds, in the order in which the first cell took them."""
    return table(column for cell in cells if cell.status == "ok" for column in cell.measurements)


def _readable_column(column: Column) -> Column:
    absent = tuple(replace(one, reason=_readable(one.reason)) for one in column.absent)
    return column if absent == column.absent else replace(column, absent=absent)


def _readable(text: str) -> str:
    """Show a NUL, which an error's message may hold and no record does."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def rejudge(record: Record) -> Record:
    """Judge a record's measurements by its own claims, whatever verdicts it carries.

    Args:
        record: A record.

    Returns:
        The same record with verdicts and agreement made anew.
    """
    measured, seeds = record.table, len(record.cells)
    verdicts = tuple(judge(claim, measured, seeds_run=seeds) for claim in record.claims)
    controls = [arm for arm in measured.arms if arm != "trained"]
    # What holds of a sound run holds of every arm that is trained towards a closed form of its own.
    sound = ["trained", *(arm for arm in controls if f"analytic_{arm}" in controls)]
    return record.model_copy(
        update={
            "verdicts": verdicts,
            "control_verdicts": tuple(judge(c, measured, arm, seeds) for arm in controls for c in record.claims),
            "invariant_verdicts": tuple(judge(c, measured, arm, seeds) for arm in sound for c in record.invariants),
            "agreement": agreement_interval(verdicts),
            "agreement_published": agreement_interval(verdicts, "published"),
            "judged_by": judging_hash(),
        }
    )


@cache
def judging_hash() -> str:
    """Hash of the code that judges: two records of one hash were judged alike, to the digit.

    Returns:
        16 hexadecimal digits.
    """
    return source_hash([*Path(judging.__file__).parent.glob("*.py"), Path(__file__)])


def agreement_by_seed(verdicts: Iterable[Verdict], level: LevelName = "controlled") -> dict[int, float]:
    """Average the agreement of each seed over claims: 0 at the task's own controls, 1 at the papers' ideal.

    Args:
        verdicts: Of one record's trained arm.
        level: ``published`` or ``controlled``.

    Returns:
        Agreement by seed, for the seeds that every applicable claim has; empty where no claim applies.
    """
    levels: list[Level] = [getattr(verdict, level) for verdict in verdicts]
    applicable = [dict(zip(one.seeds, one.agreement, strict=True)) for one in levels if one.counts]
    shared = set.intersection(*(set(a) for a in applicable)) if applicable else set()
    return {seed: float(np.mean([a[seed] for a in applicable])) for seed in sorted(shared)}


def agreement_interval(verdicts: Iterable[Verdict], level: LevelName = "controlled") -> Interval | None:
    """Mean agreement over seeds with its t-interval.

    Args:
        verdicts: Of one record's trained arm.
        level: ``published`` or ``controlled``.

    Returns:
        The interval, or None where no claim applies.
    """
    by_seed = agreement_by_seed(verdicts, level)
    return t_interval(list(by_seed.values())) if by_seed else None
