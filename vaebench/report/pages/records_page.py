"""Write the list of a task's records, and sum up all records in a line."""

from collections import Counter
from collections.abc import Iterable, Sequence

from vaebench.papers import Task
from vaebench.report.pages.superseded import no_records
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.rows.trust import trust_said
from vaebench.report.words.dated import measured, newest
from vaebench.report.words.format import cell_time
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.markdown import PREVIEW, SYMBOLS, escape, label, table, words
from vaebench.results.record import Record, Status

UP = "../../"
"""The way from a list of records to the top of the board."""


def records_path(task: Task) -> str:
    """Say where the list of a task's records lies below the board."""
    return f"records/{task.name}/README.md"


def records_page(task: Task, selection: Selection, preview: bool) -> str:
    """Write the list of a task's records.

    Args:
        task: The task.
        selection: What is shown.
        preview: Whether to say that it is a preview.

    Returns:
        Markdown.
    """
    parts = [f"# Records: {escape(task.title)}", *([PREVIEW] if preview else [])]
    parts.append(f"[Leaderboard]({UP}README.md) · [the task's page]({UP}{task.name}.md) · [glossary]({UP}{GLOSSARY})")
    shown = selection.of_task(task.name)
    if not shown:
        return "\n\n".join([*parts, no_records(selection.stale, task.name, UP)]) + "\n"
    heads = ["Data", "Record", "Preset", "Seeds", "Not finished", link("invariant", "Invariants", UP), "Device"]
    rows = [_line(one) for one in shown]
    parts.append(f"{measured(one.record for one in shown)}.")
    parts.append(table([*heads, "Time per cell", "Measured", link("trust", "Trust", UP)], rows))
    return "\n\n".join(parts) + "\n"


def foundations(shown: Sequence[ShownRecord]) -> str:
    """Sum up records in a line.

    Args:
        shown: The records.

    Returns:
        Markdown.
    """
    records = [one.record for one in shown]
    cells = [cell.status for record in records for cell in record.cells]
    torch = sorted({environment.torch for record in records for environment in record.environments})
    devices = sorted({record.subject.device for record in records})
    return (
        f"{len(records)} records of {len(cells)} {link('cell', 'cells')}. Not finished: {_lost(cells)}. "
        f"Devices: {', '.join(devices) or '–'}. torch {escape(', '.join(torch)) or '–'}. {measured(records)}."
    )


def _lost(statuses: Iterable[Status]) -> str:
    lost = Counter(status for status in statuses if status != "ok")
    return ", ".join(f"{number} {status}" for status, number in sorted(lost.items())) or "none"


def _line(shown: ShownRecord) -> list[str]:
    record: Record = shown.record
    statuses = [cell.status for cell in record.cells]
    invariants = Counter(verdict.word for verdict in record.invariant_verdicts)
    return [
        words(shown.dataset),
        f"[{shown.row_label}]({shown.path.rpartition('/')[2]})",
        shown.row.preset,
        f"{statuses.count('ok')} of {len(statuses)}",
        _lost(statuses),
        "<br>".join(f"{label(word)} ({invariants[word]})" for word in SYMBOLS if invariants[word]) or "–",
        shown.subject.device,
        cell_time(record) or "–",
        newest([record]),
        trust_said(record),
    ]
