"""Write a task's page: what it asks, how each claim came out, and every reading behind it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from vaebench.claims import WORST_FIRST, Claim, Finding, Verdict, VerdictWord, map_entry, t_interval
from vaebench.leaderboard.figures.from_records import figure_path
from vaebench.leaderboard.figures.maps import map_figures
from vaebench.leaderboard.front_page import PREVIEW
from vaebench.leaderboard.numbers import estimate_and_interval, plain, plus_minus, region, rounded
from vaebench.leaderboard.selection import Selection, entry
from vaebench.leaderboard.task_text import TaskText
from vaebench.leaderboard.text import bullets, details, escape, label, source, table, words
from vaebench.results.record import Column, Record


def task_page(task: TaskText, selection: Selection, figures: Iterable[str], preview: bool) -> str:
    """Write a task's page.

    Args:
        task: The task.
        selection: What is shown.
        figures: Paths of the task's figures below the board.
        preview: Whether to say that it is a preview.

    Returns:
        Markdown.
    """
    records = sorted(selection.of_task(task.name), key=lambda r: (r.subject.dataset.name, entry(r)))
    names = {id(record): _name(record, selection) for record in records}
    shown = set(figures)
    parts = [f"# {escape(task.title)}", *([PREVIEW] if preview else [])]
    knob = f" The knob is the {words(task.knob_name)}{_symbol(task)}." if task.knob_name else ""
    parts += [
        f"{source(task.source)} · version {task.version} · [all tasks](README.md)",
        f"**{escape(task.asks)}**{knob}",
        task.text.strip(),
    ]
    if not records:
        return "\n\n".join([*parts, "There are no records yet."]) + "\n"
    parts += _pictures(f"readings over the {words(task.knob_name or '')} on", _data_figures(task, records, shown))
    parts.append("## Claims")
    for claim in records[0].claims:
        parts += _claim(claim, records, names)
        parts += [_beside(claim, records, names)] if claim.beside else []
        paths = {f"{words(claim.id)}{_preset(p)}": figure_path(task, claim.id, p) for p in _presets(records)}
        parts += _pictures("estimates for", {k: p for k, p in paths.items() if p in shown and task.knob_name is None})
    if records[0].invariants:
        parts += ["## Invariants", "What must hold of a sound run; judged like a claim, and scored by nobody."]
        for claim in records[0].invariants:
            parts += _invariant(claim, records, names)
    maps = _map_figures(task, records, selection, shown)
    parts += ["## Maps", *_pictures("map of", maps)] if maps else []
    parts += ["## Readings", "Mean ± half of the 95 % interval over seeds."]
    parts += [details(f"{names[id(record)]}", _readings(record, task)) for record in records]
    return "\n\n".join(parts) + "\n"


def _name(record: Record, selection: Selection) -> str:
    subject = record.subject
    return f"{selection.labels[entry(record)]} · {subject.dataset.name}{_preset(subject.preset)}"


def _preset(preset: str) -> str:
    return "" if preset == "standard" else f" ({preset})"


def _presets(records: Iterable[Record]) -> list[str]:
    return sorted({record.subject.preset for record in records})


def _symbol(task: TaskText) -> str:
    return f", {task.knob_symbol}" if task.knob_symbol else ""


def _data_figures(task: TaskText, records: Iterable[Record], shown: set[str]) -> dict[str, str]:
    if task.knob_name is None:
        return {}
    places = sorted({(record.subject.dataset.name, record.subject.preset) for record in records})
    paths = {f"{words(data)}{_preset(preset)}": figure_path(task, data, preset) for data, preset in places}
    return {name: path for name, path in paths.items() if path in shown}


def _map_figures(task: TaskText, records: Sequence[Record], selection: Selection, shown: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for preset in _presets(records):
        parts = map_figures(task, [record for record in records if record.subject.preset == preset], selection)
        found |= {f"{words(part)}{_preset(preset)}": figure_path(task, part, preset) for part in parts}
    return {name: path for name, path in found.items() if path in shown}


def _pictures(what: str, paths: Mapping[str, str]) -> list[str]:
    return [f"![{escape(f'{what} {name}')}]({path})" for name, path in paths.items()]


def _claim(claim: Claim, records: Sequence[Record], names: Mapping[int, str]) -> list[str]:
    """Write a claim's sentence, its headline by record with the controls beside, and every finding folded."""
    own = [next(v for v in record.verdicts if v.claim == claim.id) for record in records]
    controls = [[v for v in record.control_verdicts if v.claim == claim.id] for record in records]
    headline = _headline([verdict.findings[0] for verdict in own])
    arms = sorted({control.arm for of_record in controls for control in of_record})
    lines = []
    for record, verdict, beside in zip(records, own, controls, strict=True):
        by_arm = {control.arm: label(control.verdict) for control in beside}
        numbers = _numbers(_deciding(verdict.findings), len(record.cells))
        marks = [by_arm.get(arm, "–") for arm in arms]
        lines.append([names[id(record)], label(verdict.verdict), *numbers, *marks, escape(_why(verdict))])
    headers = ["Record", "Verdict", "Estimate", "95 % interval", "Seeds", *(f"{words(arm)} arm" for arm in arms), "Why"]
    heads = ["Record", "Arm", "Quantity", "Verdict", "Estimate", "95 % interval", "Seeds", "Claimed", "Why"]
    return [
        f"### {escape(words(claim.id))}",
        escape(claim.says),
        f"Headline: {escape(words(headline.what))}, claimed {region(headline.low, headline.high)}. {_tally(own)}",
        _dropping_empty(headers, lines),
        details("Every finding, of every arm", _dropping_empty(heads, _findings(records, names, own, controls))),
    ]


