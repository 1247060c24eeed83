"""Sizes of the paper preset: a step's time is that of steps alone, above 0, or it is refused in one line."""

import csv
import importlib
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from vaebench.mistakes import Mistake

ROOT = Path(__file__).parents[1]
TASK = "camuto2021_variance_frequency"


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT))
    yield importlib.import_module("benchmarks.paper_sizes")


def busy(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def fake_fit(first: float, look: float, step: float) -> Callable[..., SimpleNamespace]:
    """A training with such costs in seconds: of a process's first one, of the look at the first step, of a step."""
    calls = itertools.count()

    def fit(*_: object, training: SimpleNamespace, looks: bool = True, **__: object) -> SimpleNamespace:
        began = time.perf_counter()
        busy((0 if next(calls) else first) + look * looks + step * training.steps)
        return SimpleNamespace(seconds=time.perf_counter() - began, model=SimpleNamespace(parameters=lambda: []))

    return fit


def test_the_start_of_a_process_is_in_no_step(sizes: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "fit", fake_fit(first=0.5, look=0.02, step=0.002))
    monkeypatch.setattr(sizes, "MOST", 10)
    found = sizes.row(TASK, "digits", "mlp")
    assert found["seconds_a_step"] == pytest.approx(0.002, rel=0.5)
    hours = found["seconds_a_step"] * found["models_a_cell"] * found["steps_a_model"] / 3600
    assert found["core_hours_a_cell"] == pytest.approx(hours, rel=0.01)


@pytest.mark.parametrize("step", [0.0, -0.001])
def test_steps_that_take_no_time_are_refused(sizes: ModuleType, monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    clock = [0.0]
    monkeypatch.setattr(sizes.time, "process_time", lambda: clock[0])

    def train(steps: int, looks: bool) -> None:
        clock[0] += 1 + step * steps

    with pytest.raises(Mistake, match="took no longer") as said:
        sizes.seconds_a_step(train, 5)
    assert "\n" not in str(said.value)


def test_one_slow_pair_does_not_count(sizes: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, longer = [0.0], itertools.count()
    monkeypatch.setattr(sizes.time, "process_time", lambda: clock[0])

    def train(steps: int, looks: bool) -> None:
        disturbed = steps > sizes.SHORT and next(longer) == 1
        clock[0] += 3 + 0.5 * steps + 100 * disturbed + 50 * looks

    found = sizes.seconds_a_step(train, 4)
    assert sorted(found)[:4] == [0.5] * 4
    assert len(found) == 5


def test_a_process_of_its_own_gives_time_and_memory(
    sizes: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = ["--tasks", TASK, "--datasets", "digits", "--archs", "mlp", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["paper_sizes", *asked])
    with pytest.raises(SystemExit) as end:
        sizes.main()
    assert not end.value.code
    (row,) = csv.DictReader((tmp_path / "paper_sizes.csv").read_text("utf-8").splitlines())
    assert float(row["seconds_least"]) <= float(row["seconds_a_step"]) <= float(row["seconds_most"])
    assert 0 < float(row["seconds_a_step"]) < 1
    assert int(row["training_peak_mb"]) > 0


def test_a_refused_row_is_one_line_and_the_others_go_on(
    sizes: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = next(csv.DictReader((ROOT / "benchmarks/paper_sizes.csv").read_text("utf-8").splitlines()))

    class Here:
        def __init__(self, *_: object) -> None: ...

        def __enter__(self) -> "Here":
            return self

        def __exit__(self, *_: object) -> None: ...

        def submit(self, _: object, task: str, dataset: str, arch: str) -> SimpleNamespace:
            def result() -> dict[str, str]:
                if arch == "conv":
                    raise Mistake(f"{task} on {dataset} with {arch}: 6 steps more took no longer")
                return there

            return SimpleNamespace(result=result)

    monkeypatch.setattr(sizes, "ProcessPoolExecutor", Here)
    argv = ["paper_sizes", "--tasks", "a", "--datasets", "b", "--archs", "conv,mlp", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as end:
        sizes.main()
    assert end.value.code
    assert capsys.readouterr().err == "paper_sizes: a on b with conv: 6 steps more took no longer\n"
    assert len((tmp_path / "paper_sizes.csv").read_text("utf-8").splitlines()) == 2


def test_the_committed_page_is_that_of_the_committed_table(sizes: ModuleType) -> None:
    folder = ROOT / "benchmarks"
    rows = list(csv.DictReader((folder / "paper_sizes.csv").read_text("utf-8").splitlines()))
    assert (folder / "paper_sizes.md").read_text("utf-8") == sizes.page(rows)
    assert all(float(row["seconds_least"]) > 0 for row in rows)


def test_the_committed_table_has_the_present_protocols(sizes: ModuleType) -> None:
    from vaebench import catalog

    rows = list(csv.DictReader((ROOT / "benchmarks/paper_sizes.csv").read_text("utf-8").splitlines()))
    assert {row["task"] for row in rows} == set(catalog.task_names())
    for row in rows:
        budget = catalog.task(row["task"]).budget("paper", row["dataset"])
        wanted = (budget.training.batch, budget.training.steps, budget.seeds)
        assert tuple(int(row[name]) for name in ("batch", "steps_a_model", "seeds")) == wanted
