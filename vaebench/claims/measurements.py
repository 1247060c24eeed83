"""Measurements: a number taken from one model, or the reason why there is none."""

from dataclasses import dataclass
from typing import Literal

LARGEST = 1e100
"""A number beyond this is no measurement: means and spreads of such numbers overflow."""

Cause = Literal["setting", "model"]
"""Why there is no number. ``setting``: the data, the task or the variant's declaration leave it without a meaning, and
the claim does not apply. ``model``: it is what training made of the model, such as a collapsed unit; the claim applies
and is not met, or a variant could gain by collapsing."""

Better = Literal["higher", "lower", "neither"]


class NotFinite(ValueError):  # noqa: N818 - why there is no measurement, and no error of the caller's
    """A number that is infinite, not a number, or too large to be a measurement."""


@dataclass(frozen=True)
class Measurement:
    """A number that an instrument took from one model, or the reason why there is none.

    Undefined is neither zero nor NaN: it has a reason. `declined` makes such a measurement.

    Attributes:
        name: What was measured.
        value: The number, at most `LARGEST` either way; None where there is none.
        stderr: The instrument's own standard error on this one model; 0 where it is exact.
        n: How many evaluations it rests on.
        unit: Its unit; ``1`` for a pure number.
        better: Which way is better, where one is.
        reason: Why there is no number, in one line; empty where there is one.
        cause: What left it without a number; None where there is one.
    """

    name: str
    value: float | None
    stderr: float = 0.0
    n: int = 0
    unit: str = "1"
    better: Better = "neither"
    reason: str = ""
    cause: Cause | None = None

    def __post_init__(self) -> None:
        if (self.value is None) is (self.cause is None):
            raise ValueError(f"a measurement is a number or has a cause why there is none: {self}")
        if self.value is not None and not (abs(self.value) <= LARGEST and 0 <= self.stderr <= LARGEST):
            raise NotFinite(f"{self.name} is not finite, or has no error: {self.value} ± {self.stderr}")


def declined(name: str, reason: str, cause: Cause = "setting") -> Measurement:
    """Say that a measurement does not exist, and why.

    Args:
        name: What would have been measured.
        reason: One line.
        cause: See `Cause`.

    Returns:
        A measurement without a value.

    Examples:
        >>> declined("density_r2", "the data's density is unknown").value is None
        True
    """
    return Measurement(name, None, reason=reason, cause=cause)


def map_entry_name(map_name: str, row: str, column: str) -> str:
    """Name the measurement that is one entry of a map, of which there are many: maps are drawn and not listed.

    Args:
        map_name: What the map shows.
        row: Its row.
        column: Its column.

    Returns:
        The measurement's name.

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
    """Split the name of a map's entry into map, row and column; None for any other name.

    Args:
        name: The measurement's name.

    Returns:
        The three parts, or None.

    Examples:
        >>> map_entry("across_seeds__encoder_1__mean"), map_entry("lead_raw")
        (('across_seeds', 'encoder_1', 'mean'), None)
    """
    parts = name.split("__")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def is_duration(name: str) -> bool:
    """Whether a measurement is of the clock, so that the same code gives another number each time.

    Args:
        name: The measurement's name.

    Returns:
        Whether it is a ratio of durations.

    Examples:
        >>> is_duration("metric_log10_time_ratio"), is_duration("functional_t50_lead")
        (True, False)
    """
    return name.endswith("_time_ratio")
