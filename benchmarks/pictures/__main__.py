"""Pictures of what Gracyk's task rates, a model of each data set.

    make pictures

`python -m benchmarks.pictures digits` makes one of them. Each model is trained by the task's standard protocol. The
images, the shares of them that are odd, and a page go to `reference_results/pictures`.
"""

import argparse
import csv
import textwrap
from collections.abc import Iterable
from pathlib import Path

import torch

from benchmarks.pictures.draw import picture, png
from benchmarks.pictures.rows import LABELS, TASK, Row, rows
from vaebench import catalog
from vaebench.cell import Cell, arms, dataset_of_seed
from vaebench.data import Dataset
from vaebench.experiment import Budget
from vaebench.papers import Task
from vaebench.runner import Request, plan
from vaebench.training.fit import Trained

VARIANT, ARCH, SEED = "vae", "mlp", 0
DATASETS = (*catalog.task(TASK).counted_on, "photo_patches")
FOLDER = Path(__file__).parents[2] / "reference_results" / "pictures"
PAGE = Path(__file__).with_name("page.txt")
NUMBERS = "numbers.csv"
GREYS, COLOURS = 64, 128
"""Palettes of pictures of grey and of coloured images."""

SHARES = ("classifier", "neighbour", "dimmer", "near_mean_image")
"""Measures that the page writes in per cent."""

Line = tuple[str, str, str, float]
"""Data set, row, measure and value."""


def model(dataset: str, root: Path, budget: Budget) -> tuple[Trained, Dataset]:
    """Train what is judged in the cell of the seed.

    Args:
        dataset: The data set's name.
        root: Folder of the data sets that have to be downloaded.
        budget: The task's.

    Returns:
        The model, and the data as its seed sees them.
    """
    task: Task = catalog.task(TASK)
    request = Request((TASK,), (VARIANT,), (ARCH,), (dataset,), "standard", 1, "cpu", 1, Path(), data_root=root)
    cell: Cell = plan(request).cells[SEED]
    data, _ = dataset_of_seed(dataset, root, SEED)
    _, trained = next(arms(task, budget, catalog.variant(VARIANT).variant, data, cell))
    return trained, data


def written(dataset: str, root: Path, folder: Path, budget: Budget) -> list[Line]:
    """Make the picture of one data set.

    Args:
        dataset: The data set's name.
        root: Folder of the data sets that have to be downloaded.
        folder: Where the picture goes.
        budget: The task's.

    Returns:
        The numbers of its rows, and those of its samples by volume.
    """
    trained, data = model(dataset, root, budget)
    made, by_volume = rows(trained, data, budget.evaluation, SEED)
    figure = picture(made, f"{VARIANT} with {ARCH} on {dataset}, seed {SEED}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file_of(dataset)).write_bytes(png(figure, GREYS if data.shape[0] == 1 else COLOURS))
    return [*lines(dataset, made), *((dataset, *at, v) for at, v in _flat(by_volume))]


def file_of(dataset: str) -> str:
    """Name of a data set's picture."""
    return f"{VARIANT}.{ARCH}.{dataset}.png"


def lines(dataset: str, made: Iterable[Row]) -> list[Line]:
    """Numbers of all rows but the oddest, which are chosen for theirs."""
    kept = {row.name: {"images": float(row.of), **row.numbers} for row in made if not row.by}
    return [(dataset, *at, value) for at, value in _flat(kept)]


def _flat(nested: dict[str, dict[str, float]]) -> list[tuple[tuple[str, str], float]]:
    return [((row, measure), value) for row, found in nested.items() for measure, value in found.items()]


def page(numbers: Iterable[Line]) -> str:
    """Write the page of the pictures.

    Args:
        numbers: Of every data set.

    Returns:
        `page.txt` with its numbers, and a picture and a table for each data set.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for dataset, row, measure, value in numbers:
        percent = 100 * value if measure in SHARES else value
        found.setdefault(dataset, {}).setdefault(row, {})[measure] = percent
    shown = "\n\n".join(_shown(dataset, found[dataset]) for dataset in DATASETS)
    blocks = PAGE.read_text("utf-8").format(**found, shown=shown).split("\n\n")
    return "\n\n".join(block if block[0] in "#<|!" else _wrapped(block) for block in blocks)


def _wrapped(block: str) -> str:
    end = "\n" if block.endswith("\n") else ""
    return textwrap.fill(block, 119, break_long_words=False, break_on_hyphens=False) + end


def _shown(dataset: str, found: dict[str, dict[str, float]]) -> str:
    """A data set's picture, and its rows' numbers."""
    head = ("row", "images", "odd by classifier", "odd by distance", "mean pixel", "near the mean image")
    table = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    for name in (name for name in LABELS if name in found):
        of = found[name]
        cells = (
            LABELS[name],
            f"{of['images']:.0f}",
            *(f"{of[detector]:.0f} %" if detector in of else "–" for detector in SHARES[:2]),
            f"{of['mean_pixel']:.2f}",
            f"{of['near_mean_image']:.0f} %",
        )
        table.append(f"| {' | '.join(cells)} |")
    alt = f"rows of images of {VARIANT} with {ARCH} on {dataset}, odd ones marked"
    return f"## {dataset}\n\n![{alt}]({file_of(dataset)})\n\n" + "\n".join(table)


def read_numbers(folder: Path) -> list[Line]:
    """Read the numbers that a folder has; none where it has no file."""
    path = folder / NUMBERS
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        _, *kept = csv.reader(file)
    return [(dataset, row, measure, float(value)) for dataset, row, measure, value in kept]


def write(folder: Path, numbers: Iterable[Line]) -> None:
    """Write the numbers."""
    ordered = sorted(numbers, key=lambda line: DATASETS.index(line[0]))
    with (folder / NUMBERS).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("dataset", "row", "measure", "value"))
        writer.writerows((*at, f"{value:.6g}") for *at, value in ordered)


def write_page(folder: Path) -> None:
    """Write the page of a folder, if it has the numbers of every data set."""
    numbers = read_numbers(folder)
    if {line[0] for line in numbers} == set(DATASETS):
        (folder / "README.md").write_text(page(numbers), "utf-8")


def main() -> None:
    """Make the pictures that are asked for. What others have is kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description=__doc__.partition("\n")[0])
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help=f"of {', '.join(DATASETS)}; all without any")
    parser.add_argument("--data-root", type=Path, default=catalog.DATA_ROOT)
    parser.add_argument("--out", type=Path, default=FOLDER)
    asked = parser.parse_args()
    if unknown := set(asked.datasets) - set(DATASETS):
        parser.error(f"no picture of {', '.join(sorted(unknown))}; known: {', '.join(DATASETS)}")
    torch.set_num_threads(1)
    for dataset in asked.datasets or DATASETS:
        made = written(dataset, asked.data_root, asked.out, catalog.task(TASK).budget("standard", dataset))
        write(asked.out, [*(line for line in read_numbers(asked.out) if line[0] != dataset), *made])
        print(f"{asked.out / file_of(dataset)}")  # noqa: T201 - a script, run by hand
    write_page(asked.out)


if __name__ == "__main__":
    main()
