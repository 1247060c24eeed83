"""Write the data dictionary: what the tables hold, column by column."""

from collections.abc import Sequence

from vaebench.report.tables.taken_away import CROISSANT, MEASUREMENTS, VERDICTS, VERDICTS_CSV, Field
from vaebench.report.words.markdown import contents, escape, table

SAYS = {
    "verdicts": "A row for each record, arm and claim or invariant.",
    "measurements": "A row for each record, arm, measurement, knob value and seed.",
}
"""What a row of each table is."""


def dictionary_page(measured: str, on_the_board: bool = True) -> str:
    """Write the data dictionary.

    Args:
        measured: When the records were measured.
        on_the_board: Whether the page is the board's; else it lies beside the tables of an export.

    Returns:
        Markdown.
    """
    csv, croissant = (path.partition("/")[2] for path in (VERDICTS_CSV, CROISSANT))
    tables = f"[{csv}]({csv}). [{croissant}]({croissant}) describes the tables for programs (Croissant)."
    if on_the_board:
        about = (
            f"All verdicts of the [leaderboard](../README.md) as one table: {tables} `vaebench export` writes the same "
            "as Parquet too, and with it every measurement. How to [cite](../cite.md) them."
        )
    else:
        about = f"All verdicts and measurements of vaebench's leaderboard. The verdicts as text: {tables}"
    parts = ["# Data", *([f"{measured}."] if measured else []), about, "", "## verdicts", SAYS["verdicts"]]
    parts += [
        "An empty cell means that there is no such number or text. Numbers have six digits in CSV. "
        "A region is open: a number at its end lies outside. The t interval of a Kendall τ may end beyond ±1; "
        "the pages end it there.",
        _table(VERDICTS),
    ]
    parts += ["## measurements", SAYS["measurements"], _table(MEASUREMENTS)]
    parts[parts.index("")] = contents(parts)
    return "\n\n".join(parts) + "\n"


def _table(fields: Sequence[Field]) -> str:
    return table(["Column", "Kind", "Meaning"], [[f"`{one.name}`", one.kind, escape(one.says)] for one in fields])
