"""Draw what is bought with what, a panel a variant. A mark leads to its record."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import altair

from vaebench.claims import Tradeoff
from vaebench.report.figures.prepare_curves import networks_by_presence
from vaebench.report.figures.prepare_trades import trade_figure
from vaebench.report.figures.scales import decades
from vaebench.report.figures.style import OTHERS, colour_and_marker
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.suite import suite
from vaebench.report.words.markdown import preset_suffix, words
from vaesite.charts import LETTER, Drawn, vega_lite

SHAPES = {"o": "circle", "s": "square", "^": "triangle-up", "D": "diamond", "v": "triangle-down"}
"""Vega's names of the markers of the board's figures."""

FAR = 4.0
"""The axis of the benefit is logarithmic if one benefit is so many times as large as the median."""

SIZE = (150, 110)
"""Width and height of a panel in pixels. The page's program makes the panels as wide as there is room."""


@dataclass(frozen=True)
class Asked:
    """One trade-off of a task.

    Attributes:
        tradeoff: Costs, benefit and settings.
        measurement: The cost.
        networks: All networks of the board, in the order of their colours.
    """

    tradeoff: Tradeoff
    measurement: str
    networks: tuple[str, ...]

    def with_unit(self, what: str, one: ShownRecord) -> str:
        """Name the cost or the benefit as an axis does: ``class entropy [nats]``."""
        unit = one.columns[f"{what}_{self.tradeoff.compared}"][0].unit
        return words(what) + ("" if unit == "1" else f" [{unit}]")


def trade_offs(selection: Selection) -> list[Drawn]:
    """Draw what tasks ask for: a cost against a benefit, along a course of settings and for the compared method.

    Args:
        selection: The board's records.

    Returns:
        A chart for each cost, benefit, compared method, data set and preset.
    """
    networks = networks_by_presence(selection.shown)
    charts = []
    for task in suite().tasks:
        of_task = [one for one in selection.shown if one.subject.task.name == task.name]
        places = sorted({(one.dataset, one.row.preset) for one in of_task})
        for asked in (Asked(tradeoff, what, networks) for tradeoff in task.tradeoffs for what in tradeoff.measurements):
            for place in places:
                found = {one.path: one for one in of_task if (one.dataset, one.row.preset) == place}
                rows = {path: points for path, one in found.items() if (points := [*_points(asked, one)])}
                if rows:
                    charts.append(_drawn(asked, found[next(iter(rows))], [row for its in rows.values() for row in its]))
    return charts


def _points(asked: Asked, one: ShownRecord) -> Iterator[dict[str, object]]:
    """List the marks of a record.

    Args:
        asked: The trade-off.
        one: The record.

    Yields:
        Its course, and last the compared method, with the end of the course beside it; nothing where it lacks any.
    """
    for panel in trade_figure(asked.tradeoff, asked.measurement, [one], asked.networks).panels:
        (trade,) = panel.trades
        record = {"panel": one.variant_label, "row": one.row_label, "network": trade.network}
        record["url"] = one.path.removesuffix(".md") + ".html"
        course = zip(asked.tradeoff.course, trade.against, trade.paid, strict=True)
        for order, (way, against, paid) in enumerate(course):
            yield {**record, "way": words(way), "order": order, "against": against, "paid": paid, "compared": False}
        yield {
            **record,
            "way": words(asked.tradeoff.compared),
            "against": trade.compared[0],
            "paid": trade.compared[1],
            "compared": True,
            "low": trade.low,
            "high": trade.high,
            "end_against": trade.against[-1],
            "end_paid": trade.paid[-1],
        }


def _drawn(asked: Asked, one: ShownRecord, rows: Sequence[dict[str, Any]]) -> Drawn:
    """Draw the marks of all records, of which one says the units and the place."""
    tradeoff = asked.tradeoff
    name = (
        f"{words(asked.measurement)} against {words(tradeoff.against)}: {words(tradeoff.compared)}, "
        f"{one.dataset}{preset_suffix(one.row.preset)}"
    )
    says = (
        f"Line with small marks: {tradeoff.course_says}. Large mark: {tradeoff.compared_says}, with its 95 % interval "
        "over seeds. Grey: the other variants. ↑: high is good; ↓: low is good."
    )
    titles = f"{asked.with_unit(tradeoff.against, one)} ↑", f"{asked.with_unit(asked.measurement, one)} ↓"
    drawn = tuple(name for name in asked.networks if name in {row["network"] for row in rows})
    panels = _panels(*titles, _decades([row["against"] for row in rows]), drawn, asked.networks)
    seen = ("row", "order", "against", "paid")
    others = [{name: row[name] for name in seen} for row in rows if not row["compared"]]
    return Drawn({**panels, "datasets": {"rows": rows, "others": others}}, name, says)


