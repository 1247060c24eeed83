"""Find what a record lacks of its task's measurements: what is left out must not count in its favour."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from vaebench.claims import judged_names
from vaebench.papers import Task
from vaebench.report.received.sent import Sent
from vaebench.results.record import Record

Way = Literal["once", "at every knob value", "at the ends of the knob", "at some knob values"]
"""How often a measurement is taken in one seed."""

KnobsAt = dict[tuple[str, str], set[float | None]]
"""Knob values at which a measurement of an arm is there, or declined, by arm and name."""


def strange(record: Record, task: Task) -> str:
    """Name an arm or a knob value of a record that its task does not have.

    Args:
        record: A record that measured this task as it stands.
        task: The task.

    Returns:
        One line; empty where there is none.
    """
    arms = {column.arm for column in record.measurements} - {"trained", *_arms(task)}
    if arms:
        return f"measurements: its task has no arm {', '.join(sorted(arms))}"
    values = _knob_values(record, task)
    knobs = {column.knob for column in record.measurements} - {None, *(values or ())}
    if values is not None and knobs:
        return f"measurements: its task's knob is never at {min(knob for knob in knobs if knob is not None):g}"
    return ""


def _arms(task: Task) -> tuple[str, ...]:
    """Every arm that a record may have besides the trained one."""
    return ("analytic", *(name for arm in task.arms for name in (arm.name, f"analytic_{arm.name}")))


def _knob_values(record: Record, task: Task) -> tuple[float, ...] | None:
    """The knob's values, empty without a knob; None if each variant declares its own strengths."""
    if task.knob and task.knob.name == "strength":
        return None
    return task.budget(record.subject.preset, record.subject.dataset.name).knob_values


def lacking(record: Record, task: Task) -> str:
    """Compare a record with its task's budget.

    A measurement that a claim does not find is not applicable and out of the agreement. So each finished seed needs
    every judged measurement, once or at every knob value. It may be declined with a reason. Seeds are counted from 0,
    so that none is picked. If the knob is the variant's own strength, the task has no list of values; see
    `unlike_its_peers`.

    Args:
        record: A record that measured this task as it stands.
        task: The task.

    Returns:
        One line on the first thing that is missing; empty for a whole record.
    """
    seeds = [cell.seed for cell in record.cells]
    if seeds != list(range(len(seeds))):
        return f"cells: its seeds are {', '.join(map(str, seeds))}, not 0, 1, 2 and on"
    at = _knob_values(record, task)
    if at is None:
        return ""
    values, judged = set(at), judged_names(task.claims)
    for seed, knobs in _knobs(record, judged).items():
        for name in judged:
            found = knobs.get(("trained", name), set())
            if found != {None} and (not values or found - {None} != values):
                return f"measurements: it has no {name} of seed {seed}" + (" at every knob value" if found else "")
    return ""


def short(record: Sent, task: Task) -> str:
    """Say that a record has fewer seeds than its preset asks for; empty if it has them."""
    asked = task.budget(record.subject.preset, record.subject.dataset.name).seeds
    if len(record.cells) >= asked:
        return ""
    return f"cells: {len(record.cells)} seeds, where the {record.subject.preset} preset has {asked}"


def unlike_its_peers(record: Sent, task: Task, references: Iterable[Record]) -> str:
    """Compare the measurements of a record with those that all of the suite's own records have.

    Arms and measurements depend on the data set, and on whether the variant declares strengths. A record must have what
    all the suite's records of its kind have in each finished seed. These are controls, and measurements along a
    strength.

    Args:
        record: A record that measured this task as it stands.
        task: The task.
        references: The suite's own records of it.

    Returns:
        One line on the first measurement that is missing; empty if there is nothing to compare with.
    """
    kind = record.subject.preset, _has_strengths(record, task)
    peers = [one for one in references if (one.subject.preset, _has_strengths(one, task)) == kind]
    same_data = [one for one in peers if one.subject.dataset == record.subject.dataset]
    trained, controls = (_shared([_ways(one, task) for one in some]) for some in (peers, same_data))
    asked = {key: way for key, way in trained.items() if key[0] == "trained"}
    asked |= {key: way for key, way in controls.items() if key[0] != "trained"}
    mine = _ways(record, task)
    declined = {(column.arm, column.name) for column in record.measurements if column.absent}
    for (arm, name), way in asked.items():
        found = mine.get((arm, name))
        is_declined = found == "once" and (arm, name) in declined
        if found != way and not is_declined:
            there = f"{found} and not {way}" if found else "not there"
            return f"measurements: {name} of the {arm} arm is {there}, unlike in all of the suite's own records"
    return ""


def _shared(ways: Sequence[dict[tuple[str, str], Way]]) -> dict[tuple[str, str], Way]:
    """What all have, in one way."""
    return dict(sorted(set.intersection(*(set(one.items()) for one in ways)))) if ways else {}


def _ways(record: Record, task: Task) -> dict[tuple[str, str], Way]:
    """How each judged measurement of each arm is taken, if that is the same in every finished seed."""
    by_seed = list(_knobs(record, judged_names(task.claims)).values())
    strengths = {knob for knobs in by_seed for found in knobs.values() for knob in found if knob is not None}
    found: dict[tuple[str, str], set[Way]] = defaultdict(set)
    for knobs in by_seed:
        for key, at in knobs.items():
            found[key].add(_way(at, strengths))
    everywhere = set.intersection(*map(set, by_seed)) if by_seed else set()
    return {key: ways.pop() for key, ways in found.items() if key in everywhere and len(ways) == 1}


def _way(found: set[float | None], strengths: set[float]) -> Way:
    if found == {None}:
        return "once"
    if found - {None} == strengths:
        return "at every knob value"
    return "at the ends of the knob" if found == {min(strengths), max(strengths)} else "at some knob values"


def _has_strengths(record: Record, task: Task) -> bool:
    return _knob_values(record, task) is None and any(column.knob is not None for column in record.measurements)


def _knobs(record: Record, judged: Sequence[str]) -> dict[int, KnobsAt]:
    """By finished seed, the knob values at which each judged measurement is there or declined."""
    names = set(judged)
    found: dict[int, KnobsAt] = {cell.seed: defaultdict(set) for cell in record.cells if cell.status == "ok"}
    for column in record.measurements:
        if column.name in names:
            for seed in column.asked:
                found[seed][column.arm, column.name].add(column.knob)
    return found
