"""Write a record's page: every check and measurement of every arm, except entries of maps, and what is missing."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from vaebench.claims import CheckResult, Claim, Column, Verdict, map_entry
from vaebench.papers import Task
from vaebench.report.pages.variant_page import variant_path
from vaebench.report.rows.remake import command, json_path
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.rows.trust import trust_said
from vaebench.report.tables.taken_away import DATA
from vaebench.report.words.condition_words import asked_words
from vaebench.report.words.dated import measured
from vaebench.report.words.decisive import reason_of
from vaebench.report.words.format import cell_time, check_numbers, claimed, count, plain, plus_minus, rounded
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.levels import has_controls, levels_said, plant_table
from vaebench.report.words.markdown import (
    PREVIEW,
    anchor,
    bullets,
    control_said,
    escape,
    label,
    source,
    table,
    without_empty_last,
    words,
)
from vaebench.results.record import Record

UP = "../../"
"""The way from a record's page to the top of the board."""

MEASUREMENTS = (
    f"Each {link('measurement', up=UP)} of each {link('arm', up=UP)}: mean ± half of its "
    f"95 % {link('estimate and interval', 'interval', UP)} over {link('seed', 'seeds', UP)}."
)


COMMAND = 76
"""Letters of a command on one line."""

PLANTS = f"Can the measures tell? What each {link('plant', up=UP)} must read, and what it reads:"
"""What comes before the table of plants."""


