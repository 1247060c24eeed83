"""The tables that readers take away: which columns they have, and what each means. One truth for all formats."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "integer", "number", "date"]

DATA = "results/README.md"
"""The data dictionary, below the board."""

VERDICTS_CSV = "results/verdicts.csv"
CROISSANT = "results/croissant.json"

CSV_BEGINS = "record,task,task_version,data,variant,network,"
"""How the board's CSV begins. It is the mark by which the suite knows the file as its own."""


@dataclass(frozen=True)
class Field:
    """A column of a table.

    Attributes:
        name: Its name.
        kind: What it holds. An empty cell means that there is none.
        says: What it means, with its unit.
    """

    name: str
    kind: Kind
    says: str


WHERE = (
    Field("record", "text", "The record's file, below the checkout."),
    Field("task", "text", "The task."),
    Field("task_version", "integer", "The version of the task that was run."),
    Field("data", "text", "The data set."),
    Field("variant", "text", "The variant."),
    Field("network", "text", "The network that encoder and decoder are built with."),
    Field("preset", "text", "The budget: standard or paper."),
    Field("sender", "text", "Who sent the record; empty for the suite's own."),
    Field("protocol", "text", "current, or superseded by a later version of the task or the data set."),
)
"""What all tables begin with."""

VERDICTS = (
    *WHERE,
    Field("arm", "text", "The arm that was judged: trained, or a control."),
    Field("claim", "text", "The claim or invariant."),
    Field("is_invariant", "integer", "1 for a statement that must be true in every sound run, else 0."),
    Field("as_published", "text", "The verdict by the paper's own measure: holds, fails, undecided or not applicable."),
    Field("under_controls", "text", "The verdict with every control, by the measures that found their plants."),
    Field("reason", "text", "Why, in the code of a reason; empty where the word says it."),
    Field(
        "agreement_published", "number", "Mean agreement over seeds, as published: 1 at the claim's ideal, 0 at false."
    ),
    Field("agreement", "number", "Mean agreement over seeds, under controls."),
    Field("seeds", "integer", "Number of seeds that the agreement is a mean of."),
    Field("seeds_run", "integer", "Number of seeds that were started."),
    Field(
        "statistic",
        "text",
        "The statistic that decides: the worst by its verdict, then by its distance in half-widths.",
    ),
    Field("role", "text", "Whether that statistic is published or a control."),
    Field("knob", "number", "The value of the knob that it is of; empty where it is of all, or there is no knob."),
    Field("estimate", "number", "Its estimate over seeds, in the unit of the measurement."),
    Field("low", "number", "Lower end of its 95 % interval over seeds."),
    Field("high", "number", "Upper end of its 95 % interval over seeds."),
    Field("claimed_low", "number", "Lower end of the region that the claim names; empty for none."),
    Field("claimed_high", "number", "Upper end of that region; empty for none."),
    Field("measured_on", "date", "The day on which the last cell ended; empty for records before 2026-11-22."),
    Field("commit", "text", "The commit of the suite that computed it; empty where the record does not say."),
    Field("suite_version", "text", "The version of the suite that wrote the record."),
    Field("code_hash", "text", "Hash of the variant's code."),
)
"""The table of verdicts: a row for each record, arm and claim."""

MEASUREMENTS = (
    *WHERE,
    Field("arm", "text", "The arm: trained, or a control."),
    Field("measurement", "text", "What was measured. name__row__column is an entry of a map."),
    Field("unit", "text", "Its unit; 1 for a pure number."),
    Field("better", "text", "Which way is better: higher, lower or neither."),
    Field("knob", "number", "The value of the knob; empty where there is none."),
    Field("seed", "integer", "The seed."),
    Field("value", "number", "The number; empty where there is none."),
    Field("standard_error", "number", "The instrument's own standard error; 0 where it is exact."),
    Field("evaluations", "integer", "How many evaluations the number rests on."),
    Field("absent", "text", "Why there is no number; empty where there is one."),
)
"""The table of measurements: a row for each record, arm, measurement, knob value and seed."""

TABLES = {"verdicts": VERDICTS, "measurements": MEASUREMENTS}
