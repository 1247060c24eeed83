"""Prepare curves over the knob: a row of panels for each measurement, a column for each architecture."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vaebench.claims import Beyond, Claim, Column, Condition, Exceeds, Near, Outpaces, OutpacesArm, RoomyTrend, Trend
from vaebench.papers import Task
from vaebench.report.figures.spec import Curve, CurveFigure, CurvePanel
from vaebench.report.format import plain
from vaebench.report.markdown import words
from vaebench.report.shown import ShownRecord

Said = tuple[str, float | None, float | None]
"""What is claimed of a measurement's value: in words, and the ends of its region."""


def curve_figure(
    task: Task, shown: Sequence[ShownRecord], measurements: Mapping[str, Said], variants: tuple[str, ...]
) -> CurveFigure:
    """Prepare small multiples over the knob.

    Args:
        task: A task with a knob.
        shown: Its records of one data set and preset.
        measurements: What is shown, with what is claimed of it.
        variants: All variants of the board, in the order of their colours.

    Returns:
        The figure; without panels if no record has such a measurement at two knob values.
    """
    archs = sorted({one.row.arch for one in shown})
    panels = []
    for measurement, (claimed, low, high) in measurements.items():
        row = []
        for arch in archs:
            curves = [curve for one in shown if one.row.arch == arch for curve in _curves(one, measurement)]
            row.append((arch, _merged(curves)))
        unit = next((column.unit for one in shown for column in one.columns.get(measurement, ())), "1")
        if any(curves for _, curves in row):
            panels += [CurvePanel(words(measurement), unit, claimed, words(a), low, high, curves) for a, curves in row]
    return CurveFigure(
        knob=f"{words(task.knob.name)} {task.knob.symbol}" if task.knob else "",
        variants=variants,
        panels=tuple(panels),
        columns=len(archs) if len(archs) > 1 else min(3, max(1, len(panels))),
    )


def variants_by_presence(shown: Iterable[ShownRecord]) -> tuple[str, ...]:
    """All variants of the board, those with most records first. They get the colours that differ most.

    Args:
        shown: All records of the board.

    Returns:
        Their names in words.
    """
    counts = Counter(words(one.variant_label) for one in shown)
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def named_measurements(claims: Sequence[Claim]) -> tuple[dict[str, Said], dict[str, Said]]:
    """List the measurements of claims.

    Args:
        claims: A task's claims.

    Returns:
        Those that they judge, with what is claimed of each value, and those that are reported only.
    """
    found: dict[str, list[Said]] = {}
    for condition in (condition for claim in claims for condition in claim.conditions):
        for measurement, said in _said(condition):
            found.setdefault(measurement, []).append(said)
    judged = {measurement: _all_said(said) for measurement, said in found.items()}
    others = (measurement for claim in claims for measurement in claim.reported if measurement not in judged)
    return judged, dict.fromkeys(others, ("not judged", None, None))


def _all_said(said: Sequence[Said]) -> Said:
    """Join what several conditions say of one measurement. The first region is drawn."""
    claimed = list(dict.fromkeys(text for text, _, _ in said if text not in {"", "control"})) or ["control"]
    ends = next(((low, high) for _, low, high in said if (low, high) != (None, None)), (None, None))
    return "; ".join(claimed), *ends


def _said(condition: Condition) -> list[tuple[str, Said]]:
    match condition:
        case Trend(measurement, direction) | RoomyTrend(measurement, direction):
            return [(measurement, (f"claim: {direction}", None, None))]
        case Outpaces(measurement, other):
            return [
                (measurement, (f"claim: falls faster than {words(other)} moves", None, None)),
                (other, ("", None, None)),
            ]
        case OutpacesArm(measurement, control):
            return [(measurement, (f"claim: falls faster than on the {words(control)} arm", None, None))]
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


def _curves(shown: ShownRecord, measurement: str) -> list[Curve]:
    """The curves of one record, one for each arm, with at least two knob values."""
    by_arm: dict[str, list[tuple[float, Column]]] = {}
    for column in shown.columns.get(measurement, ()):
        if column.knob is not None:
            by_arm.setdefault(column.arm, []).append((column.knob, column))
    curves = []
    for arm, found in by_arm.items():
        found.sort(key=lambda point: point[0])
        spread = [shown.interval(column) for _, column in found]
        curves.append(
            Curve(
                variant=words(shown.variant_label),
                arm=words(arm),
                x=tuple(knob for knob, _ in found),
                mean=tuple(interval.estimate for interval in spread),
                low=tuple(interval.low for interval in spread),
                high=tuple(interval.high for interval in spread),
            )
        )
    return [curve for curve in curves if len(curve.x) > 1]


def _merged(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    """Draw a control once if it is the same for several variants, as an analytic arm usually is."""
    merged = [curve for curve in curves if curve.arm == "trained"]
    alike: dict[tuple[object, ...], list[Curve]] = {}
    for curve in sorted((curve for curve in curves if curve.arm != "trained"), key=lambda curve: curve.arm):
        alike.setdefault((curve.arm, curve.x, *(f"{value:.4g}" for value in curve.mean)), []).append(curve)
    merged += [group[0] if len(group) == 1 else replace(group[0], variant="") for group in alike.values()]
    return tuple(merged)
