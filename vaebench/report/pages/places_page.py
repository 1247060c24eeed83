"""Write a task's page of places: by data set, where each model stands, with its verdicts; and what rows cover."""

from collections.abc import Iterable, Mapping, Sequence

from vaebench.claims import Verdict
from vaebench.papers import Task
from vaebench.report.pages.superseded import no_records
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.shown import Row, ShownRecord
from vaebench.report.rows.standing import ByData, Coverage, Standing, coverage, shared_claims
from vaebench.report.rows.trust import row_trust_said
from vaebench.report.words.dated import measured
from vaebench.report.words.format import plus_minus
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.levels import both
from vaebench.report.words.markdown import (
    PREVIEW,
    SYMBOLS,
    anchor,
    bullets,
    contents,
    escape,
    label,
    preset_suffix,
    without_empty_last,
    words,
)

UP = "../"
"""The way from a page of places to the top of the board."""

FEW = 4
"""So many models are named that may be first."""

PLACED = "With a place"
NO_PLACE = "Run, no place"
NOT_RUN = "Not run"
CANNOT = "Cannot be"
AGAIN = "To be rerun"
ALONE = "the only model there"


def lines_of(own: Mapping[str, ByData]) -> dict[int, str]:
    """Say of each record with a place where it stands among the suite's own, once for the pages of all variants.

    Args:
        own: By task, where the suite's own models stand.

    Returns:
        A line of Markdown for the page of a variant, by the identity of the record.
    """
    found: dict[int, str] = {}
    for of_task in own.values():
        for (preset, dataset), of_data in of_task.items():
            placed = sum(one.place is not None for one in of_data)
            for one in of_data:
                for record in one.model.records if one.place else ():
                    name = f"[{record.row.arch} · {dataset}{preset_suffix(preset)}]({UP}{record.path})"
                    found[id(record)] = f"{name}: place {one.place} of {placed}" if placed > 1 else f"{name}: {ALONE}"
    return found


def places_of(shown: Sequence[ShownRecord], lines: Mapping[int, str]) -> dict[str, str]:
    """Say where a variant stands, for its page.

    One of the suite's own is placed among the suite's own, so that its page changes with no record that others send.
    Another variant is led to the page of places.

    Args:
        shown: The records of the variant.
        lines: From `lines_of`.

    Returns:
        Markdown by task.
    """
    tasks = dict.fromkeys(sorted(one.subject.task.name for one in shown))
    found = {task: f"[{words(task)}]({UP}places/{task}.md)" for task in tasks}
    ordered = sorted(shown, key=lambda one: (one.row.preset, one.dataset, one.row.arch))
    for task in found:
        of_task = [one for one in ordered if one.subject.task.name == task and one.is_own]
        if said := [lines[id(one)] for one in of_task if id(one) in lines]:
            found[task] += f", among the suite's own models\n\n{bullets(said)}"
    return found


def places_path(task: Task) -> str:
    """Say where a task's page of places lies below the board."""
    return f"places/{task.name}.md"


def places_page(task: Task, found: ByData, selection: Selection, preview: bool) -> str:
    """Write a task's page of places.

    Args:
        task: The task.
        found: Where its models stand, see `by_data`.
        selection: What is shown; rows of the suite's own count as not run where they have no record.
        preview: Whether to say that it is a preview.

    Returns:
        Markdown.
    """
    parts = [f"# Places: {escape(task.title)}", *([PREVIEW] if preview else [])]
    parts.append(f"[Leaderboard]({UP}README.md) · [the task's page]({UP}{task.name}.md) · [glossary]({UP}{GLOSSARY})")
    if not found:
        return "\n\n".join([*parts, no_records(selection.stale, task.name, UP)]) + "\n"
    parts.append(f"{measured(one.record for one in selection.of_task(task.name))}.")
    head = len(parts)
    firsts = [
        f"[{words(d)}{preset_suffix(p)}](#{anchor(words(d) + preset_suffix(p))}): {_first(of)}"
        for (p, d), of in found.items()
    ]
    parts += [f"First on each data set:\n\n{bullets(firsts)}", _legend()]
    for (preset, dataset), of_data in found.items():
        parts += [f"## {words(dataset)}{preset_suffix(preset)}", _table(task, of_data)]
    parts += ["## Coverage", _coverage(task, found, selection)]
    parts.insert(head, contents(parts))
    return "\n\n".join(parts) + "\n"


