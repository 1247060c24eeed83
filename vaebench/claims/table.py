"""The table of measurements: by name, arm and knob value, one number a seed. It is also what a record stores."""

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from vaebench.claims.measurements import LARGEST, Better, Cause, Measurement, map_entry

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""What a measurement and an arm may be called."""


@dataclass(frozen=True)
class Absence:
    """Why some seeds have no number.

    Attributes:
        reason: One line.
        cause: See `Cause`.
        seeds: The seeds, rising.
    """

    reason: str
    cause: Cause
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)  # a board holds hundreds of thousands
class Column:
    """One measurement of one arm at one knob value, over seeds.

    Attributes:
        name: What was measured.
        arm: ``trained`` or a control's name.
        knob: The knob's value, or None where the arm has none.
        unit: Its unit; ``1`` for a pure number.
        better: Which way is better, where one is.
        seeds: The seeds that have a number, rising.
        values: The number of each.
        stderrs: The instrument's own standard error on each.
        counts: How many evaluations each rests on.
        absent: Why the other seeds have none.
    """

    name: str
    arm: str
    knob: float | None
    unit: str
    better: Better
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    stderrs: tuple[float, ...]
    counts: tuple[int, ...]
    absent: tuple[Absence, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.seeds) == len(self.values) == len(self.stderrs) == len(self.counts):
            raise ValueError(f"{self.name} has {len(self.values)} values for {len(self.seeds)} seeds")
        for value in (*self.values, self.knob or 0.0):  # loops: a board reads twenty thousand columns
            if not -LARGEST <= value <= LARGEST:
                raise ValueError(f"{self.name} has a value beyond {LARGEST:g}")
        for error in self.stderrs:
            if not 0 <= error <= LARGEST:
                raise ValueError(f"{self.name} has an error or a count below 0")
        if self.counts and min(self.counts) < 0:
            raise ValueError(f"{self.name} has an error or a count below 0")
        if not _rise(self.seeds) or not all(_rise(one.seeds) for one in self.absent):
            raise ValueError(f"{self.name}: its seeds do not rise")
        if self.absent and len(everywhere := self.asked) != len(set(everywhere)):
            raise ValueError(f"{self.name} is there twice for one arm, knob value and seed")

    @property
    def place(self) -> tuple[str, float | None, str]:
        """Arm, knob value and name: a table has one column for each."""
        return self.arm, self.knob, self.name

    @property
    def asked(self) -> tuple[int, ...]:
        """The seeds that were asked for it: those that have a number, then those that have none."""
        return (*self.seeds, *(seed for one in self.absent for seed in one.seeds))


def _rise(seeds: Sequence[int]) -> bool:
    return all(map(operator.lt, seeds, seeds[1:]))


def column(arm: str, knob: float | None, seed: int, measurement: Measurement) -> Column:
    """Place a measurement: the column of one seed.

    Args:
        arm: ``trained`` or a control's name.
        knob: The knob's value, or None where the arm has none.
        seed: The seed.
        measurement: What was measured.

    Returns:
        The column.
    """
    m = measurement
    if m.value is None:
        assert m.cause is not None
        return Column(m.name, arm, knob, m.unit, m.better, (), (), (), (), (Absence(m.reason, m.cause, (seed,)),))
    return Column(m.name, arm, knob, m.unit, m.better, (seed,), (m.value,), (m.stderr,), (m.n,))


@dataclass(frozen=True)
class Sweep:
    """One measurement of one arm along the knob, for the units of a sample that have it at every value.

    Attributes:
        knobs: The values of the knob, rising.
        values: The number at each, by unit: a seed.
        degenerate: The units whose model denies it, see `Cause`.
        reason: Why units lack it, when some do.
        stderrs: The instrument's own standard errors, as `values`.
        counts: How many evaluations each number rests on, as `values`.
    """

    knobs: tuple[float | None, ...]
    values: Mapping[int, Sequence[float]]
    degenerate: tuple[int, ...]
    reason: str
    stderrs: Mapping[int, Sequence[float]]
    counts: Mapping[int, Sequence[int]]

    def without(self, units: Iterable[int], denied: Iterable[int], reason: str) -> "Sweep":
        """Leave out some units.

        Args:
            units: Which ones.
            denied: Those of them whose model denies the measurement.
            reason: Why units lack it.

        Returns:
            The others' numbers, with those left out counted where they are denied.
        """
        left = set(units)
        return replace(
            self,
            values={unit: value for unit, value in self.values.items() if unit not in left},
            stderrs={unit: value for unit, value in self.stderrs.items() if unit not in left},
            counts={unit: value for unit, value in self.counts.items() if unit not in left},
            degenerate=tuple(sorted({*self.degenerate, *denied})),
            reason=reason,
        )


@dataclass(frozen=True)
class Table:
    """All measurements of a record.

    Attributes:
        columns: In the order in which they were taken.
    """

    columns: tuple[Column, ...]

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], list[Column]]:
        found: dict[tuple[str, str], list[Column]] = {}
        for one in sorted(self.columns, key=lambda one: -math.inf if one.knob is None else one.knob):
            found.setdefault((one.arm, one.name), []).append(one)
        return found

    # Several claims, at several tolerances, look along the same measurements.
    @cached_property
    def _sweeps(self) -> dict[tuple[str, str], tuple[Sweep]]:
        return {}

    @cached_property
    def _at_each(self) -> dict[tuple[str, str], tuple[Sweep, ...]]:
        return {}

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """Every arm that has a column, in the order of the alphabet."""
        return tuple(sorted({one.arm for one in self.columns}))

    @cached_property
    def seeds(self) -> frozenset[int]:
        """Every seed that was asked for something."""
        return frozenset(seed for one in self.columns for seed in one.asked)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every measurement that was asked for, of any arm."""
        return frozenset(one.name for one in self.columns)

    def sweep(self, name: str, arm: str) -> Sweep:
        """Look along the knob.

        Args:
            name: What was measured.
            arm: Of which arm.

        Returns:
            The numbers of the seeds that have one at every knob value.
        """
        key = arm, name
        if key not in self._sweeps:
            self._sweeps[key] = (_sweep(self._by_name.get(key, ()), name, arm),)
        return self._sweeps[key][0]

    def at_each_knob(self, name: str, arm: str) -> tuple[Sweep, ...]:
        """Look at each knob value by itself.

        Args:
            name: What was measured.
            arm: Of which arm.

        Returns:
            A sweep a knob value, rising; one without values where nobody measured it.
        """
        key = arm, name
        if key not in self._at_each:
            found = tuple(_sweep([one], name, arm) for one in self._by_name.get(key, ()))
            self._at_each[key] = found or (_sweep([], name, arm),)
        return self._at_each[key]


