"""Write a task's page: what it asks and how each claim came out, record by record."""

from collections.abc import Iterable, Mapping, Sequence

from vaebench.claims import WORST_FIRST, Claim, Finding, Verdict, VerdictWord, t_interval
from vaebench.leaderboard.figures.from_records import figure_path
from vaebench.leaderboard.figures.maps import map_figures
from vaebench.leaderboard.numbers import plain, plus_minus, region
from vaebench.leaderboard.record_page import dropping_empty, finding_numbers, record_name, record_path
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
        _sources(task, linked=not preview),
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
    return "\n\n".join(parts) + "\n"


def _sources(task: TaskText, linked: bool) -> str:
    """Say where the experiment is defined and where each reading is taken; a preview has no checkout around it."""

    def code(name: str, path: str) -> str:
        return f"[`{name}`](../vaebench/{path}.py)" if linked else f"`{name}`"

    instruments = [code(name, f"measures/{name.partition('.')[0]}") for name in task.instruments]
    defined = f"**Where it is written**: the experiment in {code(task.name, f'tasks/{task.name}')}"
    return defined + (
        f"; the readings in {', '.join(instruments)}, with the formulas they name." if instruments else "."
    )


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
    """Write a claim's sentence, and its headline by record with the controls beside."""
    own = [next(v for v in record.verdicts if v.claim == claim.id) for record in records]
    controls = [[v for v in record.control_verdicts if v.claim == claim.id] for record in records]
    headline = _headline([verdict.findings[0] for verdict in own])
    arms = sorted({control.arm for of_record in controls for control in of_record})
    lines = []
    for record, verdict, beside in zip(records, own, controls, strict=True):
        by_arm = {control.arm: label(control.verdict) for control in beside}
        numbers = finding_numbers(_deciding(verdict.findings), len(record.cells))
        marks = [by_arm.get(arm, "–") for arm in arms]
        lines.append([names[id(record)], label(verdict.verdict), *numbers, *marks, escape(_why(verdict))])
    headers = ["Record", "Verdict", "Estimate", "95 % interval", "Seeds", *(f"{words(arm)} arm" for arm in arms), "Why"]
    return [
        f"### {escape(words(claim.id))}",
        escape(claim.says),
        f"Headline: {escape(words(headline.what))}, claimed {region(headline.low, headline.high)}. {_tally(own)}",
        dropping_empty(headers, lines),
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
    decisive: dict[str, list[str]] = {}
    for finding in verdict.findings:
        if finding.verdict == verdict.verdict:
            place = "" if finding.knob is None else f"at {plain(finding.knob)} "
            decisive.setdefault(words(finding.what), []).append(place + " ".join(finding_numbers(finding, 0)[:2]))
    deciding = [f"{what}: {', '.join(found)}" for what, found in decisive.items()]
    lacking = f"without the headline: {headline.reason}" if headline.verdict == "not applicable" else ""
    decided = "" if verdict.verdict == "holds" else "by " + "; ".join(deciding)
    return "; ".join(part for part in (decided, lacking) if part)


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
        [names[id(r)], label(v.verdict), *(" ".join(finding_numbers(f, len(r.cells))[:2]) for f in v.findings)]
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
