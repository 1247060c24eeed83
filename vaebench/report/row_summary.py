"""Sum up the records of one row on one task."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from vaebench.claims import Interval, t_interval
from vaebench.papers import Task
from vaebench.report.markdown import words
from vaebench.report.shown import ShownRecord
from vaebench.results.assemble import agreement_by_seed


@dataclass(frozen=True)
class RowSummary:
    """The agreement and verdicts of a row on one task.

    Attributes:
        by_seed: Agreement of each seed that has all of the task's data sets; empty if the task is not covered.
        holds: Number of verdicts that hold.
        applicable: Number of verdicts that are applicable.
        silent: Number of verdicts that are not applicable; the agreement is that of the others.
        lacks: Why the task is not covered, or empty.
    """

    by_seed: dict[int, float]
    holds: int
    applicable: int
    silent: int
    lacks: str = ""

    @cached_property
    def agreement(self) -> Interval | None:
        """Mean agreement over seeds with its interval; None if the task is not covered."""
        return t_interval(list(self.by_seed.values())) if self.by_seed else None


def row_summary(task: Task, shown: Iterable[ShownRecord]) -> RowSummary:
    """Sum up a row's records of one task.

    Args:
        task: The task.
        shown: The row's records of it.

    Returns:
        The summary over the task's own data sets.
    """
    of_data = {one.dataset: one for one in shown}
    counted = [of_data[name] for name in task.datasets if name in of_data]
    verdicts = Counter(verdict.word for one in counted for verdict in one.record.verdicts)
    silent = verdicts["not applicable"]
    agreements = {one.dataset: agreement_by_seed(one.record.verdicts) for one in counted}
    lacks = [_lack(name, of_data.get(name), agreements.get(name, {})) for name in task.datasets]
    shared = set.intersection(*(set(found) for found in agreements.values())) if agreements else set()
    by_seed = {seed: sum(of[seed] for of in agreements.values()) / len(agreements) for seed in sorted(shared)}
    missing = next(filter(None, lacks), "")
    if not missing and len(by_seed) < 2:
        missing = "one seed has no spread" if by_seed else "its data sets share no seed"
    covered = not any(lacks)
    applicable = verdicts.total() - silent
    return RowSummary(by_seed if covered else {}, verdicts["holds"], applicable, silent, missing)


def _lack(dataset: str, shown: ShownRecord | None, agreement: dict[int, float]) -> str:
    if shown is None:
        return f"no record on {words(dataset)}"
    record = shown.record
    if all(verdict.word == "not applicable" for verdict in record.verdicts):
        reason = next((verdict.reason for verdict in record.verdicts if verdict.reason), "")
        return f"no claim applies on {words(dataset)}" + (f" ({reason})" if reason else "")
    judged = (verdict for verdict in record.invariant_verdicts if verdict.arm == "trained")
    unsound = next((verdict.claim for verdict in judged if verdict.word == "fails"), "")
    if unsound:
        return f"no sound run on {words(dataset)} (invariant {words(unsound)} fails)"
    return "" if agreement else f"no seed has every claim on {words(dataset)}"
