"""The reference of a night, made of cells and their rounding twins."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from vaebench import catalog
from vaebench.claims import Column
from vaebench.measures.declared import is_among
from vaebench.mistakes import Mistake, first_line
from vaebench.nightly.cells import Asked, Progress, Where, planned, run_here, said
from vaebench.nightly.expected import with_twins
from vaebench.papers import names_given
from vaebench.results.journal import Journal
from vaebench.results.night import Head, Index, Key, Night, Place, Reading, SeedRow, file_of
from vaebench.results.night_files import night_text, read_nights, write_nights
from vaebench.results.record import UNFINISHED, CellOutcome
from vaebench.results.rounding import Runs, Scale, scales, step_of
from vaebench.results.score import night_columns
from vaebench.version import VERSION

MOST_BLIND = 0.5
"""A record with a larger share of blind readings has no place in the night."""

Outcomes = Mapping[Asked, CellOutcome]


def by_key(asked: Iterable[Asked]) -> dict[Key, list[Asked]]:
    """Sort cells by the record that they belong to."""
    found: dict[Key, list[Asked]] = {}
    for one in asked:
        found.setdefault(one.key, []).append(one)
    return found


def readings_of(outcome: CellOutcome) -> dict[Place, Column]:
    """Numbers of one cell by place, but for ratios of durations; a map is one number, the mean of its entries."""
    return night_columns(outcome.measurements) if outcome.status == "ok" else {}


def night_of(outcomes: Outcomes, seeds: Sequence[int]) -> Night:
    """Make one record's reference.

    Args:
        outcomes: Of one record: the cells of `seeds`, their twins, and further seeds, which show the spread alone.
        seeds: The seeds that a night compares.

    Returns:
        The reference.
    """
    plain = {one.seed: outcome for one, outcome in outcomes.items() if not one.ulp}
    first = plain[seeds[0]]
    readings = {seed: readings_of(outcome) for seed, outcome in plain.items()}
    twins = [(one, readings_of(outcome)) for one, outcome in outcomes.items() if one.ulp and outcome.status == "ok"]
    places = list(dict.fromkeys(place for seed in seeds for place in readings[seed]))
    runs: dict[Place, Runs] = {}
    steps: dict[Place, float] = {}
    for place in places:
        of = {seed: [readings[seed][place]] for seed in seeds if place in readings[seed]}
        for one, found in twins:
            if place in found and one.seed in of:
                of[one.seed].append(found[place])
        runs[place] = {seed: [column.values[0] for column in columns] for seed, columns in of.items()}
        every = [column for columns in of.values() for column in columns]
        steps[place] = step_of([c.values[0] for c in every], [c.counts[0] for c in every])
    instrument = instrument_of(first.subject.task.name)
    scale = scales(runs, steps, lambda place: instrument(place[2]))
    rows = [_reading(place, runs[place], scale[place], readings.values()) for place in places]
    head = Head(
        suite_version=VERSION,
        subject=first.subject,
        environment=first.environment,
        date=first.date,
        twins=min((sum(1 for one, _ in twins if one.seed == seed) for seed in seeds), default=0),
        seeds=tuple(_row(seed, plain[seed]) for seed in seeds),
    )
    return Night(head=head, readings=tuple(rows))


def _reading(place: Place, runs: Runs, scale: Scale, seeds: Iterable[Mapping[Place, Column]]) -> Reading:
    arm, knob, name, unit = place
    over_seeds = [found[place].values[0] for found in seeds if place in found]
    return Reading(
        arm=arm,
        knob=knob,
        name=name,
        unit=unit,
        seeds=tuple(runs),
        values=tuple(values[0] for values in runs.values()),
        centres=tuple(scale.centres.values()),
        sd=scale.sd,
        spread=statistics.stdev(over_seeds) if len(over_seeds) > 1 else 0.0,
        step=scale.step,
    )


def _row(seed: int, outcome: CellOutcome) -> SeedRow:
    return SeedRow(seed=seed, status=outcome.status, reason=outcome.reason, data=outcome.data, split=outcome.split)


@cache
def instrument_of(task: str) -> Callable[[str], str]:
    """Find which instrument of a task gives a measurement.

    Args:
        task: The task's name.

    Returns:
        A function of the measurement's name; a name that no instrument of today gives is its own.
    """
    page = catalog.task(task)
    given = {one: names_given(page.paper, one) for one in page.instruments + page.comparisons}

    @cache
    def find(name: str) -> str:
        return next((one for one, names in given.items() if is_among(name, names)), name)

    return find


def make(folder: Path, cells: Sequence[Asked], where: Where, work: Path, progress: Progress, whole: bool) -> list[str]:
    """Make the reference of a night: run each cell, its rounding twins and one further seed.

    It can be stopped, and goes on where it was: each finished cell is in a journal. A cell of another arithmetic, as
    its probe says, is run again. So is one that did not finish.

    Args:
        folder: Where the reference is written.
        cells: What a night compares; what cannot be built is left out.
        where: On what they run.
        work: Folder of the journal.
        progress: Is told of each cell.
        whole: Whether this is the suite's own night.

    Returns:
        A line for each record that is left out, because too many of its readings are blind.

    Raises:
        Mistake: A cell, a twin or a further seed did not finish. Nothing is written.
    """
    journal = Journal(work)
    extra = [Asked(*key, 1 + max(one.seed for one in group)) for key, group in by_key(cells).items()]
    outcomes = resumed([*cells, *extra], where, journal, progress)
    # A cell that ends without numbers has no twins.
    outcomes |= resumed(
        with_twins(one for one in cells if one in outcomes and outcomes[one].status == "ok"), where, journal, progress
    )
    if why := unfinished(list(outcomes), outcomes):
        raise Mistake(f"{why}; nothing was written, and the same command runs them again")
    nights, left_out = {}, {}
    for key, group in by_key(one for one in cells if one in outcomes).items():
        of = {one: outcome for one, outcome in outcomes.items() if one.key == key}
        night = night_of(of, [one.seed for one in group])
        blind, all_ = night.blind, len(night.readings)
        if blind > MOST_BLIND * all_:
            left_out[file_of(key)] = f"{blind} of its {all_} readings are blind"
        else:
            nights[file_of(key)] = night_text(night)
    write_nights(folder, nights, left_out, whole)
    return [f"{name}: {why}" for name, why in left_out.items()]


def unfinished(asked: Sequence[Asked], outcomes: Outcomes) -> str:
    """Name the cells that have no outcome, or one that another try may mend.

    Args:
        asked: The cells.
        outcomes: What came of them.

    Returns:
        One line; empty where all have finished.
    """
    left = [one for one in asked if one not in outcomes or outcomes[one].status in UNFINISHED]
    if not left:
        return ""
    first = outcomes.get(left[0])
    how = f"{first.status}: {first_line(first.reason):.200}" if first else "not run"
    return f"{len(left)} of {len(asked)} cells did not finish, {said(left[0])} among them ({how})"


def whole_reference(folder: Path) -> tuple[Index, dict[str, Night]]:
    """Read a reference that is to be rewritten.

    Args:
        folder: Where it is.

    Returns:
        The index, and reference by file name.

    Raises:
        Mistake: There is none, or a file is gone, added, changed or no reference.
    """
    index, nights, troubles = read_nights(folder)
    if troubles or not nights:
        raise Mistake(f"{troubles[0] if troubles else folder}: only a whole reference is rewritten; make it anew")
    return index, nights


def resumed(asked: Sequence[Asked], where: Where, journal: Journal, progress: Progress) -> dict[Asked, CellOutcome]:
    """Outcomes of the journal where they are finished and of this code and arithmetic, and the rest run here."""
    from vaebench.environment import environment

    cells, _ = planned(asked, where)
    kept, _ = journal.read({cell.id: (cell.subject, cell.seed) for cell in cells.values()})
    probe = environment(where.device).probe
    found = {
        one: kept[cell.id]
        for one, cell in cells.items()
        if cell.id in kept and kept[cell.id].status not in UNFINISHED and kept[cell.id].environment.probe == probe
    }
    for one, outcome in run_here([one for one in cells if one not in found], where, progress):
        journal.append(outcome)
        found[one] = outcome
    return {one: found[one] for one in cells}
