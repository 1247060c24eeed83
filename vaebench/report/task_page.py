"""Write a task's page: what it asks and how each claim came out, record by record."""

from collections.abc import Sequence

from vaebench import catalog
from vaebench.papers import Task, instrument_page
from vaebench.report.claim_section import claim_section, invariant_section
from vaebench.report.figures.prepare import Picture
from vaebench.report.markdown import PREVIEW, details, escape, source, words
from vaebench.report.selection import Selection

LEARNING_CURVES = "reference_results/learning_curves/README.md"
"""Measurements over the number of training steps, from which the tasks' budgets take theirs."""


def task_page(task: Task, selection: Selection, pictures: Sequence[Picture], preview: bool, findings: str = "") -> str:
    """Write a task's page.

    Args:
        task: The task.
        selection: What is shown.
        pictures: The task's figures.
        preview: Whether to say that it is a preview.
        findings: What came out of it, in bullets; empty where nothing is written of it.

    Returns:
        Markdown.
    """
    shown = sorted(selection.of_task(task.name), key=lambda one: (one.dataset, one.row))
    parts = [f"# {escape(task.title)}", *([PREVIEW] if preview else [])]
    knob = f" The knob is the {words(task.knob.name)}, {task.knob.symbol}." if task.knob else ""
    parts += [
        f"{source(task.source)} · version {task.version}{_since(task)} · [all tasks](README.md)",
        f"**{escape(task.asks)}**{knob}",
        catalog.task_text(task.name),
    ]
    if not shown:
        return "\n\n".join([*parts, "There are no records yet."]) + "\n"
    parts += ["## Claims", _sources(task, linked=not preview)]
    for claim in task.claims:
        parts += claim_section(claim, shown)
        parts += [_image(one) for one in pictures if one.claim == claim.id]

    parts += ["## Findings", findings] if findings else []

    def of(kind: str) -> list[str]:
        return [_image(one) for one in pictures if one.kind == kind]

    if judged := of("judged"):
        parts += [f"## Over the {words(task.knob.name) if task.knob else ''}", *judged]
    if reported := of("reported"):
        parts.append(details("Measurements that are not judged", "\n\n".join(reported)))
    if trades := of("tradeoff"):
        parts += ["## Trade-offs", *trades]
    if task.invariants:
        parts += ["## Invariants", "What must hold of a sound run; judged like a claim, and counted in no agreement."]
        for claim in task.invariants:
            parts += invariant_section(claim, shown)
    if maps := of("map"):
        parts += ["## Maps", *maps]
    return "\n\n".join(parts) + "\n"


def _since(task: Task) -> str:
    """Say since when a task is what it is, and which versions it had before."""
    days = {version.number: version.since for version in task.versions}
    if not days:
        return ""
    before = ", ".join(f"{number} of {day}" for number, day in days.items() if number != task.version)
    return f" of {days[task.version]}" + (f", which supersedes {before}" if before else "")


def _sources(task: Task, linked: bool) -> str:
    """Say where everything is defined; a preview has no checkout around it."""

    def code(name: str, path: str) -> str:
        return f"[`{name}`](../vaebench/{path})" if linked else f"`{name}`"

    def room(instrument: str) -> str:
        return _in_package(*instrument_page(task.paper, instrument).parts[-2:])

    page = catalog.page("papers", task.name)
    instruments = [code(name, room(name)) for name in (*task.instruments, *task.comparisons)]
    where = [f"the experiment in {code(task.name, _in_package(*page.parts[-2:]))}"]
    if instruments:
        where.append(f"the measurements in {', '.join(instruments)}, which name the kernels with their formulas")
    where.append(f"trends, contrasts and verdicts in {code('claims', 'claims/__init__.py')}")
    if linked:
        where.append(f"how long to train in [learning curves](../{LEARNING_CURVES})")
    return f"Where it is written: {'; '.join(where)}."


def _in_package(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder == "measures" else f"papers/{folder}/{file}"


def _image(picture: Picture) -> str:
    return f"![{escape(picture.alternative)}]({picture.path})"
