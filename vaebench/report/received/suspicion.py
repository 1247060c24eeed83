"""What an honest run hardly gives: numbers of another's, seeds that hardly differ, a model better than the exact one.

Each rule is set far beyond what any of the suite's own runs shows; `test_suspicion.py` holds them to that.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence

from vaebench.claims import Beyond, Column, is_duration, map_entry
from vaebench.papers import Task
from vaebench.report.received.admission import is_share_of_few
from vaebench.report.received.sent import THIS_RUN, sender_of
from vaebench.results.record import Record

ALIKE = 1e-3
"""Measurements of one model on two processors differ by less, relatively; those of two models hardly ever do."""

MOSTLY = 0.9
"""Share of the measurements that have to be alike."""

ENOUGH = 5
"""Fewer measurements say nothing."""

NARROW = 0.02
"""Spread over seeds, as a share of the suite's own records' in the median measurement. The least of those is 0.07."""

STILL = 1e-5
"""Spread over seeds, as a share of the mean, in the median measurement. The least of the suite's own is 0.001."""

Numbers = Mapping[tuple[str, float | None, str], Column]


def drawn(record: Record) -> dict[tuple[str, float | None, str], Column]:
    """Take the measurements of the judged models that training and sampling decide.

    Args:
        record: A record.

    Returns:
        Columns by arm, knob value and name. Entries of maps, durations, whole numbers and shares of few are left out.
    """
    return {
        column.place: column
        for column in record.measurements
        if column.arm == "trained"
        and map_entry(column.name) is None
        and not is_duration(column.name)
        and column.values
        and not all(map(is_share_of_few, column.values))
    }


def same_times(record: Record, others: Sequence[Record]) -> str:
    """Say that cells took as long as those of another record, to the millisecond. One may by chance, two do not.

    Args:
        record: From anybody.
        others: All records that it may be a copy of.

    Returns:
        One line that begins with the field; empty if there is no objection.
    """
    mine = _times(record)
    if len(mine) > 1 and len(set(mine.values())) == 1:
        return "cells: all of them took equally long to the millisecond, as if one were copied"
    for other in others:
        if _is_itself(record, other):
            continue
        theirs = set(_times(other).values())
        if len(same := [n for n, took in mine.items() if took in theirs]) >= min(2, len(record.cells)):
            return f"cells.{same[0]}.seconds: as in {_whose(other)} to the millisecond, in {len(same)} cells"
    return ""


def _times(record: Record) -> dict[int, tuple[tuple[str, float], ...]]:
    """How long each finished cell took, by its place; whole seconds say nothing."""
    return {
        n: tuple(sorted(cell.seconds.items()))
        for n, cell in enumerate(record.cells)
        if any(value != round(value) for value in cell.seconds.values())
    }


def twins(record: Record, others: Sequence[Record]) -> dict[str, str]:
    """Name the records of other variants that have the same numbers, seed against seed.

    Two variants are one model where a task fixes what tells them apart. So one such record is no objection by itself.

    Args:
        record: From anybody.
        others: All records that it may be a copy of.

    Returns:
        By sender and variant: one line that begins with the field.
    """
    mine, found = drawn(record), dict[str, str]()
    for other in others:
        same_place = (other.subject.task.name, other.subject.dataset.name) == (
            record.subject.task.name,
            record.subject.dataset.name,
        )
        if same_place and not _is_itself(record, other) and (seeds := _alike(mine, drawn(other))):
            a, b = seeds
            found[_name(other)] = (
                f"measurements: those of seed {a} are those of seed {b} of {_whose(other)}, as if copied"
            )
    return found


def _is_itself(record: Record, other: Record) -> bool:
    """Whether a record of a run is compared with what its author sent of it before."""
    ours, theirs = record.subject, other.subject
    same = (ours.file_name, ours.variant.code_hash) == (theirs.file_name, theirs.variant.code_hash)
    return record is other or (same and sender_of(record) in {"", THIS_RUN})


def _name(record: Record) -> str:
    return f"{sender_of(record)}/{record.subject.variant.name}"


def _whose(record: Record) -> str:
    sender = sender_of(record)
    return f"{record.subject.file_name}{f' from {sender}' if sender else ''}"


