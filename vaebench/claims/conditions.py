"""Conditions: one number a seed made of its measurements, and the region where it lies if a claim is true.

Along a knob, `Near`, `Beyond` and `Exceeds` make a statistic of each knob value, and not of the worst value. The worst
of several noisy values lies beyond a limit more often than chance allows. Some measurements are a worst of units or of
sources already. They are skewed, and judged on a logarithmic scale.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from vaebench.claims.arms import OutpacesArm, RoomyTrend
from vaebench.claims.statistics import ROUNDING, Role, Sample, Scale, Statistic, clip, filled, only
from vaebench.claims.table import Sweep
from vaebench.claims.trends import Outpaces, Trend


@dataclass(frozen=True)
class Near:
    """A measurement equals a known number up to a tolerance (equivalence: the whole interval must lie inside).

    Attributes:
        measurement: The measurement's name.
        target: What it is claimed to be.
        tolerance: How far off still counts as equal.
        null: What it would be if the claim were false: where agreement is 0.
    """

    measurement: str
    target: float
    tolerance: float
    null: float
    kind: Literal["near"] = "near"
    role: Role = field(default="published", metadata={"hashed": False})

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < abs(self.null - self.target):
            raise ValueError(
                f"{self.measurement}: a tolerance lies above 0 and below the way from target to null: {self}"
            )

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements that it judges."""
        return (self.measurement,)

    def statistics(self, sample: Sample, arm: str) -> tuple[Statistic, ...]:
        """Take the measurement itself, with the region target ± tolerance.

        Args:
            sample: The measurements, over seeds.
            arm: The arm to judge.

        Returns:
            A statistic for each knob value.
        """
        reach = abs(self.null - self.target)
        low, high = self.target - self.tolerance, self.target + self.tolerance
        frame = Statistic(self.measurement, low, high, (), (), (), rounding=ROUNDING * reach, room=2 * reach)

        def agree(value: float) -> float:
            return 1 - abs(value - self.target) / reach

        return tuple(filled(frame, sweep, only, agree) for sweep in sample.at_each_knob(self.measurement, arm))


