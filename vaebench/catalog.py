"""Names to tasks, variants, data sets and instruments: the folders are the registry, imported on demand."""

import ast
import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from vaebench import papers
from vaebench.file_bytes import files_hash
from vaebench.fingerprint import source_hash, value_hash
from vaebench.mistakes import Mistake, nearest
from vaebench.papers import Task, instrument_page
from vaebench.sources import imported_names, local_sources

if TYPE_CHECKING:
    from vaebench.data import Dataset
    from vaebench.models import Variant

PACKAGE = Path(__file__).parent
DATA_ROOT = Path("data")
"""Where data sets that have to be downloaded lie, unless the user says otherwise."""


class UnknownName(Mistake):
    """There is nothing of this name; the message lists what there is."""


class BadVariant(Mistake):
    """A variant's file cannot be loaded; the message says why in one line."""


def _pages(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (PACKAGE / folder).glob("[!_]*.py")))


def task_names() -> tuple[str, ...]:
    """Names of all tasks: ``<paper>_<page>`` of each page of a paper that defines a ``TASK``."""
    return tuple(sorted(_task_pages()))


def _task_pages() -> dict[str, Path]:
    """Where each task's page is, found without importing any."""
    folders = (folder for root in papers.__path__ for folder in Path(root).iterdir() if folder.is_dir())
    return {
        f"{folder.name}_{path.stem}": path
        for folder in folders
        for path in folder.glob("[!_]*.py")
        if re.search(r"^TASK\b", path.read_text("utf-8"), re.MULTILINE)
    }


def variant_names() -> tuple[str, ...]:
    """Names of the suite's own variants."""
    return _pages("variants")


def arch_names() -> tuple[str, ...]:
    """Names of all architectures."""
    return _pages("models/networks")


def dataset_names() -> tuple[str, ...]:
    """Names of all data sets; one that comes in sizes stands under its own name, its default size."""
    return _pages("data")


def checked(kind: str, name: str, names: tuple[str, ...]) -> str:
    """Check a name against the list of its kind.

    Args:
        kind: What it should name, for the message.
        name: The name.
        names: Those there are.

    Returns:
        The name.

    Raises:
        UnknownName: It is not one of them.
    """
    if name in names:
        return name
    raise UnknownName(f"unknown {kind} {name!r}{nearest(name, names)}; there are: {', '.join(names)}")


def page(folder: str, name: str) -> Path:
    """Find the file that defines something.

    Args:
        folder: The room, for example ``variants``; ``papers`` for a task.
        name: Its name.

    Returns:
        The file.
    """
    return _task_pages()[name] if folder == "papers" else PACKAGE / folder / f"{name}.py"


