"""How far a number has moved, in units of what rounding does to it: the same seed against the same seed."""

import math
import statistics
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

GUARD = 30.0
"""Rounding scales up to which a difference is rounding. Honest changes of arithmetic stay below 2 in calm cells, and
changes of the code are above 10⁴, so that anything between 10 and 1,000 would do."""

SHRINKAGE = 4
"""Degrees of freedom that the instrument's other readings count for in the scale of one of them."""

SAME = 1e-12
SAME_OUTRIGHT = 1e-14
"""Differences up to this, relative or outright, are none: the last bits of double precision."""

RELATIVE = 2e-6
OUTRIGHT = 2.0**-23
"""Rounding of a single-precision number, which no scale falls below."""

FEWEST = 8
"""Draws from which a share is taken for a share: a 1 of a single evaluation is an exact number."""

UNSEEN = 0.3
"""A reading is blind if its rounding scale is more than this part of its spread over seeds ..."""

NO_SPREAD = 0.01
"""... or of this part of itself, for one that seeds do not spread."""


def is_same(new: float, old: float) -> bool:
    """Say whether two numbers are the same but for the last bits of double precision."""
    return abs(new - old) <= SAME * abs(old) + SAME_OUTRIGHT


def step_of(values: Sequence[float], counts: Sequence[int]) -> float:
    """Find by how much one draw moves a reading: 1/n for a share of n draws, 1 for a count.

    Twins that show no flip of a draw do not prove that none can flip. So the scale of such a reading is at least one
    draw.

    Args:
        values: All runs of one reading.
        counts: Number of evaluations of each.

    Returns:
        The step; 0 for a reading that is neither.

    Examples:
        >>> step_of([0.25, 0.5], [128, 128])
        0.0078125
        >>> step_of([2.0, 3.0], [128, 128]), step_of([0.2501, 0.5], [128, 128])
        (1.0, 0.0)
    """
    if not values or min(counts) < FEWEST:
        return 0.0
    if all(value == round(value) for value in values) and max(map(abs, values)) > 1:
        return 1.0
    shares = (
        0 <= value <= 1 and abs(value * n - round(value * n)) < 1e-5 for value, n in zip(values, counts, strict=True)
    )
    return 1 / min(counts) if all(shares) else 0.0


@dataclass(frozen=True)
class Scale:
    """What rounding does to one reading.

    Attributes:
        centres: By seed: the mean of the reference and its twins.
        sd: Standard deviation of a single run about them, pooled over seeds and shrunk.
        twins: Number of twins a seed.
        step: By how much one draw moves a share or a count, else 0.
        arithmetic: By how much another arithmetic moves it, 0 where that is not known.
    """

    centres: Mapping[int, float]
    sd: float
    twins: int
    step: float = 0.0
    arithmetic: float = 0.0

    def of(self, seed: int) -> float:
        """The scale that a difference of one seed is divided by, in the reading's unit."""
        floor = RELATIVE * abs(self.centres[seed]) + OUTRIGHT
        return math.hypot(self.sd * math.sqrt(1 + 1 / (1 + self.twins)), floor, self.step, self.arithmetic)

    def distance(self, new: Mapping[int, float]) -> float:
        """How far new numbers lie from the reference.

        T = √(mean over seeds of d²/(σ²(1 + 1/m) + floor² + a²)), with m runs of the reference a seed, and a the
        distance of another arithmetic.

        Args:
            new: By seed; at least one that the reference has.

        Returns:
            T, in rounding scales.
        """
        parts = [(new[seed] - self.centres[seed]) / self.of(seed) for seed in new if seed in self.centres]
        return math.sqrt(sum(part * part for part in parts) / len(parts))

    def blind(self, spread: float) -> bool:
        """Say whether rounding hides what a change would do.

        Args:
            spread: Standard deviation over seeds.

        Returns:
            Whether the scale is too large a part of it.
        """
        if not (self.sd or self.step or self.arithmetic):
            return False
        return any(
            self.of(seed) > UNSEEN * max(spread, NO_SPREAD * abs(centre)) for seed, centre in self.centres.items()
        )


Key = TypeVar("Key", bound=Hashable)

Runs = Mapping[int, Sequence[float]]
"""Of one reading, by seed: the reference's value, then those of its twins."""


def scales(
    runs: Mapping[Key, Runs], steps: Mapping[Key, float], instrument_of: Callable[[Key], str]
) -> dict[Key, Scale]:
    """Learn from rounding twins how far rounding moves each reading of a record.

    σ² = (ν·s² + 4·v·c²)/(ν + 4). Here s² is the variance within seeds, with ν degrees of freedom. v is the median
    relative variance of the readings of the same instrument, and c the reading's size. A few twins alone are too few:
    where they happen to agree, any later difference would look large.

    Args:
        runs: By reading. Every seed has as many twins.
        steps: By reading, see `step_of`.
        instrument_of: The instrument of a reading.

    Returns:
        Scale by reading.
    """
    centres = {key: {seed: statistics.fmean(found) for seed, found in one.items()} for key, one in runs.items()}
    freedom = {key: sum(len(found) - 1 for found in one.values()) for key, one in runs.items()}
    variance = {key: _within(one, centres[key]) for key, one in runs.items()}
    size = {key: statistics.fmean(c * c for c in of.values()) for key, of in centres.items()}
    relative: dict[str, list[float]] = {}
    for key in runs:
        if size[key] > 0 and freedom[key]:
            relative.setdefault(instrument_of(key), []).append(variance[key] / size[key])
    found = {}
    for key, one in runs.items():
        usual = statistics.median(relative.get(instrument_of(key), [0.0])) * size[key]
        pooled = (freedom[key] * variance[key] + SHRINKAGE * usual) / (freedom[key] + SHRINKAGE)
        twins = min(len(values) for values in one.values()) - 1
        found[key] = Scale(centres[key], math.sqrt(pooled), twins, steps.get(key, 0.0))
    return found


def _within(runs: Runs, centres: Mapping[int, float]) -> float:
    """Variance about each seed's own mean; 0 without twins."""
    freedom = sum(len(found) - 1 for found in runs.values())
    squares = sum((value - centres[seed]) ** 2 for seed, found in runs.items() for value in found)
    return squares / freedom if freedom else 0.0
