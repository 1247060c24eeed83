"""The site in a real browser: nothing overflows, nothing is missing, all can be read, the table sorts and filters."""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from browser import WIDTHS, chromium, faults, fetched, lacking, look, served
from conftest import environment_with, extra

from vaebench.report.words.format import rounded

pytestmark = pytest.mark.look

CHECKOUT = Path(__file__).parents[2]
SCHEMES = ("light", "dark")
TABLE = "verdicts.html"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site of what is committed, built once."""
    for package in (
        "sphinx",
        "furo",
        "myst_parser",
        "itables",
        "altair",
        "vl_convert",
        "griffe",
        "latex2mathml",
        "selenium",
    ):
        extra(package)
    if lack := lacking():
        pytest.skip(f"{lack} is not installed: apt-get install chromium chromium-driver")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "vaesite", folder / "out", "--work", folder / "work"]
    done = subprocess.run(
        command, env=environment_with("", CHECKOUT / "docs"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


@pytest.fixture(scope="module")
def address(site):
    with served(site) as there:
        yield there


@pytest.fixture(scope="module")
def downloads(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def driver(site, downloads):
    with chromium(downloads) as one:
        yield one


def looked_at(site: Path) -> list[str]:
    """The first screen, the first task with records, its first record, its variant, the table, charts, formulas."""
    record = min(site.glob("records/*/[!i]*.html"))
    variant = min(site.glob("variants/*.html"))
    pages = [
        site / "index.html",
        site / f"{record.parent.name}.html",
        record,
        variant,
        site / TABLE,
        site / "charts.html",
    ]
    pages += [site / "api" / "mean_degree.html", site / "superseded.html"]
    return [page.relative_to(site).as_posix() for page in pages if page.is_file()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_pages_can_be_read(driver, address, site, width, scheme) -> None:
    shots = os.environ.get("LOOK_OUT")
    found = []
    for page in looked_at(site):
        look(driver, f"{address}/{page}", width, scheme)
        found += [f"{page}: {fault}" for fault in faults(driver)]
        if shots:
            Path(shots).mkdir(parents=True, exist_ok=True)
            driver.save_screenshot(str(Path(shots) / f"{page.replace('/', '_')}.{width}.{scheme}.png"))
    assert found == []
    assert fetched(driver) == {"127.0.0.1"}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_light_is_light_and_dark_is_dark(driver, address, scheme) -> None:
    look(driver, f"{address}/{TABLE}", 1280, scheme)
    read = "return getComputedStyle(document.querySelector(arguments[0])).backgroundColor.match(/[0-9]+/g).map(Number)"
    for what in ("body", "div.dt-container"):
        assert (sum(driver.execute_script(read, what)[:3]) < 300) == (scheme == "dark"), what


def wait(until: Callable[[], bool]) -> None:
    """Wait for what a page does after a click: it answers first, and draws then."""
    end = time.monotonic() + 60
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)


def column(driver, number: int) -> list[str]:
    read = "return [...document.querySelectorAll('#verdicts tbody tr')].map(r => r.cells[arguments[0]].textContent)"
    return driver.execute_script(read, number)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_table_sorts(driver, address, width) -> None:
    look(driver, f"{address}/{TABLE}", width, "light")
    head = driver.find_element("css selector", ".dt-scroll-head th .dt-column-title")
    names = column(driver, 0)
    assert names != sorted(names)
    head.click()
    wait(lambda: (up := column(driver, 0)) == sorted(up))
    first = column(driver, 0)[0]
    head.click()
    wait(lambda: (down := column(driver, 0)) == sorted(down, reverse=True) and first < down[0])


COMMITTED = [*csv.DictReader((CHECKOUT / "leaderboard/results/verdicts.csv").read_text("utf-8").splitlines())]


def head(driver, name: str):
    """The head of a column, scrolled into sight or not."""
    heads = driver.find_elements("css selector", ".dt-scroll-head th")
    return next(one for one in heads if one.get_attribute("textContent").startswith(name))


def press(driver, inside, selector: str) -> None:
    """Click what may be scrolled out of sight."""
    driver.execute_script("arguments[0].querySelector(arguments[1]).click()", inside, selector)


def taken_away(driver, downloads: Path) -> list[dict[str, str]]:
    """What the button gives, once it is there."""
    file = downloads / "vaebench_verdicts.csv"
    file.unlink(missing_ok=True)
    driver.find_element("css selector", "button.buttons-csv").click()
    wait(file.is_file)
    return [*csv.DictReader(file.read_text("utf-8-sig").splitlines())]


def numbers(rows: list[dict[str, str]], name: str) -> list[float]:
    return sorted(float(row[name]) for row in rows if row[name])


def test_a_column_is_filtered_by_exact_words_and_can_be_taken_away(driver, address, downloads) -> None:
    look(driver, f"{address}/{TABLE}", 1280, "light")
    press(driver, head(driver, "Variant"), "button.dtcc-button_dropdown")
    words = driver.find_elements("css selector", ".dtcc-dropdown .dtcc-list-buttons button")
    next(one for one in words if one.text == "vae").click()
    wait(lambda: set(column(driver, 1)) == {"vae"})
    expected = [one for one in COMMITTED if one["variant"] == "vae"]
    rows = taken_away(driver, downloads)
    assert {row["Variant"] for row in rows} == {"vae"} and len(rows) == len(expected)
    assert sorted(row["Reason"] for row in rows) == sorted(one["reason"] for one in expected)
    for shown, committed in {"Estimate": "estimate", "Claimed low": "claimed_low"}.items():
        assert numbers(rows, shown) == numbers(expected, committed), shown


def test_numbers_are_the_boards_and_sort_as_numbers(driver, address) -> None:
    look(driver, f"{address}/{TABLE}", 1280, "light")
    place = driver.execute_script("return arguments[0].cellIndex", head(driver, "Low"))
    for down in (False, True):  # whichever way, rows without a number come last
        press(driver, head(driver, "Low"), ".dt-column-title")
        found = sorted((float(one["low"]) for one in COMMITTED if one["low"]), reverse=down)[:15]
        wait(lambda found=found: column(driver, place) == [rounded(value)[0] for value in found])


def test_the_search_finds_a_task_before_its_records(driver, address) -> None:
    driver.get(f"{address}/search.html?q=isometry")
    wait(lambda: driver.find_elements("css selector", "#search-results li a"))
    found = [one.get_attribute("href") for one in driver.find_elements("css selector", "#search-results li a")]
    assert any("nakagawa2021_posterior_isometry.html" in one for one in found[:3])
    assert not any("/records/" in one for one in found[:3])


def test_numbers_are_compared(driver, address, downloads) -> None:
    look(driver, f"{address}/{TABLE}", 1280, "light")
    press(driver, head(driver, "Low"), "button.dtcc-button_dropdown")
    menu = driver.find_element("css selector", ".dtcc-dropdown")
    next(one for one in menu.find_elements("css selector", "option") if one.text == "Greater than").click()
    menu.find_element("css selector", "input").send_keys("0.5")
    expected = [one for one in COMMITTED if one["low"] and float(one["low"]) > 0.5]
    wait(lambda: f" {len(expected)} entries" in driver.find_element("css selector", ".dt-info").text)
    assert numbers(taken_away(driver, downloads), "Low") == numbers(expected, "low")


@pytest.mark.parametrize(("chart", "begins"), [("forest", "records/"), ("trades", "records/gracyk2025")])
def test_a_charts_mark_leads_to_its_record(driver, address, site, chart, begins) -> None:
    look(driver, f"{address}/charts.html", 1280, "light")
    mark = driver.find_element("css selector", f"#{chart} svg .mark-symbol.role-mark path")
    driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", mark)
    wait(lambda: "/charts.html" not in driver.current_url)
    record = driver.current_url.removeprefix(address + "/")
    assert record.startswith(begins) and (site / record).is_file()


def test_a_chart_shows_the_claim_that_is_chosen(driver, address) -> None:
    look(driver, f"{address}/charts.html", 1280, "light")
    shown = "return document.querySelector('#forest svg').textContent"
    before = driver.execute_script(shown)
    options = driver.find_elements("css selector", "#forest-choice option")
    options[-1].click()
    wait(lambda: driver.execute_script(shown) != before)


TITLES = "return [...document.querySelectorAll('#trades svg .role-axis-title text')].map(one => one.textContent)"


def choose(driver, chart: str, place: int) -> str:
    """Choose an entry of a chart's menu, and give its name when it is drawn."""
    return driver.execute_async_script(
        "const menu = document.querySelector(arguments[0]), done = arguments[arguments.length - 1];"
        "menu.selectedIndex = arguments[1];"
        "for (const what of ['input', 'change']) menu.dispatchEvent(new Event(what));"
        "setTimeout(() => requestAnimationFrame(() => done(menu.selectedOptions[0].textContent)), 100)",
        f"#{chart}-choice select",
        place,
    )


