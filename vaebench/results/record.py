"""The shape of what is stored: outcomes of cells, and records assembled of them. Strict JSON both ways.

`CellOutcome` is one line of a journal; `Record` is one file. A record carries its claims' definitions beside the
measurements. So whoever reads it can judge again, and need not believe its verdicts.
"""

import json
from collections import Counter
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_serializer,
    model_serializer,
    model_validator,
)

from vaebench.claims import LARGEST, Claim, Column, Interval, Table, Verdict, map_entry
from vaebench.claims.table import NAME
from vaebench.experiment import Preset
from vaebench.fingerprint import value_hash

SCHEMA_VERSION: Literal[2] = 2

MOST_CELLS, MOST_MEASUREMENTS, MOST_CLAIMS = 100, 4000, 50
MOST_KNOBS, MOST_MAPS, LONGEST_SIDE, LONGEST_UNIT, LONGEST_TEXT = 32, 4, 64, 64, 2000
"""What a record may hold: several times what the largest of a whole run does, and little enough to be drawn at once."""

Status = Literal["ok", "diverged", "error", "timeout", "oom", "declined", "refused", "broken"]
"""How a cell ended. `declined`: the suite cannot read such a model. `refused`: the variant breaks the protocol.
`broken`: code raised an error that it would raise again. `error`: anything that another try may mend."""

UNFINISHED = ("timeout", "oom", "error")
"""Statuses that another try may mend; a divergence, or a model that does not fit, is a result."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Number = Annotated[int, Field(ge=1, lt=2**31)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
Date = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}(\+changes)?$")]
Hashes = Annotated[dict[Annotated[str, Field(pattern=r"^[a-z0-9_/]{1,64}$")], Hash], Field(max_length=64)]
Split = Literal["fixed", "by_seed"]


def whole(value: object) -> object:
    """Let nothing but an integer be a schema's number; 1.0 and true equal 1, and are none."""
    if type(value) is not int:
        raise ValueError(f"a schema has a whole number, not {value!r:.40}")
    return value


