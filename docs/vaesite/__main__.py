"""Build the site: ``PYTHONPATH=docs python -m vaesite site``."""

import argparse
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

from vaebench import catalog
from vaebench.cli.console import INTERRUPTED
from vaesite.checked import faults
from vaesite.stage import DeadLinksError, stage
from vaesite.written import write_pages

CHECKOUT = Path(__file__).parents[2]


MARKS = (".vaesite", ".buildinfo", "sources")
"""What marks a folder as a site's: our own mark from the start; those of Sphinx, of sites of before."""


def build(checkout: Path, out: Path, work: Path, builder: str = "html") -> list[str]:
    """Build the site of a checkout.

    Args:
        checkout: Where the board is.
        out: Folder of the site. A site that is there is written over; a folder with anything else in it is refused.
        work: Folder for its sources; likewise.
        builder: Sphinx's builder: ``html``, or ``linkcheck`` for links to elsewhere.

    Returns:
        Faults, one line each: those of the links. Sphinx's own are printed.
    """
    for folder in (out, work):
        if folder.is_dir() and any(folder.iterdir()) and not any((folder / mark).exists() for mark in MARKS):
            return [f"{folder}: there is something else in it; name another folder"]
    for folder in (out, work):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / MARKS[0]).touch()
    sources = work / "sources"
    tasks = {name: catalog.task(name).title for name in catalog.task_names()}
    try:
        stage(checkout, sources, tasks)
    except DeadLinksError as dead:
        return list(dead.lines)
    write_pages(checkout, sources, tasks)
    made = sources.resolve()
    beside = [f"-Dhtml_static_path={made / '_static'}", f"-Dhtml_extra_path={made / '_extra'}"]
    where = ["-d", str(work / "trees"), "-c", str(checkout / "docs"), str(sources), str(out)]
    status = sphinx(["-q", "-W", "--keep-going", "-b", builder, *beside, *where])
    if status:
        return [f"sphinx ended with {status}"]
    return faults(out) if builder == "html" else []


def main() -> None:
    """Build the site, print what is wrong, and end with 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--work", type=Path, default=Path("build/site"))
    parser.add_argument("--builder", choices=["html", "linkcheck"], default="html")
    given = parser.parse_args()
    try:
        found = build(CHECKOUT, given.out, given.work, given.builder)
    except KeyboardInterrupt:
        print("stopped; the same command builds it anew", file=sys.stderr)
        sys.exit(INTERRUPTED)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{given.out / 'index.html'}: {f'{len(found)} faults' if found else 'fine'}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
