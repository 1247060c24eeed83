"""The `paper` preset at its full sizes, run for a few steps: seconds, memory, and what it would come to.

Each task's paper budget is taken as it stands: batch, latent units, number of models and of steps. Only the number of
steps that are run is cut. Every row is a process of its own, so that its memory is its own.

    python -m benchmarks.paper_sizes --datasets sprites64,shapes3d64 --archs conv --out paper_sizes.json

A GPU's time is an estimate. It is the larger of two: the counted floating-point operations at `RATE`, and `LAUNCH`
seconds a step, below which no small network gets. Measuring is not in it.
"""

import argparse
import json
import multiprocessing
import resource
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from vaebench import catalog
from vaebench.cell import dataset_of, latent_units, trainings
from vaebench.data import Dataset
from vaebench.experiment import Interventions
from vaebench.models import Variant
from vaebench.training.fit import build, fit

RATE = 10e12
"""Operations a second that a present GPU is assumed to reach in single precision on networks this small."""

LAUNCH = 2e-3
"""Seconds that launching one step's kernels is assumed to take."""

FEW = (2, 6)
"""Steps of a short and of a longer training, whose difference is that of the steps alone."""


def row(task_name: str, dataset: str, arch: str) -> dict[str, Any]:
    """Run a few steps of a task's paper budget.

    Args:
        task_name: The task.
        dataset: The data set.
        arch: The network.

    Returns:
        Sizes, seconds a step, peak memory in MB, operations a step, and hours on this core and on a GPU.
    """
    torch.set_num_threads(1)
    task, data, variant = (
        catalog.task(task_name),
        dataset_of(dataset, catalog.DATA_ROOT),
        catalog.variant("vae").variant,
    )
    budget = task.budget("paper", dataset)
    latent = variant.units(latent_units(budget, data), data.shape)
    knob = budget.knob_values[0] if budget.knob_values else None
    interventions: Interventions = task.interventions
    if knob is not None and task.knob is not None:
        interventions = replace(interventions, **{task.knob.name: knob})

    def seconds(steps: int) -> tuple[float, int]:
        training = replace(budget.training, steps=steps, snapshots=())
        found = fit(
            variant,
            data,
            arch=arch,
            latent=latent,
            training=training,
            interventions=interventions,
            seed=0,
            device="cpu",
        )
        return found.seconds, sum(weight.numel() for weight in found.model.parameters())

    short, parameters = seconds(FEW[0])
    step = (seconds(FEW[1])[0] - short) / (FEW[1] - FEW[0])
    operations = budget.training.batch * _operations(variant, data, arch, latent)
    steps = budget.training.steps * trainings(task, budget, variant)
    return {
        "task": task_name,
        "dataset": dataset,
        "shape": list(data.shape),
        "arch": arch,
        "latent": latent,
        "batch": budget.training.batch,
        "parameters": parameters,
        "steps_a_seed": steps,
        "seconds_a_step": round(step, 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "gflop_a_step": round(operations / 1e9, 2),
        "core_hours_a_seed": round(step * steps / 3600, 1),
        "gpu_hours_a_seed_estimate": round(max(operations / RATE, LAUNCH) * steps / 3600, 2),
    }


def _operations(variant: Variant, data: Dataset, arch: str, latent: int) -> float:
    """Floating-point operations of one example in training: forward, and twice as many backward."""
    model = build(variant, data.shape, latent, arch, 0)
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        model.decode(model.encode(data.train.x[:2]).mean)
    return 3 * counted.get_total_flops() / 2


def main() -> None:
    """Run the rows and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default=",".join(catalog.task_names()))
    parser.add_argument("--datasets", default="sprites64,shapes3d64")
    parser.add_argument("--archs", default="conv")
    parser.add_argument("--out", type=Path, default=Path("paper_sizes.json"))
    given = parser.parse_args()
    rows = []
    fork = multiprocessing.get_context("fork")
    for dataset in given.datasets.split(","):
        dataset_of(dataset, catalog.DATA_ROOT)  # here, once; the processes share it
        for arch in given.archs.split(","):
            for task in given.tasks.split(","):
                with fork.Pool(1) as one:
                    rows.append(one.apply(row, (task, dataset, arch)))
                sys.stdout.write(f"{json.dumps(rows[-1])}\n")
                sys.stdout.flush()
    given.out.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
