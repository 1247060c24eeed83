"""The `paper` preset at its full sizes, run for a few steps: seconds, memory, and what it would come to.

Each task's paper budget is taken as it stands: batch, latent units, number of models and of steps. Only the number of
steps that are run is cut. Every row is a process of its own, so that its memory is its own.

    python -m benchmarks.paper_sizes --datasets sprites64,shapes3d64 --archs mlp,conv

It writes ``paper_sizes.csv``, and of that alone ``paper_sizes.md``, which says how to read it.

A training begins with a look at its first step, which costs as much as several steps, and the first training of a
process costs more again. So a warm-up is discarded, later trainings do not look, and a step's time is the difference
between a short and a longer training. It is taken several times by turns. A median that is not above 0 is refused.
"""

import argparse
import csv
import math
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from vaebench import catalog
from vaebench.cell import dataset_of, latent_units, trainings
from vaebench.data import Dataset
from vaebench.environment import processor_name
from vaebench.experiment import Budget, Interventions
from vaebench.mistakes import Mistake
from vaebench.models import Variant
from vaebench.papers import Task
from vaebench.training.fit import build, fit

NAME = "paper_sizes"
PEAK = 19.5e12
"""Operations a second in single precision that NVIDIA states for an A100, without its tensor cores."""

SHORT = 2
"""Steps of the shorter training."""

LEAST, MOST = 6, 100
"""Steps that the longer training has more, at least and at most."""

ENOUGH = 100e9
"""Operations that the further steps should come to: some seconds of one core."""

REPEATS = 5
"""Pairs of a shorter and a longer training."""

GPU = "GPU-hours ≥ (estimate)"

Row = Mapping[str, Any]


def seconds_a_step(train: Callable[[int, bool], object], more: int) -> list[float]:
    """Time a step, by pairs of trainings that differ in their number of steps.

    Args:
        train: Trains for so many steps, with a look at the first one or without.
        more: Steps that the longer training has more.

    Returns:
        Processor seconds of one step, by each pair.

    Raises:
        Mistake: Their median is not above 0.
    """
    train(SHORT, True)  # not timed: the process's start-up is in it
    found = []
    for _ in range(REPEATS):
        short, longer = _seconds(train, SHORT), _seconds(train, SHORT + more)
        found.append((longer - short) / more)
    if not statistics.median(found) > 0:
        raise Mistake(f"{more} steps more took no longer: {statistics.median(found):.2g} s a step; run more of them")
    return found


def _seconds(train: Callable[[int, bool], object], steps: int) -> float:
    began = time.process_time()
    train(steps, False)
    return time.process_time() - began


def row(task_name: str, dataset: str, arch: str) -> dict[str, Any]:
    """Run a few steps of a task's paper budget.

    Args:
        task_name: The task.
        dataset: The data set.
        arch: The network.

    Returns:
        A line of the table.

    Raises:
        Mistake: The steps could not be timed.
    """
    torch.set_num_threads(1)
    task, variant = catalog.task(task_name), catalog.variant("vae").variant
    data = dataset_of(dataset, catalog.DATA_ROOT)
    loading = _peak_mb()
    budget = task.budget("paper", dataset)
    latent = variant.units(latent_units(budget, data), data.shape)
    interventions = _at_the_middle(task, budget)

    def train(steps: int, looks: bool) -> None:
        fit(
            variant,
            data,
            arch=arch,
            latent=latent,
            training=replace(budget.training, steps=steps, snapshots=()),
            interventions=interventions,
            seed=0,
            device="cpu",
            looks=looks,
        )

    operations = budget.training.batch * _operations(variant, data, arch, latent)
    more = min(MOST, max(LEAST, math.ceil(ENOUGH / operations)))
    try:
        seconds = seconds_a_step(train, more)
    except Mistake as error:
        raise Mistake(f"{task_name} on {dataset} with {arch}: {error}") from None
    models = trainings(task, budget, variant)
    steps = budget.training.steps * models
    step = statistics.median(seconds)
    return {
        "task": task_name,
        "dataset": dataset,
        "shape": "×".join(map(str, data.shape)),
        "arch": arch,
        "latent": latent,
        "batch": budget.training.batch,
        "parameters": sum(weight.numel() for weight in build(variant, data.shape, latent, arch, 0).parameters()),
        "steps_run": SHORT + REPEATS * (2 * SHORT + more),
        "seconds_a_step": _short(step),
        "seconds_least": _short(min(seconds)),
        "seconds_most": _short(max(seconds)),
        "loading_peak_mb": loading,
        "training_peak_mb": _peak_mb(),
        "gflop_a_step": _short(operations / 1e9),
        "models_a_cell": models,
        "steps_a_model": budget.training.steps,
        "seeds": budget.seeds,
        "core_hours_a_cell": _short(step * steps / 3600),
        "gpu_hours_a_cell_estimate": _short(operations / PEAK * steps / 3600),
        "processor": processor_name(),
        "torch": torch.__version__,
        "load": round(os.getloadavg()[0], 1),
    }


