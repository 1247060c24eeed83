"""Write a variant's page: its source and code, its verdicts and places, what it gives, its records."""

import re
from collections.abc import Iterable, Mapping, Sequence

from vaebench.papers import Task
from vaebench.report.rows.given import GIVEN
from vaebench.report.rows.remake import json_path
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.suite import Suite
from vaebench.report.words.dated import days, measured
from vaebench.report.words.format import cell_time, plain, plus_minus
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.levels import both
from vaebench.report.words.markdown import PREVIEW, anchor, contents, escape, preset_suffix, source, table, words

UP = "../"
"""The way from a variant's page to the top of the board."""


def variant_path(shown: ShownRecord) -> str:
    """Find the page of a record's variant.

    Args:
        shown: A record.

    Returns:
        The path below the board, which names variant, code and sender where two share a name.
    """
    safe = re.sub(r"[^a-z0-9_]+", ".", shown.variant_label.lower()).strip(".")
    return f"variants/{safe}.md"


def variants_of(shown: Iterable[ShownRecord]) -> dict[str, tuple[ShownRecord, ...]]:
    """Group records by variant.

    Args:
        shown: All records of the board.

    Returns:
        The records by the path of their variant's page, in order.
    """
    found: dict[str, list[ShownRecord]] = {}
    for one in shown:
        found.setdefault(variant_path(one), []).append(one)
    return {path: tuple(found[path]) for path in sorted(found)}


def variant_page(
    suite: Suite, shown: Sequence[ShownRecord], preview: bool, places: Mapping[str, str] | None = None
) -> str:
    """Write a variant's page.

    Args:
        suite: What there is.
        shown: The records of the variant, one at least.
        preview: Whether to say that it is a preview.
        places: Its places, in Markdown, by the name of the task; tasks without one are left out.

    Returns:
        Markdown.
    """
    ordered = sorted(shown, key=lambda one: (one.subject.task.name, one.dataset, one.row))
    parts = [f"# {escape(ordered[0].variant_label)}", *([PREVIEW] if preview else [])]
    parts += [f"[Leaderboard]({UP}README.md) · [glossary]({UP}{GLOSSARY})", _about(suite, ordered, linked=not preview)]
    parts.append(f"{measured(one.record for one in ordered)}.")
    head = len(parts)
    said = (
        f"A row is a {link('record', up=UP)}. Before the slash stands the {link('verdict', up=UP)} "
        f"{link('as published', up=UP)}, behind it that {link('under controls', up=UP)}."
    )
    parts += ["## Verdicts", said]
    for task in suite.tasks:
        if of_task := [one for one in ordered if one.subject.task.name == task.name]:
            parts += [f"### [{escape(task.title)}]({UP}{task.name}.md)", _verdicts(task, of_task)]
    if places:
        parts += ["## Places", *(places[task.name] for task in suite.tasks if task.name in places)]
    gives = _gives(ordered)
    parts += ["## What it gives", gives] if gives else []
    parts += ["## Records", _records(ordered, linked=not preview)]
    parts.insert(head, contents(parts))
    return "\n\n".join(parts) + "\n"


def _about(suite: Suite, shown: Sequence[ShownRecord], linked: bool) -> str:
    """Say what the variant is, where it comes from, and which code was run."""
    info = shown[0].subject.variant
    name = next((one for one in suite.names if one.kind == "variant" and one.name == info.name), None)
    own = name is not None and not shown[0].row.sender
    code = f"[{escape(name.path)}]({UP}../{name.path})" if name and own and linked else "code"
    weight = "none declared" if info.kl_weight is None else plain(info.kl_weight)
    facts = [f"Source: {source(info.source)}", f"{code} {info.code_hash}", f"weight of the KL: {weight}"]
    return "\n\n".join([*([escape(name.says)] if name and own else []), " · ".join(facts)])


def _name(one: ShownRecord) -> str:
    return f"[{one.row.arch} · {one.dataset}{preset_suffix(one.row.preset)}]({UP}{one.path})"


def _verdicts(task: Task, shown: Sequence[ShownRecord]) -> str:
    heads = [f"[{escape(claim.id)}]({UP}{task.name}.md#{anchor(claim.id)})" for claim in task.claims]
    rows = [[_name(one), *(both(one.verdicts[claim.id]) for claim in task.claims)] for one in shown]
    return table(["Record", *heads], rows)


def _gives(shown: Sequence[ShownRecord]) -> str:
    """Write what the variant gives, where it was measured: at the first value of a knob, which is the weakest."""
    rows = []
    for one in shown:
        found, knobs = {}, set()
        for given in GIVEN:
            if first := next(filter(None, map(one.mean, given.measurements)), None):
                found[given.name] = plus_minus(first.interval)
                knobs |= {plain(first.knob)} if first.knob is not None else set()
        if found:
            at = ", ".join(sorted(knobs)) or "–"
            cells = [found.get(given.name, "–") for given in GIVEN]
            rows.append([_name(one), words(one.subject.task.name), at, *cells])
    said = f"Means over {link('seed', 'seeds', UP)}, at the first value of a {link('knob', up=UP)} where there is one."
    return f"{said}\n\n{table(['Record', 'Task', 'Knob at', *(given.head for given in GIVEN)], rows)}" if rows else ""


def _records(shown: Sequence[ShownRecord], linked: bool) -> str:
    rows = []
    for one in shown:
        path, cells = json_path(one.record), one.record.cells
        data = f"[JSON]({UP}../{path})" if path and linked else "–"
        finished = f"{sum(cell.status == 'ok' for cell in cells)} of {len(cells)}"
        time = cell_time(one.record) or "–"
        task = words(one.subject.task.name)
        rows.append([_name(one), task, data, finished, one.subject.device, time, days([one.record])])
    return table(["Record", "Task", "Data", "Seeds", "Device", "Time per cell", "Measured"], rows)