@pytest.mark.parametrize("chart", ["forest", "trades"])
def test_whatever_is_chosen_fits_on_a_telephone(driver, address, chart) -> None:
    look(driver, f"{address}/charts.html", 390, "light")
    for place in range(len(driver.find_elements("css selector", f"#{chart}-choice option"))):
        name = choose(driver, chart, place)
        assert faults(driver) == [], name


@pytest.mark.parametrize("width", WIDTHS)
def test_small_multiples_fill_the_page_and_name_their_axes(driver, address, width) -> None:
    look(driver, f"{address}/charts.html", width, "light")
    count = len(driver.find_elements("css selector", "#trades-choice option"))
    for place in (0, count - 1):
        paid, against = choose(driver, "trades", place).partition(":")[0].split(" against ")
        named = {f"{paid} ↓", f"{against} [{'nats' if 'entropy' in against else 'x'}] ↑"}
        wait(lambda named=named: set(driver.execute_script(TITLES)) == named)
        assert faults(driver) == []
    sizes = "return ['#trades', '#trades svg'].map(one => document.querySelector(one).clientWidth)"
    here, svg = driver.execute_script(sizes)
    assert 0.9 * here < svg <= here


def test_what_is_chosen_stays_when_the_colours_change(driver, address) -> None:
    look(driver, f"{address}/charts.html", 1280, "light")
    menus = {f"#{name}-choice select": "" for name in ("forest", "trades")}
    for menu in menus:
        options = driver.find_elements("css selector", f"{menu} option")
        options[-1].click()
        menus[menu] = options[-1].get_attribute("value")
    driver.execute_script("for (const old of document.querySelectorAll('.chart svg')) old.dataset.old = 'yes'")
    driver.execute_script("document.body.dataset.theme = 'dark'")
    wait(lambda: len(driver.find_elements("css selector", ".chart svg:not([data-old])")) == 2)
    for menu, chosen in menus.items():
        assert driver.execute_script("return document.querySelector(arguments[0]).value", menu) == chosen


