"""Write the board's page: which claims hold, how far they are true of whom, and what that rests on."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from vaebench.claims import Claim, Verdict
from vaebench.papers import Task
from vaebench.report.agreement_table import ROUNDING, agreement_table
from vaebench.report.format import cell_time
from vaebench.report.markdown import (
    PREVIEW,
    SYMBOLS,
    anchor,
    bullets,
    details,
    escape,
    is_analytic,
    label,
    preset_suffix,
    table,
    words,
)
from vaebench.report.reading_guide import DEFINITIONS
from vaebench.report.selection import LeftOut, Selection
from vaebench.report.shown import Row, ShownRecord
from vaebench.report.suite import Suite
from vaebench.results.record import Record, Status

HOME = "[What vaebench is](../README.md) · [how to bring a variant, and publish its row](../CONTRIBUTING.md)"

PRESETS = {
    "standard": "A high agreement says that the papers' claims are true of a variant, not that it is a good one.",
    "paper": "The papers' own sizes.",
    "quick": "Proves that it runs; too short to say anything of a claim.",
}


def front_page(suite: Suite, selection: Selection, preview: bool, unread: Iterable[str] = ()) -> str:
    """Write the board's page.

    Args:
        suite: What there is; its tasks are the columns.
        selection: What is shown.
        preview: Whether to say that it is a preview.
        unread: Files among the submissions that are no records.

    Returns:
        Markdown.
    """
    tasks = suite.tasks
    parts = ["# Leaderboard", "Which published claims hold for which variants, how sure that is, and what it rests on."]
    parts += [] if preview else [HOME]
    parts += [PREVIEW] if preview else []
    parts += ["## Claims", _claims(tasks, selection)] if selection.shown else []
    presets = [preset for preset in PRESETS if any(row.preset == preset for row in selection.labels)]
    for preset in presets:
        parts += [f"## Agreement, preset {preset}", PRESETS[preset], agreement_table(tasks, selection, preset)]
    parts += [] if presets else ["There are no records yet."]
    parts += ["## How to read this", DEFINITIONS, "## Verdicts, row by row", _matrices(tasks, selection)]
    parts += ["## Names", _names(suite, selection, linked=not preview)] if suite.glossary and selection.shown else []
    parts += ["## What it rests on", _foundations(selection)]
    parts += ["## Stale", "Measured before the definition changed, and shown nowhere above:"] if selection.stale else []
    parts += [_listed(selection.stale)] if selection.stale else []
    left_out = [*map(_line, selection.left_out), *(f"{escape(name)}: no record" for name in unread)]
    parts += ["## Left out", bullets(left_out)] if left_out else []
    return "\n\n".join(parts) + "\n"


def _listed(left_out: Iterable[LeftOut]) -> str:
    return bullets([_line(one) for one in left_out])


def _line(left_out: LeftOut) -> str:
    return escape(str(left_out))


def _claims(tasks: Sequence[Task], selection: Selection) -> str:
    """Count how each claim came out, over the suite's own records: a flood of others' would say what it likes."""
    lines = []
    for task in tasks:
        counted = [one for one in selection.of_task(task.name) if one.is_own and one.dataset in task.datasets]
        for claim in task.claims if counted else ():
            found = Counter(one.verdicts[claim.id].word for one in counted)
            link = f"[{escape(claim.id)}]({task.name}.md#{anchor(claim.id)})"
            of_task = words(task.name) if claim == task.claims[0] else ""
            counts = (str(found[word] or "") for word in SYMBOLS)
            lines.append([of_task, link, escape(claim.says), *counts, _exact(claim, counted)])
    headers = ["Task", "Claim", "In words", *(label(word) for word in SYMBOLS), "Exact model"]
    said = (
        "How many of the suite's own records have each verdict: a record is a variant with one network on one data "
        "set, over its seeds. "
        "Last, what must come of models in closed form, and of how many it does."
    )
    return f"{said}\n\n{table(headers, lines)}"


def _exact(claim: Claim, shown: Iterable[ShownRecord]) -> str:
    """Say whether the exact models got the verdict that mathematics has for them; the same model counts once."""
    if not claim.analytic:
        return ""
    judged = (
        (one.dataset, verdict)
        for one in shown
        for verdict in one.control_verdicts.get(claim.id, ())
        if is_analytic(verdict.arm) and verdict.word != "not applicable"
    )
    distinct: list[tuple[str, Verdict]] = []
    for data, verdict in judged:
        if not any(data == of and _same_model(verdict, other) for of, other in distinct):
            distinct.append((data, verdict))
    if not distinct:
        return ""
    return f"{label(claim.analytic)} {sum(v.word == claim.analytic for _, v in distinct)}/{len(distinct)}"


def _same_model(one: Verdict, other: Verdict) -> bool:
    """Whether a claim cannot tell two exact models apart, but for how their processors rounded."""
    ours, theirs = (
        [(found.place, found.interval.estimate if found.interval else math.inf) for found in verdict.checks]
        for verdict in (one, other)
    )
    return (one.arm, len(ours)) == (other.arm, len(theirs)) and all(
        place == of and math.isclose(ours_at, theirs_at, rel_tol=ROUNDING, abs_tol=ROUNDING)
        for (place, ours_at), (of, theirs_at) in zip(ours, theirs, strict=True)
    )


def _names(suite: Suite, selection: Selection, linked: bool) -> str:
    """Say what the names on the board mean, in the words of their own pages."""
    subjects = [one.subject for one in selection.shown]
    data = {s.dataset.name for s in subjects}
    shown = (
        {s.variant.name for s in subjects} | {s.arch for s in subjects} | data | {d.rstrip("0123456789") for d in data}
    )
    lines = []
    for term in suite.glossary:
        if term.name in shown:
            name = f"[{term.name}](../{term.path})" if linked else term.name
            lines.append([term.kind, name, escape(term.says)])
    return table(["", "Name", "In words"], lines)


def _matrices(tasks: Sequence[Task], selection: Selection) -> str:
    """Write verdicts by row and claim, a table a task."""
    parts = ["  ".join(label(word) for word in SYMBOLS) + ". A number counts the data sets with that verdict."]
    for task in tasks:
        parts.append(f"### [{escape(task.title)}]({task.name}.md)")
        by_row: dict[Row, list[ShownRecord]] = {}
        for one in selection.of_task(task.name):
            by_row.setdefault(one.row, []).append(one)
        if not by_row:
            parts.append("No records yet.")
            continue
        lines = []
        for row, of_row in sorted(by_row.items()):
            verdicts = [_verdicts(claim.id, of_row) for claim in task.claims]
            lines.append([f"{of_row[0].row_label}{preset_suffix(row.preset)}", *verdicts])
        parts.append(table(["", *(escape(claim.id) for claim in task.claims)], lines))
    return "\n\n".join(parts)


def _verdicts(claim: str, shown: Iterable[ShownRecord]) -> str:
    """Print one claim's verdicts over data sets: one word where they agree, else each with its count."""
    found = Counter(one.verdicts[claim].word for one in shown)
    if len(found) == 1:
        return label(next(iter(found)))
    return "<br>".join(f"{label(word)} ({found[word]})" for word in SYMBOLS if found[word])


