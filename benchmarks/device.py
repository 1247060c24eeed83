"""What a device does with the suite's work: ways to train, kernels beside the device's own limits, and whole cells.

Run it by hand, on a CPU or a GPU::

    python -m benchmarks.device --device cuda

It writes ``benchmarks/device.<device>.md``: medians over blocks that alternate in one process. It stops between two
measurements when its time is up, and says what it left out.

- *Ways to train* seven values of a knob: one by one (*serial*), one by one with the step captured in a CUDA graph
  (*graph*), as one model (*stack*), that one captured (*stack, graph*), one by one on a stream each (*streams*), and
  with those of other seeds as one model (*stack of 3 seeds*, a third of its time; captured on a GPU). A CPU has
  *serial* and the stacks alone.
- *Kernels*: rates beside those of a matrix product and a copy of large arrays, measured in the same run.
- *Cells*: one standard cell of each task.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import torch

from vaebench import catalog
from vaebench.cell import run_cell
from vaebench.data import Dataset
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.kernels.cka import linear_cka
from vaebench.kernels.neighbours import neighbour_distance
from vaebench.runner import Request, plan
from vaebench.training import loop
from vaebench.training.fit import fit, fit_along, fit_seeds
from vaebench.training.once import Once

KNOBS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
NETWORKS = ("mlp", "conv", "resnet")
SEEDS = (0, 1, 2)
BLOCKS = 3
OF_SEEDS = f"stack of {len(SEEDS)} seeds"
LARGE = {"cuda": 8192, "cpu": 1536}
"""Side of the matrix that a device's limits are measured with."""


def captures(wanted: bool) -> Callable[..., Once]:
    """Make the loop's steps captured or not."""
    return lambda step, rngs, captures: Once(step, rngs, captures=captures and wanted)


class Ways:
    """Ways to train the models of a knob for so many steps."""

    def __init__(self, data: Dataset, arch: str, device: str, steps: int) -> None:
        self.variant = catalog.variant("vae").variant
        acting = [Interventions(posterior_scale=scale, likelihood_variance=0.05) for scale in KNOBS]
        self.data, self.acting, self.device = data, acting, device
        self.options = {"arch": arch, "latent": 8, "seed": 0, "device": device}
        self.training = TrainingConfig(steps=steps, batch=128)

    def all(self) -> dict[str, Callable[[TrainingConfig], object]]:
        found: dict[str, Callable[[TrainingConfig], object]] = {"serial": self.serial, "stack": self.stacked}
        found[OF_SEEDS] = self.seeds
        if self.device == "cuda":
            found |= {"graph": self.graph, "stack, graph": self.stacked_graph, "streams": self.streams}
        return found

    def _along(self, training: TrainingConfig, stacked: bool, captured: bool) -> object:
        loop.Once = captures(captured)  # type: ignore[assignment, misc]
        variants = [self.variant] * len(KNOBS)
        options = {**self.options, "training": training, "stacked": stacked}
        return list(fit_along(variants, self.data, interventions=self.acting, **options))  # type: ignore[arg-type]

    def serial(self, training: TrainingConfig) -> object:
        return self._along(training, stacked=False, captured=False)

    def graph(self, training: TrainingConfig) -> object:
        return self._along(training, stacked=False, captured=True)

    def stacked(self, training: TrainingConfig) -> object:
        return self._along(training, stacked=True, captured=False)

    def stacked_graph(self, training: TrainingConfig) -> object:
        return self._along(training, stacked=True, captured=True)

    def seeds(self, training: TrainingConfig) -> object:
        loop.Once = captures(True)  # type: ignore[assignment, misc]
        options = {name: value for name, value in self.options.items() if name != "seed"}
        variants, data = [self.variant] * len(KNOBS), [self.data] * len(SEEDS)
        return fit_seeds(variants, data, interventions=self.acting, seeds=SEEDS, training=training, **options)  # type: ignore[arg-type]

    def streams(self, training: TrainingConfig) -> object:
        loop.Once = captures(False)  # type: ignore[assignment, misc]

        def one(acting: Interventions) -> object:
            with torch.cuda.stream(torch.cuda.Stream()):  # type: ignore[no-untyped-call]
                return fit(
                    self.variant,
                    self.data,
                    interventions=acting,
                    training=training,
                    **self.options,  # type: ignore[arg-type]
                )

        with ThreadPoolExecutor(len(KNOBS)) as pool:
            return list(pool.map(one, self.acting))


