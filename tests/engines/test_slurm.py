"""Cells as SLURM jobs, by submitit's local executor: real cells, lost jobs, a lost driver, and the calls of SLURM."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import TINY, environment_with, extra, in_this_process
from engines.remote import go, shards, timeless
from processes import gone

from vaebench.engines import slurm as slurm_
from vaebench.engines.execute import Site, execute
from vaebench.engines.local import Workers
from vaebench.mistakes import Mistake
from vaebench.results.journal import SHARDS, Journal
from vaebench.results.store import read_record
from vaebench.runner import plan, run

extra("submitit")
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning",  # submitit lets go of processes that are about to end
    "ignore::ResourceWarning",
)
LOCAL = {"cluster": "local"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch, tiny):
    """Let jobs start with tasks cut down to seconds, and be looked at often."""
    monkeypatch.setenv("PYTHONPATH", environment_with(TINY)["PYTHONPATH"])
    monkeypatch.setenv("VAEBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(slurm_, "GLANCE", 0.1)
    monkeypatch.setattr(slurm_, "SHARD_DELAY", 0.5)


def test_jobs_give_the_records_of_this_machine_whatever_becomes_of_them(request_of, tmp_path):
    """A job is killed after its first cell, a worker answers twice, and a shard has half a line."""
    request = request_of(seeds=4, jobs=2)
    site = Site(Workers(), request.out, slurm=LOCAL)
    killed: list[int] = []

    def harm(done, total, last):
        if done == 1:
            (shard,) = {path for path in shards(request.out) if last.id in path.read_text()}
            killed.append(int(shard.name.split("-")[-2]))
            os.kill(killed[0], signal.SIGKILL)
        if done == 3:
            shard = shards(request.out)[0]
            with shard.open("a") as file:
                file.write(shard.read_text().splitlines()[0] + "\n{half a li")

    done = go("slurm", request, site, harm)
    assert gone(killed, 20)
    assert (done.ran, done.reused) == (4, 0)
    local = request_of(seeds=4, out=tmp_path / "local")
    here = run(local, plan(local), Journal(local.out), lambda *_: None, in_this_process)
    ours = read_record(request.out / here.records[0].subject.file_name)
    assert timeless(ours) == timeless(here.records[0])
    assert [note for note in site.notes if "given to another" in note and "SLURM job" in note]
    assert [note for note in site.notes if "answered twice" in note]
    assert not any("\n" in note for note in site.notes)
    assert [path.name for path in (request.out / "slurm").iterdir()] == ["logs"]
    again = go("slurm", request, site)
    assert (again.ran, again.reused) == (0, 4)
    (damage,) = again.damages
    assert damage.path.parent.name == SHARDS and "cut short" in damage.why


def test_a_run_whose_driver_is_killed_goes_on_and_repeats_nothing(request_of, tmp_path):
    request = request_of(seeds=4, jobs=1)
    command = [sys.executable, "-m", "vaebench", "run", "--engine", "slurm", "--slurm", "cluster=local", "--jobs", "1"]
    command += ["--tasks", request.tasks[0], "--variants", "vae", "--archs", "mlp", "--datasets", request.datasets[0]]
    command += ["--preset", "quick", "--seeds", "4", "--out", str(request.out), "--device", "cpu"]
    driver = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not shards(request.out) and time.monotonic() < end:
        time.sleep(0.02)
    driver.kill()
    driver.wait()
    jobs = [int(path.name.split("-")[-2]) for path in shards(request.out)]
    done = go("slurm", request, Site(Workers(), request.out, slurm=LOCAL))
    assert gone(jobs, 30), "a job that nobody waits for ends after its cell"
    assert done.reused >= 1 and done.ran + done.reused == 4
    written = len(shards(request.out))
    assert written <= 4 + 1, "only the cell that was in flight may be there twice"
    assert len(done.records[0].cells) == 4 and {cell.status for cell in done.records[0].cells} == {"ok"}


def test_a_job_that_cannot_work_says_why(request_of):
    request = request_of(seeds=1)
    planned = plan(request)
    site = Site(Workers(), request.out, slurm=LOCAL)
    request.out.mkdir()
    cells = [cell.__class__(**{**vars(cell), "code": {**cell.code, "kernels": "0" * 16}}) for cell in planned.cells]
    with pytest.raises(Mistake, match=r"^SLURM job \d+: worker .* has another version of the suite's kernels"):
        list(execute("slurm", site, cells, 1))


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Commands by the names of SLURM's, which write down how they were called; no job of theirs ever starts."""
    folder, told = tmp_path / "bin", tmp_path / "told"
    folder.mkdir()
    for name, says in (
        ("sbatch", "Submitted batch job 4711"),
        ("srun", ""),
        ("scancel", ""),
        ("sacct", "JobID|State|NodeList"),
    ):
        command = folder / name
        command.write_text(f'#!/bin/sh\necho "{name} $*" >> {told}\n[ -z "{says}" ] || echo "{says}"\n')
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return told


def test_a_stop_cancels_the_jobs_and_parameters_reach_sbatch(request_of, cluster):
    request = request_of(seeds=3)
    site = Site(Workers(), request.out, slurm={"slurm_partition": "short", "mem_gb": "2"})

    class Patience(Exception):  # noqa: N818
        pass

    def stop(signum, frame):
        noted = request.out / "slurm" / slurm_.JOBS_FILE
        if noted.exists() and noted.read_text():  # however long this machine takes to come so far
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Patience

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    try:
        with pytest.raises(Patience):
            go("slurm", request, site)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    told = cluster.read_text().splitlines()
    (script,) = [line.partition(" ")[2] for line in told if line.startswith("sbatch")]
    assert "scancel 4711" in told
    script = Path(script).read_text()
    assert "#SBATCH --partition=short" in script and "#SBATCH --mem=2" in script
    assert not (request.out / "slurm" / "RUN").exists()


@pytest.mark.parametrize(("given", "minutes"), [({"slurm_time": "30"}, 30), ({"timeout_min": "90"}, 90), ({}, 60)])
def test_a_limit_of_the_users_holds(request_of, cluster, given, minutes):
    request = request_of(seeds=1)
    cells = plan(request).cells
    driver = slurm_._Driver(Site(Workers(), request.out, slurm=given), cells, 1)
    driver._forecast = {cell.id: None for cell in cells}
    with suppress(Mistake):  # no cluster takes it; its parameters are those of a job
        driver._submit(cells)
    assert driver._executor._executor.parameters["time"] == minutes
    driver.end()


def test_the_jobs_of_a_run_that_lost_its_driver_are_cancelled(request_of, cluster):
    request = request_of(seeds=1)
    (request.out / "slurm").mkdir(parents=True)
    (request.out / "slurm" / "jobs").write_text("17\n$(rm)\n18_2\n")
    driver = slurm_._Driver(Site(Workers(), request.out), plan(request).cells, 1)
    driver.end()
    told = [line for line in cluster.read_text().splitlines() if line.startswith("scancel")]
    assert told == ["scancel 17", "scancel 18_2"]


@pytest.mark.parametrize("parameters", [{"slurm_color": "red"}, {"cluster": "moon"}, {"timeout_min": "soon"}])
def test_a_wrong_parameter_is_one_line(parameters, request_of, cluster):
    request = request_of(seeds=1)
    with pytest.raises(Mistake, match=r"^--slurm: .+") as slip:
        list(execute("slurm", Site(Workers(), request.out, slurm=parameters), plan(request).cells, 1))
    assert "\n" not in str(slip.value)