def _alike(mine: Numbers, theirs: Numbers) -> tuple[int, int] | None:
    """Find a seed of the one and a seed of the other with the same numbers."""
    shared = [(column, theirs[place]) for place, column in mine.items() if place in theirs]
    if len(shared) < ENOUGH:
        return None
    for a in {seed for one, _ in shared for seed in one.seeds}:
        for b in {seed for _, other in shared for seed in other.seeds}:
            both = [(_at(one, a), _at(other, b)) for one, other in shared]
            pairs = [(x, y) for x, y in both if x is not None and y is not None]
            same = sum(abs(x - y) <= ALIKE * abs(y) for x, y in pairs)
            if len(pairs) >= ENOUGH and same >= MOSTLY * len(pairs):
                return a, b
    return None


def _at(column: Column, seed: int) -> float | None:
    return column.values[column.seeds.index(seed)] if seed in column.seeds else None


def too_even(record: Record, references: Sequence[Record]) -> str:
    """Say that the seeds of a record hardly differ.

    Args:
        record: From anybody.
        references: The suite's own records.

    Returns:
        One line that begins with the field; empty if there is no objection.
    """
    spreads = {place: statistics.stdev(c.values) for place, c in drawn(record).items() if len(c.values) > 2}
    if len(spreads) < ENOUGH:
        return ""
    columns = drawn(record)
    relative = statistics.median(
        spread / abs(mean) if (mean := statistics.fmean(columns[place].values)) else 1.0
        for place, spread in spreads.items()
    )
    if relative < STILL:
        return (
            f"measurements: seeds differ by {relative:.1e} of the mean, where trainings differ by a thousandth or more"
        )
    subject = record.subject
    peers = [
        drawn(one)
        for one in references
        if (one.subject.task, one.subject.dataset, one.subject.preset)
        == (subject.task, subject.dataset, subject.preset)
    ]
    ratios = [
        spread / usual
        for place, spread in spreads.items()
        if (found := [statistics.stdev(peer[place].values) for peer in peers if _has_spread(peer.get(place))])
        and (usual := statistics.median(found)) > 0
    ]
    if len(ratios) < ENOUGH or (ratio := statistics.median(ratios)) >= NARROW:
        return ""
    return f"measurements: seeds differ by {ratio:.2g} of what they do in the suite's own records"


def _has_spread(column: Column | None) -> bool:
    return column is not None and len(column.values) > 2


def better_than_exact(record: Record, task: Task) -> Iterator[str]:
    """Name what a trained model does better than the closed form where the closed form is the best there is.

    The closed form solves the task's training problem exactly. So an error that it leaves to rounding is no larger in a
    trained model's favour. On normal data no model has a better likelihood or error.

    Args:
        record: From anybody.
        task: Its task.

    Yields:
        One line each, which begins with the field.
    """
    exact = {(c.name, c.knob): c for c in record.measurements if c.arm == "analytic" and c.values}
    ideal = {
        condition.measurement: condition.ideal
        for claim in task.claims
        if claim.analytic == "holds"
        for condition in claim.conditions
        if isinstance(condition, Beyond)
    }
    for place, column in enumerate(record.measurements):
        own = exact.get((column.name, column.knob))
        if column.arm != "trained" or own is None:
            continue
        pairs = [
            (value, other, 3 * (stderr + error))
            for seed, value, stderr in zip(column.seeds, column.values, column.stderrs, strict=True)
            for at, other, error in zip(own.seeds, own.values, own.stderrs, strict=True)
            if at == seed
        ]
        if pairs and (_nearer(pairs, ideal.get(column.name)) or _beats(pairs, column, record)):
            shown = f"{pairs[0][0]:.4g} where the exact model has {pairs[0][1]:.4g}"
            yield f"measurements.{place}: {column.name} is better than that of the exact model in all seeds: {shown}"


def _nearer(pairs: Sequence[tuple[float, float, float]], ideal: float | None) -> bool:
    return ideal is not None and all(abs(value - ideal) < abs(exact - ideal) for value, exact, _ in pairs)


def _beats(pairs: Sequence[tuple[float, float, float]], column: Column, record: Record) -> bool:
    if column.better == "neither" or record.subject.dataset.name != "linear_gaussian_sources":
        return False
    sign = 1 if column.better == "higher" else -1
    return all(sign * (value - exact) > error + 0.01 * abs(exact) for value, exact, error in pairs)
