"""What a figure shows, as plain values: no drawing here, so that its inputs can be hashed."""

from dataclasses import dataclass

from vaebench.claims import VerdictWord


@dataclass(frozen=True)
class Curve:
    """A measurement over the knob, of one variant and arm.

    Attributes:
        variant: Its variant; empty if the arm is the same for all variants.
        arm: ``trained`` or a control's name.
        x: Knob values, rising.
        mean: Mean over seeds at each.
        low: Lower ends of the 95 % intervals, None for a single seed.
        high: Upper ends.
    """

    variant: str
    arm: str
    x: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True)
class CurvePanel:
    """One measurement in one architecture.

    Attributes:
        measurement: The measurement, in words.
        unit: Its unit.
        claimed: What the claims say of it, in words.
        arch: The architecture.
        low: Lower end of the region a claim names for its value, None for none.
        high: Upper end of it.
        curves: What is drawn.
    """

    measurement: str
    unit: str
    claimed: str
    arch: str
    low: float | None
    high: float | None
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class CurveFigure:
    """Small multiples of measurements over the knob, a row a measurement and a column an architecture.

    Attributes:
        knob: The knob, in words and symbol.
        variants: All variants of the board, drawn here or not, in the order of their colours: each keeps its own.
        panels: Row by row.
        columns: Number of panels in a row.
    """

    knob: str
    variants: tuple[str, ...]
    panels: tuple[CurvePanel, ...]
    columns: int


@dataclass(frozen=True)
class ForestPoint:
    """An estimate with its interval.

    Attributes:
        arm: ``trained`` or a control's name.
        estimate: Mean over seeds.
        low: Lower end, None for a single seed.
        high: Upper end.
        of_seeds: How many seeds have the statistic, such as ``4 of 5``; empty if all have.
    """

    arm: str
    estimate: float
    low: float | None
    high: float | None
    of_seeds: str = ""


@dataclass(frozen=True)
class ForestPanel:
    """One statistic of a claim.

    Attributes:
        what: The statistic, in words.
        low: Lower end of the region the claim names, None for none.
        high: Upper end of it.
        points: By row, the arms that have the statistic.
    """

    what: str
    low: float | None
    high: float | None
    points: tuple[tuple[ForestPoint, ...], ...]


@dataclass(frozen=True)
class ForestRow:
    """One record of a forest plot.

    Attributes:
        group: The heading above it: its data set.
        label: Its variant and architecture.
        verdict: The verdict on the whole claim.
    """

    group: str
    label: str
    verdict: VerdictWord


@dataclass(frozen=True)
class ForestFigure:
    """A claim's statistics side by side, with a row for each record.

    Attributes:
        rows: The records, those of one group together.
        panels: The statistics.
    """

    rows: tuple[ForestRow, ...]
    panels: tuple[ForestPanel, ...]


@dataclass(frozen=True)
class HeatPanel:
    """One record's map.

    Attributes:
        title: Its variant, and the knob's value.
        rows: What the rows are, from the top.
        columns: What the columns are, from the left.
        values: Row by row, a mean over seeds each; None where there is none.
    """

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class HeatFigure:
    """Maps of one kind side by side, a panel a record, on one scale from 0 to 1.

    Attributes:
        what: What the values are.
        rows: What the rows are called.
        columns: What the columns are called.
        panels: The maps.
    """

    what: str
    rows: str
    columns: str
    panels: tuple[HeatPanel, ...]


@dataclass(frozen=True)
class Trade:
    """One trade-off curve: cost (y) against benefit (x) along the settings, and the point of the compared method.

    Attributes:
        measurement: The cost, in words.
        against: x at each setting, means over seeds.
        paid: y at each setting, means over seeds.
        compared: (x, y) of the compared method.
        low: Lower end of the 95 % interval of its y, None for a single seed.
        high: Upper end.
    """

    measurement: str
    against: tuple[float, ...]
    paid: tuple[float, ...]
    compared: tuple[float, float]
    low: float | None
    high: float | None


@dataclass(frozen=True)
class TradePanel:
    """One record's trade-off curves.

    Attributes:
        title: The record's name.
        trades: One for each cost.
    """

    title: str
    trades: tuple[Trade, ...]


@dataclass(frozen=True)
class TradeFigure:
    """Cost against benefit, with a panel for each record.

    Attributes:
        against: The benefit, in words.
        course: What a curve is, in words.
        compared: What is compared with it, in words.
        panels: The records.
    """

    against: str
    course: str
    compared: str
    panels: tuple[TradePanel, ...]


Figure = CurveFigure | ForestFigure | HeatFigure | TradeFigure
