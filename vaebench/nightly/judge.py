"""Judge one record of a night: same, rounding or moved, and what else is not as it was."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from vaebench.nightly.reference import readings_of
from vaebench.results.definitions import stale
from vaebench.results.night import Key, Night, Place, Reading, file_of
from vaebench.results.record import UNFINISHED, CellOutcome, Environment
from vaebench.results.rounding import GUARD, is_same

Word = Literal["same", "rounding", "moved", "reseeded", "drifted", "incomplete", "missing", "extra"]
"""``same``: all numbers to the last bit. ``rounding``: within 30 rounding scales. ``moved``: beyond. ``reseeded``:
moved, and five seeds on either side cannot be told apart. ``drifted``: moved, and they can. ``incomplete``: a seed, a
status or a reading is not as in the reference. ``missing`` and ``extra``: a record on one side only."""

GOOD: tuple[Word, ...] = ("same", "rounding")


@dataclass(frozen=True)
class Move:
    """A reading that is not the same.

    Attributes:
        arm: Its arm.
        knob: The knob's value, or None.
        name: The measurement.
        unit: Its unit.
        was: The reference's number, of the first seed that differs.
        now: The new number.
        distance: In rounding scales, over all seeds.
    """

    arm: str
    knob: float | None
    name: str
    unit: str
    was: float
    now: float
    distance: float


@dataclass(frozen=True)
class Judged:
    """What became of one record.

    Attributes:
        key: What it is of.
        word: The word.
        readings: Number of readings that were compared.
        same: Of these, the same to the last bit.
        blind: Of these, blind.
        moves: The readings beyond the guard, the farthest first.
        farthest: The largest distance of a reading that is not the same, in rounding scales.
        troubles: One line for all else that is not as it was.
        stale: Hashes of definitions that are not the reference's.
        code: Rooms of the suite whose code is not the reference's.
        arithmetic: Primitives that give other bits than the reference's did, and versions that differ beside.
        data: Whether examples or labels are others. Older records do not say which they saw, and lost cells saw none.
        cause: What it is put down to; empty for what is good.
    """

    key: Key
    word: Word
    readings: int = 0
    same: int = 0
    blind: int = 0
    moves: tuple[Move, ...] = ()
    farthest: float = 0.0
    troubles: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    arithmetic: tuple[str, ...] = ()
    data: bool = False
    cause: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """Its file in the reference."""
        return file_of(self.key)

    @property
    def good(self) -> bool:
        """Whether nothing speaks against it."""
        return self.word in GOOD and not self.stale and not self.data


def judge(night: Night, outcomes: Mapping[int, CellOutcome]) -> Judged:
    """Hold new cells against a reference of the same seeds.

    Args:
        night: The reference.
        outcomes: The new cells of its record by seed.

    Returns:
        The record's word, with all that differs.
    """
    head = night.head
    wanted = [row.seed for row in head.seeds]
    if not any(seed in outcomes for seed in wanted):
        return Judged(night.key, "missing", troubles=("the night has no cell of it",))
    new = {seed: readings_of(outcomes[seed]) for seed in wanted if seed in outcomes}
    first = next(outcomes[seed] for seed in wanted if seed in outcomes)
    moves, same, farthest, compared = [], 0, 0.0, 0
    for reading in night.readings:
        now = {
            seed: new[seed][reading.place].values[0]
            for seed in reading.seeds
            if seed in new and reading.place in new[seed]
        }
        if not now:
            continue
        compared += 1
        move = _move(reading, now, head.twins)
        same += move is None
        if move is not None:
            farthest = max(farthest, move.distance)
            moves += [move] if move.distance > GUARD else []
    troubles = tuple(_troubles(night, outcomes, new))
    word: Word = "moved" if moves else "same" if same == compared else "rounding"
    if troubles:
        word = "moved" if moves else "incomplete"
    return Judged(
        night.key,
        word,
        compared,
        same,
        night.blind,
        tuple(sorted(moves, key=lambda one: -one.distance)),
        farthest,
        troubles,
        tuple(stale(first.subject, head.subject)),
        tuple(other_code(first.environment, head.environment)),
        tuple(other_arithmetic(first.environment, head.environment)),
        any(_other_data(row.data, outcomes[row.seed].data) for row in head.seeds if row.seed in outcomes),
    )


def _other_data(was: str | None, now: str | None) -> bool:
    """Whether two hashes of examples and labels differ; False where one is not known."""
    return was is not None and now is not None and was != now


def _move(reading: Reading, now: Mapping[int, float], twins: int) -> Move | None:
    was = dict(zip(reading.seeds, reading.values, strict=True))
    other = [seed for seed, value in now.items() if not is_same(value, was[seed])]
    if not other:
        return None
    distance = reading.scale(twins).distance(now)
    return Move(reading.arm, reading.knob, reading.name, reading.unit, was[other[0]], now[other[0]], distance)


def _troubles(
    night: Night, outcomes: Mapping[int, CellOutcome], new: Mapping[int, Mapping[Place, object]]
) -> Iterator[str]:
    """Say what is lost, or on one side only.

    Yields:
        One line each.
    """
    for row in night.head.seeds:
        if row.seed not in outcomes:
            yield f"seed {row.seed} is lost"
        elif (status := outcomes[row.seed].status) != row.status or status in UNFINISHED:
            why = outcomes[row.seed].reason or row.reason
            yield f"seed {row.seed}: {status}, {row.status} in the reference" + (f" ({why:.200})" if why else "")
    for seed, found in new.items():
        if outcomes[seed].status != "ok":
            continue
        there = {reading.place for reading in night.readings if seed in reading.seeds}
        if not any(row.seed == seed and row.status == "ok" for row in night.head.seeds):
            continue
        gone, added = len(there - found.keys()), len(found.keys() - there)
        if gone:
            yield f"seed {seed}: {gone} readings are gone, {_some(there - found.keys())}"
        if added:
            yield f"seed {seed}: {added} readings are new, {_some(found.keys() - there)}"


def _some(places: Iterable[Place]) -> str:
    arm, knob, name, unit = min(places, key=str)
    return f"{name} in {unit} ({arm}{'' if knob is None else f' at {knob:g}'}) among them"


def other_code(new: Environment, old: Environment) -> Iterator[str]:
    """Name the rooms of the suite whose code is not the reference's.

    Args:
        new: Where the night ran.
        old: Where the reference was made.

    Yields:
        The rooms.
    """
    yield from (room for room in sorted({*new.code, *old.code}) if new.code.get(room) != old.code.get(room))


def other_arithmetic(new: Environment, old: Environment) -> Iterator[str]:
    """Name the primitives that give other bits than they did for the reference.

    Args:
        new: Where the night ran.
        old: Where the reference was made.

    Yields:
        The primitives. Versions follow where a primitive differs; other names for equal bits do not count.
    """
    primitives = [name for name in sorted({*new.probe, *old.probe}) if new.probe.get(name) != old.probe.get(name)]
    yield from primitives
    for what in ("torch", "processor", "python", "device") if primitives else ():
        now, was = getattr(new, what), getattr(old, what)
        if now != was:
            yield f"{what} {now}, reference {was}"
