"""Conditions: what turns the readings of one seed into a number, and where that number lies if a claim is true.

Along a knob, `Near`, `Beyond` and `Exceeds` make a quantity of each knob value: the worst of noisy values within each
seed would lie beyond the limit more often than chance allows, however true the claim. Some readings are such a worst
already, of units or of sources: they are skewed, and judged on a logarithmic scale.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from vaebench.claims.quantities import ROUNDING, Quantity, Scale, Series, at_each_knob, clip, filled, only
from vaebench.claims.readings import Sample
from vaebench.claims.trends import Outpaces, Trend


@dataclass(frozen=True)
class Near:
    """A reading equals a known number up to a tolerance (equivalence: the whole interval must lie inside).

    Attributes:
        reading: The reading's name.
        target: What it is claimed to be.
        tolerance: How far off still counts as equal.
        null: What it would be if the claim were false: where agreement is 0.
    """

    reading: str
    target: float
    tolerance: float
    null: float
    kind: Literal["near"] = "near"

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < abs(self.null - self.target):
            raise ValueError(f"{self.reading}: a tolerance lies above 0 and below the way from target to null: {self}")

    @property
    def readings(self) -> tuple[str, ...]:
        """Names of the readings that it judges."""
        return (self.reading,)

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Take the reading itself, with the region target ± tolerance.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            A quantity for each knob value.
        """
        reach = abs(self.null - self.target)
        low, high = self.target - self.tolerance, self.target + self.tolerance
        frame = Quantity(self.reading, low, high, (), (), (), rounding=ROUNDING * reach)

        def agree(value: float) -> float:
            return 1 - abs(value - self.target) / reach

        return tuple(filled(frame, series, only, agree) for series in at_each_knob(sample, self.reading, arm))


@dataclass(frozen=True)
class Beyond:
    """A reading lies beyond a limit, on the side of the claim's ideal.

    Attributes:
        reading: The reading's name.
        limit: The limit.
        ideal: Where agreement is 1; its side of the limit is the region.
        null: Where agreement is 0: what the reading would be if the claim were false.
        scale: What is estimated over seeds, see `Scale`. ``log`` is for readings that are never negative and whose
            ideal is 0; ``share`` and ``draws`` are for shares. It judges what was measured and changes none of it, so
            it does not count in the hash of a task.
    """

    reading: str
    limit: float
    ideal: float
    null: float
    kind: Literal["beyond"] = "beyond"
    scale: Scale = field(default="mean", metadata={"hashed": False})

    def __post_init__(self) -> None:
        if not (self.null <= self.limit < self.ideal or self.ideal < self.limit <= self.null):
            raise ValueError(f"{self.reading}: a limit lies between null and ideal, and is not the ideal: {self}")
        if self.scale not in get_args(Scale):
            raise ValueError(f"{self.reading}: a scale is one of {', '.join(get_args(Scale))}, not {self.scale!r}")
        if self.scale == "log" and self.ideal != 0:
            raise ValueError(f"{self.reading}: a logarithmic scale is for an ideal of 0, not {self.ideal:g}")
        if self.scale in ("share", "draws") and not 0 < self.limit < 1:
            raise ValueError(f"{self.reading}: a share's limit lies between 0 and 1, not at {self.limit:g}")

    @property
    def readings(self) -> tuple[str, ...]:
        """Names of the readings that it judges."""
        return (self.reading,)

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Take the reading itself, with the half-line from the limit towards the ideal.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            A quantity for each knob value; a seed whose reading is impossible on the scale counts against the model.
        """
        return tuple(self._of(self._possible(series)) for series in at_each_knob(sample, self.reading, arm))

    def _of(self, series: Series) -> Quantity:
        below, reach = self.ideal < self.limit, self.ideal - self.null
        low, high = (None, self.limit) if below else (self.limit, None)
        frame = Quantity(self.reading, low, high, (), (), (), scale=self.scale, rounding=ROUNDING * abs(reach))
        draws = tuple(n for (n,) in series.counts.values()) if self.scale == "draws" else ()
        return replace(filled(frame, series, only, lambda value: (value - self.null) / reach), draws=draws)

    def _possible(self, series: Series) -> Series:
        """Leave out the seeds whose reading is negative on a logarithmic scale, or no share where one is due."""
        if self.scale == "mean":
            return series
        most, why = (math.inf, "is negative") if self.scale == "log" else (1.0, "is no share")
        kept = {seed for seed, (value,) in series.values.items() if 0 <= value <= most}
        if self.scale == "draws":
            kept = {seed for seed in kept if series.counts[seed][0]}
        if kept == series.values.keys():
            return series
        return replace(
            series,
            values={seed: at for seed, at in series.values.items() if seed in kept},
            counts={seed: at for seed, at in series.counts.items() if seed in kept},
            failed=tuple(sorted({*series.failed, *(series.values.keys() - kept)})),
            reason=series.reason or f"{self.reading} {why}",
        )


@dataclass(frozen=True)
class Exceeds:
    """A reading exceeds its control's, or stays below it, paired by seed.

    Attributes:
        reading: The reading's name.
        control: The control reading's name, on the same arm; one that is read once stands beside every knob value.
        ideal: Where agreement is 1; it is 0 at the control.
        side: On which side of the control the claim says that the reading lies.
    """

    reading: str
    control: str
    ideal: float
    side: Literal["above", "below"] = "above"
    kind: Literal["exceeds"] = "exceeds"

    @property
    def readings(self) -> tuple[str, ...]:
        """Names of the readings that it judges."""
        return (self.reading, self.control)

    def quantities(self, sample: Sample, arm: str) -> tuple[Quantity, ...]:
        """Take reading − control of each seed, or control − reading, with the positive half-line.

        Where in every seed they are equal, and the control at the ideal up to twice its instrument's own error, nothing
        could be gained: that is powerless.

        Args:
            sample: All observations of a record.
            arm: The arm to judge.

        Returns:
            A quantity for each knob value.
        """
        controls = {series.knobs: series for series in at_each_knob(sample, self.control, arm)}
        once = controls.get((None,), replace(next(iter(controls.values())), values={}))
        return tuple(
            self._paired(series, controls.get(series.knobs, once)) for series in at_each_knob(sample, self.reading, arm)
        )

    def _paired(self, series: Series, control: Series) -> Quantity:
        gains = {
            seed: self._gain(value, *control.values[seed])
            for seed, (value,) in series.values.items()
            if seed in control.values
        }
        both = replace(
            series,
            values={seed: [gain] for seed, (gain, _) in gains.items()},
            failed=tuple(sorted({*series.failed, *control.failed})),
            reason=series.reason or control.reason,
        )
        names = (self.reading, self.control) if self.side == "above" else (self.control, self.reading)
        found = filled(Quantity(" minus ".join(names), 0.0, None, (), (), ()), both, only, float)
        open_ = any(
            gain or self._room(*control.values[seed]) > 2 * control.stderrs[seed][0]
            for seed, (gain, _) in gains.items()
        )
        return replace(
            found,
            agreement=tuple(clip(share) for _, share in gains.values()),
            powerless="its control leaves nothing to gain" if gains and not open_ else "",
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


Condition = Trend | Outpaces | Near | Beyond | Exceeds
