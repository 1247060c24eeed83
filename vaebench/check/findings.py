"""What a check of a variant finds, as plain values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Word = Literal["pass", "warn", "refuse"]

NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")


@dataclass(frozen=True)
class Line:
    """The result of one check.

    Attributes:
        check: The check's name.
        word: ``pass``, ``warn``, or ``refuse`` if the suite would not measure the variant.
        says: What was expected, what was seen and what to do, in one line.
        where: Networks and tasks that it is about; empty for all.
    """

    check: str
    word: Word
    says: str
    where: str = ""


@dataclass(frozen=True)
class LossWeights:
    """What an objective weighs, measured and not declared.

    Attributes:
        likelihood: Nats of loss per nat of −log p(x|z); None if it cannot be determined.
        kl: Nats of loss per nat of KL; None likewise.
        beta: The KL's weight relative to −log p(x|z), both summed; None if the loss is no such sum.
        beta_half_width: Half-width of the interval of `beta`.
        beta_per_unit: The same with the KL per latent unit and −log p per value of an example: beta·latent/values.
        form: ``elbo``, ``scaled elbo``, ``weighted``, or ``other`` if the loss is not a sum of the two.
        is_bound: Whether its negative is a lower bound of log p(x): ``elbo``, or a KL that weighs more.
    """

    likelihood: float | None
    kl: float | None
    beta: float | None
    beta_half_width: float | None
    beta_per_unit: float | None
    form: Literal["elbo", "scaled elbo", "weighted", "other"]
    is_bound: bool


@dataclass(frozen=True)
class Applies:
    """Whether a claim will be judged.

    Attributes:
        task: The task.
        dataset: The data set.
        claim: The claim.
        is_judged: Whether it will be; a model that collapses can still lose its verdict.
        why: Why not; empty if it is.
    """

    task: str
    dataset: str
    claim: str
    is_judged: bool
    why: str = ""


@dataclass(frozen=True)
class Forecast:
    """An estimate of what a run of the whole suite takes on this machine.

    Attributes:
        preset: The preset.
        networks: The networks.
        cells: Number of cells.
        trainings: Number of trainings.
        processor_hours: One core's time.
        hours: With all cores.
        jobs: Number of cores.
        measuring: Whether the time of measuring is in it, after the suite's own records.
    """

    preset: str
    networks: tuple[str, ...]
    cells: int
    trainings: int
    processor_hours: float
    hours: float
    jobs: int
    measuring: bool


@dataclass(frozen=True)
class Report:
    """All findings about a variant.

    Attributes:
        variant: Its name; empty if it could not be loaded.
        lines: A line for each check.
        weights: What the objective weighs; None if that was not reached.
        claims: Which claims will be judged.
        forecast: What a run takes; None if that was not reached.
    """

    variant: str
    lines: tuple[Line, ...]
    weights: LossWeights | None = None
    claims: tuple[Applies, ...] = ()
    forecast: Forecast | None = None

    @property
    def is_refused(self) -> bool:
        """Whether a check refuses the variant."""
        return any(line.word == "refuse" for line in self.lines)


def merged(name: str, found: Sequence[tuple[str, str, Word, str]]) -> list[Line]:
    """Sum up one check over networks and tasks: a line for each finding that differs by more than its numbers.

    Args:
        name: The check's name.
        found: (network, task, word, what it says) for each run of the check.

    Returns:
        One line if it passes everywhere; else the first of each distinct finding, with its networks and tasks.
    """
    others = [one for one in found if one[2] != "pass"]
    if not others:
        return [Line(name, "pass", found[0][3])] if found else []
    alike: dict[str, list[tuple[str, str, Word, str]]] = {}
    for one in others:
        alike.setdefault(NUMBER.sub("#", one[3]), []).append(one)
    lines = []
    for same in alike.values():
        archs, tasks = (dict.fromkeys(filter(None, part)) for part in list(zip(*same, strict=True))[:2])
        where = "" if len(same) == len(found) else "; ".join(filter(None, map(", ".join, (archs, tasks))))
        lines.append(Line(name, same[0][2], same[0][3], where))
    return lines
