"""Conditions that look at a second thing along the knob: what mathematics gives, and whether there is anything to see.

`OutpacesArm` asks whether trained models move more than the exact linear one. `RoomyTrend` is a trend that says nothing
where the models have nothing left to lose.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from vaebench.claims.statistics import Role, Sample, Statistic, number_text
from vaebench.claims.table import Sweep
from vaebench.claims.trends import LEAST, Trend, check_least, log_ratio, outpacing, positive_course

FULL = 0.95
"""Share of the data's variance that a model may leave unexplained and still have something to lose. Ours."""


@dataclass(frozen=True)
class OutpacesArm:
    """A measurement falls across the knob by more than it does on another arm, paired by seed.

    The statistic is the difference of the two log-falls, from the first knob value to the last. It must be beyond
    `least`. The other arm is what the measurement would do for a known reason: the exact linear model under the same
    interventions, say. Then a fall that the linear model has too is no finding about trained networks.

    Agreement is (fall − other)/(|fall| + |other|). It is 0 if both fall alike, and 1 if only the judged arm falls.

    Attributes:
        measurement: The measurement's name; it must be positive.
        control: The other arm, beside the ``trained`` one. Beside an arm ``x`` it is ``control_x``, as the closed form
            of an arm is named. That arm itself is held against itself, and so must fail.
        least: The smallest difference of logarithms that counts; ours.
    """

    measurement: str
    control: str = "analytic"
    kind: Literal["outpaces_arm"] = "outpaces_arm"
    role: Role = field(default="published", metadata={"hashed": False})
    least: float = field(default=LEAST, metadata={"hashed": False})

    def __post_init__(self) -> None:
        check_least(self.least)

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements that it judges."""
        return (self.measurement,)

    def statistics(self, sample: Sample, arm: str) -> tuple[Statistic, ...]:
        """Reduce each seed's two series to −log(last/first) of the one minus that of the other.

        Args:
            sample: The measurements, over seeds.
            arm: The arm to judge.

        Returns:
            One statistic, with the half-line from `least` on. If the other arm has no measurement, or has one that is
            not positive, the statistic has no meaning: that is not the judged model's doing.
        """
        against = self._beside(arm)
        course, other = (positive_course(sample, self.measurement, each) for each in (arm, against))
        if course.knobs != other.knobs:
            other = replace(other, values={}, reason=other.reason or f"{against} has other knob values")
        what = f"log-fall of {self.measurement} minus that of the {against} arm"
        # What the other arm lacks is not the judged model's doing.
        found = outpacing(what, self.least, course, replace(other, degenerate=()), lambda values: -log_ratio(values))
        return (replace(found, knob=None),)

    def _beside(self, arm: str) -> str:
        if arm == self.control or arm.startswith(f"{self.control}_"):
            return arm
        return self.control if arm == "trained" else f"{self.control}_{arm}"


@dataclass(frozen=True)
class RoomyTrend:
    """A measurement falls, or rises, along the knob, unless the models have nothing left to lose at its end.

    It is judged as `Trend`. If another measurement shows at the last knob value that the models are at their floor, the
    trend is uninformative. It then neither holds nor fails: a ratio of two things that vanish says nothing.

    Attributes:
        measurement: The measurement's name; it must be positive.
        direction: Which way the claim says it goes.
        beside: The measurement that shows what is left: a share that is ``full`` or more at the floor.
        full: From where on nothing is left; ours.
        least: The smallest change of a logarithm that counts; ours.
    """

    measurement: str
    direction: Literal["falls", "rises"]
    beside: str = "unexplained_variance"
    full: float = FULL
    kind: Literal["roomy_trend"] = "roomy_trend"
    role: Role = field(default="published", metadata={"hashed": False})
    least: float = field(default=LEAST, metadata={"hashed": False})

    def __post_init__(self) -> None:
        if not 0 < self.full <= 1:
            raise ValueError(f"what is left is a share above 0 and up to 1, not {self.full:g}")
        self._trend()

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements that it judges."""
        return (self.measurement, self.beside)

    def statistics(self, sample: Sample, arm: str) -> tuple[Statistic, ...]:
        """Reduce each seed's series as `Trend` does, and look at what is left at the last knob value.

        Args:
            sample: The measurements, over seeds.
            arm: The arm to judge.

        Returns:
            The two statistics of the trend. They are uninformative, at an agreement of 0, if the mean over seeds of
            what is beside is at the floor, or if no seed says what is left.
        """
        found = self._trend().statistics(sample, arm)
        why = self._uninformative(sample.at_each_knob(self.beside, arm)[-1])
        if not why:
            return found
        return tuple(replace(one, agreement=(0.0,) * len(one.values), uninformative=why) for one in found)

    def _trend(self) -> Trend:
        return Trend(self.measurement, self.direction, role=self.role, least=self.least)

    def _uninformative(self, last: Sweep) -> str:
        left = [value for (value,) in last.values.values()]
        if not left:
            return f"nothing says whether there is something left to lose: {last.reason or f'no {self.beside}'}"
        if sum(left) / len(left) < self.full:
            return ""
        mean = number_text(round(sum(left) / len(left), 3))
        return f"there is nothing left to lose: {self.beside} is {mean} at the last knob value"