def _tally(verdicts: Sequence[Verdict]) -> str:
    """Count the words over records: whether a claim holds whatever the objective, network and data."""
    words_of: tuple[VerdictWord, ...] = ("holds", "fails", "undecided", "not applicable")
    counts = {word: sum(verdict.verdict == word for verdict in verdicts) for word in words_of}
    return f"Over {len(verdicts)} records: " + " · ".join(f"{label(w)} {n}" for w, n in counts.items() if n) + "."


def _why(verdict: Verdict) -> str:
    """Say why, where the headline alone does not: the reason given, the findings that decided, what it lacks."""
    headline = _deciding(verdict.findings)
    if verdict.reason or headline.verdict == verdict.verdict:
        return verdict.reason
    places: dict[str, list[str]] = {}
    for finding in verdict.findings:
        if finding.verdict == verdict.verdict:
            places.setdefault(words(finding.what), []).extend([] if finding.knob is None else [plain(finding.knob)])
    deciding = [what + (f" at {', '.join(knobs)}" if knobs else "") for what, knobs in places.items()]
    lacking = f"without the headline: {headline.reason}" if headline.verdict == "not applicable" else ""
    decided = "" if verdict.verdict == "holds" else "by " + "; ".join(deciding)
    return "; ".join(part for part in (decided, lacking) if part)


def _findings(
    records: Sequence[Record],
    names: Mapping[int, str],
    own: Sequence[Verdict],
    controls: Sequence[Sequence[Verdict]],
) -> list[list[str]]:
    """List all findings; a control's that are the same for several records stand once."""
    rows = [
        [names[id(record)], *cells]
        for record, verdict in zip(records, own, strict=True)
        for cells in _cells(verdict, len(record.cells))
    ]
    shared: dict[tuple[str, ...], list[str]] = {}
    for record, beside in zip(records, controls, strict=True):
        for cells in (cells for verdict in beside for cells in _cells(verdict, len(record.cells))):
            shared.setdefault(tuple(cells), []).append(names[id(record)])
    for found, who in shared.items():
        rows.append([f"all {len(who)} records" if len(who) == len(records) > 1 else "<br>".join(who), *found])
    return rows


def _beside(claim: Claim, records: Sequence[Record], names: Mapping[int, str]) -> str:
    """Write the readings that stand beside a claim; where there is a knob, by name alone, as a figure shows them."""
    said = f"Shown beside, not judged: {escape(words(', '.join(claim.beside)))}."
    rows = []
    for record in records:
        means = {c.name: plus_minus(t_interval(c.values)) for c in record.readings if _is_plain(c)}
        if means.keys() & set(claim.beside):
            rows.append([names[id(record)], *(means.get(reading, "–") for reading in claim.beside)])
    heads = ["Record", *(escape(words(reading)) for reading in claim.beside)]
    return f"{said}\n\n{details('Readings beside', table(heads, rows))}" if rows else said


def _is_plain(column: Column) -> bool:
    return column.arm == "trained" and column.knob is None and bool(column.values)


