"""Prepare the figures of a task's page: what each shows, where it lies and what it says in words."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vaebench.claims import Claim, judged_names
from vaebench.papers import Task
from vaebench.report.figures import alternative
from vaebench.report.figures.prepare_curves import (
    curve_figure,
    named_measurements,
    networks_by_presence,
    overview_figure,
)
from vaebench.report.figures.prepare_forest import forest_figure
from vaebench.report.figures.prepare_maps import map_figures
from vaebench.report.figures.prepare_tally import tally_figure
from vaebench.report.figures.prepare_trades import trade_figure
from vaebench.report.figures.spec import Figure
from vaebench.report.markdown import preset_suffix, words
from vaebench.report.selection import Selection
from vaebench.report.sent import THIS_RUN
from vaebench.report.shown import ShownRecord

REPORTED = "_beside"
"""Ending of the file name of a figure of measurements that are reported only."""

TALLY = "verdicts"
"""The file name's part of the picture of all verdicts."""

MOST_DRAWN = 24
"""A figure shows so many rows: its panels, three side by side, fill the height of a screen; no eye compares more."""

Kind = Literal["tally", "estimates", "curves", "judged", "reported", "tradeoff", "map"]


@dataclass(frozen=True)
class Picture:
    """A figure of a task's page.

    Attributes:
        kind: ``tally`` of verdicts; ``estimates`` of a claim, or ``curves`` of its first measurement; all measurements
            over the knob that are ``judged`` or only ``reported``; a ``tradeoff`` or a ``map``.
        path: Its file below the board.
        alternative: What came out, in words.
        figure: What is drawn.
        claim: The claim that it belongs to; empty for other kinds.
    """

    kind: Kind
    path: str
    alternative: str
    figure: Figure
    claim: str = ""


def drawn_records(shown: Sequence[ShownRecord]) -> list[ShownRecord]:
    """Choose the records that figures show: the suite's own and a previewed run's, so that nobody can crowd them.

    Args:
        shown: All records of a task.

    Returns:
        Those; all where there is none of them.
    """
    return [one for one in shown if one.row.sender in {"", THIS_RUN}] or list(shown)


def first_rows(shown: Sequence[ShownRecord]) -> list[ShownRecord]:
    """Choose the records whose rows a figure shows: all where they are few, else the first, the suite's own before all.

    Args:
        shown: Records of a task and a preset.

    Returns:
        Those of at most `MOST_DRAWN` rows, in their order.
    """
    first = set(sorted({one.row for one in shown}, key=lambda row: (bool(row.sender), row))[:MOST_DRAWN])
    return [one for one in shown if one.row in first]


def left_undrawn(shown: Sequence[ShownRecord]) -> str:
    """Say that figures do not show all rows.

    Args:
        shown: Records of a task.

    Returns:
        A sentence; empty where all rows of each preset are shown.
    """
    of_preset = Counter(row.preset for row in {one.row for one in drawn_records(shown)})
    rows = max(of_preset.values(), default=0)
    return f"Figures show the first {MOST_DRAWN} of {rows} rows, tables all." if rows > MOST_DRAWN else ""


def task_pictures(task: Task, selection: Selection) -> tuple[Picture, ...]:
    """Prepare all figures of a task.

    Args:
        task: The task.
        selection: What is shown.

    Returns:
        First how all claims came out, of all rows. Then, of the first rows, for each claim its first measurement over
        the knob by data set, or without a knob its estimates. Then all measurements over the knob, maps and trade-offs.
        Each preset has its own.
    """
    shown = drawn_records(selection.of_task(task.name))
    networks = networks_by_presence(drawn_records(selection.shown))
    pictures: list[Picture] = []
    for preset in sorted({one.row.preset for one in shown}):
        every = [one for one in shown if one.row.preset == preset]
        of_preset, undrawn = first_rows(every), left_undrawn(every)
        tally = tally_figure(task, every)
        said = f"{alternative.of_tally(tally)}{preset_suffix(preset)}"
        pictures += [Picture("tally", figure_path(task, TALLY, preset), said, tally)] if tally.rows else []
        of_rows: list[Picture] = []
        for claim in task.claims:
            of_rows += _of_claim(task, claim, of_preset, preset, networks)
        if task.knob is not None:
            of_rows += _over_the_knob(task, of_preset, preset, networks)
        of_rows += _trades(task, of_preset, preset, networks)
        for part, maps in map_figures(task, of_preset).items():
            said = f"map of {words(part)}{preset_suffix(preset)}, {alternative.of_heat(maps)}"
            of_rows.append(Picture("map", figure_path(task, part, preset), said, maps))
        pictures += [replace(o, alternative=f"{o.alternative}. {undrawn}") for o in of_rows] if undrawn else of_rows
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


