"""Numbers read off models, with their place; and numbers that do not exist, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LARGEST = 1e100
"""A number beyond this is no reading: means and spreads of such numbers overflow."""


class NotFinite(ValueError):  # noqa: N818 - why there is no reading, and no error of the caller's
    """A number that is infinite, not a number, or too large to be a reading."""


@dataclass(frozen=True)
class Reading:
    """A number an instrument read off one model.

    Attributes:
        name: What was read.
        value: The number, at most `LARGEST` either way.
        stderr: The instrument's own standard error on this one model; 0 where it is exact.
        n: How many evaluations it rests on.
        unit: Its unit; ``1`` for a pure number.
        better: Which way is better, where one is.
    """

    name: str
    value: float
    stderr: float
    n: int
    unit: str = "1"
    better: Literal["higher", "lower", "neither"] = "neither"

    def __post_init__(self) -> None:
        if not (abs(self.value) <= LARGEST and 0 <= self.stderr <= LARGEST):
            raise NotFinite(f"reading {self.name} is not finite, or has no error: {self.value} ± {self.stderr}")


@dataclass(frozen=True)
class Declined:
    """A reading that does not exist for a model, and why: undefined is neither zero nor NaN.

    Attributes:
        name: What would have been read.
        reason: One line.
        cause: ``setting`` where the data, the task or the variant's declaration leaves the reading without a meaning:
            the claim does not apply. ``model`` where it is what training made of the model, such as a collapsed
            unit: the claim applies and is not met, or a variant could gain by collapsing.
    """

    name: str
    reason: str
    cause: Literal["setting", "model"] = "setting"


@dataclass(frozen=True)
class Observation:
    """A reading with its place: which arm, which knob value, which seed.

    Attributes:
        arm: ``trained`` or a control's name.
        knob: The knob's value, or None where the task has no knob.
        seed: The seed of the cell.
        reading: What was read there, or why nothing was.
    """

    arm: str
    knob: float | None
    seed: int
    reading: Reading | Declined


Sample = Sequence[Observation]


def map_entry_name(map_name: str, row: str, column: str) -> str:
    """Name the reading that is one entry of a map, of which there are many: maps are drawn and not listed.

    Args:
        map_name: What the map shows.
        row: Its row.
        column: Its column.

    Returns:
        The reading's name.

    Raises:
        ValueError: A part has a double underscore, by which they are told apart.

    Examples:
        >>> map_entry_name("across_seeds", "encoder_1", "mean")
        'across_seeds__encoder_1__mean'
    """
    parts = (map_name, row, column)
    if any("__" in part or part != part.strip("_") or not part for part in parts):
        raise ValueError(f"the parts of a map entry's name have no double underscore and none at an end: {parts}")
    return "__".join(parts)


def map_entry(name: str) -> tuple[str, str, str] | None:
    """Split the name of a map's entry into map, row and column; None for any other reading's name.

    Args:
        name: The reading's name.

    Returns:
        The three parts, or None.

    Examples:
        >>> map_entry("across_seeds__encoder_1__mean"), map_entry("lead_raw")
        (('across_seeds', 'encoder_1', 'mean'), None)
    """
    parts = name.split("__")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None
