"""What is behind a moved record: the code, the arithmetic or the data; and is it still the same population?"""

from collections.abc import Callable, Mapping, Sequence

from vaebench.nightly.cells import Asked, Progress, Where, run_here
from vaebench.nightly.expected import with_twins
from vaebench.nightly.judge import GOOD, Judged, judge
from vaebench.nightly.reference import night_of, readings_of
from vaebench.results.night import Key
from vaebench.results.record import UNFINISHED, CellOutcome

SEEDS = 5
"""Seeds on either side of the test of populations."""

MOST_ASKED = 3
"""Records that are put to it: those that moved farthest."""

TWINNED = 8
"""Records whose twins are run together."""

FALSE_ALARMS = 0.05

There = Callable[[Sequence[Asked], Progress], Mapping[Asked, CellOutcome]]
"""Runs cells by the reference's code on this machine."""


def likely(one: Judged) -> str:
    """Say what a moved record is put down to by what differs beside it, without running anything.

    Args:
        one: The record.

    Returns:
        One line; empty for a record that is good.
    """
    if one.good or one.word in {"missing", "extra"}:
        return ""
    definitions = [f"definition of {', '.join(part.partition(' ')[0] for part in one.stale)}"] if one.stale else []
    rooms = [f"code of {', '.join(one.code)}"] if one.code else []
    bits = [f"arithmetic: {', '.join(one.arithmetic)}"] if one.arithmetic else []
    data = ["examples or labels are others"] if one.data else []
    if found := [*data, *definitions, *rooms, *bits]:
        return "; ".join(found)
    return "neither code nor arithmetic nor data differ: something is random or kept outside"


def is_ambiguous(one: Judged) -> bool:
    """Say whether both the code and the arithmetic could be the cause."""
    return one.word == "moved" and bool(one.arithmetic) and bool(one.code or one.stale or one.data)


def by_running(
    moved: Sequence[Judged],
    asked: Mapping[Key, Sequence[Asked]],
    outcomes: Mapping[Asked, CellOutcome],
    there: There,
    progress: Progress,
) -> dict[Key, str]:
    """Find the cause of records where both could be it: run the reference's code here, on the same arithmetic.

    Where it gives what today's code gives, the arithmetic is the cause. Where it does not, the code is.

    Args:
        moved: The records.
        asked: Cells by record.
        outcomes: What today's code gave.
        there: Runs the reference's code.
        progress: Is told of each cell.

    Returns:
        The cause by record.
    """
    cells = [cell for one in moved for cell in asked[one.key]]
    old = there(cells, progress)
    found: dict[Key, str] = {}
    for one in moved:
        theirs = {cell: old[cell] for cell in asked[one.key] if cell in old and old[cell].status not in UNFINISHED}
        if not theirs:
            found[one.key] = "undecided: the reference's code finishes no such cell here"
            continue
        again = judge(night_of(theirs, [cell.seed for cell in theirs]), {c.seed: outcomes[c] for c in asked[one.key]})
        if again.word in GOOD:
            found[one.key] = f"arithmetic: the reference's code moves as far here ({likely(one)})"
        else:
            others = f"{again.readings - again.same} of {again.readings}"
            found[one.key] = f"code: the reference's code gives other numbers here, {others} ({likely(one)})"
    return found


def populations(moved: Sequence[Judged], where: Where, there: There, progress: Progress) -> dict[Key, int]:
    """Ask of the records that moved farthest whether five seeds can be told apart: Student's t of `results.shift`.

    Args:
        moved: The records.
        where: On what today's code runs.
        there: Runs the reference's code.
        progress: Is told of each cell.

    Returns:
        Number of readings that drifted, by record.
    """
    from scipy.stats import false_discovery_control

    from vaebench.claims import table
    from vaebench.results.score import compared_columns
    from vaebench.results.shift import shift

    farthest = sorted(moved, key=lambda one: -one.farthest)[:MOST_ASKED]
    cells = {one.key: [Asked(*one.key, seed) for seed in range(SEEDS)] for one in farthest}
    every = [cell for of in cells.values() for cell in of]
    old, new = there(every, progress), dict(run_here(every, where, progress))
    p: dict[Key, list[float]] = {}
    for key, of in cells.items():
        sides = [
            compared_columns(table(column for c in of if c in side for column in readings_of(side[c]).values()).columns)
            for side in (new, old)
        ]
        shifts = (shift(sides[0][place], sides[1][place]) for place in sides[0] if place in sides[1])
        p[key] = [one.p for one in shifts if one is not None]
    flat = [value for of in p.values() for value in of]
    adjusted = iter(false_discovery_control(flat).tolist() if flat else [])
    alarms = {key: sum(next(adjusted) <= FALSE_ALARMS for _ in of) for key, of in p.items()}
    return {key: n for key, n in alarms.items() if p[key]}


def against_code(
    groups: Sequence[Sequence[Asked]],
    base: Mapping[Asked, CellOutcome],
    head: Mapping[Asked, CellOutcome],
    there: There,
    progress: Progress,
) -> list[Judged]:
    """Judge records of today's code against other code on the same machine.

    The null is exactly 0 there, so twins are only needed where something differs. The farthest records have theirs
    first, `TWINNED` at a time. Once one of them has moved the answer is no, and the rest keeps its word without twins.

    Args:
        groups: The cells of each record.
        base: What the other code gave.
        head: What today's code gives.
        there: Runs the other code, for its twins.
        progress: Is told of each cell.

    Returns:
        The records.
    """
    found = {of[0].key: _held(of, base, head, {}) for of in groups}
    cells = {of[0].key: of for of in groups}
    moved = sorted((one for one in found.values() if one.word == "moved"), key=lambda one: -one.farthest)
    for at in range(0, len(moved), TWINNED):
        part = [one.key for one in moved[at : at + TWINNED]]
        ok = [cell for key in part for cell in cells[key] if cell in base and base[cell].status == "ok"]
        twins = there(with_twins(ok), progress)
        found |= {key: _held(cells[key], base, head, twins) for key in part}
        if any(found[key].word == "moved" for key in part):
            break
    return list(found.values())


def _held(
    cells: Sequence[Asked],
    base: Mapping[Asked, CellOutcome],
    head: Mapping[Asked, CellOutcome],
    twins: Mapping[Asked, CellOutcome],
) -> Judged:
    """Hold one record against the other code's, on the scale of its twins."""
    theirs = {cell: base[cell] for cell in cells if cell in base}
    ours = {cell.seed: head[cell] for cell in cells if cell in head}
    if not theirs:
        return Judged(cells[0].key, "extra" if ours else "missing", troubles=("the other code has no such cell",))
    own = {twin: outcome for twin, outcome in twins.items() if twin.key == cells[0].key}
    return judge(night_of({**theirs, **own}, [cell.seed for cell in theirs]), ours)
