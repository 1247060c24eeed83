"""The charts and the table say what the board says, and lead to its pages."""

import csv
import json
from pathlib import Path

import pytest
from conftest import extra

CHECKOUT = Path(__file__).parents[2]

for package in ("itables", "altair", "vl_convert"):
    extra(package)

from vaesite.charts import chosen_records, trade_offs
from vaesite.forest import forest, forest_rows
from vaesite.verdicts import TABLE, read_verdicts, record_page, superseded, table_html

from vaebench.report.verdict_rows import told


@pytest.fixture(scope="module")
def chosen():
    return chosen_records(CHECKOUT)


@pytest.fixture(scope="module")
def rows(chosen) -> list[dict]:
    records = told(chosen)
    return [*forest_rows(records, {id(one.record): str(number) for number, one in enumerate(records)})]


def test_a_deciding_condition_is_the_boards_own(chosen, rows) -> None:
    board = {
        (one["record"], one["claim"]): one
        for one in csv.DictReader((CHECKOUT / "leaderboard/results/verdicts.csv").read_text("utf-8").splitlines())
        if one["arm"] == "trained" and one["is_invariant"] == "0" and one["estimate"]
    }
    assert sum(row["decides"] == "yes" for row in rows) == len(board)
    estimates = sorted(f"{row['estimate']:.6g}" if row["estimate"] else "0" for row in rows if row["decides"] == "yes")
    assert estimates == sorted(one["estimate"] for one in board.values())
    for row in rows:
        if row["decides"] == "yes" and row["controlled"] == "holds":
            assert row["word"] == "holds"


def test_a_menu_is_in_words(rows) -> None:
    current = {row["which"] for row in rows if "superseded" not in row["which"]}
    assert "encoder first: lead by biased CKA" in current
    assert not [which for which in current if "log-ratio" in which or "raw" in which or " minus " in which]


def test_no_chart_has_a_row_twice(rows) -> None:
    assert len({(row["which"], row["url"]) for row in rows}) == len(rows)


def test_the_forest_draws_all_rows_and_offers_all_conditions(rows) -> None:
    spec = forest(rows)
    (data,) = spec["datasets"].values()
    assert len(data) == len(rows)
    options = next(one for one in spec["params"] if one["name"] == "condition")["bind"]["options"]
    assert options == list(dict.fromkeys(row["which"] for row in rows))
    assert forest([]) is None
    json.dumps(spec, allow_nan=False)


def test_a_trade_off_leads_to_pages_of_the_board(chosen) -> None:
    spec = trade_offs(chosen)
    assert spec is not None
    (data,) = spec["datasets"].values()
    for one in data:
        assert (CHECKOUT / "leaderboard" / one["url"]).with_suffix(".md").is_file()
    for which in {one["which"] for one in data}:
        assert {one["compared"] for one in data if one["which"] == which} == {True, False}


def test_the_table_has_every_verdict(chosen) -> None:
    verdicts = read_verdicts(CHECKOUT / "leaderboard")
    lines = (CHECKOUT / "leaderboard/results/verdicts.csv").read_text("utf-8").splitlines()
    assert len(verdicts) == len(lines) - 1
    assert list(verdicts["protocol"]) == sorted(verdicts["protocol"], key=lambda word: word != "current")
    made = table_html(verdicts.assign(url="x.html"))
    assert (
        f'id="{TABLE}"' in made
        and "https://cdn" not in made
        and made.partition("dt_args")[2].count("x.html") == len(verdicts)
    )


def test_a_table_holds_foreign_text_as_text() -> None:
    verdicts = read_verdicts(CHECKOUT / "leaderboard").head(1)
    made = table_html(verdicts.assign(url="x.html", sender="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in made


def test_a_record_leads_to_its_page() -> None:
    row = {"protocol": "current", "record": "a/b.json", "preset": "standard", "code_hash": "c", "task": "t"}
    assert record_page(row, {("a/b.json", "standard", "c"): "records/t/b.md"}) == "records/t/b.html"
    assert record_page(row | {"protocol": "superseded"}, {}) == superseded("t") == "superseded.html#t"