def seconds(run: Callable[[], object], device: str) -> float:
    """Duration of a call, until the device is done."""
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def ways_rows(device: str, steps: int, until: float) -> Iterator[list[str]]:
    """Milliseconds a step of all seven models, beyond what a start takes, by network and way."""
    data = catalog.dataset("digits", catalog.DATA_ROOT)
    for arch in NETWORKS:
        ways = Ways(data, arch, device, steps)
        taken: dict[str, list[float]] = {name: [] for name in ways.all()}
        for _ in range(BLOCKS):
            for name, run in ways.all().items():
                if time.monotonic() > until:
                    break
                few = replace(ways.training, steps=5)
                start = seconds(lambda run=run, few=few: run(few), device)  # type: ignore[misc]
                whole = seconds(lambda run=run, ways=ways: run(ways.training), device)  # type: ignore[misc]
                times = len(SEEDS) if name == OF_SEEDS else 1
                taken[name].append((whole - start) / (steps - 5) / times * 1e3)
        serial = statistics.median(taken["serial"]) if taken["serial"] else float("nan")
        for name, found in taken.items():
            if found:
                middle = statistics.median(found)
                yield [arch, name, f"{middle:.2f}", f"{serial / middle:.2f}", str(len(found))]


def kernel_rows(device: str) -> Iterator[list[str]]:
    """Rates of kernels beside the device's own."""
    n = LARGE[device]
    one, other = (torch.randn(n, n, device=device) for _ in range(2))
    double = one.double()

    def rate(run: Callable[[], object], work: float) -> float:
        seconds(run, device)
        return work / statistics.median(seconds(run, device) for _ in range(BLOCKS)) / 1e9

    single_limit = rate(lambda: one @ other, 2.0 * n**3)
    double_limit = rate(lambda: double @ double, 2.0 * n**3)
    copied = rate(one.clone, 2.0 * one.numel() * 4)
    yield ["matrix product, single", f"{single_limit:.0f} GFLOP/s", "–"]
    yield ["matrix product, double", f"{double_limit:.0f} GFLOP/s", "–"]
    yield ["copy", f"{copied:.1f} GB/s", "–"]
    points, width = (5000, 512) if device == "cpu" else (10_000, 4096)
    x, y = (torch.randn(points, width, device=device) for _ in range(2))
    found = rate(lambda: linear_cka(x, y), 3 * 2.0 * points * width**2)
    yield ["linear CKA", f"{found:.0f} GFLOP/s", f"{found / double_limit:.0%} of double"]
    queries, references = (1024, 8192) if device == "cpu" else (8192, 60_000)
    a, b = torch.randn(queries, 1024, device=device), torch.randn(references, 1024, device=device)
    found = rate(lambda: neighbour_distance(a, b, 5), 2.0 * queries * references * 1024)
    limit, name = (single_limit, "single") if device == "cpu" else (double_limit, "double")
    yield ["neighbours", f"{found:.0f} GFLOP/s", f"{found / limit:.0%} of {name}"]


def cell_rows(device: str, until: float) -> Iterator[list[str]]:
    """Seconds of one standard cell of each task: vae, mlp, the task's first data set."""
    for name in catalog.task_names():
        task = catalog.task(name)
        request = Request(
            (name,), ("vae",), ("mlp",), (task.datasets[0],), "standard", 1, device, 1, Path("runs/device")
        )
        if time.monotonic() > until:
            yield [name, task.datasets[0], "left out", ""]
            continue
        (cell,) = plan(request).cells
        taken = seconds(lambda cell=cell: run_cell(cell), device)  # type: ignore[misc]
        yield [name, task.datasets[0], f"{taken:.0f}", ""]


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [heads, ["---"] * len(heads), *rows])


def machine(device: str) -> str:
    """The device in words."""
    name = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} thread"
    return f"{name}; torch {torch.__version__}; load {os.getloadavg()[0]:.1f} at the start."


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--steps", type=int, help="steps of each training; 300 on a GPU, 40 on a CPU")
    parser.add_argument("--cells", action="store_true", help="run one standard cell of each task as well")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    until = time.monotonic() + 60 * asked.minutes
    steps = asked.steps or (300 if asked.device == "cuda" else 40)
    on = machine(asked.device)
    ways = list(ways_rows(asked.device, steps, until))
    parts = [
        f"# The suite's work on {'a GPU' if asked.device == 'cuda' else 'a CPU'}",
        f"Written by `python -m benchmarks.device --device {asked.device}`. {on}",
        "## Ways to train seven values of a knob (digits, batch 128)",
        table(["Network", "Way", "ms a step of all seven", "Serial over it", "Blocks"], ways),
        "## Kernels",
        table(["Kernel", "Rate", "Of the limit"], list(kernel_rows(asked.device))),
    ]
    if asked.cells:
        cells = list(cell_rows(asked.device, until))
        parts += ["## Standard cells", table(["Task", "Data", "Seconds", ""], cells)]
    page = Path(__file__).with_name(f"device.{asked.device}.md")
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(page.read_text(encoding="utf-8"))  # noqa: T201


if __name__ == "__main__":
    main()
