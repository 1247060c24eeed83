"""Say where each model stands on one task and data set: its place, or why it has none."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from vaebench.claims import Interval, Verdict, t_interval
from vaebench.papers import Task
from vaebench.report.rows.distinct import Model
from vaebench.report.rows.fits import cannot_be
from vaebench.report.rows.places import Agreements, Place, places
from vaebench.report.words.decisive import is_blind
from vaebench.report.words.markdown import words


@dataclass(frozen=True)
class Standing:
    """A model on one task and data set.

    Attributes:
        model: The model.
        agreements: By claim, the agreement under controls of each seed; only of claims that apply.
        unsound: The invariant that fails; empty for a sound run.
        lacks: Another reason why it has no place; empty if there is none.
        place: Its place among all models of the task and data set.
    """

    model: Model
    agreements: Agreements
    unsound: str = ""
    lacks: str = ""
    place: Place | None = None

    def agreement_on(self, claims: Sequence[str]) -> Interval | None:
        """Mean agreement under controls over some of its claims, with the interval over the seeds that have all."""
        of = [self.agreements[claim] for claim in claims if claim in self.agreements]
        if not claims or len(of) < len(claims):
            return None
        seeds = sorted(set.intersection(*(set(by_seed) for by_seed in of)))
        return t_interval([fmean(by_seed[seed] for by_seed in of) for seed in seeds]) if seeds else None


def shared_claims(found: Iterable[Standing]) -> tuple[str, ...]:
    """List the claims that all models with a place have, in their order."""
    placed = [one.agreements for one in found if one.place]
    return tuple(claim for claim in (placed[0] if placed else ()) if all(claim in of for of in placed))


def standings(models: Iterable[Model]) -> tuple[Standing, ...]:
    """Place the models of one task, data set and preset.

    Args:
        models: The distinct models.

    Returns:
        Those with a place first, in the order of their places, then those without.
    """
    found = [_standing(model) for model in models]
    placed = places({one.model.label: one.agreements for one in found if not (one.unsound or one.lacks)})
    with_places = [replace(one, place=placed.get(one.model.label)) for one in found]
    return tuple(sorted(with_places, key=_order))


ByData = Mapping[tuple[str, str], tuple[Standing, ...]]
"""Where the models of one task stand, by preset and data set."""


def by_data(models: Sequence[Model]) -> ByData:
    """Place the models of one task on each data set.

    Args:
        models: The distinct models of the task.

    Returns:
        Where they stand, by preset and data set.
    """
    grouped: dict[tuple[str, str], list[Model]] = {}
    for one in models:
        grouped.setdefault((one.first.row.preset, one.first.dataset), []).append(one)
    return {key: standings(grouped[key]) for key in sorted(grouped)}


def _order(one: Standing) -> tuple[float, float, str]:
    if one.place is None:
        return float("inf"), 0.0, one.model.label
    return one.place.best + one.place.worst, one.place.best, one.model.label


def _standing(model: Model) -> Standing:
    record = model.first.record
    agreements = {
        _by(verdict): dict(zip(verdict.seeds, verdict.agreement, strict=True))
        for verdict in record.verdicts
        if verdict.controlled.counts
    }
    judged = (verdict for verdict in record.invariant_verdicts if verdict.arm == "trained")
    unsound = next((verdict.claim for verdict in judged if verdict.word == "fails"), "")
    lacks = f"never placed: {apart}" if (apart := record.subject.variant.apart) else ""
    if not agreements:
        reason = next((verdict.reason for verdict in record.verdicts if verdict.reason), "")
        lacks = "no claim applies" + (f" ({reason})" if reason else "")
    elif not lacks and len(set.intersection(*(set(by_seed) for by_seed in agreements.values()))) < 2:
        lacks = "fewer than two seeds have every claim"
    return Standing(model, agreements, unsound, lacks)


def _by(verdict: Verdict) -> str:
    """Name a claim with the measures that it is agreed to without: rows are compared on the same measures alone."""
    blind = dict.fromkeys(check.statistic for check in verdict.checks if is_blind(check))
    return f"{verdict.claim} without {', '.join(blind)}" if blind else verdict.claim


@dataclass(frozen=True)
class Coverage:
    """Which of a task's data sets a row covers.

    Attributes:
        row: The row's name.
        placed: Data sets on which it has a place.
        unsound: Data sets with a run that has no place, each with the reason.
        not_run: Data sets without a record, which could be run.
        superseded: Data sets whose record is of another protocol and waits to be rerun.
        cannot: Data sets that it cannot be run on, each with the reason.
    """

    row: str
    placed: tuple[str, ...] = ()
    unsound: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()


def coverage(
    task: Task,
    row: str,
    variant: str,
    arch: str,
    found: Sequence[tuple[str, Standing]],
    superseded: Container[str] = (),
) -> Coverage:
    """Tell what was not run from what cannot be, and from what was run and is unsound.

    Args:
        task: The task.
        row: The row's name.
        variant: Its variant.
        arch: Its network.
        found: Its standings, by data set.
        superseded: Data sets on which it has a record of another protocol.

    Returns:
        Every data set of the task, in one of the five places. Those run by name only are there if they were run.
    """
    by_data = dict(found)
    placed, unsound, not_run, cannot, old = [], [], [], [], []
    for dataset in (*task.datasets, *(name for name in task.also_on if name in by_data)):
        one = by_data.get(dataset)
        if one and one.place:
            placed.append(words(dataset))
        elif one:
            why = f"invariant {words(one.unsound)} fails" if one.unsound else one.lacks
            unsound.append(f"{words(dataset)} ({why})")
        elif dataset in superseded:
            old.append(words(dataset))
        elif reason := cannot_be(variant, arch, dataset):
            cannot.append(f"{words(dataset)} ({reason})")
        else:
            not_run.append(words(dataset))
    return Coverage(row, tuple(placed), tuple(unsound), tuple(not_run), tuple(cannot), tuple(old))
