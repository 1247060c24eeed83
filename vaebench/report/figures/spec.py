"""What a figure shows, as plain values: no drawing here, so that its inputs can be hashed."""

from dataclasses import dataclass

from vaebench.claims import VerdictWord


@dataclass(frozen=True)
class Curve:
    """A measurement over the knob, of one variant, network and arm.

    Attributes:
        network: The network; empty if the arm is the same for all.
        arm: ``trained`` or a control's name.
        x: Knob values, rising.
        mean: Mean over seeds at each.
        low: Lower ends of the 95 % intervals, None for a single seed.
        high: Upper ends.
    """

    network: str
    arm: str
    x: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True)
class CurvePanel:
    """The curves of one variant, or of one measurement.

    Attributes:
        title: The variant, or the measurement, in words.
        curves: What is drawn in colour.
        others: What stands behind, in grey.
    """

    title: str
    curves: tuple[Curve, ...]
    others: tuple[Curve, ...] = ()


@dataclass(frozen=True)
class CurveFigure:
    """One measurement over the knob, a panel a variant. The curves of the others stand behind, in grey.

    Attributes:
        knob: The knob, in words and symbol.
        measurement: The measurement, in words, with its unit.
        claimed: What the claims say of it, in words.
        networks: All networks, in the order of their colours.
        low: Lower end of the region a claim names for its value, None for none.
        high: Upper end of it.
        panels: The variants.
        where: The data set, and the network or preset where that is needed; the title begins with it.
    """

    knob: str
    measurement: str
    claimed: str
    networks: tuple[str, ...]
    low: float | None
    high: float | None
    panels: tuple[CurvePanel, ...]
    where: str = ""


@dataclass(frozen=True)
class OverviewFigure:
    """Many measurements over the knob, a panel a measurement: one variant in colour, the others behind in grey.

    Attributes:
        variant: Which one is in colour.
        knob: The knob, in words and symbol.
        networks: All networks, in the order of their colours.
        panels: The measurements.
        where: The data set, and the network or preset where that is needed; the title begins with it.
    """

    variant: str
    knob: str
    networks: tuple[str, ...]
    panels: tuple[CurvePanel, ...]
    where: str = ""


CORRECTED = "*"
"""Note of an interval on one side, whose wider one, corrected for several statistics or looks, is not."""

OTHERWISE = "**"
"""Note of an interval on one side that is undecided for another reason."""


@dataclass(frozen=True)
class ForestPoint:
    """An estimate with its interval.

    Attributes:
        arm: ``trained`` or a control's name.
        estimate: Mean over seeds.
        low: Lower end, None for a single seed.
        high: Upper end.
    """

    arm: str
    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ForestRow:
    """One model of a forest plot.

    Attributes:
        group: The heading above it: its data set.
        label: Its variant and network; several variants that are one model stand together.
        word: What the statistic that decides says of it.
        words: What each measurement says of it, the worst of its statistics.
        marks: The same as symbols, in brackets where the measure cannot tell.
        points: The arms that have the statistic which decides.
        note: How many seeds have it, such as ``4 of 5``, or `CORRECTED` or `OTHERWISE`; else empty.
    """

    group: str
    label: str
    word: VerdictWord
    words: tuple[VerdictWord, ...]
    marks: tuple[str, ...]
    points: tuple[ForestPoint, ...]
    note: str = ""


@dataclass(frozen=True)
class ForestPart:
    """The models whose verdict one statistic decides.

    Attributes:
        says: The statistic, in words.
        column: The place of its measurement among the figure's.
        low: Lower end of the region the claim names for it, None for none.
        high: Upper end of it.
        rows: The models, those of one group together.
    """

    says: str
    column: int
    low: float | None
    high: float | None
    rows: tuple[ForestRow, ...]


@dataclass(frozen=True)
class ForestFigure:
    """A claim's estimates, a row a model: of the statistic that decides for it, with a mark for every measurement.

    Attributes:
        measurements: All that the claim judges, in words. One may have several statistics.
        parts: Those that decide for some model, in their order.
        controlled: Whether some are controls, so that it shows what stands under them.
    """

    measurements: tuple[str, ...]
    parts: tuple[ForestPart, ...]
    controlled: bool = False

    @property
    def rows(self) -> tuple[ForestRow, ...]:
        """The rows of all parts."""
        return tuple(row for part in self.parts for row in part.rows)


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
        where: The data set, and the network or preset where that is needed; the title begins with it.
    """

    what: str
    rows: str
    columns: str
    panels: tuple[HeatPanel, ...]
    where: str = ""


@dataclass(frozen=True)
class Trade:
    """One trade-off curve: cost (y) against benefit (x) along the settings, and the point of the compared method.

    Attributes:
        network: The network.
        against: x at each setting, means over seeds.
        paid: y at each setting, means over seeds.
        compared: (x, y) of the compared method.
        low: Lower end of the 95 % interval of its y, None for a single seed.
        high: Upper end.
    """

    network: str
    against: tuple[float, ...]
    paid: tuple[float, ...]
    compared: tuple[float, float]
    low: float | None
    high: float | None


@dataclass(frozen=True)
class TradePanel:
    """One variant's trade-off curves.

    Attributes:
        title: The variant's name.
        trades: One for each network.
    """

    title: str
    trades: tuple[Trade, ...]


@dataclass(frozen=True)
class TradeFigure:
    """One cost against a benefit, a panel a variant. The curves of the others stand behind, in grey.

    Attributes:
        measurement: The cost, in words.
        against: The benefit, in words.
        course: What a curve is, in words.
        compared: What is compared with it, in words.
        networks: All networks, in the order of their colours.
        panels: The variants.
        where: The data set, and the network or preset where that is needed; the title begins with it.
    """

    measurement: str
    against: str
    course: str
    compared: str
    networks: tuple[str, ...]
    panels: tuple[TradePanel, ...]
    where: str = ""


@dataclass(frozen=True)
class TallyRow:
    """How one claim came out.

    Attributes:
        claim: Its name, in words.
        published: How many records have each word as published: holds, fails, undecided.
        controlled: The same under controls; empty for a claim without controls.
    """

    claim: str
    published: tuple[int, int, int]
    controlled: tuple[int, ...]


@dataclass(frozen=True)
class TallyFigure:
    """How the claims of a task came out: bars of verdicts.

    Attributes:
        rows: The claims.
    """

    rows: tuple[TallyRow, ...]


Figure = CurveFigure | OverviewFigure | ForestFigure | HeatFigure | TradeFigure | TallyFigure
