"""Read the board's table of verdicts, and make of it one that a reader sorts, filters and takes away."""

import html
from collections.abc import Mapping
from pathlib import Path

import itables
import pandas
from itables import to_html_datatable
from itables.javascript import generate_init_offline_itables_html

SHOWN = {
    "claim": "Claim",
    "variant": "Variant",
    "network": "Network",
    "data": "Data",
    "as_published": "As published",
    "under_controls": "Under controls",
    "arm": "Arm",
    "protocol": "Protocol",
    "statistic": "Decided by",
    "knob": "Knob",
    "estimate": "Estimate",
    "low": "Low",
    "high": "High",
    "agreement": "Agreement",
    "seeds": "Seeds",
    "measured_on": "Measured",
    "sender": "Sender",
    "task": "Task",
    "record": "Record",
}
"""Columns of the file, and their heads."""

TABLE = "verdicts"
"""The table's id on its page."""


def read_verdicts(board: Path) -> pandas.DataFrame:
    """Read the committed verdicts.

    Args:
        board: The board's folder.

    Returns:
        A row a verdict; current ones first.
    """
    found = pandas.read_csv(
        board / "results" / "verdicts.csv", keep_default_na=False, na_values={"knob": [""]} | _NUMBERS
    )
    order = 4 * found["protocol"].ne("current") + 2 * found["is_invariant"] + found["arm"].ne("trained")
    return found.assign(order=order).sort_values("order", kind="stable").drop(columns="order").reset_index(drop=True)


_NUMBERS = {name: [""] for name in ("estimate", "low", "high", "agreement", "claimed_low", "claimed_high", "seeds")}


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
    shown = verdicts[list(SHOWN)].rename(columns=SHOWN)
    for name in shown.columns:
        if not pandas.api.types.is_numeric_dtype(shown[name]):
            shown[name] = shown[name].map(lambda text: html.escape(str(text)))
    links = zip(verdicts["url"], shown["Record"], strict=True)
    shown["Record"] = [f'<a href="{html.escape(link, quote=True)}">{name}</a>' for link, name in links]
    bundle = Path(itables.__file__).parent / "html" / "dt_bundle.js"
    made = to_html_datatable(
        shown,
        connected=False,
        table_id=TABLE,
        showIndex=False,
        allow_html=True,
        maxBytes=0,
        display_logo_when_loading=False,
        classes="display compact nowrap",
        style="width:100%",
        column_filters="footer",
        text_in_header_can_be_selected=False,  # a click on a head sorts
        buttons=[
            {"extend": "csvHtml5", "text": "CSV", "filename": "vaebench_verdicts", "footer": False},
            {"extend": "colvis", "text": "Columns"},
        ],
        pageLength=15,
        lengthMenu=[15, 50, 200],
        order=[],
        scrollX=True,
    )
    return generate_init_offline_itables_html(bundle) + made
