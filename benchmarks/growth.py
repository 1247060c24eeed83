"""How the cost of the suite grows: processor time and memory against each thing that can become large.

    make growth

Each row takes a size, doubles or quadruples it a few times, and fits cost ~ size^exponent. Times are of the processor,
in one thread, so that neighbours on the machine move them little. `benchmarks/growth.md` is what it wrote.
"""

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from benchmarks.kernels.networks import BATCH, LATENT, PIXELS, decoder, draw
from vaebench import catalog
from vaebench.cell import Cell, run_cell, trainings
from vaebench.environment import processor_name
from vaebench.experiment import EvaluationBudget, Interventions, TrainingConfig
from vaebench.kernels.cka import cka_matrix
from vaebench.kernels.jacobian import jacobian_columns, spectral_norms
from vaebench.kernels.neighbours import nearest
from vaebench.kernels.sample_variation import mean_pairwise_distance
from vaebench.models import AutoEncoder, architecture
from vaebench.models.networks import FEATURES
from vaebench.papers import Task
from vaebench.results.assemble import assemble
from vaebench.results.journal import Journal
from vaebench.results.record import CellOutcome
from vaebench.results.store import read_record, write_record
from vaebench.runner import Request, plan
from vaebench.training.intervened import Intervened
from vaebench.training.step import TrainingStep
from vaebench.variants.vae import VARIANT

TABLE = Path(__file__).with_name("growth.md")
REPEATS = 3
TASK, DATA = "camuto2021_variance_frequency", "digits"

Work = Callable[[], object]


@dataclass(frozen=True)
class Sweep:
    """One thing that grows.

    Attributes:
        what: Whose cost.
        against: What grows.
        sizes: Its sizes, rising.
        prepared: Makes the work of a size; making it is not measured.
        expected: Exponent of the leading term by the formula.
        note: What to know of the row.
    """

    what: str
    against: str
    sizes: Sequence[int]
    prepared: Callable[[int], Work]
    expected: str
    note: str = ""


def cost(work: Work) -> tuple[float, float]:
    """Processor seconds of one call, the median of some, and MiB above what was there before."""
    before = _resident("VmRSS")
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # so that the peak starts from now
    start = time.process_time()
    work()
    first = time.process_time() - start
    memory = max(0.0, _resident("VmHWM") - before)
    times = max(1, min(200, int(0.05 / max(first, 1e-6))))
    taken = []
    for _ in range(REPEATS if first < 5 else 1):
        start = time.process_time()
        for _ in range(times):
            work()
        taken.append((time.process_time() - start) / times)
    return statistics.median(taken), memory


def _resident(name: str) -> float:
    """MiB of this process, by a line of Linux's; 0 elsewhere."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return 0.0


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> tuple[float, float, float]:
    """Slope of log cost over log size, with its 95 % interval."""
    x, y = np.log(np.asarray(sizes, float)), np.log(np.asarray(costs, float))
    fit = stats.linregress(x, y)
    half = stats.t.ppf(0.975, len(x) - 2) * fit.stderr
    return fit.slope, fit.slope - half, fit.slope + half


def row(sweep: Sweep) -> tuple[str, list[tuple[float, float]]]:
    """Measure one sweep; its row, and seconds and MiB by size."""
    found = [cost(sweep.prepared(size)) for size in sweep.sizes]
    seconds = [one[0] for one in found]
    slope, low, high = exponent(sweep.sizes, seconds)
    last = exponent(sweep.sizes[-3:], seconds[-3:])[0]
    text = " · ".join(_short(one) for one in seconds)
    memory = " · ".join(f"{one[1]:.0f}" for one in found)
    cells = (
        sweep.what, sweep.against, " · ".join(f"{size:,}" for size in sweep.sizes), text, memory,
        f"{slope:.2f} [{low:.2f}, {high:.2f}]", f"{last:.2f}", sweep.expected, sweep.note,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |", found


def _short(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds >= 1 else f"{1e3 * seconds:.2g} ms"


def step_of(arch: str, side: int) -> Work:
    """A training step of the plain VAE on grey images of a side."""
    shape = (1, side, side)
    family = architecture(arch)
    model = AutoEncoder(family.encoder(shape), family.decoder(LATENT, shape), FEATURES, LATENT)
    step = TrainingStep(Intervened(model, Interventions()), (VARIANT.objective,), 1, 128)
    adam = torch.optim.Adam(step.parameters(), lr=1e-3, fused=True)
    x, noise = draw(128, *shape), draw(128, LATENT, seed=2)

    def work() -> None:
        adam.zero_grad()
        step(x, noise, None, 0, torch.Generator())[0].backward()
        adam.step()

    return work


def small_cells(knobs: int, seeds: int) -> tuple[Task, list[Cell]]:
    """A task of a few steps a training, with this many knob values, and its cells."""
    task = small_task(catalog.task(TASK), knobs)
    request = Request((TASK,), ("vae",), ("mlp",), (DATA,), "quick", seeds, "cpu", 1, Path(tempfile.mkdtemp()))
    whole = catalog.task
    catalog.task = lambda _: task  # type: ignore[assignment]
    try:
        return task, list(plan(request).cells)
    finally:
        catalog.task = whole


def small_task(task: Task, knobs: int) -> Task:
    """Cut a task's quick preset down, and give it this many knob values."""
    quick = task.budgets["quick"]
    effort = EvaluationBudget(samples=64, points=32, attacked=4, attack_steps=3, attack_restarts=1)
    values = tuple(float(value) for value in np.linspace(min(quick.knob_values), max(quick.knob_values), knobs))
    quick = replace(quick, training=TrainingConfig(steps=20, batch=32), evaluation=effort, knob_values=values)
    return replace(task, budgets={**task.budgets, "quick": quick}, budgets_on={})


