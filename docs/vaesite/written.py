"""Write the pages that no Markdown of the checkout holds: the table, the charts, the menu, the speed."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import vl_convert

from vaebench.report.rows.remake import json_path
from vaebench.report.tables.verdict_rows import taken_records
from vaesite.api_pages import api_pages
from vaesite.charts import Drawn, chosen_records
from vaesite.forest import forest, forest_rows
from vaesite.stage import fenced
from vaesite.trades import trade_offs
from vaesite.verdicts import read_verdicts, record_page, superseded, table_html

NO_SPEED = (
    "No measured pages are here. `make bench`, then `asv publish`, makes them; the next `make site` takes them along."
)

SPEED = '```{raw} html\n<p><a href="speed/index.html">The measured pages</a></p>\n```'


def write_pages(checkout: Path, out: Path, tasks: Mapping[str, str]) -> None:
    """Write them.

    Args:
        checkout: Where the board is.
        out: The site's sources; the board is there already.
        tasks: Titles of the tasks by name, in the menu's order.
    """
    board = checkout / "leaderboard"
    verdicts, chosen = read_verdicts(board), chosen_records(checkout)
    of = {(json_path(o.record), o.row.preset, o.row.code_hash): o.path for o in chosen.shown}
    verdicts["url"] = [record_page(row, of) for row in verdicts.to_dict("records")]
    pages = checkout / "docs" / "pages"
    extra, static = out / "_extra", out / "_static"
    shutil.copytree(checkout / "docs" / "_static", static)
    extra.mkdir()
    program = vl_convert.javascript_bundle()  # in a function, because its names clash with those of Sphinx
    (static / "vega.js").write_text(f"(() => {{{program}}})();\n", "utf-8")
    _page(pages / "verdicts.md", out, TABLE=_raw(table_html(verdicts)))
    trades = trade_offs(chosen)
    all_told = taken_records(chosen)
    shown = {id(one.record): one.path.removesuffix(".md") + ".html" for one in chosen.shown}
    address = {id(one.record): shown.get(id(one.record), superseded(one.record.subject.task.name)) for one in all_told}
    conditions = forest(forest_rows(all_told, address))
    drawn = {
        "FOREST": _charts("forest", [Drawn(conditions)]) if conditions else "There are no records.",
        "TRADES": _charts("trades", trades, "Trade-off") if trades else "No current record has them.",
    }
    _page(pages / "charts.md", out, **drawn)
    examples = {name: _code(checkout / "examples" / f"{path}.py") for name, path in EXAMPLES.items()}
    _page(pages / "examples.md", out, **examples)
    _page(pages / "machines.md", out)
    measured = checkout / ".asv" / "html"
    if measured.is_dir():
        shutil.copytree(measured, extra / "speed")
    _page(pages / "speed.md", out, SPEED=SPEED if measured.is_dir() else NO_SPEED)
    for path, text in api_pages(checkout / "vaebench").items():
        (out / path).parent.mkdir(exist_ok=True)
        (out / path).write_text(text, "utf-8")
    with (out / "index.md").open("a", encoding="utf-8") as index:
        index.write(_menu(tasks))


def _page(template: Path, out: Path, **values: str) -> None:
    text = template.read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    (out / template.name).write_text(text, "utf-8")


EXAMPLES = {"OWN": "own_variant", "KERNEL": "kernel_on_own_model"}


def _code(path: Path) -> str:
    return fenced(path.read_text("utf-8"), "python")


def _raw(text: str) -> str:
    return f"``````{{raw}} html\n{text}\n``````"


def _charts(name: str, charts: list[Drawn], menu: str = "") -> str:
    """A place for charts, and for a menu of them if they are several."""
    text = json.dumps([vars(one) for one in charts], sort_keys=True, allow_nan=False).replace("</", "<\\/")
    there = f'<div class="choice" id="{name}-choice"></div>\n<p class="says" id="{name}-says"></p>'
    data = f'<script type="application/json" data-chart="{name}" data-menu="{menu}">{text}</script>'
    return _raw(f'{there}\n<div class="chart" id="{name}"></div>\n{data}')


def _short(title: str) -> str:
    """Authors and year of a paper, with what a title says in brackets at its end."""
    paper, _, rest = title.partition(",") if title.partition(",")[0][-4:].isdigit() else title.rpartition(",")
    aside = re.search(r"\([^()]*\)$", rest)
    return f"{paper.strip()} {aside[0] if aside else ''}".strip()


def _menu(tasks: Mapping[str, str]) -> str:
    groups = {
        "Results": [
            "where_claims_hold",
            "All verdicts <verdicts>",
            "Charts <charts>",
            "what_you_get",
            "over_variants",
            "results/index",
        ],
        "Papers": [f"{_short(title)} <{task}>" for task, title in tasks.items()],
        "Words": ["glossary", "changes", "cite"],
        "Suite": [
            "about",
            "examples",
            "api/index",
            "Speed <speed>",
            "Other machines <machines>",
            "contributing",
            "changelog",
        ],
    }
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n:maxdepth: 1\n\n" + "\n".join(pages) + "\n```\n"
        for caption, pages in groups.items()
    )
