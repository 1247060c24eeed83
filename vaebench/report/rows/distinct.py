"""Find records that are one model under a task, so that it counts once.

Some variants differ only in what a task holds fixed. Where the posterior scale is held, a complex VAE is a VAE. No list
of names says so. Records are one model if they are of one task, data set, preset and network, and have the same
measurements of the trained arm, equal up to rounding in every seed. A count among few draws may differ, where rounding
has moved one draw over a bound, so nine in ten numbers must be equal. Of the suite's records, one model under two names
has 94 % of them or more, and no two models have 35 %.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vaebench.papers import Task
from vaebench.report.rows.shown import ShownRecord

SAME = 1e-3
"""Measurements of one model differ by less, relatively. Rounding in training makes up to 2×10⁻⁴ in the records."""

NOUGHT = 1e-9
"""Numbers below this are 0 up to rounding."""

MOST = 0.9
"""Share of the numbers that are equal for one model, at the least."""

FEWEST = 5
"""Fewer numbers than this can agree by chance."""


@dataclass(frozen=True)
class Model:
    """Records that are one model under a task.

    Attributes:
        records: One or more; the first stands for all.
    """

    records: tuple[ShownRecord, ...]

    @property
    def first(self) -> ShownRecord:
        """The record that stands for all."""
        return self.records[0]

    @property
    def is_own(self) -> bool:
        """Whether it is one of the suite's own."""
        return self.first.is_own

    @property
    def name(self) -> str:
        """The variants' names, for example ``vae = complex_vae``."""
        return " = ".join(dict.fromkeys(one.variant_label for one in self.records))

    @property
    def label(self) -> str:
        """The names with the network, for example ``vae = complex_vae · mlp``."""
        return f"{self.name} · {self.first.row.arch}"


def distinct(shown: Iterable[ShownRecord]) -> tuple[Model, ...]:
    """Put records together that are one model.

    Records are sorted by the median of their numbers' sizes and compared with their neighbours only.

    Args:
        shown: Records of any tasks.

    Returns:
        The models, in the order in which the first record of each comes. The suite's own stand before records that were
        sent, and short names before long ones.
    """
    groups: dict[tuple[str, ...], list[ShownRecord]] = {}
    places: dict[int, int] = {}
    for place, one in enumerate(shown):
        places[id(one)] = place
        key = (one.subject.task.name, one.dataset, one.row.preset, one.row.arch)
        groups.setdefault(key, []).append(one)
    models = [model for group in groups.values() for model in _models(group)]
    return tuple(sorted(models, key=lambda model: min(places[id(one)] for one in model.records)))


def counted_models(task: Task, models: Iterable[Model]) -> list[Model]:
    """Choose the models that counts are of: the suite's own, for records of others could flood the counts.

    Args:
        task: Their task.
        models: Its models.

    Returns:
        Those on the data sets that it counts; of the standard preset alone where there are any of it.
    """
    ours = [one for one in models if one.is_own and one.first.dataset in task.counted_on]
    return [one for one in ours if one.first.row.preset == "standard"] or ours


def _models(group: Sequence[ShownRecord]) -> Iterable[Model]:
    keyed = sorted(((one.summary, one) for one in group), key=lambda pair: pair[0].middle)
    taken: set[int] = set()
    for place, (ours, one) in enumerate(keyed):
        if place in taken:
            continue
        same = [one]
        for other in range(place + 1, len(keyed)):
            theirs, candidate = keyed[other]
            if not _close(ours.middle, theirs.middle):
                break
            if other not in taken and _equal(ours.numbers, theirs.numbers) and ours.places == theirs.places:
                taken.add(other)
                same.append(candidate)
        yield Model(tuple(sorted(same, key=lambda r: (not r.is_own, len(r.variant_label), r.variant_label))))


def _equal(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Say whether most numbers are close. Two models differ in the first few, and no more are looked at then."""
    if not FEWEST <= len(ours) == len(theirs):
        return False
    left = len(ours) - math.ceil(MOST * len(ours))
    for one, other in zip(ours, theirs, strict=True):
        if not _close(one, other):
            left -= 1
            if left < 0:
                return False
    return True


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=SAME, abs_tol=NOUGHT)
