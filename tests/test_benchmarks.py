"""Every benchmark runs, so that a change to a kernel cannot leave its timing behind; asv itself is not needed."""

import ast
import importlib
import inspect
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def suites() -> Iterator[tuple[str, type]]:
    sys.path.insert(0, str(ROOT))
    for path in sorted((ROOT / "benchmarks").rglob("bench_*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = importlib.import_module(name)
        for class_name, found in inspect.getmembers(module, inspect.isclass):
            if found.__module__ == name and hasattr(found, "params"):
                yield f"{name}.{class_name}", found


SUITES = dict(suites())


@pytest.mark.parametrize("name", SUITES)
def test_a_benchmark_runs_at_its_first_parameters(name: str) -> None:
    suite = SUITES[name]()
    lists = suite.params if isinstance(suite.params[0], (tuple, list)) else (suite.params,)
    first = [values[0] for values in lists]
    if hasattr(suite, "setup"):
        suite.setup(*first)
    methods = [method for method in dir(suite) if method.startswith(("time_", "peakmem_", "track_"))]
    assert methods
    for method in methods:
        result = getattr(suite, method)(*first)
        if method.startswith("track_") and method.endswith("_error"):
            # float32 against float64: more than a thousandth would be a bug, not rounding.
            assert math.isfinite(result)
            assert 0 <= result < 1e-3


def public_kernels() -> set[str]:
    """Names of all public functions of kernels, read from their sources."""
    pages = (ROOT / "vaebench" / "kernels").glob("[!_]*.py")
    functions = (node for page in pages for node in ast.parse(page.read_text("utf-8")).body)
    return {f.name for f in functions if isinstance(f, ast.FunctionDef) and not f.name.startswith("_")}


def test_every_kernel_has_its_time_its_memory_and_its_error_taken() -> None:
    every = SUITES["benchmarks.kernels.bench_every_kernel.EveryKernel"]
    assert set(every.params) == public_kernels()
    for name in every.params:
        suite = every()
        suite.setup(name)
        assert 0 <= suite.track_kernel_error(name) < 1e-3, name


def test_every_room_of_kernels_that_costs_time_is_timed() -> None:
    timed = {path.stem.removeprefix("bench_") for path in (ROOT / "benchmarks" / "kernels").glob("bench_*.py")}
    assert {
        "aggregate_posterior",
        "attack",
        "cka",
        "complex_normal",
        "fisher_metric",
        "importance_bound",
        "importance_resampling",
        "jacobian",
        "mala",
        "mean_degree",
        "mixture_potential",
        "neighbours",
        "noise_stability",
        "normal",
        "path_roughness",
        "procrustes",
        "sample_variation",
        "volume_density",
    } <= timed


def test_asv_is_pointed_at_the_benchmarks() -> None:
    assert json.loads((ROOT / "asv.conf.json").read_text())["benchmark_dir"] == "benchmarks"