def _first(found: Sequence[Standing]) -> str:
    """Name the models that may be first; of many, say how many."""
    placed = [one for one in found if one.place]
    firsts = [one.model.label for one in placed if one.place and one.place.best == 1]
    if len(firsts) > FEW:
        return f"{len(firsts)} of {len(placed)} models cannot be told from the best, {firsts[0]} among them"
    return f"{firsts[0]}, {ALONE}" if len(placed) == 1 else ", ".join(firsts) or "no model has a place"


def _legend() -> str:
    return (
        f"A {link('place', 'place', UP)} is a range, from the rows that are significantly better or worse. Two rows "
        f"are compared by {link('agreement', up=UP)} under controls, on the claims that both have by the same "
        "measures. Each pair is tested at 5 %, without a correction for many pairs. Rows of different "
        "claims need not stand in one order: one may be better than a row above it. The mean that is shown is over the "
        "claims that all rows with a place have. High agreement says that the claims are true of a variant, not that "
        "it is a good one. Behind it: how many claims hold "
        f"{link('as published', up=UP)} and {link('under controls', up=UP)}, of those that apply. "
        f"Each claim has both words: {', '.join(map(label, SYMBOLS))}. "
        f"{link('trust', 'Trust', UP)} says how far a row was checked."
    )


def _table(task: Task, found: Sequence[Standing]) -> str:
    claims = [f"[{escape(claim.id)}]({UP}{task.name}.md#{anchor(claim.id)})" for claim in task.claims]
    shared = shared_claims(found)
    rows = []
    for one in found:
        verdicts = one.model.first.verdicts
        agreement = one.agreement_on(shared)
        shown = plus_minus(agreement) if agreement else ""
        name = f"[{one.model.label}]({UP}{one.model.first.path})"
        marks = [both(verdicts[claim.id]) for claim in task.claims]
        trust = row_trust_said(record.record for record in one.model.records)
        rows.append([str(one.place or "–"), name, shown, _holds(verdicts.values()), *marks, trust])
    on = f"Agreement on {f'{len(shared)} shared claims' if len(shared) != 1 else escape(shared[0])}"
    return without_empty_last(["Place", "Variant · network", on, "Hold", *claims, "Trust"], rows)


def _holds(verdicts: Iterable[Verdict]) -> str:
    """For example ``3 / 2 of 4``: as published, and under controls."""
    applicable = [one for one in verdicts if one.word != "not applicable"]
    published = sum(one.published.word == "holds" for one in applicable)
    return f"{published} / {sum(one.word == 'holds' for one in applicable)} of {len(applicable)}"


def _coverage(task: Task, found: ByData, selection: Selection) -> str:
    """A line a row. A row that somebody sent is listed only where it has a record of this task."""
    by_row: dict[Row, list[tuple[str, Standing]]] = {}
    for (_, dataset), of_data in found.items():
        for one in of_data:
            for record in one.model.records:
                by_row.setdefault(record.row, []).append((dataset, one))
    old: dict[tuple[str, str], set[str]] = {}
    for subject in (record.subject for record in selection.superseded):
        if subject.task.name == task.name:
            old.setdefault((subject.variant.name, subject.arch), set()).add(subject.dataset.name)
    lines = []
    for row, name in selection.labels.items():
        if row in by_row or not row.sender:
            waits = old.pop((row.variant, row.arch), set()) if not row.sender else set()
            lines.append(_line(coverage(task, name, row.variant, row.arch, by_row.get(row, ()), waits), row.preset))
    for (variant, arch), waits in sorted(old.items()):
        lines.append(_line(coverage(task, escape(f"{variant} · {arch}"), variant, arch, (), waits)))
    by_name = f" {', '.join(map(words, task.also_on))} are run by name, and stand here only if they were."
    said = f"Nothing is filled in for what is missing.{by_name if task.also_on else ''}"
    return f"{said}\n\n{without_empty_last(['Row', PLACED, NO_PLACE, NOT_RUN, CANNOT, AGAIN], lines)}"


def _line(one: Coverage, preset: str = "standard") -> list[str]:
    parts = (one.placed, one.unsound, one.not_run, one.cannot, one.superseded)
    return [f"{one.row}{preset_suffix(preset)}", *(", ".join(map(escape, part)) for part in parts)]
