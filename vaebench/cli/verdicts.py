"""Verdicts as a run prints them: a row a claim."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from vaebench.cli.console import out
from vaebench.terminal import visible

if TYPE_CHECKING:
    from vaebench.results.record import Record

MARKS = {"holds": "✓ holds", "fails": "✗ fails", "undecided": "? undecided", "not applicable": "– n/a"}
COLOURS = {"holds": "green", "fails": "red", "undecided": "", "not applicable": ""}


def show_verdicts(records: "Sequence[Record]") -> None:
    """Print a row for each claim: as published, under controls, and the estimate of the check that decided it."""
    from vaebench.report.words.decisive import decisive
    from vaebench.report.words.format import claimed, estimate_and_interval
    from vaebench.report.words.markdown import words

    for record in records:
        table = Table(show_header=False, box=None, padding=(0, 1))
        for _ in range(5):
            table.add_column()
        table.add_column(overflow="fold")
        for verdict in record.verdicts:
            shown = decisive(verdict)
            found = " ".join(estimate_and_interval(shown.interval, shown.scale)) if shown.interval else shown.reason
            table.add_row(
                " ",
                Text(MARKS[verdict.published.word], COLOURS[verdict.published.word]),
                Text(MARKS[verdict.word], COLOURS[verdict.word]),
                verdict.claim,
                visible(found),
                Text(visible(f"{words(shown.place)}, {claimed(shown)}"), "dim"),
            )
        for cell in record.cells:
            if cell.status != "ok":
                table.add_row(" ", "", Text(cell.status, "yellow"), f"seed {cell.seed}", visible(cell.reason))
        seeds = sum(cell.status == "ok" for cell in record.cells)
        name = Text(record.subject.file_name.removesuffix(".json"), "bold")
        out.print(Text.assemble(name, f", {seeds} seed{'s' * (seeds != 1)}"), highlight=False)
        out.print(table)