def _foundations(selection: Selection) -> str:
    """Sum up all records in a line, and fold away a line for each."""
    records = [one.record for one in selection.shown]
    cells = [cell.status for record in records for cell in record.cells]
    torch = sorted({environment.torch for record in records for environment in record.environments})
    devices = sorted({record.subject.device for record in records})
    summary = (
        f"{len(records)} records of {len(cells)} cells; not finished: {_lost(cells)}. "
        f"Devices: {', '.join(devices) or '–'}. torch {escape(', '.join(torch)) or '–'}."
    )
    headers = ["Task", "Data", "Record", "Preset", "Seeds", "Not finished", "Invariants", "Device", "Time a cell"]
    folded = details("Every record", table(headers, [_foundation(one) for one in selection.shown]))
    return f"{summary}\n\n{folded}"


def _lost(statuses: Iterable[Status]) -> str:
    lost = Counter(status for status in statuses if status != "ok")
    return ", ".join(f"{number} {status}" for status, number in sorted(lost.items())) or "none"


def _foundation(shown: ShownRecord) -> list[str]:
    record: Record = shown.record
    statuses = [cell.status for cell in record.cells]
    invariants = Counter(verdict.word for verdict in record.invariant_verdicts)
    return [
        words(shown.subject.task.name),
        words(shown.dataset),
        f"[{shown.row_label}]({shown.path})",
        shown.row.preset,
        f"{statuses.count('ok')} of {len(statuses)}",
        _lost(statuses),
        "<br>".join(f"{label(word)} ({invariants[word]})" for word in SYMBOLS if invariants[word]) or "–",
        shown.subject.device,
        cell_time(record) or "–",
    ]