def _decades(benefits: Sequence[float]) -> tuple[float, ...]:
    """Ticks of a logarithmic axis, if one variant lies far from all others; else none."""
    is_far = min(benefits) > 0 and max(benefits) > FAR * statistics.median(benefits)
    return tuple(decades(min(benefits), max(benefits))) if is_far else ()


@cache  # most trade-offs differ in their data only, and Altair takes half a second to check a chart
def _panels(
    against: str, paid: str, ticks: tuple[float, ...], drawn: tuple[str, ...], networks: tuple[str, ...]
) -> dict[str, Any]:
    """Small multiples of the data sets ``rows`` and ``others``, which are not in them yet.

    Args:
        against: Title of the axis of the benefit.
        paid: Title of the axis of the cost.
        ticks: Of a logarithmic axis of the benefit; none for a linear one.
        drawn: The networks that have a mark.
        networks: All networks of the board, in the order of their colours.

    Returns:
        Vega-Lite.
    """
    linear = altair.Scale(zero=False, nice=True)
    if ticks:
        scale, axis = altair.Scale(type="log", nice=False, padding=6), altair.Axis(title=against, values=ticks)
    else:
        scale, axis = linear, altair.Axis(title=against, tickCount=4)
    x = altair.X("against:Q", scale=scale, axis=axis)
    y = altair.Y("paid:Q", scale=linear, axis=altair.Axis(title=paid, tickCount=4))
    colour, shape = _network(drawn, networks)
    tip = [
        altair.Tooltip("row:N", title="Row"),
        altair.Tooltip("way:N", title="Setting"),
        altair.Tooltip("against:Q", format=".3g", title=against),
        altair.Tooltip("paid:Q", format=".3g", title=paid),
        altair.Tooltip("url:N", title="Click: the record"),
    ]
    # Data of their own, so that they stand in every panel. A panel's own line covers its grey one.
    others = altair.Chart(altair.NamedData("others"), name="behind").mark_line(color=OTHERS, strokeWidth=1)
    course, compared = (altair.Chart().transform_filter(f"{way}datum.compared") for way in ("!", ""))
    mark = {"x": x, "y": y, "color": colour, "href": "url:N", "tooltip": tip}
    layers = [
        others.encode(x=x, y=y, order="order:Q", detail="row:N"),
        course.mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour, order="order:Q", detail="row:N"),
        compared.mark_rule(strokeDash=[2, 2]).encode(x=x, y=y, x2="end_against:Q", y2="end_paid:Q", color=colour),
        compared.mark_rule().encode(x=x, y=altair.Y("low:Q"), y2="high:Q", color=colour),
        course.mark_point(filled=True, size=25, opacity=1).encode(**mark),
        compared.mark_point(filled=True, size=80, opacity=1).encode(**mark, shape=shape),
    ]
    header = altair.Header(
        title=None, labelFontSize=LETTER, labelFontWeight="bold", labelAnchor="start", labelPadding=2
    )
    panels = altair.layer(*layers, data=altair.NamedData("rows")).properties(width=SIZE[0], height=SIZE[1])
    faceted = panels.facet(altair.Facet("panel:N", header=header), columns=4)
    return vega_lite(faceted.properties(spacing={"row": 12, "column": 16}))


def _network(drawn: tuple[str, ...], networks: tuple[str, ...]) -> tuple[altair.Color, altair.Shape]:
    """Colour and shape of a network, as in the board's figures."""
    looks = [colour_and_marker(networks.index(name)) for name in drawn]
    colours = altair.Scale(domain=drawn, range=[colour for colour, _ in looks])
    shapes = altair.Scale(domain=drawn, range=[SHAPES[marker] for _, marker in looks])
    colour = altair.Color("network:N", title="Network", scale=colours)
    return colour, altair.Shape("network:N", title="Network", scale=shapes)
