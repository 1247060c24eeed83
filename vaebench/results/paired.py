"""The same seed against the same seed: where both ran on the same arithmetic, numbers have to be equal."""

from collections.abc import Mapping
from dataclasses import dataclass

from vaebench.claims import Column
from vaebench.results.record import Environment, Record
from vaebench.results.rounding import is_same

Place = tuple[str, float | None, str, str]


@dataclass(frozen=True)
class Paired:
    """What the paired test found.

    Attributes:
        seeds: The seeds that were paired.
        compared: Number of readings that both sides have.
        moved: Of these, the ones that are not the same: seed, new number and reference's number.
    """

    seeds: tuple[int, ...]
    compared: int
    moved: Mapping[Place, tuple[int, float, float]]


def paired(
    record: Record, reference: Record, new: Mapping[Place, Column], old: Mapping[Place, Column]
) -> Paired | None:
    """Compare each seed with itself, where seeds and environments allow it.

    They do if every finished seed of the record is finished in the reference, on a processor's deterministic arithmetic
    of which all probed primitives gave the same bits. If processor and torch bear the same names too, equal code gives
    equal bits, so any difference counts. If they do not, a few unprobed functions may round otherwise. Then only
    equality decides, and a difference is left to the population over seeds.

    A seed with a number on one side only has nothing to be equal to. `score` reports it, on this road and the other.

    Args:
        record: The new record.
        reference: Its reference.
        new: The new record's columns that are compared.
        old: The reference's.

    Returns:
        What it found; None where the test cannot decide.
    """
    here, there = _environments(record), _environments(reference)
    if not here or not all(seed in there and _same_bits(here[seed], there[seed]) for seed in here):
        return None
    moved, compared = {}, 0
    for place in (place for place in new if place in old):
        was = dict(zip(old[place].seeds, old[place].values, strict=True))
        both = [(seed, now) for seed, now in zip(new[place].seeds, new[place].values, strict=True) if seed in was]
        compared += bool(both)
        others = [(seed, now, was[seed]) for seed, now in both if not is_same(now, was[seed])]
        if others:
            moved[place] = others[0]
    named_alike = all(_same_names(here[seed], there[seed]) for seed in here)
    if not compared or (moved and not named_alike):
        return None
    return Paired(tuple(here), compared, moved)


def _environments(record: Record) -> dict[int, Environment]:
    """Where each finished seed ran; empty where a record does not say so of one."""
    rows = [row for row in record.cells if row.status == "ok"]
    if any(row.environment is None for row in rows):
        return {}
    return {row.seed: record.environments[row.environment or 0] for row in rows}


def _same_bits(one: Environment, other: Environment) -> bool:
    return bool(one.probe) and one.probe == other.probe and one.deterministic and other.deterministic


def _same_names(one: Environment, other: Environment) -> bool:
    return (one.torch, one.processor, one.python) == (other.torch, other.processor, other.python)
