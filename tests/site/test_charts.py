"""The charts and the table say what the board says, and lead to its pages."""

import colorsys
import csv
import json
import re
from pathlib import Path
from statistics import median

import pytest
from conftest import extra

CHECKOUT = Path(__file__).parents[2]

for package in ("itables", "altair", "vl_convert"):
    extra(package)

import vl_convert
from vaesite.charts import chosen_records
from vaesite.forest import forest, forest_rows
from vaesite.trades import trade_offs
from vaesite.verdicts import SHOWN, TABLE, read_verdicts, record_page, superseded, table_html

from vaebench.report.figures.style import NETWORKS, PALETTE, WORDS
from vaebench.report.tables.verdict_rows import taken_records


@pytest.fixture(scope="module")
def chosen():
    return chosen_records(CHECKOUT)


@pytest.fixture(scope="module")
def rows(chosen) -> list[dict]:
    records = taken_records(chosen)
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


@pytest.fixture(scope="module")
def trades(chosen):
    return trade_offs(chosen)


def test_a_trade_off_leads_to_pages_of_the_board(trades) -> None:
    assert len({one.name for one in trades}) == len(trades) > 1
    for row in (row for one in trades for row in one.spec["datasets"]["rows"]):
        assert (CHECKOUT / "leaderboard" / row["url"]).with_suffix(".md").is_file()


def test_a_trade_off_has_a_panel_for_each_variant_with_all_others_behind(trades) -> None:
    for one in trades:
        rows, others = one.spec["datasets"]["rows"], one.spec["datasets"]["others"]
        assert one.spec["facet"]["field"] == "panel" and one.spec["spec"]["layer"][0]["data"] == {"name": "others"}
        assert {row["row"] for row in rows} == {row["row"] for row in others}
        for name in {row["row"] for row in rows}:
            points = [row for row in rows if row["row"] == name]
            assert len({row["panel"] for row in points}) == 1
            assert [row["compared"] for row in points] == [False] * (len(points) - 1) + [True]
            assert points[-1]["low"] <= points[-1]["paid"] <= points[-1]["high"]


def test_axes_are_named_by_what_they_measure_with_its_unit(trades) -> None:
    titles = {}
    for one in trades:
        encoding = one.spec["spec"]["layer"][-1]["encoding"]
        titles[one.name] = tuple(encoding[axis]["axis"]["title"] for axis in "xy")
        assert [tip["title"] for tip in encoding["tooltip"]][2:4] == [*titles[one.name]]
        cost, benefit = titles[one.name][1].removesuffix(" ↓"), titles[one.name][0].removesuffix(" ↑")
        assert one.name.startswith(f"{cost} against {benefit.partition(' [')[0]}:")
    entropy = "classifier auroc against class entropy: more volume, digits"
    assert titles[entropy] == ("class entropy [nats] ↑", "classifier auroc ↓")
    assert ("pairwise distance [x] ↑", "neighbour auroc ↓") in titles.values()


def colours(spec) -> set[str]:
    """What a chart is drawn with, black, white and greys aside."""
    drawn = vl_convert.vegalite_to_svg(spec)
    found = {one.upper() for one in re.findall(r'(?:fill|stroke)="(#[0-9a-fA-F]{3,8}|[a-z]+)"', drawn)}
    return {one for one in found if one not in {"NONE", "TRANSPARENT", "BLACK", "WHITE"} and not is_grey(one)}


def is_grey(colour: str) -> bool:
    if len(colour) not in {4, 7}:
        return False
    step = (len(colour) - 1) // 3
    parts = [int(colour[at : at + step], 16) for at in range(1, len(colour), step)]
    return colorsys.rgb_to_hsv(*parts)[1] == 0


def test_charts_are_drawn_in_the_suites_palette(trades, rows) -> None:
    for one in (trades[0], trades[-1]):
        found = colours(one.spec)
        assert found <= {*NETWORKS} and len(found) == len({row["network"] for row in one.spec["datasets"]["rows"]})
    assert colours(forest(rows)) == {WORDS["holds"], WORDS["fails"]} <= {*PALETTE}


