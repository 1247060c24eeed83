"""Cells in processes: what a bad one costs is its own cell, what hangs is ended, and no process outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import environment_with
from processes import gone, is_alive
from results.stored import SUBJECT

from vaebench import stops
from vaebench.engines import Died, process
from vaebench.engines.local import Workers
from vaebench.mistakes import Mistake

HERE = Path(__file__).parent
CODE, COMMIT = {"kernels": "1" * 16}, "2" * 40
ACTING = "import acting\nacting.install()\n"


@pytest.fixture(autouse=True)
def acting(monkeypatch):
    """Let processes start with stand-ins for torch and the cell."""
    monkeypatch.setenv("PYTHONPATH", environment_with(ACTING, HERE)["PYTHONPATH"])
    monkeypatch.setattr(process, "GRACE", 0.3)
    monkeypatch.setattr(process, "PATIENCE", 0.3)


def cells(*references, seconds=None):
    return [
        SimpleNamespace(
            id=f"{seed:016x}",
            subject=SUBJECT,
            reference=reference,
            seed=seed,
            seconds=seconds,
            code=CODE,
            commit=COMMIT,
        )
        for seed, reference in enumerate(references)
    ]


def outcomes(*references, jobs=1, seconds=None):
    """What comes of cells, in the order in which they were asked for."""
    with Workers() as workers:
        found = list(workers.run(cells(*references, seconds=seconds), jobs))
    assert sorted(outcome.seed for outcome in found) == list(range(len(references)))
    return sorted(found, key=lambda outcome: outcome.seed)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("exit", "its process ended with exit status 3, as os._exit does in a variant's code"),
        ("kill", "its process was killed, most often for want of memory: fewer --jobs need less"),
        ("signal", f"its process was ended by signal {signal.SIGUSR1:d} ({signal.strsignal(signal.SIGUSR1)})"),
        ("interrupt", "KeyboardInterrupt"),
        ("leave", "SystemExit: 0"),
        ("surrogate", r"ValueError: \udcff"),
        ("copied", "its process ended with exit status 5, as os._exit does in a variant's code"),
        ("close", "its process broke off what it had to say"),
        ("nonsense", "its process broke off what it had to say"),
    ],
)
def test_a_cell_that_harms_its_process_is_a_status_and_the_others_go_on(act, reason):
    begun = time.monotonic()
    bad, *others = outcomes(act, "", "", jobs=2)
    assert time.monotonic() - begun < 30, (
        "a process's end is seen even where a child of it holds its pipe open for 40 s"
    )
    assert (bad.status, bad.reason) == ("broken" if act in {"interrupt", "leave", "surrogate"} else "error", reason)
    assert (bad.environment.code, bad.environment.commit, bad.date is None) == (CODE, COMMIT, False)
    assert [other.status for other in others] == ["ok", "ok"]


def test_what_does_no_harm_is_no_error(capfd):
    found = outcomes("terminate", "fork", "print", "")
    assert [outcome.status for outcome in found] == ["ok"] * 4
    assert len({outcome.reason for outcome in found}) == 1, "one process does them all"
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "printed by a variant\n"), "standard output is for answers"


def test_a_stop_that_comes_while_a_process_starts_is_its_parents_concern():
    with Workers() as workers:
        worker = workers.start()
        for number in stops.SIGNALS:
            os.kill(worker.number, number)
        (outcome,) = workers.run(cells(""), 1)
    assert (outcome.status, outcome.reason) == ("ok", str(worker.number))


def test_an_outcome_that_no_journal_could_give_back_is_a_status(monkeypatch):
    monkeypatch.setattr(process, "MAX_LINE", 500)
    (long,) = outcomes("")
    assert (long.status, long.reason) == ("error", "its outcome is longer than 0 MiB, which no journal holds")


def test_no_cells_need_no_process(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    for jobs in (1, 2, 9):
        with Workers() as workers:
            assert list(workers.run([], jobs)) == []


def test_there_are_as_many_processes_as_jobs_and_no_more_than_cells():
    for jobs, most in ((1, 1), (3, 3), (9, 4)):
        found = {outcome.reason for outcome in outcomes("nap", "nap", "nap", "nap", jobs=jobs)}
        assert 1 <= len(found) <= most
    assert len(found) > 1


def test_a_training_that_hangs_is_ended_and_many_that_do_not_are_let_be():
    hung, many = outcomes("train hang", "train train train nap train", jobs=2, seconds=1.0)
    assert (hung.status, hung.reason) == ("timeout", "a training hung: its process was ended after 1.3 s")
    assert many.status == "ok", "the limit is of one training, not of the cell"


def test_models_that_are_trained_as_one_have_the_time_of_all():
    (hung,) = outcomes("stack", seconds=0.2)
    assert (hung.status, hung.reason) == ("timeout", "a training hung: its process was ended after 0.9 s")


def test_what_hangs_between_trainings_is_ended_later(monkeypatch):
    monkeypatch.setattr(process, "MEASURING_LEAST", 0.2)
    hung, slow = outcomes("train idle", "nap", jobs=2, seconds=0.1)
    assert (hung.status, hung.reason) == (
        "timeout",
        "loading or measuring took too long: its process was ended after 1.3 s",
    )
    assert slow.status == "ok"
    monkeypatch.setattr(process, "MEASURING_LEAST", 1.4)
    assert outcomes("idle", seconds=0.1)[0].reason.endswith("after 1.7 s")


def test_without_a_limit_nothing_is_ended(monkeypatch):
    monkeypatch.setattr(process, "MEASURING_LEAST", 0.0)
    assert outcomes("nap train")[0].status == "ok"


def test_a_job_that_ends_its_process_is_told():
    with Workers() as workers:
        assert workers.ask("act", "nap") == "done"
        with pytest.raises(Died, match=r"^ended with exit status 3, as os\._exit does"):
            workers.ask("act", "exit")
        assert workers.ask("act", "") == "done"
        assert [outcome.status for outcome in workers.run(cells(""), 1)] == ["ok"]


def test_a_job_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(process, "MEASURING_LEAST", 0.2)
    with Workers() as workers, pytest.raises(Died, match=r"^was ended after 1\.3 s$"):
        workers.ask("act", "idle", seconds=0.1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_process_that_cannot_load_what_it_needs_ends_the_run_in_one_line(monkeypatch, jobs):
    broken = "import sys\nsys.modules['torch'] = None\n"
    monkeypatch.setenv("PYTHONPATH", environment_with(broken)["PYTHONPATH"])
    with pytest.raises(
        Mistake, match=r"^a process of the run cannot be started: it said: ModuleNotFoundError: .*torch"
    ):
        outcomes("", "", jobs=jobs)


def test_where_the_system_starts_no_process_that_is_one_line_and_those_that_run_go_on(monkeypatch):
    plain, started = subprocess.Popen, []

    def short(*arguments, **named):
        if len(started) == most:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(1)
        return plain(*arguments, **named)

    monkeypatch.setattr(subprocess, "Popen", short)
    most = 1
    assert [outcome.status for outcome in outcomes("nap", "nap", "nap", jobs=3)] == ["ok"] * 3
    most = len(started)
    with pytest.raises(Mistake, match=r"^a process of the run cannot be started: Resource temporarily unavailable$"):
        outcomes("")


def test_processes_end_with_the_block_whatever_ends_it():
    workers = Workers()
    with pytest.raises(KeyError), workers:
        for _ in workers.run(cells("", "idle", "idle"), 3):
            numbers = [worker.number for worker in workers._all]
            raise KeyError
    assert len(numbers) == 3
    assert not any(map(is_alive, numbers))


PARENT = """
import os, sys
from types import SimpleNamespace
from results.stored import SUBJECT
from vaebench.engines.local import Workers
cells = [SimpleNamespace(id=f"{n:016x}", subject=SUBJECT, reference=word, seed=n, seconds=None, code={}, commit=None)
         for n, word in enumerate(["", "", "hang", "idle"])]
workers = Workers()
for outcome in workers.run(cells, 2):
    if outcome.seed == 1:
        print(*(worker.number for worker in workers._all), flush=True)
"""

NO_WORD_OF_THE_SYSTEM = (
    ACTING + "from vaebench.engines import worker\nworker.sys = type(sys)('sys')\nworker.sys.platform = ''\n"
)


@pytest.mark.parametrize("code", [ACTING, "import sys\n" + NO_WORD_OF_THE_SYSTEM], ids=["by the system", "by looking"])
def test_processes_end_when_their_parent_is_killed(code):
    environment = environment_with(code, HERE, HERE.parent)
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        numbers = list(map(int, parent.stdout.readline().split()))
        assert len(numbers) == 2 and all(map(is_alive, numbers))
        os.kill(parent.pid, signal.SIGKILL)
    assert gone(numbers, 30)