def test_charts_fit_again_when_the_window_is_narrowed(driver, address) -> None:
    look(driver, f"{address}/charts.html", 1280, "light")
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    widths = "return [...document.querySelectorAll('.chart svg')].map(one => one.clientWidth)"
    wait(lambda: len(found := driver.execute_script(widths)) == 2 and max(found) < 390)
    assert faults(driver) == []
    assert len(driver.find_elements("css selector", "select")) == 2


SCROLLED = '<div class="chart" style="overflow-x: auto"><svg width="900" height="20"></svg></div>'

PLANTED = {
    "overflow": '<div style="width: 3000px">wide</div>',
    "missing image": '<img src="none.png" alt="none">',
    "text of 8": '<p style="font-size: 8px">small</p>',
    "console": "<script>throw new Error('planted')</script>",
    "chart: 900 px": '<div style="overflow: hidden"><div class="chart"><svg width="900" height="20"></svg></div></div>',
    "cut off: ": '<div class="chart"><svg width="300" height="20"><text x="270" y="15">undecided</text></svg></div>',
}


@pytest.mark.parametrize("fault", PLANTED)
def test_the_look_finds_what_is_planted(driver, tmp_path, fault) -> None:
    head = (
        "<!doctype html><link rel=icon href='data:,'><meta name=viewport content='width=device-width'><body><p>text</p>"
        f"{SCROLLED}"
    )
    (tmp_path / "sound.html").write_text(head)
    (tmp_path / "planted.html").write_text(head + PLANTED[fault])
    with served(tmp_path) as there:
        look(driver, f"{there}/sound.html", 390, "light")
        assert faults(driver) == []
        look(driver, f"{there}/planted.html", 390, "light")
        assert any(line.startswith(fault) for line in faults(driver))


GITHUB = """body{margin:0} article{box-sizing:border-box; width:1012px; padding:0 32px;
font:16px/1.5 -apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
h1{font-size:2em; padding-bottom:.3em; border-bottom:1px solid; margin:24px 0 16px; line-height:1.25}
p,table{margin:0 0 16px} table{display:block; max-width:100%; overflow:auto; border-collapse:collapse}
td,th{padding:6px 13px; border:1px solid}"""
"""GitHub's measures of a page, by heart: its column, letters and cells."""


def test_the_markdowns_first_screen_holds_all_headlines(driver, tmp_path) -> None:
    """Two or three of seven were below 800 pixels, where few people look."""
    from markdown_it import MarkdownIt

    text = (CHECKOUT / "leaderboard/README.md").read_text("utf-8").partition("**Tasks**")[0]
    made = MarkdownIt("commonmark").enable("table").render(text)
    page = tmp_path / "first.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><style>{GITHUB}</style><article>{made}</article>", "utf-8")
    driver.set_window_size(1280, 900)
    driver.get(page.as_uri())
    rows = driver.find_elements("css selector", "table tr")
    assert len(rows) == 8  # seven headlines
    last = rows[-1].rect
    assert last["y"] + last["height"] <= 800