def summary(folder: str, name: str) -> str:
    """First line of a page's docstring, read without importing it.

    Args:
        folder: As for `page`.
        name: Likewise.

    Returns:
        The line.
    """
    tree = ast.parse(page(folder, name).read_text("utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def _task_page(name: str) -> ModuleType:
    pages = _task_pages()
    page = pages[checked("task", name, tuple(sorted(pages)))]
    return importlib.import_module(f"vaebench.papers.{page.parent.name}.{page.stem}")


def task(name: str) -> Task:
    """Find a task.

    Args:
        name: Its name.

    Returns:
        The task.
    """
    return cast("Task", _task_page(name).TASK)


def task_text(name: str) -> str:
    """What a task's page says: its docstring without the first line.

    Args:
        name: The task's name.

    Returns:
        Markdown.
    """
    return (_task_page(name).__doc__ or "").partition("\n")[2].strip()


def check_dataset(name: str) -> tuple[str, int | None]:
    """Split a data set's name into its page and its size, and check that there is one.

    Args:
        name: A page's name, followed by a size where it comes in sizes: ``sprites64``.

    Returns:
        Page and size; None for the default.

    Raises:
        UnknownName: There is no such page, or it does not come in that size.
    """
    if name in dataset_names():
        return name, None
    stem = re.sub(r"[1-9][0-9]*\Z", "", name)
    page = checked("dataset", stem if stem in dataset_names() else name, dataset_names())
    sizes = {f"{page}{size}": size for size in _sizes(page)}
    if name not in sizes:
        raise UnknownName(f"unknown dataset {name!r}; {page} comes as: {', '.join(dataset_sizes(page))}")
    return page, sizes[name]


def dataset_sizes(page: str) -> tuple[str, ...]:
    """All names of one data set.

    Args:
        page: Its page.

    Returns:
        The page's own name, and one for each size but the default.
    """
    return (page, *(f"{page}{size}" for size in _sizes(page)))


def _sizes(page: str) -> tuple[int, ...]:
    """Sizes of a data set but the first, which has the page's own name and no other: one data set has one record."""
    return cast("tuple[int, ...]", _constant(_data_tree(page), "SIZES", ()))[1:]


def _data_tree(page: str) -> ast.Module:
    return ast.parse((PACKAGE / "data" / f"{page}.py").read_text("utf-8"))


def _constant(tree: ast.Module, name: str, default: object = None) -> object:
    """Read a constant of a page without importing it."""
    values = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    )
    return next(values, default)


def dataset_version(name: str) -> tuple[int, str]:
    """Version of a data set and hash of the code that makes it: its page and those it imports of the same folder.

    Args:
        name: Its name.

    Returns:
        Version and hash, read without importing.
    """
    page, _ = check_dataset(name)
    version = cast("int", _constant(_data_tree(page), "VERSION"))
    return version, source_hash(_data_sources(page))


def _data_sources(page: str) -> set[Path]:
    """Find the page of a data set and those of the same folder that it imports, directly or not."""
    found: set[Path] = set()
    todo = [f"vaebench.data.{page}"]
    while todo:
        path = (PACKAGE / "data").joinpath(*todo.pop().split(".")[2:]).with_suffix(".py")
        if path.is_file() and path not in found:
            found.add(path)
            names = imported_names(ast.parse(path.read_text("utf-8")), "vaebench.data")
            todo += [name for name in names if name.startswith("vaebench.data.")]
    return found


def dataset_files(name: str, root: Path = DATA_ROOT) -> str | None:
    """Hash of the bytes of a data set's files.

    Args:
        name: Its name.
        root: Folder of the data sets that have to be downloaded.

    Returns:
        The hash, or None for a data set that has no files.

    Raises:
        Unavailable: A file is not there, or cannot be read.
    """
    page, _ = check_dataset(name)
    files = getattr(importlib.import_module(f"vaebench.data.{page}"), "FILES", None)
    try:
        return None if files is None else files_hash(root, files)
    except OSError as error:
        from vaebench.data import Unavailable

        raise Unavailable(f"{name} under {root} cannot be read: {error.strerror}") from error


def dataset(name: str, root: Path = DATA_ROOT, download: bool = False) -> "Dataset":
    """Load a data set.

    Args:
        name: Its name, with a size where it comes in sizes.
        root: Folder of the data sets that have to be downloaded; the others need none.
        download: Whether to fetch what is not there.

    Returns:
        The data set, on the CPU.

    Raises:
        Unavailable: Its files are absent, damaged or cannot be downloaded.
    """  # noqa: DOC502 - raised by the data set's page
    page, size = check_dataset(name)
    module = importlib.import_module(f"vaebench.data.{page}")
    if size is None and hasattr(module, "FILES"):
        return cast("Dataset", module.load(root, download))
    return cast("Dataset", module.load() if size is None else module.load(size))


def instrument(paper: str, name: str) -> Callable[..., Any]:
    """Find an instrument.

    Args:
        paper: As for `instrument_page`.
        name: Likewise.

    Returns:
        The function.
    """
    path = instrument_page(paper, name)
    room = "measures" if path.parent.name == "measures" else f"papers.{paper}"
    module = importlib.import_module(f"vaebench.{room}.{path.stem}")
    return cast("Callable[..., Any]", getattr(module, name.partition(".")[2]))


@dataclass(frozen=True)
class Brought:
    """A variant with where it came from.

    Attributes:
        variant: The variant.
        code_hash: Hash of its file and of all that this imports from outside installed packages; of
            ``package.module:NAME``, of all the package's files too.
        sources: The files that the hash is of.
        defined: The file that defines the variant, and its name there.
    """

    variant: "Variant"
    code_hash: str
    sources: frozenset[Path] = frozenset()
    defined: tuple[Path, str] = (Path(), "")


def check_variant(reference: str) -> None:
    """Check that a variant's reference can mean something, without running any code.

    Args:
        reference: A name, ``path/to/file.py`` or ``package.module:NAME``.

    Raises:
        BadVariant: The file is not there.
    """
    if reference.endswith(".py"):
        if not _is_file(reference):
            apart = "; give several files with spaces between" if "," in reference else ""
            raise BadVariant(f"there is no file {reference}{apart}")
    elif ":" not in reference:
        if reference not in variant_names() and reference and _is_file(f"{reference}.py"):
            raise UnknownName(f"unknown variant {reference!r}; for the file, write {reference}.py")
        checked("variant", reference, variant_names())


def _is_file(path: str) -> bool:
    """Whether there is such a file; a name that is too long for one names none."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


def variant(reference: str) -> Brought:
    """Load a variant. A file or a package is code of its author's, and is run.

    Args:
        reference: A name, ``path/to/file.py`` (which defines ``VARIANT``) or ``package.module:NAME``.

    Returns:
        The variant and the hash of its code.

    Raises:
        BadVariant: It cannot be loaded, or what it defines is no variant.
    """
    check_variant(reference)
    try:
        module, name = _variant_module(reference)
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise BadVariant(f"{reference} cannot be loaded: {said}{_remedy(reference, error)}") from error
    from vaebench.models import Variant

    found = getattr(module, name, None)
    if not isinstance(found, Variant) or module.__file__ is None:
        raise BadVariant(f"{reference} defines no {name} of type vaebench.models.Variant: write {name} = Variant(…)")
    if (":" in reference or reference.endswith(".py")) and found.name in variant_names():
        raise BadVariant(f"{reference}: the name {found.name} is taken by one of the suite's own")
    sources = local_sources(Path(module.__file__), module.__package__ or "", PACKAGE)
    package = sys.modules[module.__name__.partition(".")[0]]
    if ":" in reference and hasattr(package, "__path__"):
        sources |= {path.resolve() for folder in package.__path__ for path in Path(folder).rglob("*.py")}
    found, weights = _with_weights(found, Path(module.__file__).parent)
    hash_ = value_hash([source_hash(sources), weights]) if weights else source_hash(sources)
    return Brought(found, hash_, frozenset(sources), (Path(module.__file__).resolve(), name))


def _with_weights(variant: "Variant", folder: Path) -> tuple["Variant", str]:
    """A variant whose checkpoint's path starts from its own file, and the hash of the checkpoint's bytes."""
    if variant.weights is None:
        return variant, ""
    path = folder / variant.weights
    if not path.is_file():
        raise BadVariant(f"{variant.name}: there is no file of weights {path}")
    with path.open("rb") as file:
        return replace(variant, weights=path), hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _remedy(reference: str, error: BaseException) -> str:
    """Say what to do about a variant that cannot be loaded, where that is known."""
    file, _, name = reference.partition(":")
    if file.endswith(".py") and name:
        return f"; of a file, VARIANT is taken: give {file}, and call {name} VARIANT there"
    if isinstance(error, ModuleNotFoundError) and ":" in reference:
        return f"; give the path of the file, or put the folder of {file.partition('.')[0]} on PYTHONPATH"
    if isinstance(error, ModuleNotFoundError):
        return f"; if {error.name} is a file of yours, put its folder on PYTHONPATH; if it is a package, install it"
    if isinstance(error, ImportError) and "relative import" in str(error):
        return "; a file alone is in no package: import by full name, or give package.module:NAME"
    return ""


def variant_hashes() -> dict[str, str]:
    """Hashes of the code of the suite's own variants, whose names nobody else's may bear.

    Returns:
        Hash by name, read without importing.
    """
    return {name: source_hash([PACKAGE / "variants" / f"{name}.py"]) for name in variant_names()}


def _variant_module(reference: str) -> tuple[ModuleType, str]:
    if reference.endswith(".py"):
        path = Path(reference).resolve()
        spec = importlib.util.spec_from_file_location(f"brought_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ImportError("no loader")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module, "VARIANT"
    if ":" in reference:
        module_name, _, name = reference.partition(":")
        return importlib.import_module(module_name), name
    return importlib.import_module(f"vaebench.variants.{reference}"), "VARIANT"
