"""A whole night: run the cells, judge each record, settle causes, and look at some standard cells."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, cast

from vaebench import catalog
from vaebench.experiment import Preset
from vaebench.migrate import is_current
from vaebench.mistakes import Mistake
from vaebench.nightly.cells import Asked, Progress, Where, planned, run_here
from vaebench.nightly.elsewhere import code_of_commit, run_there
from vaebench.nightly.expected import suite_cells
from vaebench.nightly.judge import GOOD, Judged, Word, judge
from vaebench.nightly.reference import by_key
from vaebench.nightly.result import Plan, Result
from vaebench.nightly.rotation import as_night, is_here, too_long, turn
from vaebench.nightly.settle import There, against_code, by_running, is_ambiguous, likely, populations
from vaebench.provenance import commit_of, now
from vaebench.results.night import Index, Key, Night, file_of
from vaebench.results.night_files import read_nights
from vaebench.results.record import CellOutcome

CHUNK = 20
"""Cells that two revisions run in turn, so that a night that ends early has both sides of what it reached."""


TOO_ALIKE = "five seeds a side cannot be told apart: re-seeded, or a change too small for them"


def night(plan: Plan, progress: Progress) -> Result:
    """Run and judge a night.

    Args:
        plan: What to do.
        progress: Is told of each cell.

    Returns:
        The result.
    """
    start, before = time.monotonic(), _spent()
    result = _against(plan, progress, start) if plan.against else _stored(plan, progress, start)
    rotated: tuple[Judged, ...] = ()
    notes = result.notes
    if plan.tasks:
        notes += (f"a part of the night: {', '.join(plan.tasks)}",)
    elif plan.records and not plan.against:
        passed = time.monotonic() - start
        share = pace(_spent() - before, passed, plan.where.jobs) if plan.where.device == "cpu" else 1.0
        rotated, said = _rotated(plan, share * (plan.budget - passed), progress)
        notes += said
    return replace(
        result,
        rotated=rotated,
        notes=notes,
        seconds=time.monotonic() - start,
        date=now(),
        commit=commit_of(catalog.PACKAGE),
    )


def _spent() -> float:
    """Seconds of processor that ended processes of this night have had."""
    times = os.times()
    return times.children_user + times.children_system


def pace(spent: float, passed: float, jobs: int) -> float:
    """Say how much of a core each process had: on a busy machine a night has time for fewer cells.

    Args:
        spent: Seconds of processor that all had together.
        passed: Seconds that passed.
        jobs: Number of processes.

    Returns:
        The share, from 0.1 to 1; 1 where nothing is known.

    Examples:
        >>> pace(360.0, 200.0, 2), pace(200.0, 200.0, 2), pace(0.0, 0.0, 2)
        (0.9, 0.5, 1.0)
    """
    return min(1.0, max(0.1, spent / (passed * jobs))) if spent > 0 and passed > 0 else 1.0


def _ran(asked: Sequence[Asked], where: Where, deadline: float, progress: Progress) -> dict[Asked, CellOutcome]:
    """Run cells until the time is up."""
    found: dict[Asked, CellOutcome] = {}
    with closing(run_here(asked, where, progress)) as arriving:
        for one, outcome in arriving:
            found[one] = outcome
            if time.monotonic() > deadline:
                break
    return found


def _stored(plan: Plan, progress: Progress, start: float) -> Result:
    """Compare with the stored references."""
    try:
        index, nights, troubles = read_nights(plan.folder)
    except Mistake as mistake:
        return Result((), (), (str(mistake), "nothing was compared"), (), 0, "", None, None, None)
    index, nights, troubles = _only(plan, index, nights, troubles)
    cells = {name: [Asked(*one.key, row.seed) for row in one.head.seeds] for name, one in nights.items()}
    places = {one: place for place, one in enumerate(suite_cells())}
    order = sorted((cell for of in cells.values() for cell in of), key=lambda cell: places.get(cell, len(places)))
    outcomes = _ran(order, plan.where, start + plan.budget, progress) if order else {}
    late = [cell for cell in order if cell not in outcomes]
    judged = [_judged(nights[name], of, outcomes) for name, of in cells.items()]
    gone = [name for name in index.files if name not in nights]
    judged += [Judged(_key(name), "missing", troubles=("its reference is missing",)) for name in gone]
    if index.whole:
        new = [one for one in _of_tasks(suite_cells(), plan) if file_of(one.key) not in {*index.files, *index.left_out}]
        fit = planned(new, plan.where)[0] if new else {}
        why = ("the reference has no record of it",)
        judged += [Judged(key, "extra", troubles=why) for key in dict.fromkeys(one.key for one in fit)]
    if late:
        troubles.append(
            f"{len(late)} of {len(order)} cells were not reached or cannot be planned; is the --budget too small?"
        )
    if not outcomes:
        troubles.append("nothing was compared")
    commits = {one.head.environment.commit for one in nights.values()}
    reference = commits.pop() if len(commits) == 1 else None
    settled, notes = _settled(judged, outcomes, plan, reference, progress)
    notes += tuple(f"{name} has no place in the night: {why}" for name, why in index.left_out.items())
    if any(one.word == "rounding" and not (one.code or one.arithmetic) for one in settled):
        notes += ("numbers differ by rounding, though neither code nor primitives do: something is not deterministic",)
    ran_on = next((outcome.environment for outcome in outcomes.values()), None)
    return Result(tuple(settled), (), tuple(troubles), notes, 0, "", None, reference, ran_on)


def _of_tasks(cells: Sequence[Asked], plan: Plan) -> list[Asked]:
    return [cell for cell in cells if not plan.tasks or cell.task in plan.tasks]


def _only(
    plan: Plan, index: Index, nights: dict[str, Night], troubles: list[str]
) -> tuple[Index, dict[str, Night], list[str]]:
    """The part of a reference that is of the plan's tasks."""
    if not plan.tasks:
        return index, nights, troubles
    starts = tuple(f"{start}/" for task in plan.tasks for start in (task, plan.folder / task))

    def of(found: Mapping[str, Any]) -> dict[str, Any]:
        return {name: one for name, one in found.items() if name.partition("/")[0] in plan.tasks}

    part = index.model_copy(update={"files": of(index.files), "left_out": of(index.left_out)})
    # A line begins with the file that it is about. Behind that it may name files of other tasks.
    return part, of(nights), [line for line in troubles if line.removeprefix("there is no file ").startswith(starts)]


