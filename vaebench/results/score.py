"""Score a run against reference results: `reproduced`, `drifted`, `stale` or `missing`, a line a record."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from vaebench.claims import Column, is_duration, map_entry
from vaebench.experiment import UNJUDGED
from vaebench.mistakes import Mistake
from vaebench.results.definitions import stale
from vaebench.results.paired import Paired, Place, paired
from vaebench.results.record import UNFINISHED, Record
from vaebench.results.shift import Shift, shift

ScoreWord = Literal["reproduced", "drifted", "stale", "missing"]

FALSE_ALARMS = 0.05
"""Expected share of false alarms among all drifts that one call to `score` reports."""

Key = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Drift:
    """A measurement that is not what the reference says.

    Attributes:
        arm: The arm it was read on.
        knob: The knob's value, or None.
        measurement: The measurement's name.
        mean: The new mean over seeds; None where the new run has no such measurement.
        low: Lower end of the reference's 95 % prediction interval for that mean; None where it was not compared.
        high: Its upper end.
        p: Two-sided probability of a mean this far off if nothing changed, before correction; None likewise.
        unit: The unit of mean, low and high.
        why: One line.
    """

    arm: str
    knob: float | None
    measurement: str
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    unit: str
    why: str


@dataclass(frozen=True)
class Score:
    """How one record compares with the reference of the same subject.

    Attributes:
        file_name: The record's place in a store.
        status: The word.
        reason: Why, in one line; empty where the word says all.
        drifts: The measurements that drifted.
        compared: How many measurements were compared by number.
        unrun: Seeds that finished in the reference and are not in the record at all.
        decided_by: ``paired``, where the same seeds ran on the same arithmetic, and so have to give the same numbers;
            ``population``, where the mean over seeds was held against the reference's; empty where nothing was.
    """

    file_name: str
    status: ScoreWord
    reason: str = ""
    drifts: tuple[Drift, ...] = ()
    compared: int = 0
    unrun: tuple[int, ...] = ()
    decided_by: Literal["paired", "population", ""] = ""


def score(records: Sequence[Record], references: Sequence[Record], scope: bool = False) -> tuple[Score, ...]:
    """Score all records of a run, false alarms held at 5 % over all of them together (Benjamini–Hochberg).

    A record is compared with the reference of the same task, variant, architecture, data set, preset and device.
    ``missing``: there is none, or nothing to compare. ``stale``: the task, the data set, the bytes of its files or the
    variant's code are no longer what the reference measured. ``drifted``: a measurement left the reference's population
    (see `shift`), a measurement exists on one side only, be it in a single seed that finished on both sides, or a seed
    ended otherwise. Else ``reproduced``.

    Where both sides have the same seeds and computed them on the same arithmetic, the numbers have to be equal to the
    last bit. There the paired test decides, and sees far smaller changes than the population does; see `paired`.

    Args:
        records: The run.
        references: What it is compared with.
        scope: Whether references in the run's scope that the run has no record of are ``missing`` too. A run is every
            combination of some tasks, variants, architectures, presets and devices, on all data sets of a task
            that need no files: its scope is what its records name of each.

    Returns:
        One score a record, and one for each such reference, in order of file names.

    Raises:
        Mistake: Two references have one subject.
    """
    from scipy.stats import false_discovery_control  # loading it takes longer than all the rest of the paper wing

    by_key: dict[Key, Record] = {}
    for reference in references:
        if _key(reference) in by_key:
            raise Mistake(f"there are two references for {reference.subject.file_name} on {reference.subject.device}")
        by_key[_key(reference)] = reference
    ordered = sorted(records, key=lambda record: (record.subject.file_name, _key(record)))
    unscored = [_unscored(record, by_key) for record in ordered]
    pairs = [(r, by_key[_key(r)]) for r, out in zip(ordered, unscored, strict=True) if out is None]
    tests = [paired(*pair, *(compared_columns(one.measurements) for one in pair)) for pair in pairs]
    shifts = [{} if test else _shifts(*pair) for pair, test in zip(pairs, tests, strict=True)]
    p = [found.p for of_record in shifts for found in of_record.values()]
    adjusted = iter(false_discovery_control(p).tolist() if p else ())
    alarms = [{place for place in of_record if next(adjusted) <= FALSE_ALARMS} for of_record in shifts]
    of_pairs = zip(pairs, tests, shifts, alarms, strict=True)
    scored = (_scored(*pair, test, found, alarm) for pair, test, found, alarm in of_pairs)
    found = [out or next(scored) for out in unscored]
    if scope:
        there = {_key(record) for record in records}
        gone = [one for key, one in by_key.items() if key not in there and _in_scope(one, records)]
        found += [Score(one.subject.file_name, "missing", "the run has no record of it") for one in gone]
    return tuple(sorted(found, key=lambda one: one.file_name))


def _in_scope(reference: Record, records: Sequence[Record]) -> bool:
    """Whether a run that names all that these records name would have this one."""
    data = reference.subject.dataset
    if data.files is not None and data.name not in {record.subject.dataset.name for record in records}:
        return False  # it has to be installed, and is run only where it is named
    named = [set(of) for of in zip(*map(_scope, records), strict=True)]
    return bool(named) and all(part in of for part, of in zip(_scope(reference), named, strict=True))


def _scope(record: Record) -> tuple[str, ...]:
    s = record.subject
    return s.task.name, s.variant.name, s.arch, s.preset, s.device


def _key(record: Record) -> Key:
    s = record.subject
    return s.task.name, s.variant.name, s.arch, s.dataset.name, s.preset, s.device


def _unscored(record: Record, references: dict[Key, Record]) -> Score | None:
    """Say why a record is not compared, or None where it is."""
    name = record.subject.file_name
    if record.subject.preset in UNJUDGED:
        return Score(name, "missing", f"{record.subject.preset} is not scored")
    reference = references.get(_key(record))
    if reference is None:
        *same, preset, device = _key(record)
        others = sorted(f"{k[-2]} on {k[-1]}" for k in references if k[:-2] == tuple(same))
        there = f"; there is {', '.join(others)}" if others else ""
        return Score(name, "missing", f"no reference for {preset} on {device}{there}")
    if differences := list(stale(record.subject, reference.subject)):
        return Score(name, "stale", "; ".join(differences))
    return None


def compared_columns(measurements: Sequence[Column]) -> dict[Place, Column]:
    """Find what two runs are compared by: measurements by place, where one whose unit changed is another.

    Entries of maps are looked at and not compared, or their hundreds would drown the rest; ratios of durations belong
    to the machine, and asv follows those.

    Args:
        measurements: Of a record or a cell.

    Returns:
        Column by arm, knob value, name and unit.
    """
    return {
        (c.arm, c.knob, c.name, c.unit): c
        for c in measurements
        if c.values and not map_entry(c.name) and not is_duration(c.name)
    }


def night_columns(measurements: Sequence[Column]) -> dict[Place, Column]:
    """Find what a night compares: as `compared_columns`, and the mean of each map's entries.

    A change that acts on a map alone shows in its mean. Hundreds of entries would say no more. The mean of a seed is
    over the entries that the seed has, so a record gives each of its cells' means.

    Args:
        measurements: Of a record or a cell.

    Returns:
        Column by arm, knob value, name and unit.
    """
    maps: dict[Place, list[Column]] = {}
    for one in measurements:
        if (entry := map_entry(one.name)) and one.values:
            maps.setdefault((one.arm, one.knob, f"{entry[0]}_mean_of_map", one.unit), []).append(one)
    means = {}
    for (arm, knob, name, unit), entries in maps.items():
        of_seeds: dict[int, list[float]] = {}
        for one in entries:
            for seed, value in zip(one.seeds, one.values, strict=True):
                of_seeds.setdefault(seed, []).append(value)
        seeds = tuple(sorted(of_seeds))
        values = tuple(sum(of_seeds[seed]) / len(of_seeds[seed]) for seed in seeds)
        plain = (0.0,) * len(seeds), (1,) * len(seeds)
        means[arm, knob, name, unit] = Column(name, arm, knob, unit, "neither", seeds, values, *plain)
    return compared_columns(measurements) | means


def _shifts(record: Record, reference: Record) -> dict[Place, Shift]:
    new, old = compared_columns(record.measurements), compared_columns(reference.measurements)
    found = {place: shift(new[place], old[place]) for place in new if place in old}
    return {place: one for place, one in found.items() if one is not None}


def _finished(record: Record) -> set[int]:
    return {cell.seed for cell in record.cells if cell.status == "ok"}


def _one_sided(record: Record, reference: Record) -> Iterator[Drift]:
    """Yield what one side has in no seed, and the other has."""
    new, old = compared_columns(record.measurements), compared_columns(reference.measurements)
    sides = (new, old, record, reference, "reference"), (old, new, reference, record, "new run")
    for here, there, having, lacking, side in sides:
        ran, has_run = _finished(lacking), _finished(having)
        for (arm, knob, name, unit), column in here.items():
            if (arm, knob, name, unit) in there:
                continue
            if ran and all(seed in has_run and seed not in column.seeds for seed in ran):
                continue  # of the same seeds the other side has no number either
            mean = sum(column.values) / len(column.values) if here is new else None
            why = f"the {side} does not have it{_declined(lacking, (arm, knob, name))}"
            yield Drift(arm, knob, name, mean, None, None, None, unit, why)


def _in_some_seeds(record: Record, reference: Record) -> Iterator[Drift]:
    """Yield what both sides have, but not in the same seeds, of those that finished on both."""
    new, old = compared_columns(record.measurements), compared_columns(reference.measurements)
    both = _finished(record) & _finished(reference)
    for place in (place for place in new if place in old):
        now, was = (both.intersection(of[place].seeds) for of in (new, old))
        arm, knob, name, unit = place
        mean = sum(new[place].values) / len(new[place].values)
        for lost, lacking, side in ((now - was, reference, "reference"), (was - now, record, "new run")):
            if lost:
                seeds = f"seed{'s' * (len(lost) > 1)} {', '.join(map(str, sorted(lost)))}"
                why = f"the {side} does not have it in {seeds}{_declined(lacking, (arm, knob, name), lost)}"
                yield Drift(arm, knob, name, mean, None, None, None, unit, why)


def _declined(record: Record, place: tuple[str, float | None, str], seeds: Collection[int] | None = None) -> str:
    """Why a record has no number at a place, in all its seeds or in some; empty where it does not say."""
    absences = (absence for one in record.measurements if one.place == place for absence in one.absent)
    return next((f": {one.reason}" for one in absences if seeds is None or not {*one.seeds}.isdisjoint(seeds)), "")


def _other_ends(record: Record, reference: Record) -> Iterator[str]:
    """Yield which seeds ended otherwise. Out of time or memory in the reference is no end that binds a new run."""
    ends = {cell.seed: cell.status for cell in reference.cells}
    for cell in record.cells:
        was = ends.get(cell.seed, cell.status)
        settled = was not in UNFINISHED and cell.status not in UNFINISHED
        if cell.status != was and (was == "ok" or settled):
            why = f" ({cell.reason})" if cell.reason else ""
            yield f"seed {cell.seed}: {cell.status}{why}, {was} in the reference"


def _scored(
    record: Record, reference: Record, test: Paired | None, shifts: dict[Place, Shift], alarms: set[Place]
) -> Score:
    """Collect what drifted, the largest surprise first."""
    moved = _moved(record, reference, test) if test else _left(shifts, alarms)
    compared = test.compared if test else len(shifts)
    one_sided, in_some = list(_one_sided(record, reference)), list(_in_some_seeds(record, reference))
    name = record.subject.file_name
    reasons = [f"{len(moved)} of {compared} measurements moved"] if moved else []
    reasons += [f"{len(one_sided)} measurements on one side only"] if one_sided else []
    places = {(one.arm, one.knob, one.measurement) for one in in_some}
    reasons += [f"{len(places)} measurements on one side only in some seeds"] if places else []
    reasons += _other_ends(record, reference)
    if not reasons and not compared:
        return Score(name, "missing", _nothing(record, reference))
    if reasons and (torch := _torch_change(record, reference)):
        reasons.append(torch)
    status: ScoreWord = "drifted" if reasons else "reproduced"
    ran = {cell.seed for cell in record.cells}
    unrun = tuple(cell.seed for cell in reference.cells if cell.status == "ok" and cell.seed not in ran)
    if unrun:
        reasons.append(f"not run: seed{'s' * (len(unrun) > 1)} {', '.join(map(str, unrun))}")
    decided: Literal["paired", "population"] = "paired" if test else "population"
    return Score(name, status, "; ".join(reasons), (*moved, *one_sided, *in_some), compared, unrun, decided)


def _nothing(record: Record, reference: Record) -> str:
    """Say why two sides have nothing to compare."""
    new, old = compared_columns(record.measurements), compared_columns(reference.measurements)
    if new.keys() & old.keys():
        return "a single seed on either side has no spread to compare by"
    return "no measurement is on both sides" if new or old else "neither side has a measurement"


def _left(shifts: dict[Place, Shift], alarms: set[Place]) -> list[Drift]:
    """List what left the reference's population."""
    moved = [
        Drift(arm, knob, name, one.mean, *one.interval(), one.p, unit, "left the reference's prediction interval")
        for (arm, knob, name, unit), one in shifts.items()
        if (arm, knob, name, unit) in alarms
    ]
    return sorted(moved, key=lambda drift: drift.p or 0.0)


def _moved(record: Record, reference: Record, test: Paired) -> list[Drift]:
    """List what is not the same for the same seed, and what the population says of each."""
    shifts = _shifts(record, reference)
    found = []
    for (arm, knob, name, unit), (seed, now, was) in test.moved.items():
        why = f"seed {seed} gives {now:.7g} where it gave {was:.7g}, on the same arithmetic"
        one = shifts.get((arm, knob, name, unit))
        mean, p = (one.mean, one.p) if one else (None, None)
        found.append(Drift(arm, knob, name, mean, None, None, p, unit, why))
    return sorted(found, key=lambda drift: (drift.p is None, drift.p or 0.0, drift.measurement))


def _torch_change(record: Record, reference: Record) -> str:
    now, then = (", ".join(sorted({e.torch for e in r.environments})) for r in (record, reference))
    return f"torch {now}, reference {then}" if now != then else ""
