"""Write a task's page: what it asks, and the verdict on each claim, record by record."""

from collections.abc import Mapping, Sequence

from vaebench import catalog
from vaebench.claims import Trend
from vaebench.papers import Task, instrument_page
from vaebench.report.claim_section import REPORTED, claim_section, invariant_section
from vaebench.report.distinct import distinct
from vaebench.report.figures.prepare import Picture
from vaebench.report.glossary import PAGE, link
from vaebench.report.levels import tolerance_table
from vaebench.report.markdown import PREVIEW, bullets, contents, details, escape, source, words
from vaebench.report.places_page import places_path
from vaebench.report.records_page import records_path
from vaebench.report.selection import Selection
from vaebench.report.superseded import no_records, superseded_line

LEARNING_CURVES = "reference_results/learning_curves/README.md"
"""Measurements over the number of training steps. The tasks' budgets follow from them."""


def task_page(
    task: Task,
    selection: Selection,
    pictures: Sequence[Picture],
    preview: bool,
    findings: str = "",
    general: Mapping[str, str] | None = None,
) -> str:
    """Write a task's page.

    Args:
        task: The task.
        selection: What is shown.
        pictures: The task's figures.
        preview: Whether to say that it is a preview.
        findings: Its findings, in bullets; empty if there are none.
        general: By claim, how far it generalises to other variants.

    Returns:
        Markdown.
    """
    shown = sorted(selection.of_task(task.name), key=lambda one: (one.dataset, one.row))
    parts = [f"# {escape(task.title)}", *([PREVIEW] if preview else [])]
    knob = f" The {link('knob')} is the {words(task.knob.name)}, {task.knob.symbol}." if task.knob else ""
    asks = f"**{escape(task.asks)}**{knob}"
    parts += [
        f"{source(task.source)} · version {task.version}{_since(task)} · [all tasks](README.md) · "
        f"[places]({places_path(task)}) · [records]({records_path(task)}) · [glossary]({PAGE})",
        asks,
        catalog.task_text(task.name),
    ]
    if not shown:
        return "\n\n".join([*parts, no_records(selection.stale, task.name)]) + "\n"
    parts += [apart] if (apart := superseded_line(selection.stale, task.name)) else []
    parts += ["## Claims", _legend(task), _sources(task, linked=not preview)]
    models = distinct(shown)
    for claim in task.claims:
        parts += claim_section(claim, shown, (general or {}).get(claim.id, ""), models)
        parts += [_image(one) for one in pictures if one.claim == claim.id]

    counted = [one for one in shown if one.is_own and one.dataset in task.datasets]
    parts += [tolerances] if (tolerances := tolerance_table(task.claims, counted)) else []
    parts += ["## Findings", findings] if findings else []

    def of(kind: str) -> list[str]:
        return [_image(one) for one in pictures if one.kind == kind]

    if judged := of("judged"):
        parts += [f"## Measurements over the {words(task.knob.name) if task.knob else 'knob'}", *judged]
    if reported := of("reported"):
        parts.append(details(REPORTED, "\n\n".join(reported)))
    if trades := of("tradeoff"):
        parts += ["## Trade-offs", *trades]
    if task.invariants:
        sound = f"An {link('invariant')} holds in every sound run. It is judged like a claim and has no agreement."
        parts += ["## Invariants", sound]
        for claim in task.invariants:
            parts += invariant_section(claim, shown)
    if maps := of("map"):
        parts += ["## Maps", *maps]
    parts.insert(parts.index(asks) + 1, contents(parts))
    return "\n\n".join(parts) + "\n"


def _since(task: Task) -> str:
    """Say since when a task has its version, and which versions it had before."""
    days = {version.number: version.since for version in task.versions}
    if not days:
        return ""
    before = ", ".join(f"{number} of {day}" for number, day in days.items() if number != task.version)
    return f" of {days[task.version]}" + (f", which supersedes {before}" if before else "")


def _legend(task: Task) -> str:
    """Say what a row and its columns are, with the words linked to the glossary."""
    trends = any(isinstance(condition, Trend) for claim in task.claims for condition in claim.conditions)
    trend = f" A {link('trend')} is judged by its {link('log-ratio')} and by Kendall's τ." if trends else ""
    return (
        f"A row is a {link('record')}. Its {link('verdict')} comes from the "
        f"{link('estimate and interval', 'interval')} over {link('seed', 'seeds')}. Controls are other "
        f"{link('arm', 'arms')}, such as the {link('analytic arm')}. What is {link('reported only')} is not judged."
        f"{trend}"
    )


def _sources(task: Task, linked: bool) -> str:
    """Say where everything is defined. A preview has no checkout to link to."""

    def code(name: str, path: str) -> str:
        return f"[`{name}`](../vaebench/{path})" if linked else f"`{name}`"

    def room(instrument: str) -> str:
        return _in_package(*instrument_page(task.paper, instrument).parts[-2:])

    page = catalog.page("papers", task.name)
    instruments = [code(name, room(name)) for name in (*task.instruments, *task.comparisons)]
    where = [f"Experiment: {code(task.name, _in_package(*page.parts[-2:]))}"]
    if instruments:
        where.append(f"Instruments, which name their formulas: {', '.join(instruments)}")
    where.append(f"Conditions and verdicts: {code('claims', 'claims/__init__.py')}")
    if linked:
        where.append(f"Length of training: [learning curves](../{LEARNING_CURVES})")
    return details("Where this is written in code", bullets(where))


def _in_package(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder == "measures" else f"papers/{folder}/{file}"


def _image(picture: Picture) -> str:
    return f"![{escape(picture.alternative)}]({picture.path})"
