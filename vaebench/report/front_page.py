"""Write the board's front page: which claims hold, for which variants, and from which records."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from vaebench.claims import Claim, Verdict
from vaebench.papers import Task
from vaebench.report.agreement_table import ROUNDING, agreement_table
from vaebench.report.format import cell_time
from vaebench.report.glossary import PAGE, link
from vaebench.report.levels import LEVELS, both, deciding, tally, told
from vaebench.report.markdown import (
    NO_RECORDS,
    PREVIEW,
    SYMBOLS,
    anchor,
    bullets,
    contents,
    details,
    escape,
    is_analytic,
    label,
    preset_suffix,
    table,
    words,
)
from vaebench.report.selection import LeftOut, Selection
from vaebench.report.shown import Row, ShownRecord
from vaebench.report.suite import Suite
from vaebench.results.record import Record, Status

HOME = "[What vaebench is](../README.md) · [how to add a variant or publish a row](../CONTRIBUTING.md)"

LEGEND = (
    f"A {link('record')} is one {link('variant')} with one {link('network')} on one data set, trained with several "
    f"{link('seed', 'seeds')}. Its {link('verdict')} on a claim is one of {', '.join(map(label, SYMBOLS))}. "
    f"The [glossary]({PAGE}) explains the words."
)

PRESETS = {
    "standard": "High agreement says that the papers' claims are true of a variant, not that it is a good one.",
    "paper": "The models have the papers' own sizes.",
    "nightly": "This preset is for comparing the code with itself. Its trainings are too short to judge a claim.",
    "quick": "This preset only shows that everything runs. Its trainings are too short to judge a claim.",
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
    stale = [*map(_line, selection.stale)]
    left_out = [*map(_line, selection.left_out), *(f"{escape(name)}: no record" for name in unread)]
    presets = [preset for preset in PRESETS if any(row.preset == preset for row in selection.labels)]
    parts = ["# Leaderboard", "Which published claims about VAEs hold, and for which variants.", LEGEND]
    parts += [PREVIEW] if preview else [HOME]
    parts += ["## Claims", _claims(tasks, selection)] if selection.shown else []
    for preset in presets:
        parts += [f"## Agreement, preset {preset}", _about(preset), agreement_table(tasks, selection, preset)]
    parts += [] if presets else [NO_RECORDS]
    parts += ["## Verdicts, row by row", _matrices(tasks, selection)]
    parts += ["## Names", _names(suite, selection, linked=not preview)] if suite.names and selection.shown else []
    parts += ["## Records", _foundations(selection)]
    parts += ["## Stale", "These were measured before a definition changed. They are not shown above."] if stale else []
    parts += [bullets(stale)] if stale else []
    parts += ["## Left out", bullets(left_out)] if left_out else []
    parts.insert(4, contents(parts))
    return "\n\n".join(parts) + "\n"


def _line(left_out: LeftOut) -> str:
    return escape(str(left_out))


def _about(preset: str) -> str:
    """Say what the numbers of a preset's table are."""
    return (
        f"{link('agreement', 'Agreement')} ± half of its {link('estimate and interval', 'interval')} over seeds, and "
        f"how many verdicts hold ({link('n of m hold', 'n of m')}), with the {link('preset')} {preset}. "
        "The first number is as published, the second under controls. Mean and rank are under controls. "
        f"{PRESETS[preset]} A {link('rank')} is a range."
    )


def _claims(tasks: Sequence[Task], selection: Selection) -> str:
    """Count how each claim came out, over the suite's own records. Records of others could flood the counts."""
    lines = []
    for task in tasks:
        counted = [one for one in selection.of_task(task.name) if one.is_own and one.dataset in task.datasets]
        for claim in task.claims if counted else ():
            found = [one.verdicts[claim.id] for one in counted]
            name = f"[{escape(claim.id)}]({task.name}.md#{anchor(claim.id)})"
            of_task = words(task.name) if claim == task.claims[0] else ""
            counts = [tally(found, published=True), tally(found, published=False), deciding(found), told(found)]
            lines.append([of_task, name, escape(claim.says), *counts, _analytic(claim, counted)])
    headers = ["Task", "Claim", "Statement", *LEVELS, "What decides", "Can the measure tell?", "Analytic arm"]
    said = (
        f"Each {link('claim')} belongs to a {link('task')}. Counts are of the suite's own records. "
        f"{link('as published', 'As published')}: does the observation replicate? "
        f"{link('under controls', 'Under controls')}: does the interpretation stand? "
        "*What decides* is the control that most often keeps a replicated observation from standing. "
        f"The last column has the verdict that mathematics gives for the {link('analytic arm')}, and how many got it."
    )
    return f"{said}\n\n{table(headers, lines)}"


