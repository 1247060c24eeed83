"""The places of a run's rows among those of the board: by task and data set, with the rows they cannot be told from."""

from collections.abc import Sequence
from dataclasses import dataclass

from vaebench.claims import Interval
from vaebench.papers import Task
from vaebench.report.received.sent import THIS_RUN
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.places import compared
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.standing import Standing, by_data, shared_claims


@dataclass(frozen=True)
class RunPlace:
    """The place of a run's row on one task and data set.

    Attributes:
        task: The task.
        dataset: The data set.
        best: Its best place; None if it has none.
        worst: Its worst place; None likewise.
        of: The number of models that have a place.
        agreement: Its agreement over seeds, on the claims that all models with a place share; None if it lacks one.
        shared: Number of those claims.
        judged: Number of claims that apply.
        claims: Number of claims that there are.
        not_told_from: Models whose agreement on common claims does not differ significantly.
        lacks: What is missing, and why; empty if nothing is.
    """

    task: str
    dataset: str
    best: int | None
    worst: int | None
    of: int
    agreement: Interval | None
    shared: int
    judged: int
    claims: int
    not_told_from: tuple[str, ...] = ()
    lacks: str = ""


@dataclass(frozen=True)
class RowPlaces:
    """The places of a row.

    Attributes:
        row: Its name.
        preset: Its preset; places are among rows of the same.
        places: Its place on each task and data set that it has a record of.
        not_run: Tasks that it has no record of.
    """

    row: str
    preset: str
    places: tuple[RunPlace, ...]
    not_run: tuple[str, ...] = ()


def run_places(tasks: Sequence[Task], selection: Selection) -> tuple[RowPlaces, ...]:
    """Place the rows of a run among all that a preview shows, as the pages of places do.

    Args:
        tasks: The tasks.
        selection: What is shown.

    Returns:
        The places of each of the run's rows, by preset. If all rows are the run's, or the suite's own, there are none.
    """
    by_row: dict[tuple[str, str], list[RunPlace]] = {}
    for task in tasks:
        for (preset, _), found in by_data(distinct(selection.of_task(task.name))).items():
            for one in found:
                for record in one.model.records:
                    if record.row.sender == THIS_RUN:
                        by_row.setdefault((record.row_label, preset), []).append(_place(task, one, found))
    return tuple(
        RowPlaces(row, preset, tuple(its), tuple(t.name for t in tasks if t.name not in {p.task for p in its}))
        for (row, preset), its in sorted(by_row.items())
    )


def _place(task: Task, one: Standing, found: Sequence[Standing]) -> RunPlace:
    placed, shared = [other for other in found if other.place], shared_claims(found)
    verdicts = one.model.first.verdicts.values()
    silent = [verdict for verdict in verdicts if verdict.word == "not applicable"]
    lacks = [f"{verdict.claim} is not applicable ({verdict.reason})" for verdict in silent]
    lacks += [f"invariant {one.unsound} fails"] if one.unsound else []
    lacks += [one.lacks] if one.lacks and one.agreements else []
    same = tuple(
        other.model.label
        for other in placed
        if one.place and other is not one and compared(one.agreements, other.agreements) == 0
    )
    best, worst = (one.place.best, one.place.worst) if one.place else (None, None)
    return RunPlace(
        *(task.name, one.model.first.dataset, best, worst, len(placed), one.agreement_on(shared), len(shared)),
        *(len(one.agreements), len(task.claims), same, "; ".join(dict.fromkeys(lacks))),
    )