def _key(name: str) -> Key:
    """What a file of the reference is of, by its name alone."""
    task, _, rest = name.removesuffix(".jsonl").partition("/")
    variant, arch, dataset, preset = [*rest.split("."), "", "", ""][:4]
    return task, variant, arch, dataset, cast("Preset", preset)


def _judged(reference: Night, cells: Sequence[Asked], outcomes: Mapping[Asked, CellOutcome]) -> Judged:
    return judge(reference, {cell.seed: outcomes[cell] for cell in cells if cell in outcomes})


@contextmanager
def _there(plan: Plan, commit: str) -> Iterator[There]:
    """A function that runs cells by a commit's code.

    Yields:
        The function.
    """
    with code_of_commit(plan.checkout, commit) as tree:
        yield lambda cells, progress: run_there(tree, cells, plan.where, progress)


def _one_commit(name: str | None) -> str:
    """The commit of a reference, whose code can be run here."""
    if name is None or not name.isalnum():
        raise Mistake("the reference names no single commit, whose code could be run here")
    return name


def _settled(
    judged: Sequence[Judged],
    outcomes: Mapping[Asked, CellOutcome],
    plan: Plan,
    reference: str | None,
    progress: Progress,
) -> tuple[list[Judged], tuple[str, ...]]:
    """Say the cause of whatever moved, and whether it is still the same population."""
    causes: dict[Key, str] = {one.key: likely(one) for one in judged}
    moved = [one for one in judged if one.word == "moved"]
    words: dict[Key, int] = {}
    notes: tuple[str, ...] = ()
    if moved:
        try:
            with _there(plan, _one_commit(reference)) as there:
                unclear = [one for one in moved if is_ambiguous(one)]
                if unclear:
                    causes |= by_running(unclear, by_key(outcomes), outcomes, there, progress)
                words = populations(moved, plan.where, there, progress)
        except Mistake as mistake:
            notes = (f"code and arithmetic are not told apart further: {mistake}",)
    return [_worded(one, causes.get(one.key, ""), words.get(one.key)) for one in judged], notes


