"""Differences of two sides, as plain values: of agreement by claim, and of measurements."""

from dataclasses import dataclass

from vaebench.claims import ROUNDING, Interval, VerdictWord


def excludes_zero(found: Interval, scale: float = 1.0) -> bool:
    """Say whether an interval lies on one side of 0, by more than rounding.

    Args:
        found: The interval of a difference.
        scale: Size of what was subtracted; agreements are about 1.

    Returns:
        Whether it does; an interval of a single seed has no ends and does not.
    """
    slack = ROUNDING * abs(scale)
    return found.low is not None and found.high is not None and (found.low > slack or found.high < -slack)


@dataclass(frozen=True)
class AtLevel:
    """The difference of two agreements at one level.

    Attributes:
        words: The verdicts on the first and on the second.
        agreement: Mean agreement of each over the seeds that both have; None where there is none.
        difference: The second minus the first, paired by seed, with its 95 % interval; None where there is none.
        why: Why there is none; empty if there is.
    """

    words: tuple[VerdictWord, VerdictWord]
    agreement: tuple[float, float] | None
    difference: Interval | None
    why: str = ""

    @property
    def can_differ(self) -> bool:
        """Whether chance could put the interval on one side of 0: a single seed, or equal ones, leave it none."""
        found = self.difference
        return found is not None and found.low is not None and found.high is not None and found.low < found.high

    @property
    def differs(self) -> bool:
        """Whether the interval lies on one side of 0, by more than rounding."""
        return self.difference is not None and excludes_zero(self.difference)


@dataclass(frozen=True)
class ClaimDifference:
    """How two records differ on one claim.

    Attributes:
        task: The task.
        dataset: The data set.
        subject: Variant and network where the sides have several; else empty.
        claim: The claim.
        published: As published.
        controlled: Under controls.
    """

    task: str
    dataset: str
    subject: str
    claim: str
    published: AtLevel
    controlled: AtLevel


@dataclass(frozen=True)
class MeasurementDifference:
    """How two records differ in one judged measurement of the trained models.

    Attributes:
        task: The task.
        dataset: The data set.
        subject: As in `ClaimDifference`.
        name: The measurement.
        knob: The knob's value, or None.
        unit: The unit.
        first: Mean of the first side.
        difference: The second minus the first, paired by seed, with its 95 % interval.
    """

    task: str
    dataset: str
    subject: str
    name: str
    knob: float | None
    unit: str
    first: float
    difference: Interval

    @property
    def differs(self) -> bool:
        """Whether the interval lies on one side of 0, by more than rounding."""
        return excludes_zero(self.difference, self.first)


@dataclass(frozen=True)
class Comparison:
    """All differences of two sides.

    Attributes:
        claims: A difference for each claim of each pair of records.
        measurements: Likewise for each measurement.
        left_out: One line for each record that has no partner, or cannot be compared with it.
    """

    claims: tuple[ClaimDifference, ...]
    measurements: tuple[MeasurementDifference, ...]
    left_out: tuple[str, ...]

    @property
    def compared(self) -> int:
        """Number of claims with a difference under controls."""
        return sum(one.controlled.difference is not None for one in self.claims)