def _at_the_middle(task: Task, budget: Budget) -> Interventions:
    """The task's interventions, with its knob at the middle value."""
    if task.knob is None or not budget.knob_values:
        return task.interventions
    turned: dict[str, Any] = {task.knob.name: budget.knob_values[len(budget.knob_values) // 2]}
    return replace(task.interventions, **turned)


def _operations(variant: Variant, data: Dataset, arch: str, latent: int) -> float:
    """Floating-point operations of one example in training: forward, and twice as many backward."""
    model = build(variant, data.shape, latent, arch, 0)
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        model.decode(model.encode(data.train.x[:2]).mean)
    return 3 * float(counted.get_total_flops()) / 2


def _peak_mb() -> int:
    """Most memory that this process had since the last call, in MB; where the system cannot tell, since its start."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(OSError, ValueError):
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
        peak = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), peak)
        Path("/proc/self/clear_refs").write_text("5", "utf-8")  # so that the peak starts from now
    return round(peak * 1024 / 1e6)


def _short(value: float) -> float:
    return float(f"{value:.3g}")


HEAD = """# The paper preset at its full sizes

`python -m benchmarks.paper_sizes` wrote this from [paper_sizes.csv](paper_sizes.csv).
The machine: {machine}.

The `paper` preset has not been run whole. Each row trained `vae` for a few steps of it, in a process of its own. Batch,
latent units and images have the preset's sizes.

| figure | how it was found |
| --- | --- |
| seconds a step | **measured**, of the processor: the median of {repeats} pairs of trainings, the least and the most |
| peak memory | **measured**, with Python and torch: while the data are loaded, and from then on |
| operations a step | **counted**: forward, and twice as many backward |
| core-hours a cell | **calculated**: seconds a step × steps × models; reading the instruments comes on top |
| GPU-hours a cell | **an estimate from below**: no GPU ran any of it |

A cell is one seed. All its models count as long as the judged one at the middle value of the knob. The first training
of a process looks at its first step, and its time is discarded. Its memory counts. Other work on the machine makes a
step slower, so an idle core may be faster than this.

The estimate for a GPU is the counted operations at {peak:g}·10¹² a second. That is the peak that NVIDIA states for an
[A100](https://www.nvidia.com/en-us/data-center/a100/) in single precision, without tensor cores. Networks this small do
not reach it, because launching their kernels takes time too. How far below it they stay was not measured. For scale: a
millisecond a step would be 0.28 hours for a million steps.
"""


def page(rows: Sequence[Row]) -> str:
    """Write the table's rows for readers.

    Args:
        rows: Its rows, as `row` gives them, or as they were read from the file.

    Returns:
        Markdown.
    """
    loads = [float(each["load"]) for each in rows]
    machines = dict.fromkeys(f"{each['processor']}, one thread, torch {each['torch']}" for each in rows)
    machine = f"{'; '.join(machines)}; other work beside it, load {min(loads):g} to {max(loads):g}"
    head = HEAD.format(machine=machine, repeats=REPEATS, peak=PEAK / 1e12)
    measured = [
        (
            *_named(each), f"{int(each['steps_run']):,}", f"{float(each['seconds_a_step']):g}",
            f"{float(each['seconds_least']):g} – {float(each['seconds_most']):g}",
            f"{int(each['loading_peak_mb']):,}", f"{int(each['training_peak_mb']):,}",
        )
        for each in rows
    ]  # fmt: skip
    calculated = [
        (
            *_named(each), each["latent"], each["batch"], f"{float(each['gflop_a_step']):g}",
            f"{each['models_a_cell']} × {int(each['steps_a_model']):,}", each["seeds"],
            f"{float(each['core_hours_a_cell']):g}", f"{float(each['gpu_hours_a_cell_estimate']):.2g}",
        )
        for each in rows
    ]  # fmt: skip
    return "\n\n".join((
        head.strip(),
        "## Measured",
        _table("task|data|network|steps run|seconds a step|least – most|loading, MB|training, MB", measured),
        "## What a cell comes to",
        _table(f"task|data|network|latent|batch|GFLOP a step|models × steps|seeds|core-hours|{GPU}", calculated),
    )) + "\n"  # fmt: skip


def _named(each: Row) -> tuple[str, str, str]:
    return each["task"], each["dataset"], each["arch"]


def _table(head: str, lines: Sequence[Sequence[object]]) -> str:
    columns = head.split("|")
    ruler = ["---"] * 3 + ["---:"] * (len(columns) - 3)
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in (columns, ruler, *lines))


def write(rows: Sequence[Row], folder: Path) -> None:
    """Write the table and its page."""
    with (folder / f"{NAME}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (folder / f"{NAME}.md").write_text(page(rows), "utf-8")


def main() -> None:
    """Run the rows, and write them as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=",".join(catalog.task_names()))
    parser.add_argument("--datasets", default="sprites64,shapes3d64")
    parser.add_argument("--archs", default="mlp,conv")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder; all rows there are replaced")
    given = parser.parse_args()
    rows: list[Row] = []
    refused = False
    for task in given.tasks.split(","):
        for dataset in given.datasets.split(","):
            for arch in given.archs.split(","):
                try:
                    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
                        rows.append(one.submit(row, task, dataset, arch).result())
                except Mistake as error:
                    refused = True
                    sys.stderr.write(f"{NAME}: {error}\n")
                    continue
                write(rows, given.out)
                sys.stdout.write(f"{' '.join(map(str, rows[-1].values()))}\n")
                sys.stdout.flush()
    sys.exit(refused)


if __name__ == "__main__":
    main()
