"""Take from a task's records what its figures show: measurements over the knob, or a forest of estimates a claim."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vaebench.claims import (
    Beyond,
    Claim,
    Column,
    Condition,
    Exceeds,
    Near,
    Outpaces,
    Tradeoff,
    Trend,
    Verdict,
    t_interval,
)
from vaebench.report.figures.maps import map_figures
from vaebench.report.figures.plots import (
    Curve,
    CurveFigure,
    CurvePanel,
    Figure,
    ForestFigure,
    ForestPanel,
    ForestPoint,
    ForestRow,
    TradeFigure,
)
from vaebench.report.figures.tradeoffs import trade_figure
from vaebench.report.numbers import OF_WHAT, plain
from vaebench.report.selection import Selection, entry
from vaebench.report.task_text import TaskText
from vaebench.report.text import words
from vaebench.results.record import Record

BESIDE = "_beside"
"""Behind the name of a data set, what the figure of the measurements that no claim judges is called."""

Said = tuple[str, float | None, float | None]
"""What is claimed of a measurement's value: in words, and the ends of its region."""


def task_figures(task: TaskText, selection: Selection) -> dict[str, Figure]:
    """Prepare all figures of a task.

    Args:
        task: The task.
        selection: What is shown.

    Returns:
        Figures by their path below the board: with a knob two a data set, of what is judged and of what stands beside,
        else one a claim; the maps, by data set and architecture; and the trade-offs, by data set; apart for each
        preset.
    """
    figures: dict[str, Figure] = {}
    records = selection.of_task(task.name)
    for preset in sorted({record.subject.preset for record in records}):
        of_preset = [record for record in records if record.subject.preset == preset]
        if task.knob_name is None:
            for claim in of_preset[0].claims:
                if (forest := forest_figure(claim, of_preset, selection)).rows:
                    figures[figure_path(task, claim.id, preset)] = forest
        else:
            for dataset in sorted({record.subject.dataset.name for record in of_preset}):
                of_data = [record for record in of_preset if record.subject.dataset.name == dataset]
                for part, measurements in _named_measurements(of_data[0].claims).items():
                    if (figure := curve_figure(task, of_data, selection, measurements)).panels:
                        figures[figure_path(task, dataset + part, preset)] = figure
        for part, maps in map_figures(task, of_preset, selection).items():
            figures[figure_path(task, part, preset)] = maps
        for part, trades in _trade_figures(task, of_preset, selection).items():
            figures[figure_path(task, part, preset)] = trades
    return figures


def tradeoff_parts(task: TaskText, records: Iterable[Record]) -> list[tuple[str, Tradeoff, str]]:
    """Name the pictures of a task's trade-offs.

    Args:
        task: The task.
        records: Its records.

    Returns:
        Part of the figure's name, trade-off and data set of each picture that there may be.
    """
    datasets = sorted({record.subject.dataset.name for record in records})
    return [(f"{dataset}_{one.against}", one, dataset) for dataset in datasets for one in task.tradeoffs]


def _trade_figures(task: TaskText, records: Sequence[Record], selection: Selection) -> dict[str, TradeFigure]:
    figures = {}
    for part, tradeoff, dataset in tradeoff_parts(task, records):
        of_data = [record for record in records if record.subject.dataset.name == dataset]
        ordered = sorted(of_data, key=lambda record: (record.subject.arch, selection.labels[entry(record)]))
        named = {words(selection.labels[entry(record)]): record for record in ordered}
        if (figure := trade_figure(tradeoff, named)).panels:
            figures[part] = figure
    return figures


def figure_path(task: TaskText, part: str, preset: str) -> str:
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


def curve_figure(
    task: TaskText, records: Sequence[Record], selection: Selection, measurements: Mapping[str, Said]
) -> CurveFigure:
    """Prepare small multiples over the knob.

    Args:
        task: A task with a knob.
        records: Its records of one data set and preset.
        selection: Where they come from.
        measurements: What is shown, with what is claimed of it.

    Returns:
        The figure; without panels where no record has such a measurement at two knob values.
    """
    names = {id(record): _variant(record, selection) for record in records}
    archs = sorted({record.subject.arch for record in records})
    panels = []
    for measurement, (claimed, low, high) in measurements.items():
        row = []
        for arch in archs:
            of_arch = [record for record in records if record.subject.arch == arch]
            curves = [c for record in of_arch for c in _curves(record, names[id(record)], measurement)]
            row.append((arch, _merged(curves)))
        unit = next((c.unit for r in records for c in r.measurements if c.name == measurement), "1")
        if any(curves for _, curves in row):
            panels += [CurvePanel(words(measurement), unit, claimed, words(a), low, high, curves) for a, curves in row]
    symbol = f" {task.knob_symbol}" if task.knob_symbol else ""
    return CurveFigure(
        knob=words(task.knob_name or "") + symbol,
        variants=_by_presence(selection),
        panels=tuple(panels),
        columns=len(archs) if len(archs) > 1 else min(3, max(1, len(panels))),
    )


