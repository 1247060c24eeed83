"""The engines' common ground, and Ray's driver against workers that lie, die and answer wrongly."""

from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace

import pytest

from vaebench import api, mistakes
from vaebench.cell import run_cell
from vaebench.engines import ray as ray_
from vaebench.engines import slurm as slurm_
from vaebench.engines.execute import Site, check_engine, execute, unknown
from vaebench.engines.local import Workers
from vaebench.engines.shipped import Answer, Shipped
from vaebench.engines.slurm import bundles
from vaebench.mistakes import Mistake
from vaebench.results.journal import SHARDS, Journal, line_of
from vaebench.runner import plan


def test_a_missing_extra_and_an_unknown_engine_are_one_line(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(mistakes.importlib, "import_module", absent)
    check_engine("local")
    for engine, package in (("ray", "ray"), ("slurm", "submitit")):
        with pytest.raises(Mistake, match=rf"^{package} is not installed: pip install 'vaebench\[{engine}\]'$"):
            check_engine(engine)
    with pytest.raises(Mistake, match=r"engine.*slurm"):
        check_engine("slrum")


def test_bundles_have_ten_minutes_by_the_forecast():
    cells = list(range(20))
    assert bundles(cells, [60.0] * 20, 4) == [cells[:10], cells[10:]]
    assert bundles(cells, [601.0] * 20, 4) == [[cell] for cell in cells]
    assert bundles(cells, [300.0] * 10 + [None] * 10, 4) == [[n, n + 1] for n in range(0, 20, 2)]
    assert [len(one) for one in bundles(cells, [None] * 20, 3)] == [7, 7, 6]
    assert [len(one) for one in bundles(cells, [None] * 20, 50)] == [1] * 20


def test_a_forecast_that_knows_nothing_takes_cells_by_name():
    assert unknown(cells=[object()] * 3) == [None] * 3


def test_a_machine_without_sbatch_is_one_line(request_of, monkeypatch, tmp_path):
    pytest.importorskip("submitit")
    monkeypatch.setattr(slurm_.shutil, "which", lambda _: None)
    site = Site(Workers(), tmp_path)
    with pytest.raises(Mistake, match=r"^there is no sbatch here"):
        list(execute("slurm", site, plan(request_of(seeds=1)).cells, 1))


class Lost(Exception):  # noqa: N818
    """A worker that is gone, as Ray says it."""


class FakeRay:
    """As much of Ray as its driver uses; a future is the call itself, made when it is asked for."""

    exceptions = SimpleNamespace(RayError=Lost)

    def __init__(self, worker):
        self.worker, self.killed = worker, 0

    def remote(self, **needs):
        made = self.worker

        def actor():
            one = made()
            return SimpleNamespace(
                placed=SimpleNamespace(remote=lambda: lambda: None),
                start=SimpleNamespace(remote=lambda *a: lambda: one.start(*a)),
                run=SimpleNamespace(remote=lambda *a: lambda: one.run(*a)),
            )

        return lambda _: SimpleNamespace(remote=actor)

    def put(self, content):
        return content

    def get(self, future):
        return future()

    def wait(self, futures, timeout):
        return futures[:1], futures[1:]

    def kill(self, actor):
        self.killed += 1

    def cluster_resources(self):
        return {"CPU": 2.0}


@cache
def ran(cell):
    """The line of a cell, which each run of the same cell gives."""
    return line_of(run_cell(Shipped.model_validate_json(cell).cell())).decode()


class Worker:
    """An honest worker without a disk that it shares with the driver."""

    count = 0

    def __init__(self):
        type(self).count += 1
        self.name = f"w{type(self).count}"

    def start(self, freight, blobs, folder, token):
        return f'["{self.name}", ""]'

    def run(self, cell):
        return Answer(line=ran(cell)).model_dump_json()


def tried(worker, request, monkeypatch):
    """What a run with such workers comes to: outcomes, notes, lines of shards."""

    @contextmanager
    def cluster():
        yield FakeRay(worker)

    monkeypatch.setattr(ray_, "_cluster", cluster)
    worker.count = 0
    site = Site(Workers(), request.out)
    request.out.mkdir(exist_ok=True)
    cells = plan(request).cells
    found = list(execute("ray", site, cells, 9))
    assert sorted(one.id for one in found) == sorted(cell.id for cell in cells), "each cell once"
    assert set(Journal(request.out).read()[0]) == {cell.id for cell in cells}, "and on the disk before it is yielded"
    assert not list(request.out.glob(".run-*"))
    return {one.seed: one for one in found}, site.notes


def test_a_worker_without_the_runs_folder_ships_its_lines(tiny, request_of, monkeypatch):
    request = request_of(seeds=3)
    found, notes = tried(Worker, request, monkeypatch)
    assert {one.status for one in found.values()} == {"ok"} and notes == []
    assert len(list((request.out / SHARDS).glob("w*.jsonl"))) == 2


def test_a_cell_goes_to_another_when_its_worker_is_lost_or_says_what_cannot_be(tiny, request_of, monkeypatch):
    said = []

    class Odd(Worker):
        def run(self, cell):
            said.append(cell)
            if len(said) == 1:
                raise Lost("The node was lost.")
            if len(said) == 2:
                return "no JSON"
            if len(said) == 3:
                return super().run(said[0] if said[0] != cell else said[1])  # that of another cell
            return super().run(cell)

    found, notes = tried(Odd, request_of(seeds=3), monkeypatch)
    assert {one.status for one in found.values()} == {"ok"}
    assert len(notes) == 3 and all("\n" not in note and "given to another" in note for note in notes)
    assert len(said) == 6, "three were run again, and no other"


def test_a_cell_that_takes_every_worker_along_is_an_error_and_the_others_go_on(tiny, request_of, monkeypatch):
    class Deadly(Worker):
        def run(self, cell):
            if Shipped.model_validate_json(cell).seed == 1:
                raise Lost("gone")
            return super().run(cell)

    found, notes = tried(Deadly, request_of(seeds=3), monkeypatch)
    assert [found[seed].status for seed in range(3)] == ["ok", "error", "ok"]
    assert found[1].reason.endswith("was lost, as 2 before it") and len(notes) == 2


def test_an_outcome_that_its_worker_kept_before_it_was_lost_is_not_run_again(tiny, request_of, monkeypatch):
    request, runs = request_of(seeds=2), []

    class Kept(Worker):
        def run(self, cell):
            runs.append(cell)
            answer = Answer.model_validate_json(super().run(cell))
            Journal(request.out, self.name).append_line(answer.line.encode())
            if len(runs) == 1:
                raise Lost("gone after the write")
            return Answer(line=answer.line, kept=True).model_dump_json()

    found, notes = tried(Kept, request, monkeypatch)
    assert (len(runs), notes, {one.status for one in found.values()}) == (2, [], {"ok"})


def test_a_worker_that_cannot_work_ends_the_run_in_one_line(request_of, monkeypatch):
    class Other(Worker):
        def start(self, *_):
            return '["w", "worker n1 has torch 1.0, and the run 2.0: install the same"]'

    with pytest.raises(Mistake, match=r"^worker n1 has torch 1\.0"):
        tried(Other, request_of(seeds=1), monkeypatch)

    class Never(Worker):
        def start(self, *_):
            raise Lost("a traceback\nModuleNotFoundError: No module named 'vaebench'")

    with pytest.raises(Mistake, match=r"^no worker can be started on the Ray cluster: ModuleNotFoundError: No module"):
        tried(Never, request_of(seeds=1), monkeypatch)


def test_the_notebooks_run_takes_an_engine(tiny, request_of, monkeypatch):
    request = request_of()
    monkeypatch.setattr("vaebench.engines.execute.extra", lambda *_: None)

    @contextmanager
    def cluster():
        yield FakeRay(Worker)

    monkeypatch.setattr(ray_, "_cluster", cluster)
    asked = {"tasks": request.tasks, "datasets": request.datasets, "seeds": 1, "device": "cpu"}
    with pytest.raises(Mistake, match="engine"):
        api.run("vae", **asked, engine="moon", out=request.out)
    (record,) = api.run("vae", **asked, engine="ray", out=request.out)
    assert record.cells[0].status == "ok"
    assert list((request.out / SHARDS).glob("w*.jsonl"))
