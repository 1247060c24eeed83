"""Learning curves follow the protocol of their data set, and say at which number of steps it is."""

import csv
import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from vaebench import catalog
from vaebench.experiment import Budget, EvaluationBudget, TrainingConfig

ROOT = Path(__file__).parents[1]
EFFORT = EvaluationBudget(samples=64, points=32, attacked=4, attack_steps=2, attack_restarts=1)
TASK = "camuto2021_variance_frequency"


def budget(steps: int, *knobs: float) -> Budget:
    return Budget(1, 2, TrainingConfig(steps=steps, batch=16), EFFORT, knobs, "by_seed")


@pytest.fixture
def curves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """The script, and a task of 16 steps whose digits have 8 and knob values of their own."""
    monkeypatch.syspath_prepend(str(ROOT))
    script = importlib.import_module("benchmarks.learning_curves")
    budgets = {"standard": budget(16, 0.1, 0.2, 0.3)}
    task = replace(catalog.task(TASK), budgets=budgets, budgets_on={"digits": {"standard": budget(8, 0.5, 0.9)}})
    monkeypatch.setattr(catalog, "task", lambda _: task)
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    yield script


def test_curves_are_of_the_data_sets_own_protocol(
    curves: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from matplotlib.axes import Axes

    marked = []
    monkeypatch.setattr(Axes, "axvline", lambda _, at, **how: marked.append(at))
    monkeypatch.setattr(sys, "argv", ["learning_curves", TASK, "vae", "mlp", "digits"])
    curves.main()
    stem = f"{TASK}.vae.mlp.digits"
    rows = list(csv.DictReader((tmp_path / f"{stem}.csv").read_text("utf-8").splitlines()))
    assert {int(row["steps"]) for row in rows} == {1, 2, 4, 8, 16}
    assert {float(row["knob"]) for row in rows} == {0.5, 0.9}
    assert {row["arm"] for row in rows} == {"trained"}
    assert set(marked) == {8}
    assert (tmp_path / f"{stem}.svg").exists()


def test_curves_are_of_the_data_that_the_first_seed_sees(curves: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaebench.cell import dataset_of_seed

    seen = set()
    monkeypatch.setattr(curves, "SHARES", (1.0,))
    monkeypatch.setattr(curves, "read", lambda *given: seen.add(given[3].contents) or [])
    monkeypatch.setattr(curves, "compare", lambda *_: [])
    curves.rows(catalog.task(TASK), "vae", "mlp", "digits")
    assert seen == {dataset_of_seed("digits", Path("data"), 0)[0].contents}
