"""Write a task's page: what came out, how it was done, and the verdict on each claim, record by record."""

from collections.abc import Mapping, Sequence

from vaebench import catalog
from vaebench.claims import Trend
from vaebench.papers import Task, instrument_page
from vaebench.report.figures.prepare import Kind, Picture
from vaebench.report.pages.claim_section import REPORTED, claim_section, invariant_section
from vaebench.report.pages.claims_table import NO_CONTROL
from vaebench.report.pages.places_page import places_path
from vaebench.report.pages.protocol import protocol_table, what_a_cell_took
from vaebench.report.pages.records_page import records_path
from vaebench.report.pages.superseded import no_records, superseded_line
from vaebench.report.pages.tolerances import tolerance_table
from vaebench.report.rows.distinct import Model, counted_models, distinct
from vaebench.report.rows.first_rows import MOST_DRAWN, MOST_LISTED, first_rows
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.tables.taken_away import DATA, VERDICTS_CSV
from vaebench.report.words.changes import CHANGES
from vaebench.report.words.citation import CITE
from vaebench.report.words.dated import measured
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.levels import LEVEL_HEADS, has_controls, tally
from vaebench.report.words.markdown import (
    PREVIEW,
    anchor,
    bullets,
    contents,
    details,
    escape,
    source,
    table,
    words,
)

NO_BREAK = "\u00a0"
"""A space that no line is broken at."""

OURS = "**Choices that are ours**"
"""What comes before the table of choices on a task's page."""

PICTURES = {"gracyk2025_kahler_sampling": "reference_results/pictures/README.md"}
"""By task, pictures of what its instruments look at."""

LEARNING_CURVES = "reference_results/learning_curves/README.md"
"""Measurements over the number of training steps. The tasks' budgets follow from them."""


FIRST_ROWS = f"A figure below shows at most {MOST_DRAWN} rows of a data set, a table {MOST_LISTED}."


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
    parts = [f"# {escape(task.title)}", *([PREVIEW] if preview else []), _links(task)]
    knob = f" The {link('knob')} is the {words(task.knob.name)}, {task.knob.symbol}." if task.knob else ""
    parts.append(f"**{escape(task.asks)}**{knob}")
    head = len(parts)
    models = distinct(shown)
    parts += ["## Results", *_results(task, models, selection, pictures, findings)]
    costs = what_a_cell_took(one.record for one in shown if one.is_own)
    parts += ["## Protocol", protocol_table(task), *([costs] if costs else [])]
    ours, definitions = definitions_of(catalog.task_text(task.name))
    parts += ["## Theirs and ours", ours] if ours else []
    parts += ["## Definitions", definitions, _sources(task, linked=not preview)]
    parts += _tables(task, shown, models, pictures, general or {}) if shown else []
    parts.insert(head, contents(parts))
    return "\n\n".join(parts) + "\n"


def _links(task: Task) -> str:
    pages = [("all tasks", "README.md"), ("places", places_path(task)), ("records", records_path(task))]
    pages += [("glossary", GLOSSARY), ("data", DATA), ("changes", CHANGES), ("cite", CITE)]
    linked = " · ".join(f"[{name}]({path})" for name, path in pages)
    return f"{source(task.source)} · version {task.version}{_since(task)} · {linked}"


def _results(
    task: Task, models: Sequence[Model], selection: Selection, pictures: Sequence[Picture], findings: str
) -> list[str]:
    """Say what came out: a picture, a line a claim, and findings."""
    if not models:
        return [no_records(selection.stale, task.name)]
    apart = superseded_line(selection.stale, task.name)
    counted = counted_models(task, models) or models
    lines = []
    for claim in task.claims:
        verdicts = [one.first.verdicts[claim.id] for one in counted]
        two = has_controls(claim)
        counts = [tally(verdicts, published=True), tally(verdicts, published=False) if two else NO_CONTROL]
        name = f"[{escape(claim.id)}](#{anchor(claim.id)})"
        lines.append([name, *((count or "–").replace(" ", NO_BREAK) for count in counts), escape(claim.says)])
    when = measured(record.record for one in models for record in one.records)
    said = f"{len(counted)} different models by {link('verdict')}. {when}."
    heads = ["Claim", *(link(level.lower(), level) for level in LEVEL_HEADS), "Statement"]
    return [*_images(pictures, "tally"), said, *filter(None, (apart, table(heads, lines), findings))]


def _tables(
    task: Task,
    shown: Sequence[ShownRecord],
    models: Sequence[Model],
    pictures: Sequence[Picture],
    general: Mapping[str, str],
) -> list[str]:
    """Write what decides each claim, record by record, and all that was measured."""
    few = any(one.undrawn for one in pictures)
    listed = first_rows(shown, MOST_LISTED)
    parts = ["## Claims", _legend(task) + (f" {FIRST_ROWS}" if few else "")]
    if len(listed) < len(shown):
        ways = f"[all records]({records_path(task)}) lead to their verdicts, and [the CSV]({VERDICTS_CSV}) has all"
        parts.append(f"{len(shown) - len(listed)} more records are not in the tables below; {ways}.")
    for claim in task.claims:
        images = " ".join(_image(one) for one in pictures if one.claim == claim.id)
        heading, says, *others = claim_section(claim, shown, listed, general.get(claim.id, ""), models)
        parts += [heading, says, *([images] if images else []), *others]
    counted = [one.first for one in counted_models(task, models)]
    parts += [tolerances] if (tolerances := tolerance_table(task.claims, counted)) else []
    if judged := _images(pictures, "judged"):
        parts += [f"## Measurements over the {words(task.knob.name) if task.knob else 'knob'}", *judged]
    if reported := _images(pictures, "reported"):
        parts.append(details(REPORTED, *reported))
    if trades := _images(pictures, "tradeoff"):
        parts += ["## Trade-offs", *trades]
    if task.invariants:
        sound = f"An {link('invariant')} holds in every sound run. It is judged like a claim and has no agreement."
        parts += ["## Invariants", sound]
        for claim in task.invariants:
            parts += invariant_section(claim, listed)
    if maps := _images(pictures, "map"):
        parts += ["## Maps", *maps]
    return parts


def definitions_of(text: str) -> tuple[str, str]:
    """Split what a task's page says.

    Args:
        text: Its docstring without the first line.

    Returns:
        The table of choices, theirs and ours, and all that stands before it.
    """
    before, _, after = text.partition(f"{OURS}\n")
    return after.strip(), before.strip()


def _images(pictures: Sequence[Picture], kind: Kind) -> list[str]:
    """All pictures of a kind in one paragraph: side by side where the page is wide."""
    images = " ".join(_image(one) for one in pictures if one.kind == kind)
    return [images] if images else []


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
        "A row is a record. Its verdict comes from the "
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
    if linked and task.name in PICTURES:
        where.append(f"Samples, reconstructions and outliers: [pictures](../{PICTURES[task.name]})")
    if linked:
        where.append(f"Length of training: [learning curves](../{LEARNING_CURVES})")
    return details("Where this is written in code", bullets(where))


def _in_package(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder == "measures" else f"papers/{folder}/{file}"


def _image(picture: Picture) -> str:
    return f"![{escape(picture.alternative)}]({picture.path})"
