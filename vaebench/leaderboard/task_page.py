"""Write a task's page: what it asks and how each claim came out, record by record."""

from collections.abc import Iterable, Mapping, Sequence

from vaebench.claims import WORST_FIRST, Claim, Finding, Verdict, VerdictWord, t_interval
from vaebench.leaderboard.figures.from_records import figure_path
from vaebench.leaderboard.figures.maps import map_figures
from vaebench.leaderboard.numbers import plain, plus_minus, region
from vaebench.leaderboard.record_page import control_said, dropping_empty, finding_numbers, record_name, record_path
from vaebench.leaderboard.selection import Selection, entry
from vaebench.leaderboard.task_text import TaskText
from vaebench.leaderboard.text import PREVIEW, details, escape, label, source, table, words
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
    names = {id(record): f"[{record_name(record, selection)}]({record_path(record, selection)})" for record in records}
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
    parts += ["## Claims", _sources(task, linked=not preview)]
    for claim in records[0].claims:
        parts += _claim(claim, records, names)
        parts += [_beside(claim, records, names)] if claim.beside else []
        paths = {f"{words(claim.id)}{_preset(p)}": figure_path(task, claim.id, p) for p in _presets(records)}
        parts += _pictures("estimates for", {k: p for k, p in paths.items() if p in shown and task.knob_name is None})
    if over_knob := _data_figures(task, records, shown):
        parts += [f"## Over the {words(task.knob_name or '')}"]
        parts += _pictures(f"readings over the {words(task.knob_name or '')} on", over_knob)
    if records[0].invariants:
        parts += ["## Invariants", "What must hold of a sound run; judged like a claim, and scored by nobody."]
        for claim in records[0].invariants:
            parts += _invariant(claim, records, names)
    maps = _map_figures(task, records, selection, shown)
    parts += ["## Maps", *_pictures("map of", maps)] if maps else []
    return "\n\n".join(parts) + "\n"


def _sources(task: TaskText, linked: bool) -> str:
    """Say where everything is defined; a preview has no checkout around it."""

    def code(name: str, path: str) -> str:
        return f"[`{name}`](../vaebench/{path}.py)" if linked else f"`{name}`"

    instruments = [code(name, f"measures/{name.partition('.')[0]}") for name in task.instruments]
    where = [f"the experiment in {code(task.name, f'tasks/{task.name}')}"]
    where += [f"the readings in {', '.join(instruments)}, which name the kernels with their formulas"] * bool(
        instruments
    )
    where.append(f"trends, contrasts and verdicts in {code('claims', 'claims/__init__')}")
    return f"Where it is written: {'; '.join(where)}."


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
    """Write a claim's sentence, what it asks for, and its headline by record with the controls beside."""
    own = [next(v for v in record.verdicts if v.claim == claim.id) for record in records]
    controls = [
        {v.arm: v.verdict for v in record.control_verdicts if v.claim == claim.id and v.verdict != "not applicable"}
        for record in records
    ]
    arms = sorted({arm for of_record in controls for arm in of_record})
    by_arm = {arm: {of_record[arm] for of_record in controls if arm in of_record} for arm in arms}
    varying = [arm for arm in arms if len(by_arm[arm]) > 1]
    same = [control_said(arm, min(by_arm[arm]), claim) for arm in arms if arm not in varying]
    lines, silent = [], []
    for record, verdict, beside in zip(records, own, controls, strict=True):
        if verdict.verdict == "not applicable":
            silent.append((names[id(record)], verdict.reason))
            continue
        shown = _shown(verdict.findings)
        numbers = finding_numbers(shown, len(record.cells))
        numbers[0] += f" at {plain(shown.knob)}" if shown.knob is not None else ""
        marks = [label(beside[arm]) if arm in beside else "" for arm in varying]
        lines.append([names[id(record)], label(verdict.verdict), *numbers, *marks, escape(_why(verdict))])
    headers = [
        "Record",
        "Verdict",
        "Estimate",
        "95 % interval",
        "Seeds",
        *(f"{words(arm)} arm" for arm in varying),
        "Why",
    ]
    return [
        f"### {escape(claim.id)}",
        f"{escape(claim.says)} {_tally(own)}",
        _asked(max(own, key=lambda verdict: len(verdict.findings)).findings),
        *([f"In every record that has one: {'; '.join(same)}."] if same else []),
        *([dropping_empty(headers, lines)] if lines else []),
        *_silent(silent),
    ]


