"""How long to train: a task's measurements against the number of steps, from which its page takes its step count.

Run by hand, for example::

    python benchmarks/learning_curves.py camuto2021_input_noise vae mlp digits

One seed of the standard preset is trained, by the protocol of the data set and on the data that this seed sees. It has
1/8, 1/4, 1/2, 1 and 2 times the preset's steps, each with the whole schedule of the learning rate and its snapshots at
the same shares of it, at the first, middle and last knob value. Every measurement of the instruments, and of the
comparisons between a cell's models, is written to ``reference_results/learning_curves/`` as a table, but for the maps.
Those that claims judge are drawn over the steps. Where the curves are flat from the standard preset's steps on, marked,
longer training changes nothing; where they are not, the page of the curves says so.
"""

import csv
import sys
from dataclasses import replace
from pathlib import Path

import torch

from vaebench import catalog
from vaebench.cell import Cell, arms, compare, dataset_of, dataset_of_seed, read
from vaebench.claims import judged_names, map_entry
from vaebench.mistakes import Mistake
from vaebench.papers import Task
from vaebench.runner import Request, plan

SHARES = (0.125, 0.25, 0.5, 1.0, 2.0)
FOLDER = Path(__file__).parents[1] / "reference_results" / "learning_curves"
Row = tuple[int, str, float | None, str, float]


def rows(task: Task, variant: str, arch: str, dataset: str) -> list[Row]:
    """Measurements of the models judged: (steps, arm, knob, measurement, value)."""
    budget = task.budget("standard", dataset)
    values = budget.knob_values
    thinned = tuple(dict.fromkeys((values[0], values[len(values) // 2], values[-1]))) if values else ()
    request = Request((task.name,), (variant,), (arch,), (dataset,), "standard", 1, "cpu", 1, Path())
    cell: Cell = plan(request).cells[0]
    found: list[Row] = []
    alone = replace(task, arms=tuple(arm for arm in task.arms if not arm.read), analytic=None)
    if budget.split == "by_seed":
        data, _ = dataset_of_seed(dataset, catalog.DATA_ROOT, cell.seed)
    else:
        data = dataset_of(dataset, catalog.DATA_ROOT)
    for share in SHARES:
        training = budget.training
        steps = int(share * training.steps)
        snapshots = tuple(sorted({round(share * at) for at in training.snapshots}))
        shorter = replace(budget, knob_values=thinned, training=replace(training, steps=steps, snapshots=snapshots))
        models, seen = {}, []
        for place, trained in arms(alone, shorter, catalog.variant(variant).variant, data, cell):
            models[place.arm, place.knob] = trained
            seen += read(alone, shorter, trained, data, place, 0) if place.read else []
        seen += compare(alone, shorter, models, data, 0)
        found += [
            (steps, column.arm, column.knob, column.name, value)
            for column in seen
            for value in column.values  # one, of the one seed, or none
            if map_entry(column.name) is None
        ]
        print(f"{steps} steps")  # noqa: T201 - a script, run by hand
    return found


def draw(found: list[Row], task: Task, dataset: str, path: Path) -> None:
    """A panel a measurement that claims judge, a line a knob value, the preset's steps dotted."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "vaebench"
    import matplotlib.pyplot as plt

    there = {name for *_, name, _ in found}
    names = [name for name in judged_names(task.claims) if name in there]
    columns, steps = 4, sorted({row[0] for row in found})
    preset = task.budget("standard", dataset).training.steps
    figure, axes = plt.subplots(-(-len(names) // columns), columns, figsize=(12, 2.2 * -(-len(names) // columns)))
    for axis, name in zip(axes.flat, names, strict=False):
        knobs = list(dict.fromkeys(knob for _, _, knob, measurement, _ in found if measurement == name))
        for knob in knobs:
            line = [(s, value) for s, _, k, measurement, value in found if measurement == name and k == knob]
            axis.plot(*zip(*line, strict=True), marker="o", markersize=3, label="" if knob is None else f"{knob:g}")
        axis.axvline(preset, color="grey", linestyle=":", linewidth=1)
        axis.set_xscale("log")
        axis.set_xticks(steps, [f"{at:g}" for at in steps])
        axis.set_xticks([], minor=True)
        axis.set_title(name.replace("_", " "), fontsize=8)
        axis.tick_params(labelsize=7)
        if len(knobs) > 1:
            axis.legend(fontsize=6)
    for axis in axes.flat[len(names) :]:
        axis.axis("off")
    figure.supxlabel("training steps (dotted: the standard preset's)", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Run, write and draw."""
    if len(sys.argv) != 5:
        sys.exit("usage: python benchmarks/learning_curves.py TASK VARIANT ARCH DATASET")
    name, variant, arch, dataset = sys.argv[1:]
    torch.set_num_threads(1)
    try:
        task = catalog.task(name)
        found = rows(task, variant, arch, dataset)
    except Mistake as error:
        sys.exit(f"learning_curves: {error}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    stem = f"{name}.{variant}.{arch}.{dataset}"
    with (FOLDER / f"{stem}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("steps", "arm", "knob", "measurement", "value"))
        writer.writerows(found)
    draw(found, task, dataset, FOLDER / f"{stem}.svg")


if __name__ == "__main__":
    main()