SchemaNumber = Annotated[Literal[2], BeforeValidator(whole)]
Spent = Annotated[dict[Annotated[str, Field(max_length=64)], Seconds], Field(max_length=20)]
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
    """The variant as it was when the cell ran.

    `apart` says why its rows are never ranked with others. Where it is empty it is not written, and changes no hash.
    """

    name: Name
    source: Text
    code_hash: Hash
    kl_weight: Annotated[float, Field(gt=0, le=LARGEST)] | None
    apart: Text = ""

    @model_serializer(mode="wrap")
    def _without_an_empty_reason(self, written: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields: dict[str, object] = written(self)
        return {name: value for name, value in fields.items() if name != "apart" or value}


class DatasetInfo(Versioned):
    """The data set as it was when the cell ran; `files` is a hash of its files' bytes, where it has files."""

    files: Hash | None = None


class Environment(Stored):
    """What a cell ran on, and by which code.

    `commit` is that of the suite's checkout, where it ran in one. `code` has a hash for each room whose code decides
    numbers. `probe` has a hash for each of a dozen primitives: where all are equal, so is the arithmetic.
    """

    python: Text
    torch: Text
    cuda: Text | None
    processor: Text
    device: Literal["cpu", "cuda"]
    precision: Literal["float32"]
    deterministic: bool
    threads: Number
    commit: Commit | None = None
    code: Hashes = {}
    probe: Hashes = {}


class Subject(Stored):
    """What a record is about, and what makes two records comparable: everything but the seed."""

    task: Versioned
    dataset: DatasetInfo
    variant: VariantInfo
    arch: Name
    preset: Preset
    device: Literal["cpu", "cuda"]

    @property
    def file_name(self) -> str:
        """Where its record lies below a store."""
        return f"{self.task.name}/{self.variant.name}.{self.arch}.{self.dataset.name}.json"


def cell_id(subject: Subject, seed: int, environment: Environment) -> str:
    """Say what a cell's outcome depends on, as a hash; a record has all that it is made of.

    Args:
        subject: Task, data set, variant, architecture, preset and device class.
        seed: The seed.
        environment: Its code and its torch count: others compute other numbers.

    Returns:
        16 hexadecimal digits.
    """
    return value_hash([subject.model_dump(), seed, environment.code, environment.torch])


class CellOutcome(Stored):
    """What came of one cell: a line of the journal.

    `date` is when it ended, in UTC. `data` is a hash of the examples and labels that it saw, `split` where they were
    divided: ``fixed`` by the data set, for all seeds alike, or ``by_seed``.
    """

    schema_version: SchemaNumber = 2
    id: Hash
    subject: Subject
    seed: Count
    status: Status
    reason: Text = ""
    notes: tuple[Text, ...] = ()
    parameters: Count = 0
    measurements: tuple[Column, ...] = ()
    seconds: dict[str, Seconds] = {}
    environment: Environment
    date: Date | None = None
    data: Hash | None = None
    split: Split = "fixed"

    @model_validator(mode="after")
    def _measurements_of_its_own_seed(self) -> "CellOutcome":
        if strange := [one.name for one in self.measurements if one.asked != (self.seed,)]:
            raise ValueError(f"measurements: {strange[0]} is of another seed than {self.seed}")
        return self


class CellRow(Stored):
    """How one cell of a record went, and when; `environment` is its place among the record's environments.

    Records of schema 1 that were made in several environments do not say which cell was made in which.
    """

    id: Hash
    seed: Count
    status: Status
    reason: Text
    notes: tuple[Text, ...] = ()
    seconds: Spent
    environment: Annotated[int, Field(ge=0, lt=MOST_CELLS)] | None = None
    date: Date | None = None
    data: Hash | None = None
    split: Split = "fixed"


_last = [Table(())]
"""The table that was asked for last, as it was read. It holds its columns, so that no others have their identity."""


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
    measurements: Annotated[tuple[Column, ...], Field(max_length=MOST_MEASUREMENTS)]
    verdicts: Verdicts
    control_verdicts: Verdicts
    invariant_verdicts: Verdicts
    agreement: Interval | None
    agreement_published: Interval | None

    @property
    def table(self) -> Table:
        """All measurements, as `claims.judge` takes them. Those who ask one after another share one index."""
        found = _last[0]
        if found.columns is not self.measurements:
            found = _last[0] = Table(self.measurements)
        return found

    @field_serializer("measurements", mode="wrap")
    def _read_measurements(self, found: tuple[Column, ...], written: SerializerFunctionWrapHandler) -> object:
        """Read those that lie on file (see `results.on_file`): pydantic looks at a tuple's memory, which is empty."""
        return written(tuple(found))

    @model_validator(mode="after")
    def _cells_are_distinct(self) -> "Record":
        seeds = [cell.seed for cell in self.cells]
        if twice := [seed for seed, times in Counter(seeds).items() if times > 1]:
            raise ValueError(f"cells: seed {twice[0]} has more than one cell")
        if seeds != sorted(seeds):
            raise ValueError("cells: their seeds do not rise")
        if len({cell.id for cell in self.cells}) < len(seeds):
            raise ValueError("cells: two of them have one id, which says what was computed")
        if any(cell.environment is not None and cell.environment >= len(self.environments) for cell in self.cells):
            raise ValueError("cells: one names an environment that is not there")
        return self

    @model_validator(mode="after")
    def _measurements_are_named(self) -> "Record":
        plain = {name: NAME.fullmatch(name) for one in self.measurements for name in (one.name, one.arm)}
        for one in self.measurements:
            if not (plain[one.name] and plain[one.arm]):
                raise ValueError(f"measurements: {one.name!r:.80} of {one.arm!r:.80}: no name in small letters")
            if "__" in one.name and not all(part.strip("_") == part != "" for part in map_entry(one.name) or ("",)):
                raise ValueError(
                    f"measurements: {one.name}: a double underscore tells a map, its row and its column apart, "
                    "and nothing else"
                )
            if len(one.unit) > LONGEST_UNIT or any(len(absence.reason) > LONGEST_TEXT for absence in one.absent):
                raise ValueError(f"measurements: {one.name} has a unit or a reason that is too long")
        return self

    @model_validator(mode="after")
    def _measurements_of_finished_cells(self) -> "Record":
        finished = {cell.seed for cell in self.cells if cell.status == "ok"}
        places: set[tuple[str, float | None, str]] = set()
        for one in self.measurements:
            if not all(one.counts):
                raise ValueError(f"{one.name} rests on nothing in one of its seeds")
            if strange := set(one.asked) - finished:
                raise ValueError(f"{one.name} is of seed {min(strange)}, which has no finished cell")
            if one.place in places:
                raise ValueError(f"{one.name} is there twice for one arm and knob value")
            places.add(one.place)
        return self

    @model_validator(mode="after")
    def _few_knob_values_and_maps(self) -> "Record":
        if (found := len({column.knob for column in self.measurements})) > MOST_KNOBS:
            raise ValueError(f"measurements: {found} knob values, where a record has {MOST_KNOBS} at most")
        entries = [place for column in self.measurements if (place := map_entry(column.name))]
        if (found := len({name for name, _, _ in entries})) > MOST_MAPS:
            raise ValueError(f"measurements: entries of {found} maps, where a record has {MOST_MAPS} at most")
        sides = {(name, side, part) for name, *parts in entries for side, part in enumerate(parts)}
        longest = max(Counter((name, side) for name, side, _ in sides).values(), default=0)
        if longest > LONGEST_SIDE:
            raise ValueError(f"measurements: a map of {longest} rows or columns, where one has {LONGEST_SIDE} at most")
        return self

    @model_validator(mode="after")
    def _counts_of_cells(self) -> "Record":
        for field in ("verdicts", "control_verdicts", "invariant_verdicts"):
            found: tuple[Verdict, ...] = getattr(self, field)
            counts = [check.interval.n for verdict in found for check in verdict.checks if check.interval]
            if strange := [n for n in counts if not 1 <= n <= len(self.cells)]:
                raise ValueError(f"{field}: an interval over {strange[0]:.0f} seeds, where there are {len(self.cells)}")
        for field in ("agreement", "agreement_published"):
            whole: Interval | None = getattr(self, field)
            if whole and not 1 <= whole.n <= len(self.cells):
                raise ValueError(f"{field}: over {whole.n:.0f} seeds, where there are {len(self.cells)}")
        return self


DEEP = 3
"""Lists and objects that lie as deep in each other as this are written over several lines."""


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
    """Write a model as strict JSON: sorted keys, no NaN or Infinity, a line for each measurement and check.

    Args:
        model: A record, or any other stored value.

    Returns:
        The text, ending in a newline.
    """
    return _written(model.model_dump(mode="json"), "") + "\n"


def _written(value: object, indent: str) -> str:
    """Write a list of objects, and whatever is deep, over several lines; all else on one."""
    listed = isinstance(value, list) and any(isinstance(one, dict) for one in value)
    if not isinstance(value, dict | list) or (_depth(value) < DEEP and not listed):
        return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)
    inner = f"{indent} "
    if isinstance(value, list):
        parts, ends = [_written(one, inner) for one in value], "[]"
    else:
        named = ((json.dumps(key, ensure_ascii=False), value[key]) for key in sorted(value))
        parts, ends = [f"{key}: {_written(one, inner)}" for key, one in named], "{}"
    body = f",\n{inner}".join(parts)
    return f"{ends[0]}\n{inner}{body}\n{indent}{ends[1]}"


def _depth(value: object) -> int:
    """How deep lists and objects lie in each other."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(_depth, parts), default=0)


def schema_text() -> str:
    """JSON Schema of a record, as text."""
    return json.dumps(Record.model_json_schema(), indent=2, sort_keys=True) + "\n"
