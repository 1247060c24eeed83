"""Write a task's page: what it asks and how each claim came out, record by record."""

from collections.abc import Iterable, Mapping, Sequence

from vaebench import catalog
from vaebench.report.claim_section import claim_section, invariant_section
from vaebench.report.figures.from_records import BESIDE, figure_path, tradeoff_parts
from vaebench.report.figures.maps import map_figures
from vaebench.report.record_page import record_name, record_path
from vaebench.report.selection import Selection, entry
from vaebench.report.task_text import TaskText
from vaebench.report.text import PREVIEW, beside, details, escape, source, words
from vaebench.results.record import Record

LEARNING_CURVES = "reference_results/learning_curves/README.md"
"""Measurements over the number of training steps, from which the tasks' budgets take theirs."""


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
        f"{source(task.source)} · version {task.version}{_since(task)} · [all tasks](README.md)",
        f"**{escape(task.asks)}**{knob}",
        task.text.strip(),
    ]
    if not records:
        return "\n\n".join([*parts, "There are no records yet."]) + "\n"
    parts += ["## Claims", _sources(task, linked=not preview)]
    for claim in records[0].claims:
        parts += claim_section(claim, records, names)
        paths = {f"{words(claim.id)}{beside(p)}": figure_path(task, claim.id, p) for p in _presets(records)}
        parts += _pictures("estimates for", {k: p for k, p in paths.items() if p in shown and task.knob_name is None})
    over_knob = f"over the {words(task.knob_name or '')}"
    if judged := _data_figures(task, records, shown):
        parts += [f"## O{over_knob[1:]}", *_pictures(f"measurements {over_knob} on", judged)]
    if others := _data_figures(task, records, shown, BESIDE):
        pictures = _pictures(f"measurements that are not judged, {over_knob}, on", others)
        parts.append(details("Measurements that are not judged", "\n\n".join(pictures)))
    if trades := _trade_pictures(task, records, shown):
        parts += ["## Trade-offs", *_pictures("trade-off of", trades)]
    if records[0].invariants:
        parts += ["## Invariants", "What must hold of a sound run; judged like a claim, and scored by nobody."]
        for claim in records[0].invariants:
            parts += invariant_section(claim, records, names)
    maps = _map_figures(task, records, selection, shown)
    parts += ["## Maps", *_pictures("map of", maps)] if maps else []
    return "\n\n".join(parts) + "\n"


def _since(task: TaskText) -> str:
    """Say since when a task is what it is, and which versions it had before."""
    if not task.versions:
        return ""
    before = ", ".join(f"{number} of {day}" for number, day in task.versions.items() if number != task.version)
    return f" of {task.versions[task.version]}" + (f", which supersedes {before}" if before else "")


def _sources(task: TaskText, linked: bool) -> str:
    """Say where everything is defined; a preview has no checkout around it."""

    def code(name: str, path: str) -> str:
        return f"[`{name}`](../vaebench/{path}.py)" if linked else f"`{name}`"

    paper, _, page = task.name.partition("_")

    def room(instrument: str) -> str:
        path = catalog.instrument_page(paper, instrument)
        return f"{'' if path.parent.name == 'measures' else 'papers/'}{path.parent.name}/{path.stem}"

    instruments = [code(name, room(name)) for name in task.instruments]
    where = [f"the experiment in {code(task.name, f'papers/{paper}/{page}')}"]
    if instruments:
        where.append(f"the measurements in {', '.join(instruments)}, which name the kernels with their formulas")
    where.append(f"trends, contrasts and verdicts in {code('claims', 'claims/__init__')}")
    if linked:
        where.append(f"how long to train in [learning curves](../{LEARNING_CURVES})")
    return f"Where it is written: {'; '.join(where)}."


def _presets(records: Iterable[Record]) -> list[str]:
    return sorted({record.subject.preset for record in records})


def _symbol(task: TaskText) -> str:
    return f", {task.knob_symbol}" if task.knob_symbol else ""


def _data_figures(task: TaskText, records: Iterable[Record], shown: set[str], part: str = "") -> dict[str, str]:
    if task.knob_name is None:
        return {}
    places = sorted({(record.subject.dataset.name, record.subject.preset) for record in records})
    paths = {f"{words(data)}{beside(preset)}": figure_path(task, data + part, preset) for data, preset in places}
    return {name: path for name, path in paths.items() if path in shown}


def _trade_pictures(task: TaskText, records: Sequence[Record], shown: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for preset in _presets(records):
        for part, _, _ in tradeoff_parts(task, records):
            found[f"{words(part)}{beside(preset)}"] = figure_path(task, part, preset)
    return {name: path for name, path in found.items() if path in shown}


def _map_figures(task: TaskText, records: Sequence[Record], selection: Selection, shown: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for preset in _presets(records):
        parts = map_figures(task, [record for record in records if record.subject.preset == preset], selection)
        found |= {f"{words(part)}{beside(preset)}": figure_path(task, part, preset) for part in parts}
    return {name: path for name, path in found.items() if path in shown}


def _pictures(what: str, paths: Mapping[str, str]) -> list[str]:
    return [f"![{escape(f'{what} {name}')}]({path})" for name, path in paths.items()]
