"""What pages over many records say of the measurements of one: kept, so that its file need not be read again."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median_low

from vaebench.claims import (
    Claim,
    Column,
    Interval,
    Table,
    VerdictWord,
    is_duration,
    is_plain,
    judge,
    map_entry,
    rests_on_tolerances,
    t_interval,
    with_tolerances,
)
from vaebench.fingerprint import value_hash
from vaebench.report.rows.given import GIVEN
from vaebench.results.on_file import OnFile
from vaebench.results.record import Record

FACTORS = (0.5, 1.0, 2.0)
"""How wide the tolerances that are ours are made, beside the width that they have."""

GIVEN_NAMES = tuple(dict.fromkeys(name for given in GIVEN for name in given.measurements))
"""The measurements that say what a variant gives."""

Words = tuple[VerdictWord, VerdictWord]
"""A verdict's words: as published, and under controls."""


@dataclass(frozen=True)
class Mean:
    """A measurement of the trained arm at its first knob value.

    Attributes:
        interval: Over seeds.
        knob: The knob value; None without one.
        is_plain: Whether it hangs on no knob.
    """

    interval: Interval
    knob: float | None
    is_plain: bool


@dataclass(frozen=True)
class Summary:
    """What pages over many records say of one record's measurements.

    Attributes:
        places: A hash of which numbers there are.
        numbers: Those of the trained arm that tell models apart: neither times nor entries of maps.
        means: Measurements that tables show, by name: what a variant gives, and what claims report.
        tolerances: By claim, the words at each of `FACTORS`, where a tolerance is ours.
    """

    places: str
    numbers: "array[float]"
    means: Mapping[str, Mean]
    tolerances: Mapping[str, tuple[Words, ...]]

    @cached_property
    def middle(self) -> float:
        """The median of the numbers' sizes, to sort by: a few numbers that differ do not move it."""
        return median_low(map(abs, self.numbers)) if self.numbers else 0.0


def known(record: Record) -> Summary:
    """Take the summary that was kept of a record, or make it.

    Args:
        record: The record, judged by its task's claims.

    Returns:
        The summary.
    """
    kept = record.measurements.about if isinstance(record.measurements, OnFile) else None
    found = getattr(kept, "summary", None)
    return found if isinstance(found, Summary) else summarised(record)


def summarised(record: Record) -> Summary:
    """Sum a record up.

    Args:
        record: The record, judged by its task's claims.

    Returns:
        The summary.
    """
    compared = [c for c in record.measurements if c.values and c.arm == "trained" and _tells(c)]
    compared.sort(key=lambda c: (c.name, c.knob or 0.0))
    return Summary(
        places=value_hash([[*column.place, list(column.seeds)] for column in compared]),
        numbers=array("d", [value for column in compared for value in column.values]),
        means=means(record.measurements, wanted(record.claims)),
        tolerances=tolerances(record),
    )


def _tells(column: Column) -> bool:
    return not is_duration(column.name) and map_entry(column.name) is None


def wanted(claims: Iterable[Claim]) -> set[str]:
    """Name the measurements whose means are kept.

    Args:
        claims: Of a record.

    Returns:
        What a variant gives, and what the claims report.
    """
    return {*GIVEN_NAMES, *(name for claim in claims for name in claim.reported)}


def means(columns: Iterable[Column], names: Iterable[str]) -> dict[str, Mean]:
    """Take measurements of the trained arm at the first knob value.

    Args:
        columns: Of a record.
        names: Of measurements.

    Returns:
        The means of those that have a number, by name.
    """
    by_name: dict[str, list[Column]] = {name: [] for name in names}
    for column in columns:
        if column.values and column.arm == "trained" and column.name in by_name:
            by_name[column.name].append(column)
    firsts = {
        name: min(found, key=lambda c: (c.knob is not None, c.knob or 0.0)) for name, found in by_name.items() if found
    }
    return {name: Mean(t_interval(first.values), first.knob, is_plain(first)) for name, first in firsts.items()}


def tolerances(record: Record) -> dict[str, tuple[Words, ...]]:
    """Judge the claims at half and twice their tolerances.

    Args:
        record: The record, judged by its task's claims.

    Returns:
        By claim, the words at each of `FACTORS`; claims without a tolerance of ours are left out.
    """
    table, found = record.table, {verdict.claim: verdict for verdict in record.verdicts}
    words: dict[str, tuple[Words, ...]] = {}
    for claim in record.claims:
        if rests_on_tolerances(claim) and claim.id in found:
            own: Words = (found[claim.id].published.word, found[claim.id].controlled.word)
            words[claim.id] = tuple(own if f == 1 else at_factor(claim, f, table, len(record.cells)) for f in FACTORS)
    return words


def at_factor(claim: Claim, factor: float, table: Table, seeds_run: int) -> Words:
    """Judge a claim with other tolerances.

    Args:
        claim: The claim.
        factor: How many times as wide.
        table: The record's measurements.
        seeds_run: How many seeds were started.

    Returns:
        Its words.
    """
    verdict = judge(with_tolerances(claim, factor), table, seeds_run=seeds_run)
    return verdict.published.word, verdict.controlled.word
