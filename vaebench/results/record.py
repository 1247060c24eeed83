"""The shape of what is stored: outcomes of cells, and records assembled of them. Strict JSON both ways.

`CellOutcome` is one line of a journal; `Record` is one file. A record carries its claims' definitions beside the
readings, so that whoever reads it can judge again and need not believe its verdicts.
"""

import json
import re
from collections import Counter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vaebench.claims import LARGEST, Claim, Declined, Interval, Observation, Reading, Sample, Verdict

SCHEMA_VERSION = 1

Status = Literal["ok", "diverged", "error", "timeout", "oom", "declined", "refused"]
"""How a cell ended. `declined`: the suite cannot read such a model. `refused`: the variant breaks the protocol."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(max_length=2000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
Value = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Error = Annotated[float, Field(ge=0, le=LARGEST)]


class Stored(BaseModel):
    """Frozen, without unknown fields, without NaN or Infinity, and no text for a number."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Versioned(Stored):
    """A task or a data set as it was when the cell ran: name, version and hash of its definition."""

    name: Name
    version: int
    hash: Hash


class VariantInfo(Stored):
    """The variant as it was when the cell ran."""

    name: Name
    source: Text
    code_hash: Hash
    kl_weight: float | None


class Environment(Stored):
    """What a cell ran on."""

    python: Text
    torch: Text
    cuda: Text | None
    processor: Text
    device: Literal["cpu", "cuda"]
    precision: Literal["float32"]
    deterministic: bool
    threads: int


class Subject(Stored):
    """What a record is about, and what makes two records comparable: everything but the seed."""

    task: Versioned
    dataset: Versioned
    variant: VariantInfo
    arch: Name
    preset: Literal["quick", "standard", "paper"]
    device: Literal["cpu", "cuda"]

    @property
    def file_name(self) -> str:
        """Where its record lies below a store."""
        return f"{self.task.name}/{self.variant.name}.{self.arch}.{self.dataset.name}.json"


class CellOutcome(Stored):
    """What came of one cell: a line of the journal."""

    schema_version: Literal[1] = 1
    id: Hash
    subject: Subject
    seed: Count
    status: Status
    reason: Text = ""
    notes: tuple[Text, ...] = ()
    parameters: Count = 0
    observations: tuple[Observation, ...] = ()
    seconds: dict[str, Seconds] = {}
    environment: Environment


class Column(Stored):
    """One reading of one arm at one knob value, over the seeds that have it."""

    arm: Name
    knob: float | None
    name: Name
    unit: Text
    better: Literal["higher", "lower", "neither"]
    n: Count
    seeds: tuple[Count, ...]
    values: tuple[Value, ...]
    stderrs: tuple[Error, ...]

    @model_validator(mode="after")
    def _one_number_a_seed(self) -> "Column":
        if not len(self.seeds) == len(set(self.seeds)) == len(self.values) == len(self.stderrs):
            raise ValueError(f"{self.name} has {len(self.values)} values and {len(self.stderrs)} errors for its seeds")
        return self


class DeclinedColumn(Stored):
    """One reading that does not exist, for which seeds, and why."""

    arm: Name
    knob: float | None
    name: Name
    reason: Text
    cause: Literal["setting", "model"]
    seeds: tuple[Count, ...]


class CellRow(Stored):
    """How one cell of a record went."""

    id: Hash
    seed: Count
    status: Status
    reason: Text
    notes: tuple[Text, ...] = ()
    seconds: dict[str, Seconds]


class Record(Stored):
    """What is stored about the cells of one (task, variant, architecture, data set)."""

    schema_version: Literal[1] = 1
    suite_version: Text
    subject: Subject
    parameters: Count
    environments: tuple[Environment, ...]
    claims: tuple[Claim, ...]
    invariants: tuple[Claim, ...]
    cells: tuple[CellRow, ...]
    readings: tuple[Column, ...]
    declined: tuple[DeclinedColumn, ...]
    verdicts: tuple[Verdict, ...]
    control_verdicts: tuple[Verdict, ...]
    invariant_verdicts: tuple[Verdict, ...]
    score: Interval | None

    @property
    def columns(self) -> tuple[Column | DeclinedColumn, ...]:
        """What was read, then what was declined."""
        return (*self.readings, *self.declined)

    @model_validator(mode="after")
    def _readings_of_finished_cells(self) -> "Record":
        seeds = Counter(cell.seed for cell in self.cells)
        if twice := [seed for seed, times in seeds.items() if times > 1]:
            raise ValueError(f"seed {twice[0]} has more than one cell")
        finished = {cell.seed for cell in self.cells if cell.status == "ok"}
        places: set[tuple[str, float | None, str, int]] = set()
        for column in self.columns:
            if strange := set(column.seeds) - finished:
                raise ValueError(f"{column.name} is of seed {min(strange)}, which has no finished cell")
            here = {(column.arm, column.knob, column.name, seed) for seed in column.seeds}
            if here & places:
                raise ValueError(f"{column.name} is there twice for one arm, knob value and seed")
            places |= here
        return self

    def sample(self) -> Sample:
        """All observations, as `claims.judge` takes them."""
        seen = [
            Observation(c.arm, c.knob, seed, Reading(c.name, value, stderr, c.n, c.unit, c.better))
            for c in self.readings
            for seed, value, stderr in zip(c.seeds, c.values, c.stderrs, strict=True)
        ]
        missed = [
            Observation(c.arm, c.knob, s, Declined(c.name, c.reason, c.cause)) for c in self.declined for s in c.seeds
        ]
        return seen + missed


def strict_json(model: Stored) -> str:
    """Write a model as strict JSON: sorted keys, no NaN or Infinity, one line for a list of numbers.

    Args:
        model: A record, or any other stored value.

    Returns:
        The text, ending in a newline.
    """
    text = json.dumps(model.model_dump(mode="json"), indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    # A list without strings, lists or objects in it; no JSON string holds a bare line break, so none is touched.
    return (
        re.sub(r"\[\n[^\[\]{}\"]*\]", lambda numbers: re.sub(r"\s*\n\s*", "", numbers[0]).replace(",", ", "), text)
        + "\n"
    )


def schema_text() -> str:
    """JSON Schema of a record, as text."""
    return json.dumps(Record.model_json_schema(), indent=2, sort_keys=True) + "\n"
