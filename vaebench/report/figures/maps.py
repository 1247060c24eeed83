"""Take maps from records: measurements of which each is one entry, by row and column."""

import math
from collections.abc import Sequence

from vaebench.claims import Column, map_entry
from vaebench.report.figures.plots import HeatFigure, HeatPanel
from vaebench.report.numbers import plain
from vaebench.report.selection import Selection, entry
from vaebench.report.task_text import TaskText
from vaebench.report.text import words
from vaebench.results.record import Record

AXES = {
    "to_the_end": ("likeness of a layer to its end (debiased CKA, mean over seeds)", "step", "layer"),
    "across_seeds": (
        "likeness of layers of two seeds (debiased CKA, mean over seeds)",
        "layer of one seed",
        "layer of the other",
    ),
}
"""What maps show: their values, rows and columns; a map that is not here goes by its name."""


def map_figures(task: TaskText, records: Sequence[Record], selection: Selection) -> dict[str, HeatFigure]:
    """Prepare the maps of a task's records of one preset.

    Args:
        task: The task.
        records: The records.
        selection: Where they come from.

    Returns:
        Figures, one for each data set, architecture and map, by the part of their path that says so.
    """
    panels: dict[tuple[str, str, str], list[HeatPanel]] = {}
    for record in sorted(records, key=lambda record: selection.labels[entry(record)]):
        for name, columns in _maps(record).items():
            place = (record.subject.dataset.name, record.subject.arch, name)
            label = selection.labels[entry(record)].replace(f" · {record.subject.arch}", "", 1)
            panels.setdefault(place, []).append(_panel(task, label, columns))
    figures = {}
    for place, of_map in sorted(panels.items()):
        what, rows, across = AXES.get(place[2], (words(place[2]), "", ""))
        figures[" ".join(place)] = HeatFigure(what, rows, across, tuple(of_map))
    return figures


def _maps(record: Record) -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    for column in record.measurements:
        if (place := map_entry(column.name)) and column.arm == "trained" and column.values:
            found.setdefault(place[0], []).append(column)
    return found


def _panel(task: TaskText, name: str, columns: Sequence[Column]) -> HeatPanel:
    """Lay entries out in the order in which they were read."""
    by_place = {(map_entry(column.name) or ("", "", ""))[1:]: column for column in columns}
    rows = tuple(dict.fromkeys(row for row, _ in by_place))
    across = tuple(dict.fromkeys(column for _, column in by_place))
    knob = columns[0].knob
    setting = "" if knob is None else f" · {task.knob_symbol or words(task.knob_name or 'knob')} = {plain(knob)}"

    def mean(row: str, column: str) -> float | None:
        found = by_place.get((row, column))
        return math.fsum(found.values) / len(found.values) if found else None

    values = tuple(tuple(mean(row, column) for column in across) for row in rows)
    return HeatPanel(f"{words(name)}{setting}", tuple(map(words, rows)), tuple(map(words, across)), values)
