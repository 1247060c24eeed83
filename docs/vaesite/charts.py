"""Draw what is bought with what, as a chart to touch. A point leads to its record."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import altair
import pandas

from vaebench.report.board import published
from vaebench.report.markdown import words
from vaebench.report.selection import Selection, select
from vaebench.report.suite import suite

PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f"]


def trade_offs(selection: Selection) -> dict[str, Any] | None:
    """Draw what tasks ask for: a cost against a benefit, along a course of settings and for the compared method.

    Args:
        selection: The board's records.

    Returns:
        Vega-Lite, a menu for which cost and benefit; None where no record has them.
    """
    found = [*_trades(selection)]
    if not found:
        return None
    rows = pandas.DataFrame(found)
    names = list(dict.fromkeys(rows.which))
    chosen = altair.param(name="trade", value=names[0], bind=altair.binding_select(options=names, name="Trade-off "))
    base = altair.Chart(rows).transform_filter("datum.which == trade")
    scale = altair.Scale(zero=False, nice=True)
    x, y = altair.X("against:Q", title="Benefit", scale=scale), altair.Y("paid:Q", title="Cost", scale=scale)
    colour = altair.Color(
        "row:N",
        title=None,
        scale=altair.Scale(range=PALETTE),
        legend=altair.Legend(orient="top", columns=2, labelLimit=200),
    )
    tip = [
        altair.Tooltip("row:N", title="Row"),
        altair.Tooltip("way:N", title="Setting"),
        altair.Tooltip("against_is:N", title="Benefit"),
        altair.Tooltip("against:Q", format=".3g", title="is"),
        altair.Tooltip("paid_is:N", title="Cost"),
        altair.Tooltip("paid:Q", format=".3g", title="is"),
        altair.Tooltip("url:N", title="Click: the record"),
    ]
    course = base.transform_filter("!datum.compared")
    line = course.mark_line(opacity=0.6).encode(x=x, y=y, color=colour, order="order:Q", detail="row:N")
    dots = course.mark_point(filled=True, size=40, opacity=1).encode(x=x, y=y, color=colour, tooltip=tip, href="url:N")
    compared = (
        base.transform_filter("datum.compared")
        .mark_point(filled=True, size=180, shape="diamond", opacity=1)
        .encode(x=x, y=y, color=colour, tooltip=tip, href="url:N")
    )
    return vega_lite(altair.layer(line, dots, compared).add_params(chosen), 340)


def _trades(selection: Selection) -> Iterable[dict[str, object]]:
    tasks = {task.name: task for task in suite().tasks}
    for one in selection.shown:
        task = tasks[one.subject.task.name]
        means = {
            name: one.interval(c).estimate
            for name, cs in one.columns.items()
            for c in cs
            if c.arm == "trained" and c.knob is None
        }
        for trade in task.tradeoffs:
            ways = (*trade.course, trade.compared)
            for what in trade.measurements:
                if not all(f"{name}_{way}" in means for name in (what, trade.against) for way in ways):
                    continue
                paid, bought = words(what), words(trade.against)
                for order, way in enumerate(ways):
                    yield {
                        "which": f"{paid} against {bought}: {words(trade.compared)}, {one.dataset}",
                        "row": one.row_label.replace("\\", ""),
                        "way": words(way),
                        "order": order,
                        "compared": way == trade.compared,
                        "paid_is": paid,
                        "against_is": bought,
                        "paid": means[f"{what}_{way}"],
                        "against": means[f"{trade.against}_{way}"],
                        "url": one.path.removesuffix(".md") + ".html",
                    }


def chosen_records(checkout: Path) -> Selection:
    """Choose the records that the board of a checkout shows.

    Args:
        checkout: Where they are.

    Returns:
        The selection.
    """
    found = published(checkout)
    return select(suite(), found.references, submissions=found.submissions)


def vega_lite(chart: Any, height: Any) -> dict[str, Any]:
    """Write a chart as wide as its place.

    Args:
        chart: Of Altair.
        height: Pixels, or pixels a row.

    Returns:
        Vega-Lite.
    """
    sized = chart.properties(
        width="container", height=height, autosize=altair.AutoSizeParams(type="fit-x", contains="padding")
    )
    spec: dict[str, Any] = (
        sized.configure_axis(labelFontSize=12, titleFontSize=12)
        .configure_legend(labelFontSize=12, titleFontSize=12, symbolOpacity=1)
        .to_dict()
    )
    return spec
