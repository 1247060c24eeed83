"""Write a record's page: every check and measurement of every arm (save entries of maps), what it lacks and its cost."""

import re
from collections.abc import Sequence
from itertools import groupby

from vaebench.claims import CheckResult, Claim, Column, Verdict, VerdictWord, map_entry, t_interval
from vaebench.report.numbers import claimed, count, duration, estimate_and_interval, plain, plus_minus, rounded
from vaebench.report.selection import Selection, entry
from vaebench.report.task_text import TaskText
from vaebench.report.text import PREVIEW, anchor, beside, bullets, escape, label, source, table, words
from vaebench.results.record import Record


def record_page(task: TaskText, record: Record, selection: Selection, preview: bool) -> str:
    """Write a record's page.

    Args:
        task: Its task.
        record: The record.
        selection: What else is shown.
        preview: Whether to say that it is a preview.

    Returns:
        Markdown.
    """
    parts = [f"# {record_name(record, selection)}", *([PREVIEW] if preview else [])]
    parts += [f"[{escape(task.title)}](../../{task.name}.md)", _origin(record)]
    parts.append("## Claims")
    for claim in record.claims:
        verdicts = [v for v in (*record.verdicts, *record.control_verdicts) if v.claim == claim.id]
        parts += _judged(claim, verdicts, len(record.cells), task)
    parts += ["## Invariants"] if record.invariants else []
    for claim in record.invariants:
        parts += _judged(claim, [v for v in record.invariant_verdicts if v.claim == claim.id], len(record.cells), task)
    parts += ["## Measurements", "Mean ± half of the 95 % t-interval over seeds.", _measurements(record, task)]
    parts.append(bullets(_lacks(record)))
    return "\n\n".join(part for part in parts if part) + "\n"


def record_name(record: Record, selection: Selection) -> str:
    """Name a record.

    Args:
        record: The record.
        selection: What else is shown, from which its name must differ.

    Returns:
        For example ``vae · mlp · digits``.
    """
    return f"{selection.labels[entry(record)]} · {record.subject.dataset.name}{beside(record.subject.preset)}"


def record_path(record: Record, selection: Selection) -> str:
    """Name a record's page.

    Args:
        record: The record.
        selection: What else is shown, from which its path must differ.

    Returns:
        The path below the board, as the record's own below a store, with its preset or code where others share it.
    """
    safe = re.sub(r"[^a-z0-9_]+", ".", record_name(record, selection).lower()).strip(".")
    return f"records/{record.subject.task.name}/{safe}.md"


def cell_time(record: Record) -> str:
    """Print how long a cell of a record took, in the mean; nothing where no cell says."""
    spent = [sum(cell.seconds.values()) for cell in record.cells if cell.seconds]
    return duration(sum(spent) / len(spent)) if spent else ""


def check_numbers(check: CheckResult, seeds: int) -> list[str]:
    """Print what was found.

    Args:
        check: What was found.
        seeds: Number of seeds that were to be run.

    Returns:
        Estimate, interval and seeds, for example ``−0.200``, ``[−0.350, −0.050]`` and ``5 of 5``.
    """
    if check.interval is None:
        return ["–", "–", f"0 of {seeds}"]
    return [*estimate_and_interval(check.interval), f"{check.interval.n} of {seeds}"]


def is_analytic(arm: str) -> bool:
    """Whether an arm is a model in closed form."""
    return arm == "analytic" or arm.startswith("analytic_")


def control_said(arm: str, verdict: VerdictWord, claim: Claim) -> str:
    """Print a control's verdict, and whether it is what mathematics has it get.

    Args:
        arm: The control.
        verdict: Its verdict.
        claim: Of this claim.

    Returns:
        For example ``analytic arm ✗ fails, as it must``.
    """
    said = f"{words(arm)} arm {label(verdict)}"
    if not claim.analytic or not is_analytic(arm) or verdict == "not applicable":
        return said
    return (
        f"{said}, as it must" if verdict == claim.analytic else f"{said}, where mathematics has {label(claim.analytic)}"
    )


def dropping_empty(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table without its last column where that says nothing."""
    if rows and not any(row[-1] for row in rows):
        return table(headers[:-1], [row[:-1] for row in rows])
    return table(headers, rows)


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
        *([f"{spent} a cell"] if spent else []),
    ]
    return " · ".join(facts)


def _judged(claim: Claim, verdicts: Sequence[Verdict], seeds: int, task: TaskText) -> list[str]:
    """Write a claim's sentence, the verdict of each arm, and all that was found."""
    own, *controls = verdicts
    rows = [row for verdict in verdicts for row in _rows(verdict, seeds)]
    said = [escape(claim.says), f"**{label(own.word)}**" + (f" ({escape(own.reason)})" if own.reason else "")]
    for control in controls:
        why = f" ({escape(control.reason)})" if control.word == "not applicable" else ""
        said.append(control_said(control.arm, control.word, claim) + why)
    headers = ["Arm", "Quantity", "Verdict", "Estimate", "95 % interval", "Seeds", "Claimed", "Why"]
    heading = f"### [{escape(claim.id)}](../../{task.name}.md#{anchor(claim.id)})"
    return [heading, " · ".join(said), *([dropping_empty(headers, rows)] if rows else [])]


def _rows(verdict: Verdict, seeds: int) -> list[list[str]]:
    """A row for each check; none where the verdict's reason says it of all of them."""
    said = {(check.word, check.reason) for check in verdict.checks}
    if said == {("not applicable", verdict.reason)}:
        return []
    return [_found(verdict, check, seeds) for check in verdict.checks]


def _found(verdict: Verdict, check: CheckResult, seeds: int) -> list[str]:
    return [
        words(verdict.arm),
        escape(words(check.place)),
        label(check.word),
        *check_numbers(check, seeds),
        claimed(check),
        escape(check.reason),
    ]


def _measurements(record: Record, task: TaskText) -> str:
    """Write all measurements by arm and knob, save the entries of maps."""
    read = sorted((c for c in record.measurements if c.values and map_entry(c.name) is None), key=_place)
    if not read:
        return "There are none."
    knobs = sorted({column.knob for column in read}, key=lambda knob: (knob is not None, knob or 0.0))
    symbol = task.knob_symbol or words(task.knob_name or "knob")
    lines = []
    for (_, arm, name, unit), group in groupby(read, key=_place):
        columns = list(group)
        by_knob = {column.knob: plus_minus(t_interval(column.values)) for column in columns}
        own = max((stderr for column in columns for stderr in column.stderrs), default=0.0)
        cells = [by_knob.get(knob, "–") for knob in knobs]
        lines.append([words(arm), words(name), escape(unit), *cells, rounded(own)[0] if own else "exact"])
    none = "mean" if knobs == [None] else "no knob"
    means = [none if knob is None else f"{symbol} = {plain(knob)}" for knob in knobs]
    return table(["Arm", "Measurement", "Unit", *means, "Instrument's error ≤"], lines)


def _lacks(record: Record) -> list[str]:
    """Say which measurements were declined and which cells did not finish, and why; and what was noted on the way."""
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


def _place(column: Column) -> tuple[bool, str, str, str]:
    """Sort the trained arm before the controls."""
    return column.arm != "trained", column.arm, column.name, column.unit