def whole_cell(knobs: int) -> Work:
    """A cell of so many knob values."""
    task, cells = small_cells(knobs, 1)

    def work() -> CellOutcome:
        whole = catalog.task
        catalog.task = lambda _: task  # type: ignore[assignment]
        try:
            outcome = run_cell(cells[0])
        finally:
            catalog.task = whole
        assert outcome.status == "ok", outcome.reason
        return outcome

    return work


class Results:
    """Outcomes of one real cell, under as many seeds and ids as are asked for."""

    def __init__(self) -> None:
        self.task = small_task(catalog.task(TASK), 3)
        self.one: CellOutcome = whole_cell(3)()  # type: ignore[assignment]

    def outcomes(self, n: int) -> list[CellOutcome]:
        """So many, each of its own seed."""
        return [
            self.one.model_copy(
                update={
                    "id": f"{seed:016x}",
                    "seed": seed,
                    "measurements": tuple(replace(c, **_seeded(c, seed)) for c in self.one.measurements),
                }
            )
            for seed in range(n)
        ]

    def judged(self, seeds: int) -> Work:
        """Make a record and judge it."""
        cells = self.outcomes(seeds)
        return lambda: assemble(cells, self.task.claims, self.task.invariants)

    def journal(self, cells: int, shards: int = 0) -> Work:
        """Read a journal, with shards if there are any."""
        folder = Path(tempfile.mkdtemp())
        for at, outcome in enumerate(self.outcomes(cells)):
            Journal(folder, f"w{at % shards}" if shards else "").append(outcome)
        return lambda: Journal(folder).read()

    def appended(self, cells: int) -> Work:
        """Append cells to a new journal."""
        outcomes = self.outcomes(cells)

        def work() -> None:
            journal = Journal(Path(tempfile.mkdtemp()))
            for outcome in outcomes:
                journal.append(outcome)

        return work

    def stored(self, records: int) -> Work:
        """Read and check so many submitted records."""
        folder = Path(tempfile.mkdtemp())
        record = assemble(self.outcomes(5), self.task.claims, self.task.invariants)
        for at in range(records):
            variant = record.subject.variant.model_copy(update={"name": f"made_{at}"})
            write_record(
                folder, record.model_copy(update={"subject": record.subject.model_copy(update={"variant": variant})})
            )
        paths = sorted(folder.rglob("*.json"))
        return lambda: [read_record(path) for path in paths]


def _seeded(column: object, seed: int) -> dict[str, object]:
    """A column's places of seeds, moved to another seed."""
    absent = tuple(replace(one, seeds=(seed,)) for one in column.absent)  # type: ignore[attr-defined]
    return {"seeds": (seed,) if column.seeds else (), "absent": absent}  # type: ignore[attr-defined]


