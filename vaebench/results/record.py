"""The shape of what is stored: outcomes of cells, and records assembled of them. Strict JSON both ways.

`CellOutcome` is one line of a journal; `Record` is one file. A record carries its claims' definitions beside the
readings, so that whoever reads it can judge again and need not believe its verdicts.
"""

import json
import re
from collections import Counter
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from vaebench.claims import LARGEST, Claim, Declined, Interval, Observation, Reading, Sample, Verdict, map_entry

SCHEMA_VERSION: Literal[1] = 1

MOST_CELLS, MOST_READINGS, MOST_DECLINED, MOST_CLAIMS = 100, 4000, 500, 50
MOST_KNOBS, MOST_MAPS, LONGEST_SIDE = 32, 4, 64
"""What a record may hold: several times what the largest of a whole run does, and little enough to be drawn at once."""

Status = Literal["ok", "diverged", "error", "timeout", "oom", "declined", "refused", "broken"]
"""How a cell ended. `declined`: the suite cannot read such a model. `refused`: the variant breaks the protocol.
`broken`: code raised an error that it would raise again. `error`: anything that another try may mend."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(max_length=2000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Number = Annotated[int, Field(ge=1, lt=2**31)]
Knob = Annotated[float, Field(ge=-LARGEST, le=LARGEST)] | None
Seconds = Annotated[float, Field(ge=0, le=1e9)]
Value = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Error = Annotated[float, Field(ge=0, le=LARGEST)]
Unit = Annotated[str, Field(max_length=64)]


def _whole(value: object) -> object:
    """Let nothing but an integer be a schema's number; 1.0 and true equal 1, and are none."""
    if type(value) is not int:
        raise ValueError(f"a schema has a whole number, not {value!r:.40}")
    return value


def _entry_of_a_map(name: str) -> str:
    """Let a double underscore stand only where it tells a map, its row and its column apart."""
    if "__" in name and not all(part.strip("_") == part != "" for part in map_entry(name) or ("",)):
        raise ValueError("a double underscore tells a map, its row and its column apart, and nothing else")
    return name


SchemaNumber = Annotated[Literal[1], BeforeValidator(_whole)]
ReadingName = Annotated[Name, AfterValidator(_entry_of_a_map)]
Spent = Annotated[dict[Annotated[str, Field(max_length=64)], Seconds], Field(max_length=20)]
Seeds = Annotated[tuple[Count, ...], Field(max_length=MOST_CELLS)]
Release = Annotated[str, Field(pattern=r"^\d{1,4}(\.\d{1,4}){1,3}[a-z0-9.+]{0,40}$")]
Claims = Annotated[tuple[Claim, ...], Field(max_length=MOST_CLAIMS)]
Verdicts = Annotated[tuple[Verdict, ...], Field(max_length=4 * MOST_CLAIMS)]


