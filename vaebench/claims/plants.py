"""Plants: models whose true answer is known, and whether a measure orders them as the truth does.

Most plants are an arm that is trained beside the judged models on the same recipe, from the same weights and noise.
One thing is changed so that the true answer moves in a known direction, or stays. The arm's measurement is held against
the judged model's, paired by seed. Others are made of the judged model itself: what a detector says of planted
outliers, say, held against a known number.

The burden of proof is the measure's. Under controls it decides only where it found everything that was planted. A
measure that misses a plant, or reads it the wrong way round, cannot tell what its claim says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from vaebench.claims.intervals import Interval, enough, t_interval
from vaebench.claims.table import Table

Validity = Literal["shown", "cannot tell", "not shown"]
"""Whether a measure can tell.

- ``shown``: every plant was found.
- ``cannot tell``: a plant was missed, or read the wrong way round.
- ``not shown``: there are no plants, or their intervals do not decide.
"""

PlantWord = Literal["found", "missed", "reversed", "undecided"]
"""How a plant was read: by enough on the right side, wholly by less, wholly on the wrong side, or none of these."""


@dataclass(frozen=True)
class Plant:
    """An arm with a known answer, and what a measure has to say of it.

    Attributes:
        arm: The arm.
        measurement: The measure that the plant is about: a name that a condition judges.
        side: On which side of the judged model's number the plant's must lie; ``beside`` it where nothing may change.
        least: By how much, 0 or above, in the measurement's unit; how far at most for ``beside``, which is above 0.
        reads: What is measured of the plant, if it is not `measurement` itself.
        against: What the plant is held against: a number, or the name of another measurement of the judged model; None
            for the judged model's measurement of the same name.
    """

    arm: str
    measurement: str
    side: Literal["above", "below", "beside"]
    least: float = 0.0
    reads: str = ""
    against: float | str | None = None

    @property
    def name(self) -> str:
        """What is measured of the plant."""
        return self.reads or self.measurement

    @property
    def title(self) -> str:
        """The plant in a word: its arm, or what is read where the judged model itself is made one."""
        return self.name if self.arm == "trained" else self.arm

    def __post_init__(self) -> None:
        if self.side not in {"above", "below", "beside"} or not 0 <= self.least < float("inf"):
            raise ValueError(f"a plant lies above or below, by 0 or more, or beside: {self}")
        if self.side == "beside" and not self.least:
            raise ValueError(f"a plant that lies beside may be off by more than 0: {self}")
        if self.arm == "trained" and self.against is None:
            raise ValueError(f"a plant of the judged model itself is held against something else: {self}")


@dataclass(frozen=True)
class Found:
    """How a measure reads one plant.

    Attributes:
        plant: The plant.
        interval: Of the plant's number minus what it is held against, paired by seed; None where no seed has both.
        word: ``found`` if the interval lies beyond `least` on the right side, ``reversed`` if wholly on the wrong side
            of 0, ``missed`` if wholly short of `least`, else ``undecided``. Of a plant that lies beside, ``found`` if
            the interval lies within `least` of 0, ``missed`` if wholly outside.
    """

    plant: Plant
    interval: Interval | None
    word: PlantWord


def read_plants(plants: Iterable[Plant], table: Table, seeds_run: int | None = None) -> tuple[Found, ...]:
    """Hold plants against the judged models of one record.

    Args:
        plants: The plants.
        table: All measurements of the record.
        seeds_run: How many seeds were started; by default those seen in `table`.

    Returns:
        One a plant, in their order. It is undecided where not `enough` seeds have both numbers.
    """
    started = len(table.seeds) if seeds_run is None else seeds_run
    return tuple(_found(plant, table, started) for plant in plants)


def _found(plant: Plant, table: Table, started: int) -> Found:
    differences = list(_differences(plant, table).values())
    interval = t_interval(differences) if differences else None
    if interval is None or interval.low is None or interval.high is None or not enough(interval.n, started):
        return Found(plant, interval, "undecided")
    return Found(plant, interval, _word(plant, interval.low, interval.high))


def _word(plant: Plant, low: float, high: float) -> PlantWord:
    if plant.side == "beside":
        outside = low >= plant.least or high <= -plant.least
        return "missed" if outside else "found" if -plant.least < low and high < plant.least else "undecided"
    nearest, farthest = (low, high) if plant.side == "above" else (-high, -low)
    if nearest > plant.least:
        return "found"
    return "reversed" if farthest < 0 else "missed" if farthest <= plant.least else "undecided"


def _differences(plant: Plant, table: Table) -> dict[int, float]:
    """The plant's number minus the other, by seed: the mean over the knob values at which both have one."""
    name, number = (plant.against, None) if isinstance(plant.against, str) else (plant.name, plant.against)
    beside = {sweep.knobs: sweep.values for sweep in table.at_each_knob(name, "trained")}
    found: dict[int, list[float]] = {}
    for sweep in table.at_each_knob(plant.name, plant.arm):
        others = beside.get(sweep.knobs, {})
        for seed, (value,) in sorted(sweep.values.items()):
            if number is not None:
                found.setdefault(seed, []).append(value - number)
            elif seed in others:
                found.setdefault(seed, []).append(value - others[seed][0])
    return {seed: sum(values) / len(values) for seed, values in sorted(found.items())}


def validity(found: Sequence[Found], measurements: Iterable[str]) -> Validity:
    """Say whether the measures of a level can tell.

    Args:
        found: How the claim's plants were read.
        measurements: The names that the level's conditions judge.

    Returns:
        The word, over the plants of those names.
    """
    names = set(measurements)
    words = {one.word for one in found if one.plant.measurement in names}
    if words & {"missed", "reversed"}:
        return "cannot tell"
    return "shown" if words == {"found"} else "not shown"
