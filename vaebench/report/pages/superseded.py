"""Write the page of superseded records: measured by a protocol that has changed since, and never mixed with the rest.

Such a record says what its own protocol found. So it is judged by the claims that it carries, and it has no agreement,
rank or figure. Only the suite's own are judged: what others sent by an old protocol can no longer be checked.
"""

from collections.abc import Collection, Iterable

from vaebench.papers import Task
from vaebench.report.received.sent import Sent
from vaebench.report.rows.kept import judged_again
from vaebench.report.rows.selection import LeftOut, Selection
from vaebench.report.rows.shown import ShownRecord, show
from vaebench.report.suite import Suite
from vaebench.report.words.dated import measured
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.levels import both
from vaebench.report.words.markdown import (
    NO_RECORDS,
    PREVIEW,
    SYMBOLS,
    anchor,
    bullets,
    contents,
    escape,
    label,
    preset_suffix,
    table,
    words,
)
from vaebench.results.record import Record
from vaebench.results.references import REFERENCES

PAGE = "superseded.md"
"""The file of the page at the top of the board."""

TITLE = "Superseded protocols"
"""The page's title."""

Protocol = tuple[int, int]
"""Version of the task, and version of the data set."""


def superseded_page(suite: Suite, selection: Selection, preview: bool) -> str:
    """Write the page: by task and version, a row a record and a column a claim.

    Args:
        suite: What there is.
        selection: Its stale records are shown.
        preview: Whether to say that it is a preview.

    Returns:
        Markdown; empty if no record is superseded.
    """
    if not selection.stale:
        return ""
    parts = [f"# {TITLE}", *([PREVIEW] if preview else []), f"[Leaderboard](README.md) · [glossary]({GLOSSARY})"]
    head = len(parts)
    parts.append(
        f"Each {link('record')} here was measured before its {link('task')} or its data changed. "
        "It is not comparable with the records of the board. It counts nowhere else, and it has no place. "
        f"It is judged by the claims that it carries. {link('as published', 'As published')} stands before the slash, "
        f"{link('under controls')} behind it: {', '.join(map(label, SYMBOLS))}."
    )
    if when := measured(selection.superseded):
        parts.append(f"{when}.")
    for task in suite.tasks:
        parts += _of_task(task, selection, linked=not preview)
    theirs = [escape(str(one)) for one in selection.stale if isinstance(one.record, Sent)]
    if theirs:
        parts += ["## Sent by others", "These are not judged, because their protocol is gone.", bullets(theirs)]
    parts.insert(head, contents(parts))
    return "\n\n".join(parts) + "\n"


def superseded_line(stale: Iterable[LeftOut], task: str = "", up: str = "") -> str:
    """Say how many records are superseded, with a link to their page.

    Args:
        stale: The superseded records of the board.
        task: Count those of this task only; all by default.
        up: The way from the page to the top of the board.

    Returns:
        One sentence of Markdown; empty if there is none.
    """
    found = [one.record for one in stale if task in {"", one.record.subject.task.name}]
    if not found:
        return ""
    many = "1 record is" if len(found) == 1 else f"{len(found)} records are"
    ours = any(not isinstance(record, Sent) for record in found)
    return (
        f"{many} of a [superseded protocol]({up}{PAGE}{f'#{anchor(task)}' if task and ours else ''}) and shown apart."
    )


def no_records(stale: Iterable[LeftOut], task: str = "", up: str = "") -> str:
    """Say that a task, or the board, has no current record.

    Args:
        stale: The superseded records of the board.
        task: The task's name; the whole board by default.
        up: The way from the page to the top of the board.

    Returns:
        One line of Markdown.
    """
    return f"{NO_RECORDS} {superseded_line(stale, task, up)}".rstrip()


def _of_task(task: Task, selection: Selection, linked: bool) -> list[str]:
    """Write the tables of one task, the newest protocol first."""
    by_protocol: dict[Protocol, list[Record]] = {}
    for record in selection.superseded:
        if record.subject.task.name == task.name:
            key = record.subject.task.version, record.subject.dataset.version
            by_protocol.setdefault(key, []).append(record)
    if not by_protocol:
        return []
    parts = [f"## {escape(task.name)}", f"[{escape(task.title)}]({task.name}.md), now version {task.version}."]
    # A task's page has a section for each claim only if it has a record.
    sections = {claim.id for claim in task.claims} if selection.of_task(task.name) else set[str]()
    for key in sorted(by_protocol, reverse=True):
        parts += [f"**{_protocol(task, key)}**", _table(task, sections, by_protocol[key], linked)]
    return parts


def _protocol(task: Task, key: Protocol) -> str:
    """Name a protocol, and say what changed."""
    version, data = key
    days = {one.number: one.since for one in task.versions}
    since = f" of {days[version]}" if version in days else ""
    changed = "" if version != task.version else "; its definition or its data changed within the version"
    return f"Version {version}{since}, data of version {data}{changed}"


def _table(task: Task, sections: Collection[str], records: Iterable[Record], linked: bool) -> str:
    """A row a record, a column a claim that any of them carries."""
    shown = sorted(show(map(judged_again, records)), key=lambda one: (one.dataset, one.row, one.subject.device))
    claims = list(dict.fromkeys(claim.id for one in shown for claim in one.record.claims))
    heads = [f"[{escape(one)}]({task.name}.md#{anchor(one)})" if one in sections else escape(one) for one in claims]
    rows = [[_name(one, linked), words(one.dataset), _seeds(one), *_words(one, claims)] for one in shown]
    return table(["Record", "Data", "Seeds", *heads], rows)


def _name(one: ShownRecord, linked: bool) -> str:
    preset = preset_suffix(one.row.preset)
    path = f"../{REFERENCES}/{one.subject.file_name}"
    return f"[{one.row_label}]({path}){preset}" if linked else f"{one.row_label}{preset}"


def _seeds(one: ShownRecord) -> str:
    cells = one.record.cells
    return f"{sum(cell.status == 'ok' for cell in cells)} of {len(cells)}"


def _words(one: ShownRecord, claims: Iterable[str]) -> list[str]:
    return [both(one.verdicts[claim]) if claim in one.verdicts else "" for claim in claims]
