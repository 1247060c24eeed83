"""Checks of a variant's file: it loads, says once what it defines, and all of it is hashed."""

import ast
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from vaebench import catalog
from vaebench.check.findings import Line
from vaebench.fingerprint import parsed
from vaebench.sources import is_local, local_sources

META = ("name", "source", "licence", "contact")
"""What only a person knows about a variant. The file says it in a dictionary ``META``."""

OPEN = "todo"
"""Beginning of a field of ``META`` that nobody has filled in, as `vaebench new` writes it."""

LISTED = 6
"""Most files that are named."""


def meta_of(path: Path) -> dict[str, str] | None:
    """Read the dictionary ``META`` of a variant's file, without running any code.

    Args:
        path: The file.

    Returns:
        Its fields that are text; None if the file has no such dictionary.
    """
    for node in _assigned(path, "META"):
        try:
            said = ast.literal_eval(node.value)
        except ValueError:
            return None
        if isinstance(said, dict):
            return {key: value for key, value in said.items() if isinstance(key, str) and isinstance(value, str)}
    return None


def _assigned(path: Path, name: str) -> list[ast.Assign]:
    """Where a file gives a name its value, at its top level."""
    nodes = (node for node in parsed(path).body if isinstance(node, ast.Assign))
    return [node for node in nodes if any(isinstance(to, ast.Name) and to.id == name for to in node.targets)]


def text_lines(path: Path) -> Iterator[Line]:
    """Check what a file's text says of the variant.

    Args:
        path: A file that loads.

    Yields:
        A warning where ``VARIANT`` is given twice, and a line on ``META``.
    """
    given = [node.lineno for node in _assigned(path, "VARIANT")]
    if len(given) > 1:
        lines = ", ".join(map(str, given))
        says = f"VARIANT is given {len(given)} times, in lines {lines}: the last counts; a file has one"
        yield Line("one variant", "warn", says)
    meta = meta_of(path)
    if meta is None:
        says = "there is no META, a dictionary of text with " + ", ".join(META)
        yield Line("meta", "warn", f"{says}: a row on the board needs it")
    elif missing := [name for name in META if _is_open(meta.get(name, ""))]:
        yield Line("meta", "warn", f"META does not say {', '.join(missing)}: a row on the board needs it")
    else:
        yield Line("meta", "pass", ", ".join(f"{name}: {meta[name]}" for name in META))


def _is_open(field: str) -> bool:
    return not field.strip() or field.strip().lower().startswith(OPEN)


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
    names = sorted(file.name for file in hashed)
    return Line(
        "source", "pass", f"hashed: {', '.join(names[:6])}" + (f" and {len(names) - 6} more" * (len(names) > 6))
    )
