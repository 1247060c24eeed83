"""Write what each variant gives: reconstruction, prior outliers, damage under attack, active units.

These are measurements that records hold, not verdicts. A variant that has nothing left to gain can fail a claim and
still give the best network.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vaebench.claims import Interval
from vaebench.report.pages.variant_page import variant_path
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.given import GIVEN, Given
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.shown import Row, ShownRecord
from vaebench.report.suite import Suite
from vaebench.report.words.dated import measured
from vaebench.report.words.format import plain, plus_minus
from vaebench.report.words.glossary import GLOSSARY
from vaebench.report.words.markdown import PREVIEW, escape, table, words
from vaebench.results.record import Record

PAGE = "what_you_get.md"
"""The page's file at the top of the board."""

FIRST = 20
"""So many rows stand on the front page; the rest is on the page."""


@dataclass(frozen=True)
class Gives:
    """What one row gives.

    Attributes:
        label: The row's name.
        path: The page of its variant, below the board.
        is_own: Whether it is one of the suite's own.
        found: By name, the interval over seeds and the knob value that it is read at.
        models: Which distinct models its numbers are of.
        records: The records that its numbers are of.
    """

    label: str
    path: str
    is_own: bool
    found: Mapping[str, tuple[Interval, float | None]]
    models: frozenset[int]
    records: tuple[Record, ...] = ()


def gives(selection: Selection) -> tuple[Gives, ...]:
    """Read from the records of the standard preset what each row gives.

    Args:
        selection: What is shown.

    Returns:
        Rows that have any of it, by unexplained variance, rising; rows without that come last.
    """
    of_row: dict[Row, dict[str, ShownRecord]] = {}
    for one in selection.shown:
        if one.row.preset == "standard":
            of_row.setdefault(one.row, {})[f"{one.subject.task.name} {one.dataset}"] = one
    sources = {f"{task} {given.dataset}" for given in GIVEN for task, _ in given.sources}
    used = [one for records in of_row.values() for name, one in records.items() if name in sources]
    model_of = {id(one): place for place, model in enumerate(distinct(used)) for one in model.records}
    rows = []
    for row, records in of_row.items():
        read = {given.name: _read(given, records) for given in GIVEN}
        found = {name: one for name, one in read.items() if one}
        if found:
            path = variant_path(next(iter(records.values())))
            of = [one for name, one in records.items() if name in sources]
            models, read_of = frozenset(model_of[id(one)] for one in of), tuple(one.record for one in of)
            rows.append(Gives(selection.labels[row], path, not row.sender, found, models, read_of))
    return tuple(sorted(rows, key=_order))


def _order(one: Gives) -> tuple[float, str]:
    first = one.found.get(GIVEN[0].name)
    return (first[0].estimate if first else float("inf"), one.label)


def _read(given: Given, records: Mapping[str, ShownRecord]) -> tuple[Interval, float | None] | None:
    for task, measurement in given.sources:
        shown = records.get(f"{task} {given.dataset}")
        if shown and (found := shown.mean(measurement)):
            return found.interval, found.knob
    return None


def gives_table(rows: Sequence[Gives], there: Suite) -> str:
    """Write the table. The best number of each column is bold, with all that cannot be told from it.

    Args:
        rows: From `gives`.
        there: What there is: the tasks that the columns are from.

    Returns:
        Markdown, with a line that says what the columns are.
    """
    given = [one for one in GIVEN if any(one.name in row.found for row in rows)]
    knobs = {g.name: {one.found[g.name][1] for one in rows if g.name in one.found} for g in given}
    heads = [g.head for g in given]
    most = {g.name: max(one.found[g.name][0].n for one in rows if g.name in one.found) for g in given}
    best = {g.name: _best(g, rows, most[g.name]) for g in given}
    lines = []
    for alike in _alike(rows):
        one = alike[0]
        cells = []
        for thing in given:
            found = one.found.get(thing.name)
            text = plus_minus(found[0]) if found else ""
            if found and found[0].n < most[thing.name]:
                cells.append(f"{text} ({found[0].n} seeds)")
            else:
                cells.append(f"**{text}**" if found and _is_best(found[0], best[thing.name]) else text)
        lines.append([" = ".join(f"[{same.label}]({same.path})" for same in alike), *cells])
    said = "; ".join(
        f"*{g.name.lower()}*: {escape(g.says + _at(g, knobs[g.name], there))} ({_tasks(g, there)})" for g in given
    )
    bold = "Bold: the best of a column, and all that do not differ from it significantly, where no seed is missing."
    empty = "Empty: the task that measures it has no record of the row, or does not apply to it."
    return f"On {GIVEN[0].dataset}, mean ± half of the 95 % interval over seeds. {said}. {bold} {empty}\n\n" + table(
        ["Variant · network", *heads], lines
    )


def _alike(rows: Iterable[Gives]) -> list[list[Gives]]:
    """Put rows together whose models are the same under every task that a column is from."""
    found: dict[frozenset[int], list[Gives]] = {}
    for one in rows:
        found.setdefault(one.models, []).append(one)
    return [*found.values()]


def _tasks(given: Given, there: Suite) -> str:
    """Name a column's tasks, each with its number of latent units: no two columns need be of one model."""
    return ", ".join(
        f"[{words(task.partition('_')[2])}]({task}.md){_units(task, given, there)}" for task, _ in given.sources
    )


def _units(task: str, given: Given, there: Suite) -> str:
    known = there.by_name.get(task)
    budget = known.budget("standard", given.dataset) if known and "standard" in known.budgets else None
    return f", {budget.latent} latent units" if budget else ""


def _at(given: Given, knobs: Iterable[float | None], there: Suite) -> str:
    """Say at which value of its task's knob it is read."""
    values = sorted(one for one in knobs if one is not None)
    tasks = (there.by_name.get(name) for name, _ in given.sources)
    symbol = next((task.knob.symbol for task in tasks if task and task.knob), "knob value")
    return f", at {symbol} = {', '.join(map(plain, values))}" if values else ""


def _best(given: Given, rows: Iterable[Gives], seeds: int) -> Interval | None:
    """The best number of as many seeds; None if neither way is better."""
    every = (one.found[given.name][0] for one in rows if given.name in one.found)
    found = [one for one in every if one.n == seeds]
    if not given.better or not found:
        return None
    return (min if given.better == "↓" else max)(found, key=lambda one: one.estimate)


def _is_best(one: Interval, best: Interval | None) -> bool:
    """Whether a number cannot be told from the best of as many seeds, by the test that gives places.

    That is Welch's with the degrees of freedom of one row: both half widths are as many standard errors.
    """
    if best is None or one is best or one.low is None or best.low is None:
        return one is best
    return abs(one.estimate - best.estimate) <= math.hypot(one.estimate - one.low, best.estimate - best.low)


def gives_page(rows: Sequence[Gives], there: Suite, preview: bool) -> str:
    """Write the page with all rows.

    Args:
        rows: From `gives`.
        there: What there is.
        preview: Whether to say that it is a preview.

    Returns:
        Markdown.
    """
    parts = ["# What you get from each variant", *([PREVIEW] if preview else [])]
    when = f"{measured(record for row in rows for record in row.records)}."
    parts += [f"[Leaderboard](README.md) · [glossary]({GLOSSARY})", when, gives_table(rows, there)]
    return "\n\n".join(parts) + "\n"
