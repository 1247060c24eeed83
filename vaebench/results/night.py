"""The reference of a night: a file a record, JSON Lines, with the scale of rounding beside every number.

The first line says what ran, on what and how it ended. Every other line is one reading. An index lists the files, with
a hash of each. So a file that is gone, added or changed is noticed.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vaebench.experiment import Preset
from vaebench.results.record import (
    MOST_CELLS,
    MOST_MEASUREMENTS,
    Count,
    Date,
    Environment,
    Hash,
    Release,
    Split,
    Status,
    Stored,
    Subject,
    Text,
)
from vaebench.results.rounding import Scale

FOLDER = "nightly"
"""Of a checkout's reference results, the folder of those of the night."""

Place = tuple[str, float | None, str, str]
"""Arm, knob value, name and unit of a reading."""

Key = tuple[str, str, str, str, Preset]
"""Task, variant, architecture, data set and preset."""


class SeedRow(Stored):
    """How one seed of the reference ended, and a hash of the examples and labels that it saw."""

    seed: Count
    status: Status
    reason: Text = ""
    data: Hash | None = None
    split: Split = "fixed"


class Reading(Stored):
    """One number a seed, and what rounding does to it.

    ``centres`` are the means over the run and its rounding twins. ``sd`` is the standard deviation of a single run
    about them. ``spread`` is the standard deviation over seeds. ``step`` is what one draw moves a share or a count by,
    and ``arithmetic`` what the plainest arithmetic of a processor moves it by.
    """

    arm: Text
    knob: float | None
    name: Text
    unit: Text
    seeds: tuple[Count, ...]
    values: tuple[float, ...]
    centres: tuple[float, ...]
    sd: Annotated[float, Field(ge=0)]
    spread: Annotated[float, Field(ge=0)]
    step: Annotated[float, Field(ge=0)] = 0.0
    arithmetic: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _one_a_seed(self) -> "Reading":
        if not 0 < len(self.seeds) == len(self.values) == len(self.centres):
            raise ValueError("values and centres are not one a seed")
        return self

    @property
    def place(self) -> Place:
        """Where it stands in a record."""
        return self.arm, self.knob, self.name, self.unit

    def scale(self, twins: int) -> Scale:
        """What rounding does to it.

        Args:
            twins: Number of twins a seed.

        Returns:
            The scale.
        """
        centres = dict(zip(self.seeds, self.centres, strict=True))
        return Scale(centres, self.sd, twins, self.step, self.arithmetic)


class Head(Stored):
    """What a reference's numbers are of. ``suite_version`` is that of the code that its hashes are of."""

    night: Literal[1] = 1
    suite_version: Release
    subject: Subject
    environment: Environment
    date: Date | None = None
    twins: Count
    seeds: Annotated[tuple[SeedRow, ...], Field(min_length=1, max_length=MOST_CELLS)]


class Night(Stored):
    """The reference of one record of the night."""

    head: Head
    readings: Annotated[tuple[Reading, ...], Field(max_length=MOST_MEASUREMENTS)]

    @property
    def key(self) -> Key:
        """What it is of."""
        return key_of(self.head.subject)

    @property
    def blind(self) -> int:
        """Number of readings that rounding hides."""
        return sum(one.scale(self.head.twins).blind(one.spread) for one in self.readings)


class Index(Stored):
    """All references of a night: the sha256 of each file, and what has none, with the reason.

    ``whole`` says whether it is the suite's own night, which has every variant.
    """

    night: Literal[1] = 1
    whole: bool
    files: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]
    left_out: dict[str, Text]


def key_of(subject: Subject) -> Key:
    """What a record of a night is of."""
    return subject.task.name, subject.variant.name, subject.arch, subject.dataset.name, subject.preset


def file_of(key: Key) -> str:
    """Where a reference lies below the night's folder.

    Args:
        key: What it is of.

    Returns:
        The file's name, with its task's folder.
    """
    task, *rest = key
    return f"{task}/{'.'.join(rest)}.jsonl"
