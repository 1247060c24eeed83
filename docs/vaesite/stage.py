"""Gather the site's sources: the board's pages and all files that they link to, with links that still lead there."""

import re
import shutil
from collections import deque
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from vaesite.links import below, between, relinked
from vaesite.places import BOARD, place

FIRST = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "reference_results/README.md", "benchmarks")
"""Pages beside the board that the site always has."""

CODE = ("examples/*.py", "vaebench/api.py", "vaebench/kernels/*.py", "vaebench/models/**/*.py")
"""Code that pages of the site show or link to."""

IN_THE_MENU = {"what_you_get.md", "over_variants.md", "glossary.md", "changes.md", "cite.md", "results/index.md"}
IN_THE_MENU |= {"where_claims_hold.md", "index.md", "about.md", "contributing.md", "changelog.md"}


class DeadLinksError(Exception):
    """Links that lead nowhere.

    Args:
        lines: One a link: the page, and what it says.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(("links lead nowhere:", *self.lines)))


def stage(checkout: Path, out: Path, tasks: Iterable[str], skipped: str = f"{BOARD}/submissions") -> list[str]:
    """Copy the board and what it links to.

    Args:
        checkout: Where the board is.
        out: An empty folder.
        tasks: Names of the tasks, whose pages stand in the menu.
        skipped: A folder of the board that is no part of it; what is linked in it is copied.

    Returns:
        Paths of all pages below `out`.

    Raises:
        DeadLinksError: A page links to what is not there.
    """
    board = (path.relative_to(checkout).as_posix() for path in sorted((checkout / BOARD).rglob("*")) if path.is_file())
    code = (path.relative_to(checkout).as_posix() for glob in CODE for path in sorted(checkout.glob(glob)))
    todo = deque([*(path for path in board if not path.startswith(f"{skipped}/")), *FIRST, *code])
    seen, dead, pages = set(todo), [], []
    menu = IN_THE_MENU | {f"{task}.md" for task in tasks}
    while todo:
        path = todo.popleft()
        if path in WRITTEN:
            continue
        text, linked, lost = _page(checkout, path, menu)
        to = out / place(path, (checkout / path).is_dir())
        to.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            shutil.copyfile(checkout / path, to)
        else:
            to.write_text(text, "utf-8")
            pages.append(to.relative_to(out).as_posix())
        dead += lost
        todo += [one for one in linked if one not in seen]
        seen.update(linked)
    if dead:
        raise DeadLinksError(dead)
    return pages


def fenced(text: str, language: str) -> str:
    r"""Write text as a block of code that nothing in it can end: senders' files are shown too.

    Args:
        text: Any text.
        language: What stands behind the fence.

    Returns:
        Markdown.

    Examples:
        >>> fenced("x", "python")
        '```python\nx\n```'
    """
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 0)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


WRITTEN = {"examples"}
"""Folders that have a page of their own among those of `docs/pages`."""


def _page(checkout: Path, path: str, menu: set[str]) -> tuple[str | None, list[str], list[str]]:
    """A page's text, the files that it links to, and its dead links; no text if the file is not to be a page."""
    here, there = place(path, (checkout / path).is_dir()), checkout / path
    if not here.endswith(".md"):
        return None, [], []
    if there.is_dir():
        files = sorted(one.name for one in there.iterdir() if one.suffix in {".py", ".md"} and one.is_file())
        folders = sorted(one.name for one in there.iterdir() if (one / "__init__.py").is_file())
        text = f"# {path}\n\n" + "\n".join(
            f"- [{name}]({path.rsplit('/', 1)[-1]}/{name})" for name in (*folders, *files)
        )
    elif there.suffix == ".py":
        text = f"# {path}\n\n{fenced(there.read_text('utf-8'), '{code-block} python')}"
    else:
        text = there.read_text("utf-8")
    linked, dead = [], []

    def moved(target: str) -> str:
        found = below(path, target)
        if found.startswith(("..", "/")) or not (checkout / found).exists():
            dead.append(f"{path}: {target}")
            return target
        linked.append(found)
        return between(here, place(found, (checkout / found).is_dir()))

    text = relinked(text, moved) if there.suffix != ".py" else text
    return _head(here, menu) + text + "\n", linked, dead


def _head(here: str, menu: set[str]) -> str:
    """What Sphinx is told of a page: that no menu names it, and that the search knows a record by its title alone.

    Hundreds of records have the words of their task, and would be found before it.
    """
    said = [] if here in menu else ["orphan: true"]
    said += ["nosearch: true"] if fnmatch(here, "records/*/*.md") and not here.endswith("/index.md") else []
    return "---\n{}\n---\n\n".format("\n".join(said)) if said else ""
