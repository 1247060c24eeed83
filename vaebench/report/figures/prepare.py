"""Prepare the figures of a task's page: what each shows, where it lies and what it says in words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from vaebench.claims import Claim, judged_names
from vaebench.papers import Task
from vaebench.report.figures import alternative
from vaebench.report.figures.prepare_curves import (
    curve_figure,
    drawn_records,
    named_measurements,
    networks_by_presence,
    overview_figure,
)
from vaebench.report.figures.prepare_forest import forest_figure
from vaebench.report.figures.prepare_maps import map_figures
from vaebench.report.figures.prepare_tally import tally_figure
from vaebench.report.figures.prepare_trades import trade_figure
from vaebench.report.figures.spec import CurveFigure, Figure, HeatFigure, OverviewFigure, TradeFigure
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.first_rows import MOST_DRAWN, first_rows, rank
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.markdown import preset_suffix, words

REPORTED = "_beside"
"""Ending of the file name of a figure of measurements that are reported only."""

TALLY = "verdicts"
"""The file name's part of the picture of all verdicts."""

F = TypeVar("F", CurveFigure, OverviewFigure, TradeFigure, HeatFigure)

Kind = Literal["tally", "estimates", "curves", "judged", "reported", "tradeoff", "map"]


@dataclass(frozen=True)
class Picture:
    """A figure of a task's page.

    Attributes:
        kind: ``tally`` of verdicts; ``estimates`` of a claim, and ``curves`` of its first measurement; all measurements
            over the knob that are ``judged`` or only ``reported``; a ``tradeoff`` or a ``map``.
        path: Its file below the board.
        alternative: What came out, in words.
        figure: What is drawn.
        claim: The claim that it belongs to; empty for other kinds.
        undrawn: How many records are not in the figure because they are too many.
    """

    kind: Kind
    path: str
    alternative: str
    figure: Figure
    claim: str = ""
    undrawn: int = 0


def drawn_rows(shown: Sequence[ShownRecord]) -> list[ShownRecord]:
    """Choose the records that a figure shows: of each data set those of the first rows.

    Args:
        shown: Records of a task and a preset.

    Returns:
        Those of `MOST_DRAWN` rows at most, in their order.
    """
    return first_rows(shown, MOST_DRAWN)


def task_pictures(task: Task, selection: Selection) -> tuple[Picture, ...]:
    """Prepare all figures of a task.

    Args:
        task: The task.
        selection: What is shown.

    Returns:
        First how all claims came out, of all records. Then, of the first rows of each data set, for each claim the
        estimates that decided it, and by data set its first measurement over the knob. Then all measurements over the
        knob, maps and trade-offs. Each preset has its own.
    """
    shown = drawn_records(selection.of_task(task.name))
    networks = networks_by_presence(selection.shown)
    pictures: list[Picture] = []
    for preset in sorted({one.row.preset for one in shown}):
        of_preset = [one for one in shown if one.row.preset == preset]
        tally = tally_figure(task, of_preset)
        said = f"{alternative.of_tally(tally)}{preset_suffix(preset)}"
        pictures += [Picture("tally", figure_path(task, TALLY, preset), said, tally)] if tally.rows else []
        for claim in task.claims:
            pictures += _of_claim(task, claim, of_preset, preset, networks)
        if task.knob is not None:
            pictures += _over_the_knob(task, of_preset, preset, networks)
        pictures += _trades(task, of_preset, preset, networks)
        pictures += _maps(task, of_preset, preset)
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
    """Prepare the estimates that decided a claim, and on each data set its first measurement over the knob.

    Yields:
        The pictures.
    """
    figure_ = forest_figure(claim, drawn_rows(shown))
    if figure_.rows and (task.knob is None or any(row.points for row in figure_.rows)):
        said_ = f"{words(claim.id)}{preset_suffix(preset)}: {alternative.of_verdicts(claim, shown)}. "
        path = figure_path(task, claim.id, preset)
        yield _picture("estimates", path, said_ + alternative.of_forest(figure_), figure_, shown, claim.id)
    for dataset in sorted({one.dataset for one in shown}) if task.knob else ():
        of_data = [one for one in shown if one.dataset == dataset]
        first = drawn_rows(of_data)
        judged, _ = named_measurements((_published_first(claim),))
        for measurement, said in judged.items():
            figure = curve_figure(task, first, measurement, said, networks)
            if figure.panels:
                where = f"{words(claim.id)} on {dataset}{preset_suffix(preset)}"
                lacks = len(distinct(first)) - alternative.drawn_models(figure)
                without = f"; {lacks} more have no such curve" if lacks > 0 else ""
                says = f"{where}: {alternative.of_verdicts(claim, of_data)}. {alternative.of_curves(figure)}{without}"
                path = figure_path(task, f"{dataset}_{claim.id}", preset)
                yield _picture("curves", path, says, _at(figure, dataset, preset), of_data, claim.id)
                break


def _picture(
    kind: Kind, path: str, said: str, figure: Figure, shown: Sequence[ShownRecord], claim: str = ""
) -> Picture:
    """A picture of the first rows of some records, which says how many it leaves out."""
    undrawn = len(shown) - len(drawn_rows(shown))
    left = f". {undrawn} more records are not drawn" if undrawn else ""
    return Picture(kind, path, said + left, figure, claim, undrawn)


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
        first = drawn_rows(of_data)
        names = [one.variant_label for one in sorted(first, key=lambda one: rank(one.row))]
        figure = overview_figure(task, first, judged, networks, names)
        if figure.panels:
            said = f"all that is judged, {where}, {alternative.of_overview(figure)}"
            yield _picture("judged", figure_path(task, dataset, preset), said, _at(figure, dataset, preset), of_data)
        figure = overview_figure(task, first, reported, networks, names)
        if figure.panels:
            said = f"what is reported only, {where}, {alternative.of_overview(figure)}"
            path = figure_path(task, dataset + REPORTED, preset)
            yield _picture("reported", path, said, _at(figure, dataset, preset), of_data)


def _trades(task: Task, shown: Sequence[ShownRecord], preset: str, networks: tuple[str, ...]) -> Iterator[Picture]:
    for dataset in sorted({one.dataset for one in shown}):
        of_data = [one for one in shown if one.dataset == dataset]
        first = drawn_rows(of_data)
        for tradeoff in task.tradeoffs:
            for measurement in tradeoff.measurements:
                figure = trade_figure(tradeoff, measurement, first, networks)
                if figure.panels:
                    part = f"{dataset}_{tradeoff.compared}_{tradeoff.against}_{measurement}"
                    said = f"trade-off on {dataset}{preset_suffix(preset)}, {alternative.of_trades(figure)}"
                    path = figure_path(task, part, preset)
                    yield _picture("tradeoff", path, said, _at(figure, dataset, preset), of_data)


def _maps(task: Task, shown: Sequence[ShownRecord], preset: str) -> Iterator[Picture]:
    for dataset, arch in sorted({(one.dataset, one.row.arch) for one in shown}):
        alike = [one for one in shown if (one.dataset, one.row.arch) == (dataset, arch)]
        for part, maps in map_figures(task, drawn_rows(alike)).items():
            said = f"map of {words(part)}{preset_suffix(preset)}, {alternative.of_heat(maps)}"
            at = _at(maps, f"{dataset}, {arch}", preset)
            yield _picture("map", figure_path(task, part, preset), said, at, alike)


def _at(figure: F, where: str, preset: str) -> F:
    """A figure whose title begins with where it was measured."""
    return replace(figure, where=f"{words(where)}{preset_suffix(preset)}")
