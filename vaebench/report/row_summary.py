"""Sum up the records of one row on one task."""

from collections import Counter
from collections.abc import Collection, Iterable
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
        published_by_seed: The same as published; `by_seed` is under controls.
        holds: Number of verdicts that hold under controls.
        published: Number of verdicts that hold as published.
        applicable: Number of verdicts that are applicable.
        silent: Number of verdicts that are not applicable; the agreement is that of the others.
        lacks: Why the task is not covered, or empty.
    """

    by_seed: dict[int, float]
    published_by_seed: dict[int, float]
    holds: int
    published: int
    applicable: int
    silent: int
    lacks: str = ""

    @cached_property
    def agreement(self) -> Interval | None:
        """Mean agreement under controls over seeds, with its interval; None if the task is not covered."""
        return t_interval(list(self.by_seed.values())) if self.by_seed else None

    @cached_property
    def agreement_published(self) -> Interval | None:
        """Mean agreement as published over seeds, with its interval; None if the task is not covered."""
        return t_interval(list(self.published_by_seed.values())) if self.published_by_seed else None


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
    published = {one.dataset: agreement_by_seed(one.record.verdicts, "published") for one in counted}
    replicated = sum(verdict.published.word == "holds" for one in counted for verdict in one.record.verdicts)
    lacks = [_lack(name, of_data.get(name), agreements.get(name, {})) for name in task.datasets]
    by_seed = _mean_by_seed(agreements.values())
    missing = next(filter(None, lacks), "")
    if not missing and len(by_seed) < 2:
        missing = "one seed has no spread" if by_seed else "its data sets share no seed"
    covered = not any(lacks)
    applicable = verdicts.total() - silent
    return RowSummary(
        by_seed if covered else {},
        _mean_by_seed(published.values()) if covered else {},
        verdicts["holds"],
        replicated,
        applicable,
        silent,
        missing,
    )


def _mean_by_seed(agreements: Collection[dict[int, float]]) -> dict[int, float]:
    """The mean over data sets, of the seeds that all of them have."""
    shared = set.intersection(*map(set, agreements)) if agreements else set()
    return {seed: sum(of[seed] for of in agreements) / len(agreements) for seed in sorted(shared)}


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