def sweeps(results: Results) -> list[Sweep]:
    """All rows."""

    def layers(n: int) -> Work:
        made = [draw(256, 256, seed=seed) for seed in range(n)]
        return lambda: cka_matrix(made, made)

    def columns(latent: int) -> Work:
        weights = draw(512, latent), draw(PIXELS, 512, seed=2)

        def function(z: Tensor) -> Tensor:
            return torch.tanh(z @ weights[0].T) @ weights[1].T

        z = draw(BATCH, latent)
        return lambda: spectral_norms(jacobian_columns(function, z))

    def near(n: int) -> Work:
        x, y = draw(BATCH, PIXELS), draw(n, PIXELS, seed=2)
        return lambda: nearest(x, y, 5)

    def pairs(n: int) -> Work:
        x = draw(n, PIXELS)
        return lambda: mean_pairwise_distance(x)

    def wide(width: int) -> Work:
        function, z = decoder(width), draw(BATCH, LATENT)
        return lambda: jacobian_columns(function, z)

    sides = [8, 16, 32, 64]
    return [
        Sweep("nearest neighbours", "n of the reference", [2000, 4000, 8000, 16_000], near, "1"),
        Sweep("mean distance of all pairs", "n", [500, 1000, 2000, 4000], pairs, "2", "a mean over pairs; n is capped"),
        *(
            Sweep(f"training step, {arch}", "image side", sides, lambda side, arch=arch: step_of(arch, side), "2")
            for arch in ("mlp", "conv")
        ),
        Sweep("Jacobian columns", "width", [256, 512, 1024, 2048], wide, "2"),
        Sweep("CKA of all layers", "layers", [8, 16, 32, 64], layers, "1 to 2", "Grams 1, pairs 2"),
        Sweep("Jacobian and its norms", "latent units", [4, 8, 16, 32], columns, "1 to 3", "columns 1, eigenvalues 3"),
        Sweep("one cell", "knob values", [2, 4, 8, 16], whole_cell, "1"),
        Sweep("making and judging a record", "seeds", [5, 10, 20, 40, 80], results.judged, "1"),
        Sweep("appending to a journal", "cells", [50, 100, 200, 400], results.appended, "1"),
        Sweep("reading a journal", "cells", [50, 100, 200, 400], results.journal, "1"),
        Sweep("reading and checking records", "submissions", [10, 20, 40, 80], results.stored, "1"),
        Sweep(
            "reading 256 cells", "workers, a shard each", [1, 4, 16, 64], lambda n: results.journal(256, n), "0",
            "what a further worker adds to resuming",
        ),
    ]  # fmt: skip


def standard_steps(arch_tasks: Sequence[str]) -> int:
    """Training steps of the standard protocol of some tasks for one variant and network, over all seeds and arms."""
    total = 0
    for name in arch_tasks:
        task = catalog.task(name)
        budget = task.budget("standard", task.datasets[0])
        each = trainings(task, budget, catalog.variant("vae").variant)
        total += budget.seeds * each * budget.training.steps * len(task.datasets)
    return total


def on_paper(found: dict[str, list[tuple[float, float]]]) -> str:
    """What these figures say of a larger board and of larger images."""
    steps = standard_steps(catalog.task_names())
    hours = {
        (arch, side): steps * found[f"training step, {arch}"][at][0] / 3600
        for arch in ("mlp", "conv")
        for at, side in ((2, 32), (3, 64))
    }
    names = catalog.task_names()
    each = sum(len(catalog.task(name).datasets) for name in names)
    records = 10_000 * each
    reading = found["reading and checking records"][-1][0] / 80 * records / 3600
    per_cell = found["reading a journal"][-1][0] / 400
    lines = [
        f"The standard protocol of all {len(names)} tasks trains {steps:,} steps for one variant and network.",
        f"With images of 32×32 that is {hours['mlp', 32]:.0f} core-hours of training for mlp and "
        f"{hours['conv', 32]:.0f} for conv; with 64×64 it is {hours['mlp', 64]:.0f} and {hours['conv', 64]:.0f}.",
        f"10,000 submissions a year have {records:,} records of the tasks' own sets. To read and check all of "
        f"them takes {reading:.1f} core-hours, each time that nothing is cached.",
        f"To replay one cell of each submission costs about {10_000 * hours['mlp', 32] / (5 * each) / 24 / 365:.2g} "
        "cores through the year at 32×32 with mlp, and "
        f"{10_000 * hours['conv', 64] / (5 * each) / 24 / 365:.2g} at 64×64 with conv.",
        f"To resume a run costs {1e3 * per_cell:.1f} ms a finished cell.",
        "**The first bottleneck** of these is training. Measuring comes on top of it, and ranking is measured by "
        "`benchmarks/board_scale.py`.",
    ]
    return "\n".join(f"* {line}" for line in lines)


HEAD = """# Growth

`make growth` wrote this. Times are of the processor, in one thread: {where} The exponent is the slope of log time over
log size, with its 95 % interval; beside it that of the last three sizes, where fixed costs count least. Memory is the
peak above what was there before, in MiB.

| cost of | against | sizes | time | MiB | exponent | last three | by the formula | note |
| --- | --- | --- | --- | --- | --- | ---: | --- | --- |
"""


def main() -> None:
    """Measure all sweeps, and write the table."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows, found = [], {}
    for sweep in sweeps(Results()):
        text, found[sweep.what] = row(sweep)
        rows.append(text)
        sys.stdout.write(f"{text}\n")
    where = f"{processor_name()}, torch {torch.__version__}, Python {platform.python_version()}."
    paper = f"\n## On paper\n\n{on_paper(found)}\n"
    TABLE.write_text(HEAD.format(where=where) + "\n".join(rows) + "\n" + paper, "utf-8")


if __name__ == "__main__":
    main()
