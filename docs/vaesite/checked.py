"""Check the built site: every link inside it leads somewhere, and no page fetches anything from elsewhere."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
"""Elements that a browser fetches by itself."""


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what an element is called, where it leads, and what it fetches."""
        found = dict(attrs)
        self.ids.update(value for name in ("id", "name") if (value := found.get(name)))
        if (where := FETCHED.get(tag)) and (value := found.get(where)):
            if tag != "link" or "canonical" not in (found.get("rel") or ""):
                self.fetched.append(value)
        elif tag == "a" and (value := found.get("href")):
            self.links.append(value)


def faults(site: Path) -> list[str]:
    """List dead links inside a site, and what it would fetch from elsewhere.

    Args:
        site: The folder of the built site.

    Returns:
        One line each, with the page.
    """
    pages = {
        path.resolve(): _read(path)
        for path in sorted(site.rglob("*.html"))
        if "speed" not in path.relative_to(site).parts[:1]
    }
    lines = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        lines += [f"{name}: fetches {one}" for one in page.fetched if urlsplit(one).netloc]
        for link in (*page.links, *page.fetched):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = there / "index.html" if there.is_dir() else there
            fragment = unquote(parts.fragment)
            if not there.is_file() or (fragment and there in pages and fragment not in pages[there].ids):
                lines.append(f"{name}: {link}")
    return sorted(set(lines))


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text("utf-8"))
    return page
