"""A site served here, and a headless Chromium that looks at it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

SMALLEST = 9
"""Text of fewer pixels cannot be read."""

WIDTHS = {1280: 800, 390: 844}
"""Widths and heights of a laptop and of a telephone."""

FAULTS = """
const done = arguments[arguments.length - 1], smallest = arguments[0], found = [];
const page = document.scrollingElement;
if (page.scrollWidth > innerWidth) {
  const all = [...document.querySelectorAll("body *")];
  const wide = all.filter(e => e.getBoundingClientRect().right > innerWidth + 1);
  const by = wide.slice(0, 3).map(e => e.outerHTML.slice(0, 80));
  found.push(`overflow: ${page.scrollWidth} of ${innerWidth} px, by ${by}`);
}
for (const drawn of document.querySelectorAll(".chart svg, .chart canvas")) {
  const chart = drawn.closest(".chart"), box = drawn.getBoundingClientRect(), place = chart.getBoundingClientRect();
  const scrolls = ["auto", "scroll"].includes(getComputedStyle(chart).overflowX);
  const left = Math.max(place.left, 0), right = Math.min(place.right, innerWidth);
  if (!scrolls && (box.right > right + 1 || box.left < left - 1))
    found.push(`chart: ${box.width.toFixed(0)} px wide in ${(right - left).toFixed(0)}`);
  for (const part of drawn.querySelectorAll("text, path, line")) {
    const its = part.getBoundingClientRect(), what = part.textContent || part.outerHTML.slice(0, 60);
    const over = Math.max(its.right - box.right, box.left - its.left, its.bottom - box.bottom, box.top - its.top);
    if (over > 1 && its.width + its.height > 0) found.push(`cut off: ${over.toFixed(0)} px of ${what}`);
  }
}
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; node = walker.nextNode();) {
  const parent = node.parentElement, box = parent.getBoundingClientRect();
  if (!node.data.trim() || !box.width || !box.height || parent.closest("script, style, noscript")) continue;
  if (!parent.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
  const matrix = parent.getScreenCTM ? parent.getScreenCTM() : null;
  const size = parseFloat(getComputedStyle(parent).fontSize) * (matrix ? Math.hypot(matrix.a, matrix.b) : 1);
  if (size < smallest) found.push(`text of ${size.toFixed(1)} px: ${node.data.trim().slice(0, 40)}`);
}
const looked = [...document.images].map(async image => {
  if (!image.complete || !image.naturalWidth) { found.push(`missing image: ${image.src}`); return; }
  if (!image.src.endsWith(".svg") || !image.clientWidth) return;
  const drawn = new DOMParser().parseFromString(await (await fetch(image.src)).text(), "image/svg+xml");
  const scale = image.clientWidth / drawn.documentElement.viewBox.baseVal.width;
  for (const text of drawn.querySelectorAll("text")) {
    const written = (text.getAttribute("style") || "").match(/([0-9.]+)px/);
    if (written && written[1] * scale < smallest)
      { found.push(`text of ${(written[1] * scale).toFixed(1)} px in ${image.src}: ${text.textContent}`); break; }
  }
});
Promise.all(looked).then(() => done([...new Set(found)]));
"""
"""What is wrong with a page: overflow, charts that do not fit, small text also in drawings, images that are missing."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on this machine, and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def browser() -> str:
    """Where Chromium is, or what is made of it; empty if there is none."""
    return next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), "")


def lacking() -> str:
    """Name the program that is not there; empty if both are."""
    return "chromium" if not browser() else "chromedriver" if not which("chromedriver") else ""


@contextmanager
def chromium(downloads: Path):
    """Start Chromium without a window."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(which("chromedriver")))
    try:
        driver.set_script_timeout(60)
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
        yield driver
    finally:
        driver.quit()


def fetched(driver) -> set[str]:
    """Name the hosts that the browser asked since this was last called."""
    said = [json.loads(one["message"])["message"] for one in driver.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in said if one["method"] == "Network.requestWillBeSent"]
    return {parts.hostname for parts in map(urlsplit, asked) if parts.scheme in {"http", "https", "ws", "wss"}}


def look(driver, address: str, width: int, scheme: str) -> None:
    """Open a page at a width, light or dark, and wait until its tables and charts are drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    size = {"width": width, "height": WIDTHS[width], "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    driver.get(address)
    ready = (
        "return document.readyState == 'complete' && "
        "[...document.querySelectorAll('script[data-chart]')]"
        ".every(s => document.querySelector(`#${s.dataset.chart} svg`)) && "
        "(!document.querySelector('table#verdicts') || document.querySelector('table.dataTable tbody td') && "
        "document.querySelector('.dt-scroll-head th.dt-orderable-asc'))"
    )
    WebDriverWait(driver, 60).until(lambda one: one.execute_script(ready))


def faults(driver) -> list[str]:
    """List what is wrong with the page that is open, and what its scripts complain of."""
    said = [f"console: {one['message']}" for one in driver.get_log("browser") if one["level"] == "SEVERE"]
    return [*driver.execute_async_script(FAULTS, SMALLEST), *said]
