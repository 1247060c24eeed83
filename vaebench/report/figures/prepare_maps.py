"""Prepare maps: measurements of which each is one entry, by row and column."""

import math
from collections.abc import Iterable, Sequence

from vaebench.claims import Column, map_entry
from vaebench.papers import Task
from vaebench.report.figures.spec import HeatFigure, HeatPanel
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.format import plain
from vaebench.report.words.markdown import words

AXES = {
    "to_the_end": ("likeness of a layer to its end (debiased CKA, mean over seeds)", "step", "layer"),
    "across_seeds": (
        "likeness of layers of two seeds (debiased CKA, mean over seeds)",
        "layer of one seed",
        "layer of the other",
    ),
}
"""What maps show: their values, rows and columns; a map that is not here goes by its name."""


def map_figures(task: Task, shown: Iterable[ShownRecord]) -> dict[str, HeatFigure]:
    """Prepare the maps of a task's records of one preset.

    Args:
        task: The task.
        shown: The records.

    Returns:
        Figures, one for each data set, architecture and map, by the part of their path that says so.
    """
    panels: dict[tuple[str, str, str], list[HeatPanel]] = {}
    for one in sorted(shown, key=lambda one: one.row_label):
        for name, columns in _maps(one).items():
            panels.setdefault((one.dataset, one.row.arch, name), []).append(_panel(task, one.variant_label, columns))
    figures = {}
    for key, of_map in sorted(panels.items()):
        what, rows, across = AXES.get(key[2], (words(key[2]), "", ""))
        figures[" ".join(key)] = HeatFigure(what, rows, across, tuple(of_map))
    return figures


def _maps(shown: ShownRecord) -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    for name, columns in shown.columns.items():
        if key := map_entry(name):
            found.setdefault(key[0], []).extend(column for column in columns if column.arm == "trained")
    return {name: columns for name, columns in found.items() if columns}


def _panel(task: Task, name: str, columns: Sequence[Column]) -> HeatPanel:
    """Lay entries out in the order in which they were measured."""
    by_entry = {(map_entry(column.name) or ("", "", ""))[1:]: column for column in columns}
    rows = tuple(dict.fromkeys(row for row, _ in by_entry))
    across = tuple(dict.fromkeys(column for _, column in by_entry))
    knob = columns[0].knob
    setting = "" if knob is None else f" · {task.knob.symbol if task.knob else 'knob'} = {plain(knob)}"

    def mean(row: str, column: str) -> float | None:
        found = by_entry.get((row, column))
        return math.fsum(found.values) / len(found.values) if found else None

    values = tuple(tuple(mean(row, column) for column in across) for row in rows)
    return HeatPanel(f"{name}{setting}", tuple(map(words, rows)), tuple(map(words, across)), values)
