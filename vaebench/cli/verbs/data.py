"""``vaebench data``: load data sets whole, and say what is in them."""

import importlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vaebench import catalog
from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, out, say
from vaebench.file_bytes import sha256_of
from vaebench.mistakes import Mistake
from vaebench.terminal import visible

if TYPE_CHECKING:
    from vaebench.data import Split


@app.command("data", short_help="Load data sets whole, and say what is in them.")
def data_(
    given: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Data sets; all by default.")] = None,
    data_root: Annotated[Path, typer.Option(help="Folder of the data sets that need files.")] = catalog.DATA_ROOT,
    download: Annotated[
        bool, typer.Option("--download", help="Download the named sets that lack files in that folder.")
    ] = False,
    check_only: Annotated[
        bool,
        typer.Option("--check", help="Load nothing; list files that are missing or wrong, and exit 1 if any are."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Load data sets, hold their files against the published sums, and say what is in them.

    It prints shape, number of examples, examples of each class, and held-out examples that are in training too. Without
    names it prints those that are there, and lists the others. Exit status 1 if there are others.
    """
    if check_only and download:
        raise Mistake("--check loads nothing: leave out --check or --download")
    if download and not given:
        raise Mistake("--download needs names, as in: vaebench data mnist fashion_mnist --download")
    root = data_root
    chosen = tuple(dict.fromkeys(given or catalog.dataset_names()))
    for name in chosen:
        catalog.check_dataset(name)
    if check_only:
        show_faults({name: faults(name, root) for name in chosen}, as_json)
        return
    for name in chosen if download else ():
        if faults(name, root)["missing"]:
            say(f"downloading {name} to {root}")
            catalog.dataset(name, root, download=True)
    if not given:
        show_all(chosen, root, as_json)
        return
    found = {}
    with err.status("loading") as status:
        for name in chosen:
            status.update(f"loading {name}")
            found[name] = described(name, root)
    if as_json:
        answer({"datasets": found})
    else:
        show(found)


def show_all(chosen: Iterable[str], root: Path, as_json: bool) -> None:
    """Print what is in all data sets that are there. Exit with 1 if there are others."""
    found, absent, damaged = {}, [], []
    with err.status("loading") as status:
        for name in chosen:
            status.update(f"loading {name}")
            if missing(name, root):
                absent.append(name)
                continue
            try:
                found[name] = described(name, root)
            except Mistake as mistake:
                damaged.append(str(mistake))
    if as_json:
        answer({"datasets": found, "not_there": absent, "damaged": damaged})
    else:
        show(found)
    for line in damaged:
        say(line, "yellow")
    if absent:
        say(f"not under {root}: {', '.join(absent)}; vaebench data NAME says how to get one", "yellow")
    if absent or damaged:
        sys.exit(NO)


def show(found: Mapping[str, dict[str, object]]) -> None:
    """Print a table for each data set."""
    for name, facts in found.items():
        table = Table(show_header=False, box=None, title=name, title_justify="left", title_style="bold", padding=(0, 2))
        for key, value in facts.items():
            table.add_row(key.replace("_", " "), " ".join(map(str, value)) if isinstance(value, list) else str(value))
        out.print(table, "")


def missing(name: str, root: Path) -> list[str]:
    """Files of a data set that are not there."""
    page, _ = catalog.check_dataset(name)
    return [file for file in getattr(_module(page), "FILES", ()) if not (root / file).exists()]


def _module(page: str) -> ModuleType:
    return importlib.import_module(f"vaebench.data.{page}")


def faults(name: str, root: Path) -> dict[str, list[str]]:
    """Files of a data set that are missing, and those that have another sum than the published one.

    Only `mnist` and `fashion_mnist` have sums here. Of the other sets, damage shows when they are loaded.
    """
    page, _ = catalog.check_dataset(name)
    sums: dict[str, str] = getattr(_module(page), "SHA256", {})
    try:
        gone = missing(name, root)
        found = sha256_of(root, [file for file in sums if file not in gone])
    except OSError as error:
        raise Mistake(f"{name} cannot be read: {error.filename}: {error.strerror}; make it a readable file") from error
    return {"missing": gone, "wrong": [file for file in found if found[file] != sums[file]]}


def show_faults(found: dict[str, dict[str, list[str]]], as_json: bool) -> None:
    """Print a line for each data set. Exit with 1 if files of any are missing or wrong."""
    if as_json:
        answer({"datasets": found})
    for name, kinds in ({} if as_json else found).items():
        told = "; ".join(f"{kind}: {', '.join(files)}" for kind, files in kinds.items() if files)
        out.print(visible(f"{name}: {told or 'no file is missing or wrong'}"), highlight=False, soft_wrap=True)
    if any(files for kinds in found.values() for files in kinds.values()):
        sys.exit(NO)


def described(name: str, root: Path) -> dict[str, object]:
    """What is in a data set."""
    from vaebench.data._repeated import repeated

    data = catalog.dataset(name, root)
    return {
        "shape": list(data.shape),
        "train": len(data.train.x),
        "held_out": len(data.held_out.x),
        "train_of_each_class": of_each_class(data.train),
        "held_out_of_each_class": of_each_class(data.held_out),
        "held_out_that_are_in_train": int(repeated(data).sum()),
        "contents": data.contents,
        "files": catalog.dataset_files(name, root) or "none",
    }


def of_each_class(split: "Split") -> list[int]:
    """Number of examples of each class; none without classes."""
    return [] if split.labels is None else split.labels.bincount().tolist()