def forest_figure(claim: Claim, records: Sequence[Record], selection: Selection) -> ForestFigure:
    """Prepare a forest plot of one claim, of the records that it applies to.

    Args:
        claim: The claim.
        records: Records of one task and preset.
        selection: Where they come from.

    Returns:
        The figure, a panel a quantity.
    """
    ordered = sorted(records, key=lambda r: (r.subject.dataset.name, selection.labels[entry(r)]))
    judged = [[v for v in (*r.verdicts, *r.control_verdicts) if v.claim == claim.id] for r in ordered]
    kept = [(r, found) for r, found in zip(ordered, judged, strict=True) if found[0].word != "not applicable"]
    ordered, judged = [r for r, _ in kept], [found for _, found in kept]
    rows = tuple(
        ForestRow(words(r.subject.dataset.name), words(selection.labels[entry(r)]), verdicts[0].word)
        for r, verdicts in zip(ordered, judged, strict=True)
    )
    panels = []
    for index in range(min((len(v.checks) for verdicts in judged for v in verdicts), default=0)):
        heads = [verdicts[0].checks[index] for verdicts in judged]
        head = next((check for check in heads if check.interval), heads[0])
        points = tuple(tuple(_points(verdicts, index)) for verdicts in judged)
        panels.append(ForestPanel(words(head.statistic) + OF_WHAT[head.scale], head.low, head.high, points))
    return ForestFigure(rows, tuple(panels))


def _points(verdicts: Iterable[Verdict], index: int) -> Iterable[ForestPoint]:
    for verdict in verdicts:
        interval = verdict.checks[index].interval
        if interval is not None:
            seeds = len(verdict.seeds)
            of_seeds = f"{interval.n} of {seeds}" if interval.n < seeds else ""
            yield ForestPoint(words(verdict.arm), interval.estimate, interval.low, interval.high, of_seeds)


def _by_presence(selection: Selection) -> tuple[str, ...]:
    """All variants of the board, those with most records first: they are the ones to be told apart by colour alone."""
    counts = Counter(_variant(record, selection) for record in selection.records)
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _variant(record: Record, selection: Selection) -> str:
    """Name a variant as its row does, without the architecture, which has a column of its own."""
    arch = f" · {record.subject.arch}"
    return words(selection.labels[entry(record)].replace(arch, "", 1))


def _named_measurements(claims: Sequence[Claim]) -> dict[str, dict[str, Said]]:
    """List the measurements that claims judge, with what is claimed of the value of each, and under `BESIDE` the others."""
    found: dict[str, list[Said]] = {}
    for condition in (condition for claim in claims for condition in claim.conditions):
        for measurement, said in _said(condition):
            found.setdefault(measurement, []).append(said)
    judged = {measurement: _all_said(said) for measurement, said in found.items()}
    others = (measurement for claim in claims for measurement in claim.reported if measurement not in judged)
    return {"": judged, BESIDE: dict.fromkeys(others, ("not judged", None, None))}


def _all_said(said: Sequence[Said]) -> Said:
    """Put together what several conditions say of one measurement; the first region is drawn."""
    claimed = list(dict.fromkeys(text for text, _, _ in said if text not in {"", "control"})) or ["control"]
    ends = next(((low, high) for _, low, high in said if (low, high) != (None, None)), (None, None))
    return "; ".join(claimed), *ends


def _said(condition: Condition) -> list[tuple[str, Said]]:
    match condition:
        case Trend(measurement, direction):
            return [(measurement, (f"claim: {direction}", None, None))]
        case Outpaces(measurement, other):
            return [
                (measurement, (f"claim: falls faster than {words(other)} moves", None, None)),
                (other, ("", None, None)),
            ]
        case Near(measurement, target, tolerance):
            said = f"claim: within {plain(tolerance)} of {plain(target)}"
            return [(measurement, (said, target - tolerance, target + tolerance))]
        case Beyond(measurement, limit, ideal):
            below = ideal < limit
            said = f"claim: {'below' if below else 'above'} {plain(limit)}"
            return [(measurement, (said, None if below else limit, limit if below else None))]
        case Exceeds(measurement, control, _, side):
            said = f"claim: {side} {words(control)}"
            return [(measurement, (said, None, None)), (control, ("control", None, None))]


def _curves(record: Record, variant: str, measurement: str) -> list[Curve]:
    by_arm: dict[str, list[tuple[float, Column]]] = {}
    for column in record.measurements:
        if column.name == measurement and column.knob is not None and column.values:
            by_arm.setdefault(column.arm, []).append((column.knob, column))
    curves = []
    for arm, found in by_arm.items():
        found.sort(key=lambda point: point[0])
        spread = [t_interval(column.values) for _, column in found]
        curves.append(
            Curve(
                variant=variant,
                arm=words(arm),
                x=tuple(knob for knob, _ in found),
                mean=tuple(interval.estimate for interval in spread),
                low=tuple(interval.low for interval in spread),
                high=tuple(interval.high for interval in spread),
            )
        )
    return [curve for curve in curves if len(curve.x) > 1]


def _merged(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    """Draw a control once where it is the same for several variants, as an exact one usually is."""
    merged = [curve for curve in curves if curve.arm == "trained"]
    alike: dict[tuple[object, ...], list[Curve]] = {}
    for curve in sorted((curve for curve in curves if curve.arm != "trained"), key=lambda curve: curve.arm):
        alike.setdefault((curve.arm, curve.x, *(f"{value:.4g}" for value in curve.mean)), []).append(curve)
    merged += [group[0] if len(group) == 1 else replace(group[0], variant="") for group in alike.values()]
    return tuple(merged)