class Stored(BaseModel):
    """Frozen, without unknown fields, without NaN or Infinity, and no text for a number."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Versioned(Stored):
    """A task or a data set as it was when the cell ran: name, version and hash of its definition."""

    name: Name
    version: Number
    hash: Hash


class VariantInfo(Stored):
    """The variant as it was when the cell ran."""

    name: Name
    source: Text
    code_hash: Hash
    kl_weight: Annotated[float, Field(gt=0, le=LARGEST)] | None


class Environment(Stored):
    """What a cell ran on."""

    python: Text
    torch: Text
    cuda: Text | None
    processor: Text
    device: Literal["cpu", "cuda"]
    precision: Literal["float32"]
    deterministic: bool
    threads: Number


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

    schema_version: SchemaNumber = 1
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
    knob: Knob
    name: ReadingName
    unit: Unit
    better: Literal["higher", "lower", "neither"]
    n: Annotated[Count, Field(ge=1)]
    seeds: Seeds
    values: Annotated[tuple[Value, ...], Field(max_length=MOST_CELLS)]
    stderrs: Annotated[tuple[Error, ...], Field(max_length=MOST_CELLS)]

    @model_validator(mode="after")
    def _one_number_a_seed(self) -> "Column":
        if not len(self.seeds) == len(set(self.seeds)) == len(self.values) == len(self.stderrs):
            raise ValueError(f"{self.name} has {len(self.values)} values and {len(self.stderrs)} errors for its seeds")
        return self


class DeclinedColumn(Stored):
    """One reading that does not exist, for which seeds, and why."""

    arm: Name
    knob: Knob
    name: ReadingName
    reason: Text
    cause: Literal["setting", "model"]
    seeds: Seeds


class CellRow(Stored):
    """How one cell of a record went."""

    id: Hash
    seed: Count
    status: Status
    reason: Text
    notes: tuple[Text, ...] = ()
    seconds: Spent


class Record(Stored):
    """What is stored about the cells of one (task, variant, architecture, data set).

    `judged_by` is a hash of the code that made the verdicts: only the same code must come to the same ones.
    """

    schema_version: SchemaNumber
    suite_version: Release
    judged_by: Hash | None = None
    subject: Subject
    parameters: Count
    environments: Annotated[tuple[Environment, ...], Field(min_length=1, max_length=MOST_CELLS)]
    claims: Claims
    invariants: Claims
    cells: Annotated[tuple[CellRow, ...], Field(min_length=1, max_length=MOST_CELLS)]
    readings: Annotated[tuple[Column, ...], Field(max_length=MOST_READINGS)]
    declined: Annotated[tuple[DeclinedColumn, ...], Field(max_length=MOST_DECLINED)]
    verdicts: Verdicts
    control_verdicts: Verdicts
    invariant_verdicts: Verdicts
    score: Interval | None

    @property
    def columns(self) -> tuple[Column | DeclinedColumn, ...]:
        """What was read, then what was declined."""
        return (*self.readings, *self.declined)

    @model_validator(mode="after")
    def _cells_are_distinct(self) -> "Record":
        seeds = [cell.seed for cell in self.cells]
        if twice := [seed for seed, times in Counter(seeds).items() if times > 1]:
            raise ValueError(f"cells: seed {twice[0]} has more than one cell")
        if seeds != sorted(seeds):
            raise ValueError("cells: their seeds do not rise")
        if len({cell.id for cell in self.cells}) < len(seeds):
            raise ValueError("cells: two of them have one id, which says what was computed")
        return self

    @model_validator(mode="after")
    def _readings_of_finished_cells(self) -> "Record":
        finished = {cell.seed for cell in self.cells if cell.status == "ok"}
        places: set[tuple[str, float | None, str, int]] = set()
        for column in self.columns:
            if strange := set(column.seeds) - finished:
                raise ValueError(f"{column.name} is of seed {min(strange)}, which has no finished cell")
            if list(column.seeds) != sorted(set(column.seeds)):
                raise ValueError(f"{column.name}: its seeds do not rise")
            here = {(column.arm, column.knob, column.name, seed) for seed in column.seeds}
            if here & places:
                raise ValueError(f"{column.name} is there twice for one arm, knob value and seed")
            places |= here
        return self

    @model_validator(mode="after")
    def _few_knob_values_and_maps(self) -> "Record":
        if (found := len({column.knob for column in self.columns})) > MOST_KNOBS:
            raise ValueError(f"readings: {found} knob values, where a record has {MOST_KNOBS} at most")
        entries = [place for column in self.columns if (place := map_entry(column.name))]
        if (found := len({name for name, _, _ in entries})) > MOST_MAPS:
            raise ValueError(f"readings: entries of {found} maps, where a record has {MOST_MAPS} at most")
        sides = {(name, side, part) for name, *parts in entries for side, part in enumerate(parts)}
        longest = max(Counter((name, side) for name, side, _ in sides).values(), default=0)
        if longest > LONGEST_SIDE:
            raise ValueError(f"readings: a map of {longest} rows or columns, where one has {LONGEST_SIDE} at most")
        return self

    @model_validator(mode="after")
    def _counts_of_cells(self) -> "Record":
        for field in ("verdicts", "control_verdicts", "invariant_verdicts"):
            found: tuple[Verdict, ...] = getattr(self, field)
            counts = [f.interval.n for verdict in found for f in verdict.findings if f.interval]
            if strange := [n for n in counts if not 1 <= n <= len(self.cells)]:
                raise ValueError(f"{field}: an interval over {strange[0]:.0f} seeds, where there are {len(self.cells)}")
        if self.score and not 1 <= self.score.n <= len(self.cells):
            raise ValueError(f"score: over {self.score.n:.0f} seeds, where there are {len(self.cells)}")
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


def first_error(error: ValidationError) -> str:
    """Say in one line what is wrong with a record.

    Args:
        error: Pydantic's.

    Returns:
        The field and why it cannot be.
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place, why = ".".join(str(step) for step in found["loc"]), found["msg"].removeprefix("Value error, ")
    return f"{place:.200}: {why}" if place else why


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
