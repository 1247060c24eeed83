"""``vaebench data``: load data sets whole, and say what is in them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vaebench import catalog
from vaebench.cli.app import app
from vaebench.cli.console import Json, answer, err, out

if TYPE_CHECKING:
    from vaebench.data import Split


@app.command("data", short_help="Load data sets whole, and say what is in them.")
def data_(
    given: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Data sets; all by default.")] = None,
    data_root: Annotated[Path, typer.Option(help="Folder of the data sets that need files.")] = catalog.DATA_ROOT,
    as_json: Json = False,
) -> None:
    """Load data sets, hold their files against the published sums, and say what is in them.

    It prints shape, number of examples, examples of each class, and held-out examples that are in training too.
    """
    chosen = tuple(dict.fromkeys(given or catalog.dataset_names()))
    for name in chosen:
        catalog.check_dataset(name)
    found = {}
    with err.status("loading") as status:
        for name in chosen:
            status.update(f"loading {name}")
            found[name] = described(name, data_root.expanduser())
    if as_json:
        answer({"datasets": found})
        return
    for name, facts in found.items():
        table = Table(show_header=False, box=None, title=name, title_justify="left", title_style="bold", padding=(0, 2))
        for key, value in facts.items():
            table.add_row(key.replace("_", " "), " ".join(map(str, value)) if isinstance(value, list) else str(value))
        out.print(table, "")


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