def _of_claim(
    task: Task, claim: Claim, shown: Sequence[ShownRecord], preset: str, networks: tuple[str, ...]
) -> Iterator[Picture]:
    """Prepare a claim's first measurement over the knob, on each data set; its estimates where it has none.

    Yields:
        The pictures.
    """
    found = False
    for dataset in sorted({one.dataset for one in shown}) if task.knob else ():
        of_data = [one for one in shown if one.dataset == dataset]
        judged, _ = named_measurements((_published_first(claim),))
        for measurement, said in judged.items():
            figure = curve_figure(task, of_data, measurement, said, networks)
            if figure.panels:
                where = f"{words(claim.id)} on {dataset}{preset_suffix(preset)}"
                says = f"{where}: {alternative.of_verdicts(claim, of_data)}. {alternative.of_curves(figure)}"
                path = figure_path(task, f"{dataset}_{claim.id}", preset)
                yield Picture("curves", path, says, figure, claim.id)
                found = True
                break
    figure_ = forest_figure(claim, shown)
    if figure_.rows and not found and (task.knob is None or any(row.points for row in figure_.rows)):
        said_ = f"{words(claim.id)}{preset_suffix(preset)}: {alternative.of_verdicts(claim, shown)}. "
        path = figure_path(task, claim.id, preset)
        yield Picture("estimates", path, said_ + alternative.of_forest(figure_), figure_, claim.id)


def _published_first(claim: Claim) -> Claim:
    """Put the paper's own measures before controls: the picture shows the first."""
    ordered = sorted(claim.conditions, key=lambda condition: condition.role == "control")
    return replace(claim, conditions=tuple(ordered))


def _over_the_knob(
    task: Task, shown: Sequence[ShownRecord], preset: str, networks: tuple[str, ...]
) -> Iterator[Picture]:
    judged = judged_names(task.claims)
    _, reported = named_measurements(task.claims)
    for dataset in sorted({one.dataset for one in shown}):
        of_data = [one for one in shown if one.dataset == dataset]
        where = f"on {dataset}{preset_suffix(preset)}"
        figure = overview_figure(task, of_data, judged, networks)
        if figure.panels:
            said = f"all that is judged, {where}, {alternative.of_overview(figure)}"
            yield Picture("judged", figure_path(task, dataset, preset), said, figure)
        figure = overview_figure(task, of_data, reported, networks)
        if figure.panels:
            said = f"what is reported only, {where}, {alternative.of_overview(figure)}"
            yield Picture("reported", figure_path(task, dataset + REPORTED, preset), said, figure)


def _trades(task: Task, shown: Sequence[ShownRecord], preset: str, networks: tuple[str, ...]) -> Iterator[Picture]:
    for dataset in sorted({one.dataset for one in shown}):
        of_data = [one for one in shown if one.dataset == dataset]
        for tradeoff in task.tradeoffs:
            for measurement in tradeoff.measurements:
                figure = trade_figure(tradeoff, measurement, of_data, networks)
                if figure.panels:
                    part = f"{dataset}_{tradeoff.compared}_{tradeoff.against}_{measurement}"
                    said = f"trade-off on {dataset}{preset_suffix(preset)}, {alternative.of_trades(figure)}"
                    yield Picture("tradeoff", figure_path(task, part, preset), said, figure)