def _invariant(claim: Claim, records: Sequence[Record], names: Mapping[int, str]) -> list[str]:
    """Write an invariant's sentence, and a row with every value for each record it applies to."""
    verdicts = [(r, next(v for v in r.invariant_verdicts if v.claim == claim.id)) for r in records]
    applicable = [(record, verdict) for record, verdict in verdicts if verdict.verdict != "not applicable"]
    rows = [
        [names[id(r)], label(v.verdict), *(" ".join(_numbers(f, len(r.cells))[:2]) for f in v.findings)]
        for r, v in applicable
    ]
    parts = [f"### {escape(words(claim.id))}", escape(claim.says)]
    if rows:
        heads = [escape(words(finding.what)) for finding in applicable[0][1].findings]
        parts.append(table(["Record", "Verdict", *heads], rows))
    silent = len(verdicts) - len(applicable)
    reasons = sorted({verdict.reason for _, verdict in verdicts if verdict.verdict == "not applicable"})
    word = label("not applicable")
    return [*parts, *([f"{word} to {silent} records: {escape('; '.join(reasons))}."] if silent else [])]


def _headline(findings: Sequence[Finding]) -> Finding:
    return next((finding for finding in findings if finding.interval), findings[0])


def _deciding(findings: Sequence[Finding]) -> Finding:
    """The headline's finding; of those at several knob values the first that decides."""
    same = (finding for finding in findings if finding.what == findings[0].what)
    return min(same, key=lambda finding: WORST_FIRST.index(finding.verdict))


def _numbers(finding: Finding, seeds: int) -> list[str]:
    if finding.interval is None:
        return ["–", "–", f"0 of {seeds}"]
    return [*estimate_and_interval(finding.interval), f"{finding.interval.n} of {seeds}"]


def _cells(verdict: Verdict, seeds: int) -> list[list[str]]:
    return [
        [
            words(verdict.arm),
            escape(words(finding.place)),
            label(finding.verdict),
            *_numbers(finding, seeds),
            region(finding.low, finding.high),
            escape(finding.reason),
        ]
        for finding in verdict.findings
    ]


def _dropping_empty(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table without its last column where that says nothing."""
    if rows and not any(row[-1] for row in rows):
        return table(headers[:-1], [row[:-1] for row in rows])
    return table(headers, rows)


def _readings(record: Record, task: TaskText) -> str:
    """Write all readings of a record by arm and knob, save the entries of maps, and what it lacks."""
    read = sorted((c for c in record.readings if c.values and map_entry(c.name) is None), key=_place)
    knobs = sorted({column.knob for column in read}, key=lambda knob: (knob is not None, knob or 0.0))
    symbol = task.knob_symbol or words(task.knob_name or "knob")
    lines = []
    for (_, arm, name, unit), group in groupby(read, key=_place):
        columns = list(group)
        by_knob = {column.knob: plus_minus(t_interval(column.values)) for column in columns}
        own = max((stderr for column in columns for stderr in column.stderrs), default=0.0)
        cells = [by_knob.get(knob, "–") for knob in knobs]
        lines.append([words(arm), words(name), escape(unit), *cells, rounded(own)[0] if own else "exact"])
    means = ["mean" if knob is None else f"{symbol} = {plain(knob)}" for knob in knobs]
    shown = table(["Arm", "Reading", "Unit", *means, "Instrument's error ≤"], lines)
    origin = f"Variant: {source(record.subject.variant.source)} · code {record.subject.variant.code_hash}"
    return "\n\n".join(part for part in (origin, shown if lines else "", bullets(_lacks(record))) if part)


def _lacks(record: Record) -> list[str]:
    """Say which readings were declined and which cells did not finish, and why."""
    declined: dict[tuple[str, str], list[str]] = {}
    for column in record.declined:
        declined.setdefault((column.arm, column.reason), []).append(words(column.name))
    lines = [
        f"declined on the {words(arm)} arm, {reason}: {', '.join(dict.fromkeys(names))}"
        for (arm, reason), names in declined.items()
    ]
    lines += [f"seed {cell.seed} {cell.status}: {cell.reason}" for cell in record.cells if cell.status != "ok"]
    return [escape(line) for line in lines]


def _place(column: Column) -> tuple[bool, str, str, str]:
    """Sort the trained arm before the controls."""
    return column.arm != "trained", column.arm, column.name, column.unit