def record_page(task: Task, shown: ShownRecord, preview: bool, own: Mapping[str, str] | None = None) -> str:
    """Write a record's page.

    Args:
        task: Its task.
        shown: The record.
        preview: Whether to say that it is a preview.
        own: The suite's own variants.

    Returns:
        Markdown.
    """
    record = shown.record
    parts = [f"# {shown.label}", *([PREVIEW] if preview else [])]
    variant = f"[{escape(shown.variant_label)}]({UP}{variant_path(shown)})"
    parts += [f"[{escape(task.title)}](../../{task.name}.md) · {variant} · [glossary]({UP}{GLOSSARY})", _origin(record)]
    parts += [_made(record, linked=not preview), f"```sh\n{_lines(command(record, own or {}))}\n```"]
    parts.append("## Claims")
    for claim in record.claims:
        verdicts = (shown.verdicts[claim.id], *shown.control_verdicts.get(claim.id, ()))
        parts += _judged(claim, verdicts, len(record.cells), task)
    parts += ["## Invariants"] if record.invariants else []
    for claim in record.invariants:
        parts += _judged(claim, shown.invariant_verdicts[claim.id], len(record.cells), task)
    parts += ["## Measurements", MEASUREMENTS, _measurements(shown, task)]
    parts.append(bullets(_lacks(record)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _origin(record: Record) -> str:
    """Say what was run, on what, and how long it took."""
    subject = record.subject
    spent = cell_time(record)
    torch = ", ".join(sorted({environment.torch for environment in record.environments}))
    facts = [
        f"Variant: {source(subject.variant.source)}, code {subject.variant.code_hash}",
        f"{count(record.parameters)} parameters",
        f"{sum(cell.status == 'ok' for cell in record.cells)} of {len(record.cells)} seeds",
        f"{subject.device}, torch {escape(torch)}" if torch else subject.device,
        *([f"{spent} per cell"] if spent else []),
        trust_said(record),
    ]
    return " · ".join(facts)


def _made(record: Record, linked: bool) -> str:
    """Say when it was made, where its data lie, and how it is made again."""
    path = json_path(record)
    data = f" · data: [JSON]({UP}../{path}), explained on the [page of all data]({UP}{DATA})" if path and linked else ""
    first = " and `make data`" if record.subject.dataset.files else ""
    return f"{measured([record])}{data}. To make it again, after [setting up]({UP}../README.md){first}:"


def _lines(line: str) -> str:
    """Break a command of a shell between options, because a page is narrow."""
    start, *options = line.split(" --")
    lines = [start]
    for option in options:
        if len(lines[-1]) + len(option) > COMMAND:
            lines.append(" ")
        lines[-1] += f" --{option}"
    return " \\\n".join(lines)


def _judged(claim: Claim, verdicts: Sequence[Verdict], seeds: int, task: Task) -> list[str]:
    """Write a claim's sentence, the verdict on each arm, and a row for each check."""
    own, *controls = verdicts
    rows = [row for verdict in verdicts for row in _rows(verdict, seeds)]
    two = has_controls(claim)
    word = levels_said(own) if two else label(own.word)
    said = [escape(claim.says), f"**{word}**" + (f" ({escape(own.reason)})" if own.reason else "")]
    for control in controls:
        why = f" ({escape(control.reason)})" if control.word == "not applicable" else ""
        said.append(control_said(control.arm, control.word, claim) + why)
    headers = [
        "Arm",
        "Condition",
        "Statistic",
        "Role",
        "Verdict",
        "Estimate",
        "95 % interval",
        "Seeds",
        "Claimed",
        "Why",
    ]
    heading = f"### [{escape(claim.id)}](../../{task.name}.md#{anchor(claim.id)})"
    plants = plant_table(own)
    checks = without_empty_last(headers, rows) if rows else ""
    return [heading, " · ".join(said), *filter(None, [plants and f"{PLANTS}\n\n{plants}", checks])]


def _rows(verdict: Verdict, seeds: int) -> list[list[str]]:
    """A row for each check; none if the verdict's reason is that of all of them."""
    said = {(check.word, check.reason) for check in verdict.checks}
    if said == {("not applicable", verdict.reason)}:
        return []
    return [_found(verdict, check, seeds) for check in verdict.checks]


def _found(verdict: Verdict, check: CheckResult, seeds: int) -> list[str]:
    return [
        words(verdict.arm),
        escape(asked_words(check)),
        escape(words(check.statistic)),
        check.role,
        label(check.word),
        *check_numbers(check, seeds),
        claimed(check),
        escape(reason_of(check)),
    ]


def _measurements(shown: ShownRecord, task: Task) -> str:
    """Write all measurements by arm and knob, except the entries of maps."""
    plain_names = (columns for name, columns in shown.columns.items() if map_entry(name) is None)
    listed = sorted((column for columns in plain_names for column in columns), key=_order)
    if not listed:
        return "There are none."
    knobs = sorted({column.knob for column in listed}, key=lambda knob: (knob is not None, knob or 0.0))
    symbol = task.knob.symbol if task.knob else "knob"
    lines = []
    for (_, arm, name, unit), group in groupby(listed, key=_order):
        columns = list(group)
        by_knob = {column.knob: plus_minus(shown.interval(column)) for column in columns}
        own = max(stderr for column in columns for stderr in column.stderrs)
        cells = [by_knob.get(knob, "–") for knob in knobs]
        lines.append([words(arm), words(name), escape(unit), *cells, rounded(own)[0] if own else "exact"])
    none = "mean" if knobs == [None] else "no knob"
    means = [none if knob is None else f"{symbol} = {plain(knob)}" for knob in knobs]
    return table(["Arm", "Measurement", "Unit", *means, "Instrument's error ≤"], lines)


def _lacks(record: Record) -> list[str]:
    """List the measurements that were declined, the cells that did not finish, and what was noted, with reasons."""
    declined: dict[tuple[str, str], list[str]] = {}
    for column in record.measurements:
        for absence in column.absent:
            declined.setdefault((column.arm, absence.reason), []).append(words(column.name))
    lines = [
        f"declined on the {words(arm)} arm, {reason}: {', '.join(dict.fromkeys(names))}"
        for (arm, reason), names in declined.items()
    ]
    lines += [f"seed {cell.seed} {cell.status}: {cell.reason}" for cell in record.cells if cell.status != "ok"]
    noted: dict[str, list[str]] = {}
    for cell in record.cells:
        for note in cell.notes:
            noted.setdefault(note, []).append(str(cell.seed))
    lines += [f"{note} (seed {', '.join(seeds)})" for note, seeds in noted.items()]
    return [escape(line) for line in lines]


def _order(column: Column) -> tuple[bool, str, str, str]:
    """Sort the trained arm before the controls."""
    return column.arm != "trained", column.arm, column.name, column.unit
