"""Draw every condition of every claim over all records, as a chart to touch. A point leads to its record."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import altair
import pandas

from vaebench.claims import Verdict
from vaebench.report.figures.style import WORDS
from vaebench.report.received.sent import sender_of
from vaebench.report.tables.verdict_rows import TakenRecord
from vaebench.report.words.condition_words import condition_words
from vaebench.report.words.decisive import decisive, reason_of, worst
from vaebench.report.words.markdown import words
from vaesite.charts import NARROW, as_wide_as_its_place, vega_lite

MARKS = ["circle", "cross", "square"]
"""A mark for each colour of a verdict."""

ON_A_TELEPHONE = f"containerSize()[0] < {NARROW}"

LABEL = (
    f"{ON_A_TELEPHONE} ? [split(datum.label, ' · ')[0], "
    "slice(datum.label, indexof(datum.label, ' · ') + 3)] : datum.label"
)
"""A row's label has two lines on a telephone, because on one line it takes half of the width."""


def forest_rows(records: Iterable[TakenRecord], pages: Mapping[int, str]) -> Iterator[dict[str, object]]:
    """Read the estimates of every condition. Along a knob it is the value that is worst for the claim.

    Args:
        records: The board's records, and superseded ones.
        pages: Address of each record's page, by the record's identity.

    Yields:
        A row for each record, claim and statistic that has an estimate.
    """
    for one in sorted(records, key=lambda told: told.protocol):
        subject, sender = one.record.subject, sender_of(one.record)
        row = f"{subject.variant.name} · {subject.arch} · {subject.dataset.name}{f' ({sender})' if sender else ''}"
        for verdict in one.record.verdicts:
            for found in _conditions(verdict):
                which = found.pop("which")
                old = "" if one.protocol == "current" else " · superseded"
                yield {"which": f"{which}{old}", "row": row, "url": pages[id(one.record)], **found}


def _conditions(verdict: Verdict) -> Iterator[dict[str, object]]:
    deciding = decisive(verdict).statistic if verdict.checks else ""
    for statistic in dict.fromkeys(check.statistic for check in verdict.checks):
        check = worst([one for one in verdict.checks if one.statistic == statistic])
        if check.interval is None:
            continue
        control = " (control)" if check.role == "control" else ""
        yield {
            "which": f"{words(verdict.claim)}: {condition_words(statistic)}{control}",
            "estimate": check.interval.estimate,
            "low": check.interval.low,
            "high": check.interval.high,
            "claimed_low": check.low,
            "claimed_high": check.high,
            "word": check.word,
            "knob": "" if check.knob is None else f"{check.knob:g}",
            "decides": "yes" if statistic == deciding else "no",
            "why": reason_of(check),
            "published": verdict.published.word,
            "controlled": verdict.controlled.word,
        }


def forest(rows: Iterable[Mapping[str, object]]) -> dict[str, Any] | None:
    """Draw one condition at a time: estimates and intervals, row by row, and the region that the claim names.

    Args:
        rows: From `forest_rows`.

    Returns:
        Vega-Lite, with a menu of conditions; None where there is no row.
    """
    table = pandas.DataFrame([*rows])
    if table.empty:
        return None
    names = list(dict.fromkeys(table.which))
    menu = altair.binding_select(options=names, name="Claim and condition ")
    base = altair.Chart(table).transform_filter("datum.which == condition")
    order = altair.EncodingSortField("estimate", order="descending")
    axis = altair.Axis(labelLimit=230, labelExpr=LABEL, labelOffset=altair.expr(f"{ON_A_TELEPHONE} ? -7 : 0"))
    y = altair.Y("row:N", title=None, sort=order, axis=axis)
    x = altair.X("low:Q", title="Estimate, 95 % interval", scale=altair.Scale(zero=False))
    scale = altair.Scale(domain=list(WORDS), range=list(WORDS.values()))
    legend = altair.Legend(columns=altair.expr(f"{ON_A_TELEPHONE} ? 1 : 3"))
    colour = altair.Color("word:N", title="The condition", scale=scale, legend=legend)
    shape = altair.Shape("word:N", title="The condition", scale=altair.Scale(domain=list(WORDS), range=MARKS))
    edges = [
        base.transform_filter(f"isValid(datum.{edge})")
        .mark_rule(strokeDash=[4, 3], color="currentColor")
        .encode(x=f"{edge}:Q")
        for edge in ("claimed_low", "claimed_high")
    ]
    lines = base.mark_rule(opacity=1).encode(y=y, x=x, x2="high:Q", color=colour)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=y, x="estimate:Q", color=colour, shape=shape, tooltip=_tooltips(), href="url:N"
    )
    chosen = altair.param(name="condition", value=names[0], bind=menu)
    layers = altair.layer(*edges, lines, points).add_params(chosen)
    return vega_lite(as_wide_as_its_place(layers, altair.Step(22)))


def _tooltips() -> list[altair.Tooltip]:
    number = {"estimate": "Estimate", "low": "95 % interval from", "high": "to"}
    said = {
        "word": "The condition",
        "knob": "At knob value",
        "decides": "Decides the claim",
        "published": "Claim as published",
        "controlled": "Claim under controls",
        "why": "Because",
        "url": "Click: the record",
    }
    return [
        altair.Tooltip("row:N", title="Row"),
        *(altair.Tooltip(f"{name}:Q", format=".3g", title=title) for name, title in number.items()),
        *(altair.Tooltip(f"{name}:N", title=title) for name, title in said.items()),
    ]
