"""Which files a module is made of, found by reading its imports and running none."""

import ast
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path

from vaebench.fingerprint import parsed

FOLLOWED = ("variants", "papers", "adapters")
"""Rooms of the suite that a variant's own hash covers, where it imports of them."""


def local_sources(path: Path, package: str, suite: Path) -> set[Path]:
    """Find the files that a module is made of: its own, and those that it imports from no installed package.

    Of the suite, only variants, papers and adapters are followed: other rooms have hashes of their own. Imports are
    read, not run: also those inside functions, and those by `importlib.import_module` with a name that is written out.
    A file beside the one that names it counts too (``"helper.py"``). A name that is made at run time is not seen, nor
    is any file that is no Python source, such as weights.

    Args:
        path: The module's file.
        package: The package that its relative imports start from; empty where it is in none.
        suite: Folder of this package.

    Returns:
        Python files.
    """
    found: set[Path] = set()
    todo, suite = [(path.resolve(), package)], suite.resolve()
    while todo:
        here, package = todo.pop()
        # The module that was asked for counts wherever it lies; it may be one of the suite's own.
        if here.suffix != ".py" or here in found or (found and not is_local(here, suite)):
            continue
        found.add(here)
        tree = parsed(here)
        todo += [(file, package) for file in _named_files(tree, here.parent)]
        for name in imported_names(tree, package):
            todo += _files_of(
                name, suite.parent if f"{name}.".startswith(f"{suite.name}.") else None, path.resolve().parent
            )
    return found


def is_local(path: Path, suite: Path) -> bool:
    """Say whether a file is of no installed package, and of no room of the suite that has a hash of its own.

    Args:
        path: The file, resolved.
        suite: Folder of this package.

    Returns:
        Whether a variant's hash covers it.
    """
    if path.is_relative_to(suite):
        return any(path.is_relative_to(suite / room) for room in FOLLOWED)
    paths = sysconfig.get_paths()
    installed = {Path(paths[place]).resolve() for place in ("stdlib", "platstdlib", "purelib", "platlib")}
    return not any(folder in installed or folder.name in {"site-packages", "dist-packages"} for folder in path.parents)


def _files_of(name: str, below: Path | None, beside: Path) -> list[tuple[Path, str]]:
    """The file of a module with the package of its relative imports; nothing is imported to find it."""
    if below:
        return _files_below(below, name)
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None):
        return [(Path(str(loaded.__file__)).resolve(), loaded.__package__ or "")]
    if (spec := _spec(name)) is not None:
        return [(Path(spec.origin).resolve(), spec.parent or "")] if spec.has_location and spec.origin else []
    return _files_below(beside, name)  # a variant's folder may join the path only when its code runs


def _files_below(folder: Path, name: str) -> list[tuple[Path, str]]:
    at, above = folder.joinpath(*name.split(".")), name.rpartition(".")[0]
    files = ((at / "__init__.py", name), (at.parent / f"{at.name}.py", above))
    return [(file.resolve(), package) for file, package in files if file.is_file()][:1]


def _spec(name: str) -> ModuleSpec | None:
    """Where a module would be loaded from; None where there is no such module."""
    parts, spec = name.split("."), None
    search: Sequence[str] | None = None
    for n in range(len(parts)):
        full = ".".join(parts[: n + 1])
        try:
            spec = next(filter(None, (finder.find_spec(full, search) for finder in sys.meta_path)), None)
        except Exception:  # somebody else's finder
            return None
        search = spec.submodule_search_locations if spec else None
        if search is None:
            return spec if n + 1 == len(parts) else None
    return spec


def imported_names(tree: ast.Module, package: str) -> Iterator[str]:
    """Names of the modules that a source may import, with the packages above them.

    Args:
        tree: The source.
        package: The package that its relative imports start from.

    Yields:
        Full names, some of which are no modules.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            yield from _with_parents(base)
            yield from (f"{base}.{alias.name}" for alias in node.names if base)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            written = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if written and written[0] is getattr(node.args[0], "value", None):
                yield from _with_parents(_absolute(written[0], (written[1:] or [package])[0]))


def _absolute(name: str, package: str) -> str:
    """The full name of a module; empty where a relative one leads out of its package."""
    level = len(name) - len(name.lstrip("."))
    above = package.split(".") if package else []
    if not level or level > len(above):
        return "" if level else name
    return ".".join(filter(None, (*above[: len(above) - level + 1], name[level:])))


def _with_parents(name: str) -> list[str]:
    parts = [part for part in name.split(".") if part]
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def _named_files(tree: ast.Module, folder: Path) -> Iterator[Path]:
    """Find the Python files that a source names in a string, as one that loads by path does.

    Yields:
        Files that are there.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".py"):
            named = folder / node.value
            if len(node.value) < 256 and named.is_file():
                yield named.resolve()
