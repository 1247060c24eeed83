"""Checks of a variant's file: it loads, says once what it defines, and all of it is hashed."""

import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from vaebench import catalog
from vaebench.check.findings import Line
from vaebench.results.meta import META, assigned, lacks_of_meta, meta_of
from vaebench.sources import is_local, local_sources

LISTED = 6
"""Most files that are named."""


def text_lines(path: Path) -> Iterator[Line]:
    """Check what a file's text says of the variant.

    Args:
        path: A file that loads.

    Yields:
        A warning where ``VARIANT`` is given twice, and a line on ``META``.
    """
    given = [node.lineno for node in assigned(path, "VARIANT")]
    if len(given) > 1:
        lines = ", ".join(map(str, given))
        says = f"VARIANT is given {len(given)} times, in lines {lines}: the last counts; a file has one"
        yield Line("one variant", "warn", says)
    if lacks := lacks_of_meta(path):
        yield Line("meta", "warn", f"{lacks}: whoever looks at your row on the board looks for it there")
    else:
        meta = meta_of(path) or {}
        yield Line("meta", "pass", ", ".join(f"{name}: {meta[name]}" for name in META))


def source_line(path: Path, package: str, before: Collection[str]) -> Line:
    """Check that every local file that the variant loaded is hashed: else a change of it goes unseen.

    Args:
        path: The variant's file.
        package: The package of its relative imports.
        before: Names of the modules that were there before it was loaded.

    Returns:
        The line.
    """
    hashed = local_sources(path, package, catalog.PACKAGE)
    loaded = (getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if name not in before)
    files = {Path(file).resolve() for file in loaded if file and file.endswith(".py")}
    unhashed = sorted(file.name for file in files - hashed if is_local(file, catalog.PACKAGE))
    if unhashed:
        says = (
            f"it loads {', '.join(unhashed)}, which no import in its text names, so the hash of its code leaves it "
            "out: write the import out"
        )
        return Line("source", "refuse", says)
    suite = catalog.PACKAGE.resolve()
    theirs = sorted(file.name for file in hashed if not file.is_relative_to(suite))
    ours = sorted(file.relative_to(suite.parent).as_posix() for file in hashed if file.is_relative_to(suite))
    names = [*theirs, *ours]
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return Line("source", "pass", f"hashed: {', '.join(names[:LISTED])}{more}")
