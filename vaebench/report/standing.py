"""Sum up how a row of the board stands on a task."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from vaebench.report.task_text import TaskText
from vaebench.report.text import words
from vaebench.results.assemble import agreement_by_seed
from vaebench.results.record import Record


@dataclass(frozen=True)
class Standing:
    """How a row stands on one task.

    Attributes:
        by_seed: Score of each seed that has all of the task's data sets; empty where the task is not covered.
        holds: How many verdicts hold.
        applicable: How many verdicts there are.
        silent: How many claims are not applicable; the score is that of the others.
        lacks: Why the task is not covered, or empty.
    """

    by_seed: dict[int, float]
    holds: int
    applicable: int
    silent: int
    lacks: str = ""


def standing(task: TaskText, records: Iterable[Record]) -> Standing:
    """Sum up a row's records of one task.

    Args:
        task: The task.
        records: The row's records of it.

    Returns:
        Its standing, over the task's own data sets.
    """
    of_data = {record.subject.dataset.name: record for record in records}
    shown = [of_data[name] for name in task.datasets if name in of_data]
    verdicts = Counter(verdict.word for record in shown for verdict in record.verdicts)
    silent = verdicts["not applicable"]
    scores = {record.subject.dataset.name: agreement_by_seed(record.verdicts) for record in shown}
    lacks = [_lack(name, of_data.get(name), scores.get(name, {})) for name in task.datasets]
    shared = set.intersection(*(set(found) for found in scores.values())) if scores else set()
    by_seed = {seed: sum(found[seed] for found in scores.values()) / len(scores) for seed in sorted(shared)}
    missing = next(filter(None, lacks), "")
    if not missing and len(by_seed) < 2:
        missing = "one seed has no spread" if by_seed else "its data sets share no seed"
    covered = not any(lacks)
    applicable = verdicts.total() - silent
    return Standing(by_seed if covered else {}, verdicts["holds"], applicable, silent, missing)


def _lack(dataset: str, record: Record | None, scores: dict[int, float]) -> str:
    if record is None:
        return f"no record on {words(dataset)}"
    if all(verdict.word == "not applicable" for verdict in record.verdicts):
        reason = next((verdict.reason for verdict in record.verdicts if verdict.reason), "")
        return f"no claim applies on {words(dataset)}" + (f" ({reason})" if reason else "")
    judged = (verdict for verdict in record.invariant_verdicts if verdict.arm == "trained")
    unsound = next((verdict.claim for verdict in judged if verdict.word == "fails"), "")
    if unsound:
        return f"no sound run on {words(dataset)} (invariant {words(unsound)} fails)"
    return "" if scores else f"no seed has every claim on {words(dataset)}"