@dataclass(frozen=True)
class Beyond:
    """A measurement lies beyond a limit, on the side of the claim's ideal.

    Attributes:
        measurement: The measurement's name.
        limit: The limit.
        ideal: Where agreement is 1; its side of the limit is the region.
        null: Where agreement is 0: what the measurement would be if the claim were false.
        scale: What is estimated over seeds, see `Scale`. ``log`` is for measurements that are never negative and whose
            ideal is 0; ``share`` and ``draws`` are for shares. It judges what was measured and changes none of it, so
            it does not count in the hash of a task.
        needs: A measurement without which this one says nothing: a share of leads, say, where no lead could be read. A
            seed that declines it declines this one too. Empty for none.
    """

    measurement: str
    limit: float
    ideal: float
    null: float
    kind: Literal["beyond"] = "beyond"
    scale: Scale = field(default="mean", metadata={"hashed": False})
    role: Role = field(default="published", metadata={"hashed": False})
    needs: str = field(default="", metadata={"hashed": False})

    def __post_init__(self) -> None:
        if not (self.null <= self.limit < self.ideal or self.ideal < self.limit <= self.null):
            raise ValueError(f"{self.measurement}: a limit lies between null and ideal, and is not the ideal: {self}")
        if self.scale not in get_args(Scale):
            raise ValueError(f"{self.measurement}: a scale is one of {', '.join(get_args(Scale))}, not {self.scale!r}")
        if self.scale == "log" and self.ideal != 0:
            raise ValueError(f"{self.measurement}: a logarithmic scale is for an ideal of 0, not {self.ideal:g}")
        if self.scale in ("share", "draws") and not 0 < self.limit < 1:
            raise ValueError(f"{self.measurement}: a share's limit lies between 0 and 1, not at {self.limit:g}")

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements that it judges."""
        return (self.measurement,)

    def statistics(self, sample: Sample, arm: str) -> tuple[Statistic, ...]:
        """Take the measurement itself, with the half-line from the limit towards the ideal.

        Args:
            sample: The measurements, over seeds.
            arm: The arm to judge.

        Returns:
            A statistic for each knob value; a seed whose measurement is impossible on the scale counts against the
            model.
        """
        needed = sample.at_each_knob(self.needs, arm) if self.needs else ()
        sweeps = (_where_there_is(needed, sweep) for sweep in sample.at_each_knob(self.measurement, arm))
        return tuple(self._of(self._possible(sweep)) for sweep in sweeps)

    def _of(self, sweep: Sweep) -> Statistic:
        below, reach = self.ideal < self.limit, self.ideal - self.null
        low, high = (None, self.limit) if below else (self.limit, None)
        rounding, room = ROUNDING * abs(reach), abs(reach)
        draws = tuple(n for (n,) in sweep.counts.values()) if self.scale == "draws" else ()
        frame = Statistic(
            *(self.measurement, low, high, (), (), ()), scale=self.scale, draws=draws, rounding=rounding, room=room
        )
        return filled(frame, sweep, only, lambda value: (value - self.null) / reach)

    def _possible(self, sweep: Sweep) -> Sweep:
        """Leave out the seeds whose measurement is negative on a logarithmic scale, or no share where one is due.

        One that is beyond an end by rounding is at that end: a mean of absolute values may come out as −1e-8.
        """
        if self.scale == "mean":
            return sweep
        most, why = (math.inf, "is negative") if self.scale == "log" else (1.0, "is no share")
        slack = ROUNDING * abs(self.ideal - self.null)
        impossible = {
            seed
            for seed, (value,) in sweep.values.items()
            if not -slack <= value <= most + slack or (self.scale == "draws" and not sweep.counts[seed][0])
        }
        reason = sweep.reason or (f"{self.measurement} {why}" if impossible else "")
        kept = sweep.without(impossible, denied=impossible, reason=reason)
        return replace(kept, values={seed: (min(max(value, 0.0), most),) for seed, (value,) in kept.values.items()})


def _where_there_is(needed: tuple[Sweep, ...], sweep: Sweep) -> Sweep:
    """Leave out the seeds that decline what a measurement rests on, for the reason that they give."""
    if not needed:
        return sweep
    unread = sweep.values.keys() - {seed for one in needed for seed in one.values}
    if not unread:
        return sweep
    denied = unread & {seed for one in needed for seed in one.degenerate}
    return sweep.without(unread, denied, reason=next((one.reason for one in needed if one.reason), sweep.reason))


@dataclass(frozen=True)
class Exceeds:
    """A measurement exceeds its control's, or stays below it, paired by seed.

    Attributes:
        measurement: The measurement's name.
        control: The control measurement's name, on the same arm; one that is read once stands beside every knob value.
        ideal: Where agreement is 1; it is 0 at the control.
        side: On which side of the control the claim says that the measurement lies.
    """

    measurement: str
    control: str
    ideal: float
    side: Literal["above", "below"] = "above"
    kind: Literal["exceeds"] = "exceeds"
    role: Role = field(default="published", metadata={"hashed": False})

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements that it judges."""
        return (self.measurement, self.control)

    def statistics(self, sample: Sample, arm: str) -> tuple[Statistic, ...]:
        """Take measurement − control of each seed, or control − measurement, with the positive half-line.

        The statistic is uninformative if nothing could be gained. Then measurement and control are equal in every
        seed, and the control is at the ideal up to twice its instrument's own error.

        Args:
            sample: The measurements, over seeds.
            arm: The arm to judge.

        Returns:
            A statistic for each knob value.
        """
        controls = {sweep.knobs: sweep for sweep in sample.at_each_knob(self.control, arm)}
        nowhere = replace(next(iter(controls.values())), values={})
        elsewhere = replace(nowhere, reason=nowhere.reason or f"{self.control} is of other knob values")
        once = controls.get((None,), elsewhere)
        return tuple(
            self._paired(sweep, controls.get(sweep.knobs, once)) for sweep in sample.at_each_knob(self.measurement, arm)
        )

    def _paired(self, sweep: Sweep, control: Sweep) -> Statistic:
        gains = {
            seed: self._gain(value, *control.values[seed])
            for seed, (value,) in sweep.values.items()
            if seed in control.values
        }
        names = (self.measurement, self.control) if self.side == "above" else (self.control, self.measurement)
        open_ = any(
            gain or self._room(*control.values[seed]) > 2 * control.stderrs[seed][0]
            for seed, (gain, _) in gains.items()
        )
        return Statistic(
            *(" minus ".join(names), 0.0, None, tuple(gains)),
            values=tuple(gain for gain, _ in gains.values()),
            agreement=tuple(clip(share) for _, share in gains.values()),
            degenerate=tuple(sorted({*sweep.degenerate, *control.degenerate})),
            missing=sweep.reason or control.reason,
            knob=sweep.knobs[0] if len(sweep.knobs) == 1 else None,
            uninformative="its control leaves nothing to gain" if gains and not open_ else "",
            room=sum(abs(self._room(*control.values[seed])) for seed in gains) / len(gains) if gains else None,
        )

    def _room(self, control: float) -> float:
        """How far the control lies from the ideal, 0 up to rounding."""
        room = (self.ideal - control) * (1 if self.side == "above" else -1)
        return room if abs(room) > ROUNDING * max(abs(self.ideal), abs(control)) else 0.0

    def _gain(self, value: float, control: float) -> tuple[float, float]:
        """Gain over the control, 0 up to rounding, and its share of the control's way to the ideal."""
        gain = (value - control) * (1 if self.side == "above" else -1)
        if abs(gain) <= ROUNDING * max(abs(value), abs(control)):
            gain = 0.0
        room = self._room(control)
        return gain, gain / room if room > 0 else math.copysign(1, gain) if gain else 0.0


Condition = Trend | Outpaces | Near | Beyond | Exceeds | OutpacesArm | RoomyTrend


def needed_by(condition: Condition) -> tuple[str, ...]:
    """Name every measurement that a condition looks at: those that it judges, and what they rest on.

    Args:
        condition: The condition.

    Returns:
        The names.
    """
    rests_on = (condition.needs,) if isinstance(condition, Beyond) and condition.needs else ()
    return (*condition.measurements, *rests_on)
