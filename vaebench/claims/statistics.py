"""Statistics: one number a seed, made of measurements along a knob, with the region where a claim says it lies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from vaebench.claims.intervals import LEVEL, Interval, draws_interval, log_interval, share_interval, t_interval
from vaebench.claims.table import Sweep

ROUNDING = 1e-5
"""A relative change below this is none: measurements in single precision do not tell it from rounding."""

NOUGHT = 1e-10
"""The share of a limit that 0 counts as where logarithms are taken: far below any limit, and below rounding."""

Scale = Literal["mean", "log", "share", "draws"]
"""What is estimated, and by which interval:

- ``mean``: the mean over seeds, by its t-interval.
- ``log``: the geometric mean over seeds, by the t-interval of logarithms.
- ``share``: the mean of shares whose distribution is unknown, by an exact interval; seeds are the sample.
- ``draws``: the share of all draws from the models at hand, by an exact interval; draws are the sample.
"""


Role = Literal["published", "control"]
"""Whose condition it is: the paper's own measure or the nearest that can be taken, or a control of ours."""


@dataclass(frozen=True)
class Statistic:
    """One number a seed, with the region where the claim says it lies.

    Attributes:
        what: What the number is, in words.
        low: Lower end of the region, None for none.
        high: Upper end of the region, None for none.
        seeds: The seeds that have the number.
        values: The number of each of them.
        agreement: For each of them, 0 where the condition's control would lie, 1 where the claim's ideal lies, −1 as
            far on the other side of the control, and nothing beyond.
        degenerate: The seeds whose model denies the measurement, see `Cause`.
        missing: Why seeds lack it, when some do.
        knob: The knob value it is of; None where it is of all, or there is no knob.
        uninformative: Why the numbers can neither meet the claim nor speak against it; empty where they can.
        scale: What is estimated of the numbers, and how.
        draws: How many draws each number rests on, where the scale asks for it.
        estimate_beyond: What the estimate itself must lie beyond, on the region's side of it; None for no more than
            the interval must.
        rounding: What lies no farther than this from an end of the region lies at that end.
        room: The way from where agreement is 0 to where it is 1; None where the condition has no such way.
    """

    what: str
    low: float | None
    high: float | None
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    agreement: tuple[float, ...]
    degenerate: tuple[int, ...] = ()
    missing: str = ""
    knob: float | None = None
    uninformative: str = ""
    scale: Scale = "mean"
    draws: tuple[int, ...] = ()
    estimate_beyond: float | None = None
    rounding: float = 0.0
    room: float | None = None

    def interval(self, level: float = LEVEL) -> Interval:
        """Estimate what the scale asks for, with an interval.

        Args:
            level: Coverage.

        Returns:
            The interval. On the logarithmic scale 0 counts as `NOUGHT` of the region's end.
        """
        match self.scale:
            case "log":
                return log_interval(self.values, NOUGHT * (self.high or 1.0), level)
            case "share":
                return share_interval(self.values, level)
            case "draws":
                return draws_interval(self.values, self.draws, level)
            case "mean":
                return t_interval(self.values, level)


class Sample(Protocol):
    """Measurements of the units of a sample: a table's seeds, or records."""

    @property
    def names(self) -> frozenset[str]:
        """Every measurement that was asked for, of any arm."""

    def sweep(self, name: str, arm: str) -> Sweep:
        """Look along the knob."""

    def at_each_knob(self, name: str, arm: str) -> tuple[Sweep, ...]:
        """Look at each knob value by itself."""


def only(values: Sequence[float]) -> float:
    """Take the number of a sweep at one knob value."""
    (value,) = values
    return value


def clip(agreement: float) -> float:
    """Keep an agreement between −1 and 1."""
    return min(1.0, max(-1.0, agreement))


def number_text(value: float) -> str:
    """Print a number for a sentence, with a true minus sign."""
    return f"{value:g}".replace("-", "−")


def filled(
    template: Statistic, sweep: Sweep, number: Callable[[Sequence[float]], float], agree: Callable[[float], float]
) -> Statistic:
    """Fill a statistic's frame with one number a seed and its agreement; of a sweep at one knob value it is of that."""
    values = tuple(number(at) for at in sweep.values.values())
    return Statistic(  # written out, for `replace` takes longer than all the rest
        *(template.what, template.low, template.high, tuple(sweep.values), values),
        agreement=tuple(clip(agree(value)) for value in values),
        degenerate=sweep.degenerate,
        missing=sweep.reason,
        knob=sweep.knobs[0] if len(sweep.knobs) == 1 else None,
        uninformative=template.uninformative,
        scale=template.scale,
        draws=template.draws,
        estimate_beyond=template.estimate_beyond,
        rounding=template.rounding,
        room=template.room,
    )
