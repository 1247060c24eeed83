"""Real cells on a Ray cluster of three nodes: a driver is killed, a node is lost, and the records are the same."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter, deque
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import BROUGHT, TINY, environment_with, extra, in_this_process
from engines.remote import go, shards, timeless
from processes import children, gone

from vaebench import stops
from vaebench.engines import ray as ray_
from vaebench.engines.execute import Site
from vaebench.engines.local import Workers
from vaebench.mistakes import Mistake
from vaebench.results.journal import Journal
from vaebench.results.store import read_record
from vaebench.runner import plan, run

extra("ray")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of which there are many


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A head without CPUs and two nodes with one each, as separate processes; one for all tests."""
    before = {number: signal.getsignal(number) for number in stops.SIGNALS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", environment_with(TINY)["PYTHONPATH"])
        patch.setenv("VAEBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        from ray.cluster_utils import Cluster

        small = {"object_store_memory": 80 * 2**20, "include_dashboard": False}
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **small})
        patch.setenv("RAY_ADDRESS", made.address)
        made.nodes = [made.add_node(num_cpus=1, object_store_memory=small["object_store_memory"]) for _ in range(2)]
        try:
            yield made
        finally:
            made.shutdown()
            for number, handler in before.items():
                signal.signal(number, handler)


def test_a_run_that_loses_its_driver_and_then_a_node_comes_to_the_same_records(cluster, tiny, request_of, tmp_path):
    """Nothing finished is lost or run again; half a line in a shard costs nothing but its own cell."""
    mine = str(BROUGHT / "bernoulli_vae.py")
    request = request_of(variants=("vae", mine), seeds=4, jobs=9)
    command = [sys.executable, "-m", "vaebench", "run", "--engine", "ray", "--tasks", request.tasks[0]]
    command += ["--variants", f"vae,{mine}", "--archs", "mlp", "--datasets", request.datasets[0], "--preset", "quick"]
    command += ["--seeds", "4", "--out", str(request.out), "--device", "cpu"]
    driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 300
    while len(shards(request.out)) < 2 and driver.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    below = children(driver.pid)
    driver.kill()
    said = driver.communicate()[1]
    assert len(shards(request.out)) >= 2, said
    assert gone(below, 20)
    time.sleep(1.0)  # workers end with their driver; a cell that one of them just finished may still be written
    before = len(shards(request.out))
    with shards(request.out)[0].open("a") as file:
        file.write('{"check":"0123')

    lost = []

    def lose_a_node(done, total, last):
        if last is not None and not lost:
            lost.append(cluster.nodes.pop())
            cluster.remove_node(lost[0], allow_graceful=False)

    handlers = [signal.getsignal(number) for number in stops.SIGNALS]
    site = Site(Workers(), request.out, brought=plan(request).brought)
    done = go("ray", request, site, lose_a_node)
    assert [signal.getsignal(number) for number in stops.SIGNALS] == handlers, "signals stay the program's own"
    assert (done.reused, done.ran, len(done.damages)) == (before, 8 - before, 1)
    assert "cut short" in done.damages[0].why
    assert len(shards(request.out)) == 8 + 1, "each cell once, and half a line"
    assert lost and len(site.notes) <= 1
    assert all("was lost" in note and "given to another" in note for note in site.notes)
    local = request_of(variants=("vae", mine), seeds=4, out=tmp_path / "local")
    here = run(local, plan(local), Journal(local.out), lambda *_: None, in_this_process)
    for record in here.records:
        assert timeless(read_record(request.out / record.subject.file_name)) == timeless(record)


def test_what_ends_a_process_costs_its_cell_and_no_node(cluster, tiny, request_of, monkeypatch):
    monkeypatch.syspath_prepend(str(BROUGHT))
    request = request_of(variants=("hostile:EXITS", "vae"), seeds=1)
    done = go("ray", request, Site(Workers(), request.out, brought=plan(request).brought))
    cells = {record.subject.variant.name: record.cells[0] for record in done.records}
    assert cells["exits"].status == "error" and "exit status 3" in cells["exits"].reason
    assert cells["vae"].status == "ok"


def test_a_worker_that_has_a_place_may_load_for_long(cluster, tiny, request_of, monkeypatch):
    """Ray's workers are nice, so on a busy machine they load slower than the cluster's places are given."""

    class Slow(ray_.Actor):
        def start(self, *arguments):
            time.sleep(5)
            return super().start(*arguments)

    asked, really = [], ray_._Driver._placed

    def placed(driver):
        """However long this machine takes to give the place: patience is over before, and all the while after."""
        end = time.monotonic() + 300
        while not (there := really(driver)) and time.monotonic() < end:
            time.sleep(0.1)
        asked.append(there)
        return there

    monkeypatch.setattr(ray_._Driver, "_placed", placed)
    monkeypatch.setattr(ray_, "PATIENCE", 0.0)
    monkeypatch.setattr(ray_, "GLANCE", 0.2)
    monkeypatch.setattr(ray_, "Actor", Slow)
    request = request_of(seeds=1)
    done = go("ray", request, Site(Workers(), request.out, brought=plan(request).brought))
    assert all(cell.status == "ok" for record in done.records for cell in record.cells)
    assert len(asked) > 3, "it was asked again and again while the worker loaded"


def test_a_cluster_that_is_full_or_not_there_is_one_line(cluster, request_of, monkeypatch):
    import ray

    request = request_of(seeds=1)
    monkeypatch.setattr(ray_, "PATIENCE", 2.0)
    monkeypatch.setattr(ray_, "GLANCE", 0.2)
    with ray_._cluster():
        others = ray.remote(num_cpus=1)(ray_.Actor)
        held = [others.remote() for _ in range(4)]
        with pytest.raises(Mistake, match=r"^no worker got a place on the Ray cluster in 2 s: it needs a free CPU"):
            go("ray", request, Site(Workers(), request.out))
        del held
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{os.getpid() % 1000 + 20_000}")
    with pytest.raises(Mistake, match=r"^no Ray cluster answers at 127\.0\.0\.1"):
        go("ray", request, Site(Workers(), request.out))


def test_a_worker_that_answers_garbage_does_not_get_the_cell_again(request_of):
    (cell,) = plan(request_of(seeds=1, datasets=("three_sources",))).cells
    killed = []
    stub = SimpleNamespace(
        get=lambda future: future, kill=killed.append, exceptions=SimpleNamespace(RayError=RuntimeError)
    )
    driver = object.__new__(ray_._Driver)
    driver._ray, driver._seats, driver._tries = stub, {}, Counter()
    driver._site = Site(Workers(), Path())
    seat, todo = ray_._Seat("actor", None, "node-1", cell), deque()
    assert list(driver._news(seat, "{}garbage", todo)) == []
    assert (killed, list(todo), driver._seats) == (["actor"], [cell], {})
    assert "node-1" in driver._site.notes[0]