def _worded(one: Judged, cause: str, drifted: int | None) -> Judged:
    if drifted is None:
        return replace(one, cause=cause)
    said: Word = "drifted" if drifted else "reseeded"
    n = drifted
    line = f"{n} readings drifted over five seeds" if n else TOO_ALIKE
    return replace(one, cause=cause, word=said, troubles=(*one.troubles, line))


def _against(plan: Plan, progress: Progress, start: float) -> Result:
    """Compare with the code of another revision, run here."""
    assert plan.against is not None
    cells, lost = planned(_of_tasks(suite_cells(), plan), plan.where)
    asked = list(cells)
    asked = [cell for group in by_key(asked).values() for cell in group]  # a record's seeds together
    base: dict[Asked, CellOutcome] = {}
    head: dict[Asked, CellOutcome] = {}
    with _there(plan, plan.against) as there:
        for at in range(0, len(asked), CHUNK):
            if time.monotonic() - start > plan.budget:
                break
            part = asked[at : at + CHUNK]
            base |= there(part, progress)
            head |= dict(run_here(part, plan.where, progress))
        groups = by_key(one for one in asked if one in head or one in base)
        judged = against_code(list(groups.values()), base, head, there, progress)
        moved = [one for one in judged if one.word == "moved"]
        words = populations(moved, plan.where, there, progress) if moved else {}
    settled = [_worded(one, likely(one), words.get(one.key)) for one in judged]
    # Changed definitions or data are no fault here, where only numbers are compared. A new record has no numbers there.
    settled = [replace(one, stale=(), data=False) if one.word in GOOD else one for one in settled]
    new = [one for one in settled if one.word == "extra"]
    notes = tuple(f"{one.name}: new, and not compared" for one in new)
    settled = [one for one in settled if one.word != "extra"]
    late = len(asked) - len(head)
    troubles = [*lost]
    troubles += [f"{late} of {len(asked)} cells were not reached; is the --budget too small?"] if late else []
    troubles += [] if any(one.readings for one in settled) else ["nothing was compared"]
    ran_on = next((outcome.environment for outcome in head.values()), None)
    return Result(tuple(settled), (), tuple(troubles), notes, 0, "", None, plan.against, ran_on)


def _rotated(plan: Plan, left: float, progress: Progress) -> tuple[tuple[Judged, ...], tuple[str, ...]]:
    """Run the standard cells whose turn it is, and hold them against their records."""
    current = [record for record in plan.records if is_current(record)]
    here = [record for record in current if is_here(record, plan.where.data_root)]
    apart = len(current) - len(here)
    notes = [f"{apart} standard records had no turn: their data are not installed here; see make data"] if apart else []
    if left > 0 and (long := too_long(here, left)):
        never = len(too_long(here, plan.budget))
        notes.append(
            f"{len(long)} standard records had no turn: a cell takes longer than the {left:.0f} s that were left; "
            f"for {never} it takes longer than a whole night of {plan.budget:.0f} s"
        )
    chosen = turn(here, plan.day, left, plan.where.jobs, plan.budget)
    if not chosen:
        return (), (*notes, "no time was left for standard cells")
    outcomes = dict(run_here([cell for cell, _ in chosen], plan.where, progress))
    found = []
    for cell, record in chosen:
        reference = as_night(record, cell.seed)
        one = _judged(reference, [cell], outcomes)
        cause = likely(one)
        if one.word == "moved" and one.arithmetic and not one.stale and not one.data and one.code:
            try:
                with _there(plan, _one_commit(reference.head.environment.commit)) as there:
                    cause = by_running([one], {one.key: [cell]}, outcomes, there, progress)[one.key]
            except Mistake as mistake:
                notes.append(f"{one.name}: code and arithmetic are not told apart further: {mistake}")
        if one.word == "moved" and cause.startswith("arithmetic"):
            # A long training has no twins: what other arithmetic does to it is not known.
            notes.append(
                f"{one.name}: {len(one.moves)} readings differ with the arithmetic, and there are no twins to judge by"
            )
            one = replace(one, word="rounding")
        found.append(replace(one, cause=cause))
    return tuple(found), tuple(notes)