def test_a_benefit_far_from_all_others_makes_its_axis_logarithmic(trades) -> None:
    for one in trades:
        benefits = sorted(row["against"] for row in one.spec["datasets"]["rows"])
        is_far = benefits[-1] > 4 * median(benefits)
        assert (one.spec["spec"]["layer"][-1]["encoding"]["x"]["scale"].get("type") == "log") == is_far
    assert any("log" in json.dumps(one.spec["spec"]) for one in trades)


def cells(made: str) -> list[dict[str, str]]:
    """Rows of a table, as they are in its page."""
    data, _ = json.JSONDecoder().raw_decode(made.partition('"data_json": ')[2])
    return [dict(zip(SHOWN, row, strict=True)) for row in json.loads(data)]


@pytest.fixture(scope="module")
def made() -> str:
    return table_html(read_verdicts(CHECKOUT / "leaderboard").assign(url="x.html"))


def test_the_table_has_every_verdict(made) -> None:
    verdicts = read_verdicts(CHECKOUT / "leaderboard")
    lines = (CHECKOUT / "leaderboard/results/verdicts.csv").read_text("utf-8").splitlines()
    assert len(verdicts) == len(lines) - 1 == len(cells(made))
    assert list(verdicts["protocol"]) == sorted(verdicts["protocol"], key=lambda word: word != "current")
    assert f'id="{TABLE}"' in made and "https://cdn" not in made
    assert made.partition("dt_args")[2].count("x.html") == len(verdicts)


def test_the_table_says_why_and_what_was_claimed(made) -> None:
    committed = [*csv.DictReader((CHECKOUT / "leaderboard/results/verdicts.csv").read_text("utf-8").splitlines())]
    rows = cells(made)
    assert sorted(row["reason"] for row in rows) == sorted(one["reason"] for one in committed)
    for name in ("claimed_low", "claimed_high"):
        numbers = [number for row in rows if (number := row[name].partition("|")[0])]
        assert sorted(map(float, numbers)) == sorted(float(one[name]) for one in committed if one[name])


def test_numbers_are_printed_as_the_board_prints_them() -> None:
    row = read_verdicts(CHECKOUT / "leaderboard").head(1)
    numbers = {"estimate": 17.6234, "low": float("nan"), "high": -2.5e-6, "claimed_low": 0.05, "knob": 25.0}
    (shown,) = cells(table_html(row.assign(url="x.html", seeds=5, **numbers)))
    texts = {name: shown[name].partition("|")[2] for name in (*numbers, "seeds")}
    assert texts == {
        "estimate": "17.6",
        "low": "–",
        "high": "−2.50×10⁻⁶",
        "claimed_low": "0.05",
        "knob": "25",
        "seeds": "5",
    }
    assert [shown[name].partition("|")[0] for name in numbers] == ["17.6234", "", "-2.5e-06", "0.05", "25.0"]


def test_a_column_of_words_offers_each_word(made) -> None:
    variants = sorted({*read_verdicts(CHECKOUT / "leaderboard")["variant"]})
    assert {"vae", "beta_vae"} <= {*variants}
    assert json.dumps([{"label": name, "value": name} for name in variants]) in made


def test_a_table_holds_foreign_text_as_text() -> None:
    verdicts = read_verdicts(CHECKOUT / "leaderboard").head(1)
    made = table_html(verdicts.assign(url="x.html", sender="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in made
    assert [row["sender"] for row in cells(made)] == ["&lt;script&gt;alert(1)&lt;/script&gt;"]
    assert '"label": "&lt;script&gt;alert(1)&lt;/script&gt;"' in made


def test_a_record_leads_to_its_page() -> None:
    row = {"protocol": "current", "record": "a/b.json", "preset": "standard", "code_hash": "c", "task": "t"}
    assert record_page(row, {("a/b.json", "standard", "c"): "records/t/b.md"}) == "records/t/b.html"
    assert record_page(row | {"protocol": "superseded"}, {}) == superseded("t") == "superseded.html#t"
