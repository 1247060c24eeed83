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


def test_the_table_filters_and_can_be_taken_away(driver, address, downloads) -> None:
    look(driver, f"{address}/{TABLE}", 1280, "light")
    box = driver.find_element("css selector", ".dt-scroll-foot input[placeholder='Under controls']")
    box.send_keys("holds")
    box.send_keys("\t")
    wait(lambda: set(column(driver, 5)) == {"holds"})
    driver.find_element("css selector", "button.buttons-csv").click()
    file = downloads / "vaebench_verdicts.csv"
    wait(file.is_file)
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    committed = csv.DictReader((CHECKOUT / "leaderboard/results/verdicts.csv").read_text("utf-8").splitlines())
    assert len(rows) == sum(row["under_controls"] == "holds" for row in committed)
    assert {row["Under controls"] for row in rows} == {"holds"}


def test_a_charts_mark_leads_to_its_record(driver, address, site) -> None:
    look(driver, f"{address}/charts.html", 1280, "light")
    mark = driver.find_element("css selector", "#forest svg .mark-symbol.role-mark path")
    driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", mark)
    wait(lambda: "/charts.html" not in driver.current_url)
    record = driver.current_url.removeprefix(address + "/")
    assert record.startswith("records/") and (site / record).is_file()


def test_a_chart_shows_the_claim_that_is_chosen(driver, address) -> None:
    look(driver, f"{address}/charts.html", 1280, "light")
    shown = "return document.querySelector('#forest svg').textContent"
    before = driver.execute_script(shown)
    options = driver.find_elements("css selector", "#forest-choice option")
    options[-1].click()
    wait(lambda: driver.execute_script(shown) != before)


PLANTED = {
    "overflow": '<div style="width: 3000px">wide</div>',
    "missing image": '<img src="none.png" alt="none">',
    "text of 8": '<p style="font-size: 8px">small</p>',
    "console": "<script>throw new Error('planted')</script>",
}


@pytest.mark.parametrize("fault", PLANTED)
def test_the_look_finds_what_is_planted(driver, tmp_path, fault) -> None:
    head = (
        "<!doctype html><link rel=icon href='data:,'><meta name=viewport content='width=device-width'><body><p>text</p>"
    )
    (tmp_path / "sound.html").write_text(head)
    (tmp_path / "planted.html").write_text(head + PLANTED[fault])
    with served(tmp_path) as there:
        look(driver, f"{there}/sound.html", 390, "light")
        assert faults(driver) == []
        look(driver, f"{there}/planted.html", 390, "light")
        assert any(line.startswith(fault) for line in faults(driver))