def _sweep(columns: Sequence[Column], name: str, arm: str) -> Sweep:
    """Transpose columns, in the order of the knob."""
    whole = tuple(sorted(set.intersection(*(set(one.seeds) for one in columns)))) if columns else ()

    def by_seed(of: Callable[[Column], Sequence[Any]]) -> dict[int, list[Any]]:
        parts = (of(one) if one.seeds == whole else _picked(one.seeds, of(one), whole) for one in columns)
        return dict(zip(whole, map(list, zip(*parts, strict=True)), strict=True))

    absences = [absence for one in columns for absence in one.absent]
    # The first in the alphabet, so that the reason does not hang on the order of the columns.
    reason = min((absence.reason for absence in absences), default="")
    if not reason and not any(one.seeds for one in columns):
        reason = f"the {arm} arm has no measurement {name}"
    return Sweep(
        tuple(one.knob for one in columns),
        by_seed(lambda one: one.values),
        tuple(sorted({seed for absence in absences if absence.cause == "model" for seed in absence.seeds})),
        reason,
        by_seed(lambda one: one.stderrs),
        by_seed(lambda one: one.counts),
    )


def _picked(seeds: Sequence[int], values: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
    """The values of some of the seeds."""
    at = dict(zip(seeds, values, strict=True))
    return [at[seed] for seed in wanted]


def table(columns: Iterable[Column]) -> Table:
    """Put columns together, those of one place into one.

    Args:
        columns: Of any seeds, each place at most once for one seed.

    Returns:
        The table, its columns in the order in which their places come first.
    """
    by_place: dict[tuple[str, float | None, str], list[Column]] = {}
    for one in columns:
        by_place.setdefault(one.place, []).append(one)
    return Table(tuple(_joined(found) for found in by_place.values()))


def _joined(columns: Sequence[Column]) -> Column:
    if len(columns) == 1:
        return columns[0]
    first = next((one for one in columns if one.seeds), columns[0])
    rows = sorted((row for one in columns for row in _rows(one)), key=lambda row: row[0])
    absent: dict[tuple[str, Cause], list[int]] = {}
    for absence in (absence for one in columns for absence in one.absent):
        absent.setdefault((absence.reason, absence.cause), []).extend(absence.seeds)
    return Column(
        first.name,
        first.arm,
        first.knob,
        first.unit,
        first.better,
        tuple(seed for seed, *_ in rows),
        tuple(value for _, value, *_ in rows),
        tuple(stderr for _, _, stderr, _ in rows),
        tuple(count for *_, count in rows),
        tuple(Absence(reason, cause, tuple(sorted(seeds))) for (reason, cause), seeds in absent.items()),
    )


def _rows(one: Column) -> Iterator[tuple[int, float, float, int]]:
    return zip(one.seeds, one.values, one.stderrs, one.counts, strict=True)


def is_plain(one: Column) -> bool:
    """Whether a column is a number of the judged models that hangs on no knob and is no entry of a map."""
    return one.arm == "trained" and one.knob is None and bool(one.values) and map_entry(one.name) is None