def _asked(findings: Sequence[Finding]) -> str:
    """Say what a claim asks for; what is shown of it stands first, in bold."""
    asked = dict.fromkeys(f"{words(finding.what)} {region(finding.low, finding.high)}" for finding in findings)
    first, *others = map(escape, asked)
    each = ", each at every strength or knob value" if any(finding.knob is not None for finding in findings) else ""
    return f"It holds if all of these do{each}: " + "; ".join([f"**{first}** (shown)", *others]) + "."


def _silent(records: Sequence[tuple[str, str]]) -> list[str]:
    """Name the records that a claim does not apply to, by reason."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in records:
        by_reason.setdefault(reason, []).append(name)
    word = label("not applicable")
    return [
        f"{word} to {', '.join(who) if len(who) < 9 else f'{len(who)} records'}: {escape(reason)}."
        for reason, who in sorted(by_reason.items())
    ]


def _tally(verdicts: Sequence[Verdict]) -> str:
    """Count the words over records: whether a claim holds whatever the objective, network and data."""
    words_of: tuple[VerdictWord, ...] = ("holds", "fails", "undecided", "not applicable")
    counts = {word: sum(verdict.verdict == word for verdict in verdicts) for word in words_of}
    return f"Over {len(verdicts)} records: " + " · ".join(f"{label(w)} {n}" for w, n in counts.items() if n) + "."


def _why(verdict: Verdict) -> str:
    """Say what is shown where it is not what the claim asks for first, and what decided where that is not shown."""
    first, shown = verdict.findings[0], _shown(verdict.findings)
    other = f"{words(shown.what)} is shown: {first.reason}" if shown.what != first.what else ""
    deciding = [finding for finding in verdict.findings if finding.verdict == verdict.verdict]
    by = shown.reason if shown in deciding else "; ".join(map(_found, deciding)) or verdict.reason
    return "; ".join(part for part in (other, by) if part)


def _found(finding: Finding) -> str:
    """Say what was found of one quantity, and why it says no more."""
    numbers = " ".join(finding_numbers(finding, 0)[:2]) if finding.interval else ""
    place = f" at {plain(finding.knob)}" if finding.knob is not None else ""
    reason = f" ({finding.reason})" if finding.reason and numbers else finding.reason
    return f"{words(finding.what)}{place}{': ' if numbers or reason else ''}{numbers}{reason}"


def _beside(claim: Claim, records: Sequence[Record], names: Mapping[int, str]) -> str:
    """Write the readings that stand beside a claim; where there is a knob, by name alone, as a figure shows them."""
    said = f"Read beside it and not judged, on the records' pages: {escape(words(', '.join(claim.beside)))}."
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
    """Write an invariant's sentence, and a row with every value for each record and knob value it applies to."""
    verdicts = [(r, next(v for v in r.invariant_verdicts if v.claim == claim.id)) for r in records]
    applicable = [(record, verdict) for record, verdict in verdicts if verdict.verdict != "not applicable"]
    silent = [(names[id(r)], verdict.reason) for r, verdict in verdicts if verdict.verdict == "not applicable"]
    parts = [f"### {escape(claim.id)}", escape(claim.says)]
    if applicable:
        asked = dict.fromkeys((f.what, region(f.low, f.high)) for _, v in applicable for f in v.findings)
        by_knob = any(finding.knob is not None for _, verdict in applicable for finding in verdict.findings)
        rows = []
        for record, verdict in applicable:
            for knob in dict.fromkeys(finding.knob for finding in verdict.findings):
                found = {(f.what, region(f.low, f.high)): f for f in verdict.findings if f.knob == knob}
                cells = [" ".join(finding_numbers(found[q], 0)[:2]) if q in found else "–" for q in asked]
                place = [plain(knob) if knob is not None else "–"] if by_knob else []
                rows.append([names[id(record)], label(verdict.verdict), *place, *cells])
        heads = [f"{escape(words(what))} {region_}" for what, region_ in asked]
        parts.append(table(["Record", "Verdict", *(["At"] if by_knob else []), *heads], rows))
    return [*parts, *_silent(silent)]


def _shown(findings: Sequence[Finding]) -> Finding:
    """The claim's first quantity that was found; of it at several knob values the first that decides."""
    first = next((finding for finding in findings if finding.interval), findings[0])
    same = (finding for finding in findings if finding.what == first.what)
    return min(same, key=lambda finding: WORST_FIRST.index(finding.verdict))
