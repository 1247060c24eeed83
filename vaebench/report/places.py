"""The places of a run's rows among those of the board: task by task, with the rows that they cannot be told from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vaebench.claims import Interval, t_interval
from vaebench.papers import Task
from vaebench.report.agreement_table import overall_ranks
from vaebench.report.compare import at_level
from vaebench.report.differences import excludes_zero
from vaebench.report.row_summary import row_summary
from vaebench.report.selection import Selection
from vaebench.report.sent import THIS_RUN
from vaebench.report.shown import Row, ShownRecord


@dataclass(frozen=True)
class TaskPlace:
    """The place of a row on one task.

    Attributes:
        task: The task.
        best: 1 + the number of rows that are better; None if the row has no agreement on the task.
        worst: The number of rows that it was compared with + 1 − the number that are worse; None likewise.
        of: The number of rows, this one included.
        agreement: Its agreement over seeds; None likewise.
        judged: Number of claims that are judged, over data sets.
        claims: Number of claims that there are, over data sets.
        not_told_from: Rows whose difference, paired by seed on common claims, has an interval with 0.
        lacks: What is missing, and why; empty if nothing is.
    """

    task: str
    best: int | None
    worst: int | None
    of: int
    agreement: Interval | None
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
        rank: Its rank over all tasks, as the board prints it; empty if it does not cover every task.
        tasks: Its place on each task.
    """

    row: str
    preset: str
    rank: str
    tasks: tuple[TaskPlace, ...]


def places(tasks: Sequence[Task], selection: Selection) -> tuple[RowPlaces, ...]:
    """Place the rows of a run among all that a preview shows.

    Args:
        tasks: The tasks.
        selection: What is shown.

    Returns:
        The places of each of the run's rows. If all rows are the run's, or the suite's own, there are none.
    """
    by_row: dict[Row, dict[str, list[ShownRecord]]] = {}
    for one in selection.shown:
        by_row.setdefault(one.row, {}).setdefault(one.subject.task.name, []).append(one)
    found = []
    for row, of_row in sorted(by_row.items()):
        if row.sender == THIS_RUN:
            rivals = {
                selection.labels[other]: of for other, of in by_row.items() if other != row and _alike(row, other)
            }
            rank = overall_ranks(tasks, selection, row.preset).get(selection.labels[row])
            each = tuple(_place(task, of_row.get(task.name, ()), rivals) for task in tasks)
            found.append(RowPlaces(selection.labels[row], row.preset, "" if rank is None else str(rank), each))
    return tuple(found)


def _alike(row: Row, other: Row) -> bool:
    return row.preset == other.preset


def _place(task: Task, shown: Sequence[ShownRecord], rivals: dict[str, dict[str, list[ShownRecord]]]) -> TaskPlace:
    summary = row_summary(task, shown)
    judged, claims = summary.applicable, summary.applicable + summary.silent
    if summary.agreement is None:
        return TaskPlace(task.name, None, None, 0, None, judged, claims, lacks=summary.lacks)
    differences = {
        name: found
        for name, of in rivals.items()
        if (found := difference(task, shown, of.get(task.name, ()))) is not None
    }
    better = sum(excludes_zero(found) and found.estimate > 0 for found in differences.values())
    worse = sum(excludes_zero(found) and found.estimate < 0 for found in differences.values())
    same = tuple(sorted(name for name, found in differences.items() if not excludes_zero(found)))
    of = len(differences) + 1
    return TaskPlace(
        task.name, 1 + better, of - worse, of, summary.agreement, judged, claims, same, _silent(shown) or summary.lacks
    )


def _silent(shown: Iterable[ShownRecord]) -> str:
    """Say which claims are not judged, and why."""
    lines = dict.fromkeys(
        f"{verdict.claim} is not applicable ({verdict.reason})"
        for one in shown
        for verdict in one.record.verdicts
        if verdict.word == "not applicable"
    )
    return "; ".join(lines)


def difference(task: Task, one: Sequence[ShownRecord], other: Sequence[ShownRecord]) -> Interval | None:
    """Mean difference of agreement of two rows on one task, over the claims and seeds that both have.

    Each data set of the task counts alike. The first row is taken from the second.

    Args:
        task: The task.
        one: The first row's records of it.
        other: The second row's.

    Returns:
        The difference with its 95 % interval; None if a data set has no claim in common, or no two seeds are.
    """
    ours, theirs = ({each.dataset: each for each in side} for side in (one, other))
    by_seed = []
    for dataset in task.datasets:
        if dataset not in ours or dataset not in theirs:
            return None
        found = _by_seed(ours[dataset], theirs[dataset])
        if not found:
            return None
        by_seed.append(found)
    seeds = sorted(set.intersection(*map(set, by_seed))) if by_seed else []
    if len(seeds) < 2:
        return None
    return t_interval([sum(of[seed] for of in by_seed) / len(by_seed) for seed in seeds])


def _by_seed(one: ShownRecord, other: ShownRecord) -> dict[int, float]:
    """Mean difference over the claims of which both have all statistics, by the seeds that all of these have."""
    ran = len({cell.seed for cell in one.record.cells} & {cell.seed for cell in other.record.cells})
    each = []
    for claim, verdict in one.verdicts.items():
        partner = other.verdicts[claim]
        if at_level(verdict, partner, "controlled", ran).difference is not None:
            ours, theirs = (dict(zip(of.seeds, of.agreement, strict=True)) for of in (verdict, partner))
            each.append({seed: theirs[seed] - ours[seed] for seed in ours.keys() & theirs.keys()})
    seeds = set.intersection(*map(set, each)) if each else set()
    return {seed: sum(of[seed] for of in each) / len(each) for seed in seeds}