def _analytic(claim: Claim, shown: Iterable[ShownRecord]) -> str:
    """Say whether analytic arms got the verdict that mathematics gives. The same model counts once."""
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
    """Whether two analytic arms differ only by rounding."""
    ours, theirs = (
        [(found.place, found.interval.estimate if found.interval else math.inf) for found in verdict.checks]
        for verdict in (one, other)
    )
    return (one.arm, len(ours)) == (other.arm, len(theirs)) and all(
        what == of and math.isclose(value, other_value, rel_tol=ROUNDING, abs_tol=ROUNDING)
        for (what, value), (of, other_value) in zip(ours, theirs, strict=True)
    )


def _names(suite: Suite, selection: Selection, linked: bool) -> str:
    """Say what the names on the board mean, in the first lines of their own pages."""
    subjects = [one.subject for one in selection.shown]
    data = {s.dataset.name for s in subjects}
    shown = (
        {s.variant.name for s in subjects} | {s.arch for s in subjects} | data | {d.rstrip("0123456789") for d in data}
    )
    lines = []
    for one in suite.names:
        if one.name in shown:
            name = f"[{one.name}](../{one.path})" if linked else one.name
            lines.append([one.kind, name, escape(one.says)])
    return table(["Kind", "Name", "Meaning"], lines)


def _matrices(tasks: Sequence[Task], selection: Selection) -> str:
    """Write verdicts by row and claim, a table a task."""
    parts = [
        "Before the slash stands the verdict as published, behind it that under controls. "
        "A number in brackets counts the data sets with these verdicts."
    ]
    for task in tasks:
        parts.append(f"### [{escape(task.title)}]({task.name}.md)")
        by_row: dict[Row, list[ShownRecord]] = {}
        for one in selection.of_task(task.name):
            by_row.setdefault(one.row, []).append(one)
        if not by_row:
            parts.append(NO_RECORDS)
            continue
        lines = []
        for row, of_row in sorted(by_row.items()):
            verdicts = [_verdicts(claim.id, of_row) for claim in task.claims]
            lines.append([f"{of_row[0].row_label}{preset_suffix(row.preset)}", *verdicts])
        parts.append(table(["Row", *(escape(claim.id) for claim in task.claims)], lines))
    return "\n\n".join(parts)


def _verdicts(claim: str, shown: Iterable[ShownRecord]) -> str:
    """Print one claim's verdicts over data sets: once if they agree, else each with its count."""
    found = Counter(both(one.verdicts[claim]) for one in shown)
    if len(found) == 1:
        return next(iter(found))
    return "<br>".join(f"{words_} ({times})" for words_, times in sorted(found.items()))


def _foundations(selection: Selection) -> str:
    """Sum up all records in a line, with a folded table of all."""
    records = [one.record for one in selection.shown]
    cells = [cell.status for record in records for cell in record.cells]
    torch = sorted({environment.torch for record in records for environment in record.environments})
    devices = sorted({record.subject.device for record in records})
    summary = (
        f"{len(records)} records of {len(cells)} {link('cell', 'cells')}. Not finished: {_lost(cells)}. "
        f"Devices: {', '.join(devices) or '–'}. torch {escape(', '.join(torch)) or '–'}."
    )
    invariants = link("invariant", "Invariants")
    headers = ["Task", "Data", "Record", "Preset", "Seeds", "Not finished", invariants, "Device", "Time per cell"]
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
