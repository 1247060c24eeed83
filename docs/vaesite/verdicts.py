"""Read the board's table of verdicts, and make of it one that a reader sorts, filters and takes away."""

import html
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import itables
import pandas
from itables import JavascriptFunction, to_html_datatable
from itables.javascript import generate_init_offline_itables_html

from vaebench.report.words.format import plain, rounded

SHOWN = {
    "claim": "Claim",
    "variant": "Variant",
    "network": "Network",
    "data": "Data",
    "as_published": "As published",
    "under_controls": "Under controls",
    "reason": "Reason",
    "arm": "Arm",
    "protocol": "Protocol",
    "statistic": "Decided by",
    "knob": "Knob",
    "estimate": "Estimate",
    "low": "Low",
    "high": "High",
    "claimed_low": "Claimed low",
    "claimed_high": "Claimed high",
    "agreement": "Agreement",
    "seeds": "Seeds",
    "measured_on": "Measured",
    "sender": "Sender",
    "task": "Task",
    "record": "Record",
}
"""Columns of the file, and their heads."""

MEASURED = ("estimate", "low", "high", "agreement")
CHOSEN = ("knob", "claimed_low", "claimed_high", "seeds")
NUMBERS = (*MEASURED, *CHOSEN)
"""Columns of numbers. The board rounds what was measured, and prints what was chosen as it is."""

NONE = "–"
"""A cell without anything."""

CLASSES = {"claim": "name", "statistic": "long"}
"""Columns whose names may take two lines: on a telephone, or anywhere."""

MANY = 8
"""A list of more words than these can itself be searched."""

TABLE = "verdicts"
"""The table's id on its page."""


def read_verdicts(board: Path) -> pandas.DataFrame:
    """Read the committed verdicts.

    Args:
        board: The board's folder.

    Returns:
        A row a verdict; current ones first.
    """
    no_number = {name: [""] for name in NUMBERS}
    found = pandas.read_csv(board / "results" / "verdicts.csv", keep_default_na=False, na_values=no_number)
    order = 4 * found["protocol"].ne("current") + 2 * found["is_invariant"] + found["arm"].ne("trained")
    return found.assign(order=order).sort_values("order", kind="stable").drop(columns="order").reset_index(drop=True)


def superseded(task: str) -> str:
    """Name the page of superseded records.

    Args:
        task: The task's name.

    Returns:
        Its address on the site.
    """
    return f"superseded.html#{task}"


def record_page(row: Mapping[str, object], pages: Mapping[tuple[str, str, str], str]) -> str:
    """Name the page of the record that a verdict is of.

    Args:
        row: A row of the table.
        pages: The board's page of each record, by the record's file, preset and code.

    Returns:
        Its address on the site. A superseded record has no page of its own; then it is the page of all of them.
    """
    if row["protocol"] != "current":
        return superseded(str(row["task"]))
    return pages[str(row["record"]), str(row["preset"]), str(row["code_hash"])].removesuffix(".md") + ".html"


def table_html(verdicts: pandas.DataFrame) -> str:
    """Write the table.

    Args:
        verdicts: From `read_verdicts`, with a column `url`.

    Returns:
        HTML with the program that sorts and filters, so that nothing is fetched.
    """
    shown = verdicts[list(SHOWN)].astype(object)
    for name in SHOWN:
        shown[name] = shown[name].map(partial(_number, name) if name in NUMBERS else _text)
    links = zip(verdicts["url"], shown["record"], strict=True)
    shown["record"] = [f'<a href="{html.escape(link, quote=True)}">{name}</a>' for link, name in links]
    bundle = Path(itables.__file__).parent / "html" / "dt_bundle.js"
    made = to_html_datatable(
        shown.rename(columns=SHOWN),
        connected=False,
        table_id=TABLE,
        showIndex=False,
        allow_html=True,
        maxBytes=0,
        display_logo_when_loading=False,
        classes="display compact nowrap",
        style="width:100%",
        text_in_header_can_be_selected=False,  # a click on a head sorts
        columnDefs=_columns(verdicts),
        buttons=[
            {
                "extend": "csvHtml5",
                "text": "CSV",
                "filename": "vaebench_verdicts",
                "exportOptions": {"orthogonal": "export"},
            },
            {"extend": "colvis", "text": "Columns"},
        ],
        pageLength=15,
        lengthMenu=[15, 50, 200],
        order=[],
        drawCallback=MISSING_LAST,
        scrollX=True,
    )
    return generate_init_offline_itables_html(bundle) + made


def _text(value: object) -> str:
    return html.escape(str(value))


def _number(name: str, value: float) -> str:
    """A number and its text, which `DRAWN` takes apart."""
    if pandas.isna(value):
        return f"|{NONE}"
    return f"{float(value)!r}|{rounded(value)[0] if name in MEASURED else plain(value)}"


DRAWN = JavascriptFunction(
    "function (data, type) { const [number, text] = data.split('|');"
    " return type === 'display' ? text : number === '' ? '' : Number(number); }"
)
"""A reader sees the text. All else has the number: sorting, filters, and the file that is taken away."""

MISSING_LAST = JavascriptFunction(
    "function () { $.fn.dataTable.ext.type.order['num-asc'] = (one, other) =>"
    " one === other ? 0 : one === -Infinity ? 1 : other === -Infinity ? -1 : one - other; }"
)
"""A row without a number comes last whichever way the table is sorted: its key is -Infinity. Said at each draw, because
itables has no earlier place for it."""


def _columns(verdicts: pandas.DataFrame) -> list[dict[str, object]]:
    """What a column's head offers: exact choices where there are a few words, comparisons where there are numbers."""
    numbers = [place for place, name in enumerate(SHOWN) if name in NUMBERS]
    columns: list[dict[str, object]] = [{"targets": numbers, "render": DRAWN}]
    for place, (name, head) in enumerate(SHOWN.items()):
        content: dict[str, object] = {"extend": "search"}
        if name not in {*NUMBERS, "record"}:
            words = sorted({*map(_text, verdicts[name])})
            options = [{"label": word or NONE, "value": word} for word in words]
            content = {"extend": "searchList", "search": len(words) > MANY, "options": options}
        menu = {"extend": "dropdown", "icon": "search", "text": f"Filter: {head}", "content": [content]}
        columns.append({"targets": place, "columnControl": [menu], "className": CLASSES.get(name, "")})
    return columns
