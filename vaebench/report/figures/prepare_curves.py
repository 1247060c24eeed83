"""Prepare curves over the knob: one measurement by variant, or many measurements side by side."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from vaebench.claims import Beyond, Claim, Column, Condition, Exceeds, Near, Outpaces, OutpacesArm, RoomyTrend, Trend
from vaebench.papers import Task
from vaebench.report.figures.spec import Curve, CurveFigure, CurvePanel, OverviewFigure
from vaebench.report.received.sent import THIS_RUN
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.format import plain
from vaebench.report.words.markdown import words

Said = tuple[str, float | None, float | None]
"""What is claimed of a measurement's value: in words, and the ends of its region."""

MOST_PANELS = 30
"""Most panels of one picture."""


def curve_figure(
    task: Task, shown: Sequence[ShownRecord], measurement: str, said: Said, networks: tuple[str, ...]
) -> CurveFigure:
    """Prepare one measurement over the knob, a panel a variant.

    Args:
        task: A task with a knob.
        shown: Its records of one data set and preset.
        measurement: What is shown.
        said: What is claimed of it.
        networks: All networks of the board, in the order of their colours.

    Returns:
        The figure; without panels if no record has the measurement at two knob values.
    """
    panels = tuple(
        CurvePanel(name, _merged(curves))
        for name, models in by_variant(shown)
        if (curves := [curve for one in models for curve in _curves(one, measurement)])
    )
    claimed, low, high = said
    return CurveFigure(_knob(task), _with_unit(measurement, shown), claimed, networks, low, high, panels[:MOST_PANELS])


def overview_figure(
    task: Task,
    shown: Sequence[ShownRecord],
    measurements: Iterable[str],
    networks: tuple[str, ...],
    first: Sequence[str],
) -> OverviewFigure:
    """Prepare many measurements over the knob, a panel each.

    Args:
        task: A task with a knob.
        shown: Its records of one data set and preset.
        measurements: What is shown.
        networks: All networks of the board, in the order of their colours.
        first: Variants. The first is drawn in colour if it has any of the measurements, else that of most networks.

    Returns:
        The figure; without panels if no record has any of them at two knob values.
    """
    models, drawn = by_variant(shown), {}
    for measurement in measurements:
        found = {name: _bare([curve for one in its for curve in _curves(one, measurement)]) for name, its in models}
        if any(found.values()):
            drawn[measurement] = found
    there = [name for name, _ in models if any(found[name] for found in drawn.values())]
    networks_of = {name: len({one.row.arch for one in its}) for name, its in models}
    place = {name: min(map(first.index, name.split(" = "))) for name in there}
    label = min(there, key=lambda name: (place[name] > 0, -networks_of[name], place[name]), default="")
    panels = (
        CurvePanel(
            _with_unit(measurement, shown),
            found[label],
            tuple(curve for name, curves in found.items() if name != label for curve in curves),
        )
        for measurement, found in drawn.items()
    )
    return OverviewFigure(label, _knob(task), networks, tuple(panels)[:MOST_PANELS])


def _bare(curves: Iterable[Curve]) -> tuple[Curve, ...]:
    """The trained arm's curves without their intervals."""
    return tuple(replace(curve, low=(), high=()) for curve in curves if curve.arm == "trained")


def by_variant(shown: Iterable[ShownRecord]) -> tuple[tuple[str, tuple[ShownRecord, ...]], ...]:
    """Put the records of a figure's panels together: those of a variant, and of all that are the same model.

    Args:
        shown: Records of one task, data set and preset.

    Returns:
        Names of the variants, such as ``vae = complex_vae``, with a record for each network, sorted by name.
    """
    found: dict[str, tuple[list[str], list[ShownRecord]]] = {}
    for model in distinct(shown):
        names, records = found.setdefault(model.first.variant_label, ([], []))
        names += (one.variant_label for one in model.records if one.variant_label not in names)
        records.append(model.first)
    joined = ((" = ".join(names), tuple(records)) for names, records in found.values())
    return tuple(sorted(joined, key=lambda pair: pair[0]))


def drawn_records(shown: Sequence[ShownRecord]) -> list[ShownRecord]:
    """Choose the records that figures show: the suite's own and a previewed run's, so that nobody can crowd them.

    Args:
        shown: All records of a task.

    Returns:
        Those; all where there is none of them.
    """
    return [one for one in shown if one.row.sender in {"", THIS_RUN}] or list(shown)


def networks_by_presence(shown: Sequence[ShownRecord]) -> tuple[str, ...]:
    """All networks of the board, those with most records first: the first colours differ most.

    Args:
        shown: All records of the board.

    Returns:
        Their names. Those of the suite's own and of a previewed run come before those that only others sent, so that
        nobody can change a colour.
    """
    counts = Counter(one.row.arch for one in shown)
    ours = Counter(one.row.arch for one in drawn_records(shown))
    return tuple(sorted(counts, key=lambda name: (-ours[name], -counts[name], name)))


def _knob(task: Task) -> str:
    return f"{words(task.knob.name)} {task.knob.symbol}" if task.knob else ""


def _with_unit(measurement: str, shown: Sequence[ShownRecord]) -> str:
    unit = next((column.unit for one in shown for column in one.columns.get(measurement, ())), "1")
    return words(measurement) + ("" if unit == "1" else f" [{unit}]")


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
                network=shown.row.arch,
                arm=words(arm),
                x=tuple(knob for knob, _ in found),
                mean=tuple(interval.estimate for interval in spread),
                low=tuple(interval.low for interval in spread),
                high=tuple(interval.high for interval in spread),
            )
        )
    return [curve for curve in curves if len(curve.x) > 1]


def _merged(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    """Draw a control once if it is the same for several networks, as an analytic arm usually is."""
    merged = [curve for curve in curves if curve.arm == "trained"]
    alike: dict[tuple[object, ...], list[Curve]] = {}
    for curve in sorted((curve for curve in curves if curve.arm != "trained"), key=lambda curve: curve.arm):
        alike.setdefault((curve.arm, curve.x, *(f"{value:.4g}" for value in curve.mean)), []).append(curve)
    merged += [group[0] if len(group) == 1 else replace(group[0], network="") for group in alike.values()]
    return tuple(merged)
