"""Some standard cells each night, in turn, held against the committed records."""

import statistics
from collections.abc import Iterable
from pathlib import Path

from vaebench import catalog
from vaebench.claims import Column
from vaebench.data import Unavailable
from vaebench.nightly.cells import Asked
from vaebench.results.night import Head, Night, Reading, SeedRow
from vaebench.results.record import Record
from vaebench.results.rounding import GUARD, step_of
from vaebench.results.score import night_columns
from vaebench.seeds import seed_for

OF_SPREAD = 0.01
"""Part of its spread over seeds by which a reading of a long training may differ, for want of twins."""

CHAOTIC = frozenset({("annealed_vae", "mlp"), ("annealed_vae", "conv"), ("beta_tcvae", "conv")})
"""Variants and networks whose long training magnifies rounding until a twin is another draw."""

SHARE = 0.25
"""Part of the budget by which the turn moves on each night."""


def turn(records: Iterable[Record], day: int, seconds: float, jobs: int, budget: float) -> list[tuple[Asked, Record]]:
    """Choose tonight's standard cells: as many as fit, in an order in which each that fits a night has its turn.

    The cells lie one after another on a line, each as long as it took. A night begins where its number says. At the
    end of the line it goes on at the beginning, with the next seed of each record. A cell that does not fit is passed
    over; see `too_long` for those that no order helps.

    Args:
        records: The committed records of the standard preset.
        day: Number of the night.
        seconds: What is left of the night.
        jobs: Number of processes.
        budget: Seconds of a whole night.

    Returns:
        The cells with their records.
    """
    line = sorted(filter(_has_turns, records), key=lambda one: seed_for("rotation", one.subject.file_name))
    costs = [_cost(one) for one in line]
    whole = sum(costs)
    if not whole:
        return []
    rounds, at = divmod(day * SHARE * budget * jobs, whole)
    now = int(rounds)
    ends = [sum(costs[: i + 1]) for i in range(len(line))]
    start = next((i for i, end in enumerate(ends) if end > at), 0)
    found, left = [], seconds * jobs
    for i, round_ in [*((i, now) for i in range(start, len(line))), *((i, now + 1) for i in range(start))]:
        # With several processes the longest cell decides when the last of them ends.
        if costs[i] > left or costs[i] > seconds:
            continue  # a shorter one may fit: on a busy machine a night that ended here was most often empty
        left -= costs[i]
        found.append((_cell(line[i], round_), line[i]))
    return found


def too_long(records: Iterable[Record], seconds: float) -> list[Record]:
    """List the records of which one cell takes longer than what is left of the night, so that they have no turn.

    Args:
        records: The committed records of the standard preset.
        seconds: What is left of the night.

    Returns:
        Those records.
    """
    return [one for one in records if _has_turns(one) and _cost(one) > seconds]


def _has_turns(record: Record) -> bool:
    """Whether a record takes part in the rotation."""
    about = record.subject
    return (
        about.preset == "standard"
        and about.device == "cpu"
        and about.variant.name in catalog.variant_names()
        and (about.variant.name, about.arch) not in CHAOTIC
        and any(cell.status == "ok" for cell in record.cells)
    )


def _cost(record: Record) -> float:
    """Seconds of one cell of a record."""
    return statistics.fmean(sum(cell.seconds.values()) for cell in record.cells)


def is_here(record: Record, root: Path) -> bool:
    """Say whether the files that a record was measured on are installed.

    Args:
        record: The record.
        root: Folder of the data sets that have to be installed.

    Returns:
        Whether they are, bit for bit; True for data that are computed.
    """
    try:
        return catalog.dataset_files(record.subject.dataset.name, root) == record.subject.dataset.files
    except Unavailable:
        return False


def _cell(record: Record, turn_: int) -> Asked:
    """The cell of a record whose seed has the turn."""
    s = record.subject
    seeds = [cell.seed for cell in record.cells if cell.status == "ok"]
    return Asked(s.task.name, s.variant.name, s.arch, s.dataset.name, "standard", seeds[turn_ % len(seeds)])


def as_night(record: Record, seed: int) -> Night:
    """Take one seed of a committed record as the reference of a night.

    A record has no twins. Its scale is such that a hundredth of the spread over seeds lies at the guard.

    Args:
        record: The record.
        seed: The seed.

    Returns:
        The reference.
    """
    row = next(cell for cell in record.cells if cell.seed == seed)
    readings = [
        _reading(column, seed) for column in night_columns(record.measurements).values() if seed in column.seeds
    ]
    head = Head(
        suite_version=record.suite_version,
        subject=record.subject,
        environment=record.environments[row.environment or 0],
        date=row.date,
        twins=10**6,
        seeds=(SeedRow(seed=seed, status=row.status, reason=row.reason, data=row.data, split=row.split),),
    )
    return Night(head=head, readings=tuple(readings))


def _reading(column: Column, seed: int) -> Reading:
    value = column.values[column.seeds.index(seed)]
    spread = statistics.stdev(column.values) if len(column.values) > 1 else 0.0
    return Reading(
        arm=column.arm,
        knob=column.knob,
        name=column.name,
        unit=column.unit,
        seeds=(seed,),
        values=(value,),
        centres=(value,),
        sd=OF_SPREAD * spread / GUARD,
        spread=spread,
        step=step_of(column.values, column.counts),
    )
