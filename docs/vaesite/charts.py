"""Draw charts to touch: what decided each claim, and what is bought with what. A point leads to its record."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import altair
import pandas

from vaebench.report.board import published
from vaebench.report.markdown import words
from vaebench.report.selection import Selection, select
from vaebench.report.suite import suite

COLOURS = {"holds": "#0072b2", "fails": "#d55e00", "undecided": "#8c8c8c", "not applicable": "#c9c9c9"}
"""The colours of the board's figures."""

PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f"]


def forest(verdicts: pandas.DataFrame) -> dict[str, Any]:
    """Draw for each claim the estimate that decided it, row by row, over the region that is claimed.

    Args:
        verdicts: From `read_verdicts`, with a column `url`.

    Returns:
        Vega-Lite. A menu chooses the claim.
    """
    rows = verdicts[(verdicts.arm == "trained") & verdicts.estimate.notna() & (verdicts.is_invariant == 0)].copy()
    rows["row"] = (
        rows.variant + " · " + rows.network + " · " + rows.data + rows.sender.map(lambda one: one and f" ({one})")
    )
    rows["which"] = rows.claim.map(words) + " · " + rows.protocol
    rows["decided"] = rows.statistic.map(words) + rows.knob.map(lambda one: "" if pandas.isna(one) else f" at {one:g}")
    names = list(dict.fromkeys(rows.which))
    chosen = altair.param(
        name="claim", value=names[0] if names else "", bind=altair.binding_select(options=names, name="Claim ")
    )
    keep = ["row", "which", "decided", "estimate", "low", "high", "claimed_low", "claimed_high"]
    keep += ["as_published", "under_controls", "seeds", "url"]
    base = altair.Chart(rows[keep]).transform_filter("datum.which == claim")
    y = altair.Y(
        "row:N",
        title=None,
        sort=altair.EncodingSortField("estimate", order="descending"),
        axis=altair.Axis(labelLimit=230),
    )
    tip = [
        altair.Tooltip("row:N", title="Row"),
        altair.Tooltip("decided:N", title="Decided by"),
        altair.Tooltip("estimate:Q", format=".3g", title="Estimate"),
        altair.Tooltip("low:Q", format=".3g", title="95 % interval from"),
        altair.Tooltip("high:Q", format=".3g", title="to"),
        altair.Tooltip("as_published:N", title="As published"),
        altair.Tooltip("under_controls:N", title="Under controls"),
        altair.Tooltip("seeds:Q", title="Seeds"),
        altair.Tooltip("url:N", title="Click: the record"),
    ]
    colour = altair.Color(
        "under_controls:N",
        title="Under controls",
        scale=altair.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
        legend=altair.Legend(orient="top", columns=2),
    )
    shape = altair.Shape(
        "under_controls:N",
        title="Under controls",
        scale=altair.Scale(domain=list(COLOURS), range=["circle", "cross", "square", "diamond"]),
    )
    edges = [
        base.transform_filter(f"isValid(datum.{edge})").mark_rule(strokeDash=[4, 3], color="#888").encode(x=f"{edge}:Q")
        for edge in ("claimed_low", "claimed_high")
    ]
    lines = base.mark_rule().encode(
        y=y, x=altair.X("low:Q", title="Estimate, 95 % interval"), x2="high:Q", color=colour
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=y, x="estimate:Q", color=colour, shape=shape, tooltip=tip, href="url:N"
    )
    return _spec(altair.layer(*edges, lines, points).add_params(chosen), altair.Step(22))


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
    return _spec(altair.layer(line, dots, compared).add_params(chosen), 340)


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


def _spec(chart: Any, height: Any) -> dict[str, Any]:
    sized = chart.properties(
        width="container", height=height, autosize=altair.AutoSizeParams(type="fit-x", contains="padding")
    )
    spec: dict[str, Any] = (
        sized.configure_axis(labelFontSize=12, titleFontSize=12)
        .configure_legend(labelFontSize=12, titleFontSize=12, symbolOpacity=1)
        .to_dict()
    )
    return spec
