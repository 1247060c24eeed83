"""Prepare the figures of a task's page: what each shows, where it lies and what it is called."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from vaebench.papers import Task
from vaebench.report.figures.prepare_curves import curve_figure, named_measurements, variants_by_presence
from vaebench.report.figures.prepare_forest import forest_figure
from vaebench.report.figures.prepare_maps import map_figures
from vaebench.report.figures.prepare_trades import trade_figure
from vaebench.report.figures.spec import Figure
from vaebench.report.markdown import preset_suffix, words
from vaebench.report.selection import Selection
from vaebench.report.shown import ShownRecord

REPORTED = "_beside"
"""Ending of the file name of a figure of measurements that are reported only."""

Kind = Literal["estimates", "judged", "reported", "tradeoff", "map"]


@dataclass(frozen=True)
class Picture:
    """A figure of a task's page.

    Attributes:
        kind: ``estimates`` of a claim, measurements over the knob that are ``judged`` or only ``reported``, a
            ``tradeoff`` or a ``map``.
        path: Its file below the board.
        alternative: What it shows, in words.
        figure: What is drawn.
        claim: The claim whose estimates it shows; empty for other kinds.
    """

    kind: Kind
    path: str
    alternative: str
    figure: Figure
    claim: str = ""


def task_pictures(task: Task, selection: Selection) -> tuple[Picture, ...]:
    """Prepare all figures of a task.

    Args:
        task: The task.
        selection: What is shown.

    Returns:
        With a knob, two figures for each data set, of what is judged and of what is reported only. Without, one for
        each claim. Then maps by data set and architecture, and trade-offs by data set. Each preset has its own.
    """
    shown = selection.of_task(task.name)
    variants = variants_by_presence(selection.shown)
    pictures: list[Picture] = []
    for preset in sorted({one.row.preset for one in shown}):
        of_preset = [one for one in shown if one.row.preset == preset]
        if task.knob is None:
            pictures += _of_claims(task, of_preset, preset)
        else:
            pictures += _over_the_knob(task, of_preset, preset, variants)
        pictures += _trades(task, of_preset, preset)
        for part, maps in map_figures(task, of_preset).items():
            name = f"map of {words(part)}{preset_suffix(preset)}"
            pictures.append(Picture("map", figure_path(task, part, preset), name, maps))
    return tuple(pictures)


def figure_path(task: Task, part: str, preset: str) -> str:
    """Name a figure's file.

    Args:
        task: The task.
        part: The data set or claim it shows; what is no letter, digit or underscore becomes an underscore.
        preset: The preset.

    Returns:
        The path below the board.
    """
    safe = re.sub(r"[^a-z0-9_]", "_", part)
    return f"figures/{task.name}.{safe}{'' if preset == 'standard' else f'.{preset}'}.svg"


def _of_claims(task: Task, shown: Sequence[ShownRecord], preset: str) -> Iterator[Picture]:
    for claim in task.claims:
        figure = forest_figure(claim, shown)
        if figure.rows:
            name = f"estimates for {words(claim.id)}{preset_suffix(preset)}"
            yield Picture("estimates", figure_path(task, claim.id, preset), name, figure, claim.id)


def _over_the_knob(
    task: Task, shown: Sequence[ShownRecord], preset: str, variants: tuple[str, ...]
) -> Iterator[Picture]:
    judged, reported = named_measurements(task.claims)
    knob = words(task.knob.name) if task.knob else ""
    for dataset in sorted({one.dataset for one in shown}):
        of_data = [one for one in shown if one.dataset == dataset]
        where = f"{words(dataset)}{preset_suffix(preset)}"
        figure = curve_figure(task, of_data, judged, variants)
        if figure.panels:
            name = f"measurements over the {knob} on {where}"
            yield Picture("judged", figure_path(task, dataset, preset), name, figure)
        figure = curve_figure(task, of_data, reported, variants)
        if figure.panels:
            name = f"measurements that are reported only, over the {knob}, on {where}"
            yield Picture("reported", figure_path(task, dataset + REPORTED, preset), name, figure)


def _trades(task: Task, shown: Sequence[ShownRecord], preset: str) -> Iterator[Picture]:
    for dataset in sorted({one.dataset for one in shown}):
        of_data = [one for one in shown if one.dataset == dataset]
        for tradeoff in task.tradeoffs:
            part = f"{dataset}_{tradeoff.against}"
            figure = trade_figure(tradeoff, of_data)
            if figure.panels:
                name = f"trade-off of {words(part)}{preset_suffix(preset)}"
                yield Picture("tradeoff", figure_path(task, part, preset), name, figure)
