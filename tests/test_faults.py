"""What ends a run from outside, or from inside a variant: one line, an exit status, and nothing finished is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import BROUGHT, TINY, environment_with
from processes import children, gone

from vaebench.results.journal import Journal
from vaebench.results.lock import alone_in
from vaebench.results.record import Record
from vaebench.results.store import read_record

PATIENCE = 600
"""Seconds after which a process counts as hung: what takes two on an idle machine takes a hundred on a crowded one."""

ISOMETRY = "nakagawa2021_posterior_isometry"
RUN = ["run", "--preset", "quick", "--archs", "mlp", "--tasks", ISOMETRY]
SMALL = [*RUN, "--variants", "vae", "--datasets", "linear_gaussian_sources", "--seeds", "1", "--jobs", "1", "--out"]
LONG = [*RUN, "--variants", "vae", "--datasets", "three_sources,linear_gaussian_sources", "--seeds", "6"]


@contextmanager
def driver(*arguments: str, before: str = "", **more: object) -> Iterator["subprocess.Popen[str]"]:
    """Run the command line with tasks cut down to a second, and some code before it in its own process."""
    # A shell that runs the tests in the background has them ignore Ctrl-C, and children inherit that.
    code = "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += f"sys.argv = ['vaebench', *{list(arguments)!r}]\nfrom vaebench.cli import main\n{before}\nmain()"
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
    with subprocess.Popen([sys.executable, "-c", code], env=environment_with(TINY, BROUGHT), **options) as process:
        try:
            yield process
        finally:
            process.kill()


def vaebench(*arguments: str, **options: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    with driver(*arguments, **options) as process:
        said = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in said[1]
    return process.returncode, *said


def told(said: str) -> str:
    """The one line that says why a command ended."""
    (line,) = (line for line in said.splitlines() if line.startswith("vaebench: "))
    return line.removeprefix("vaebench: ")


def wait_for_lines(path: Path, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} never had {count} lines")


def timeless(record: Record) -> Record:
    """A record without what no two runs share: when its cells ran, and how long they took."""
    bare = {"seconds": {}, "date": None}
    return record.model_copy(update={"cells": tuple(cell.model_copy(update=bare) for cell in record.cells)})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole")
    assert vaebench(*LONG, "--jobs", "1", "--out", str(folder))[0] == 0
    return folder


def stop(folder: Path, jobs: str, *signals: signal.Signals) -> tuple[int, str]:
    """Stop a run once three cells are finished; its exit status and what it said, with no process of it left."""
    with driver(*LONG, "--jobs", jobs, "--out", str(folder)) as process:
        wait_for_lines(folder / "journal.jsonl", 3)
        workers = children(process.pid)
        assert len(workers) == int(jobs)
        for number in signals:
            os.kill(process.pid, number)
            time.sleep(0.05 * (len(signals) > 1))
        _, said = process.communicate(timeout=PATIENCE)
    assert gone(workers, 20)
    assert "Traceback" not in said
    return process.returncode, said


@pytest.mark.parametrize(("jobs", "how"), [("2", signal.SIGKILL), ("1", signal.SIGTERM)])
def test_a_run_that_is_stopped_in_the_middle_goes_on(
    jobs: str, how: signal.Signals, whole: Path, tmp_path: Path
) -> None:
    stopped = tmp_path / "stopped"
    status, said = stop(stopped, jobs, how)
    assert status == (-signal.SIGKILL if how == signal.SIGKILL else 130), said
    assert how == signal.SIGKILL or "the same command goes on from there" in said
    kept, damages = Journal(stopped).read()
    assert 3 <= len(kept) < 12 and damages == []
    status, _, said = vaebench(*LONG, "--jobs", jobs, "--out", str(stopped))
    assert status == 0, said
    assert f"{12 - len(kept)} cells run, {len(kept)} taken from" in said
    lines = [json.loads(line)["cell"]["id"] for line in (stopped / "journal.jsonl").read_text().splitlines()]
    assert len(lines) == len(set(lines)) == 12
    names = sorted(path.relative_to(whole) for path in whole.rglob("*.json"))
    assert len(names) == 2
    for name in names:
        assert timeless(read_record(stopped / name)) == timeless(read_record(whole / name))


def test_a_stop_writes_the_records_of_what_is_finished_however_often_it_is_asked(tmp_path: Path) -> None:
    status, said = stop(tmp_path, "2", *[signal.SIGINT] * 6)
    assert status == 130
    assert said.splitlines()[-1].startswith("stopped; finished cells are kept in ")
    kept, _ = Journal(tmp_path).read()
    records = [read_record(path) for path in tmp_path.rglob("*.json")]
    assert sum(len(record.cells) for record in records) == len(kept)
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".half", ".lock"}]


def test_variants_that_end_their_process_or_hang_in_it_cost_their_own_cells(tmp_path: Path) -> None:
    hostile = [f"hostile:{name}" for name in ("EXITS", "HANGS", "PRINTS")]
    variants = ",".join([*hostile, "vae"])
    small = [*SMALL, str(tmp_path), "--variants", variants, "--cell-timeout", "3", "--json"]
    status, answered, said = vaebench(*small)
    assert status == 1
    cells = {
        record["subject"]["variant"]["name"]: (record["cells"][0]["status"], record["cells"][0]["reason"])
        for record in json.loads(answered)["records"]
    }
    assert cells == {
        "exits": ("error", "its process ended with exit status 3, as os._exit does in a variant's code"),
        "hangs": ("timeout", "a training hung: its process was ended after 5 s"),
        "prints": ("ok", ""),
        "vae": ("ok", ""),
    }
    assert "a variant prints" in said


def test_a_second_run_in_a_folder_is_one_line_and_readers_are_let_be(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    with alone_in(folder):
        status, _, said = vaebench(*SMALL, str(folder))
        words = f"another run (process {os.getpid()}) is at work in {folder}; wait for it or give another --out"
        assert (status, told(said)) == (2, words)
        assert vaebench("score", str(folder), "--reference", str(folder), "--json", "--partial")[0] in {0, 1}
        assert vaebench("leaderboard", "--preview", str(folder))[0] == 0


LIMIT = "import resource\nresource.setrlimit(resource.{}, ({}, -1))"


def test_a_full_disk_is_one_line_and_the_journal_is_whole(tmp_path: Path) -> None:
    status, _, said = vaebench(*SMALL, str(tmp_path), "--seeds", "6", before=LIMIT.format("RLIMIT_FSIZE", 20_000))
    assert status == 2
    assert told(said).startswith(f"cannot write to {tmp_path}/journal.jsonl: File too large; the cells in it are whole")
    kept, damages = Journal(tmp_path).read()
    assert 0 < len(kept) < 6 and damages == []


@pytest.mark.parametrize("verb", [["list"], ["list", "--json"]])
def test_an_answer_that_cannot_be_printed_is_one_line(verb: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        status, _, said = vaebench(*verb, stdout=full)
    assert (status, told(said)) == (2, "cannot go on: No space left on device")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("closed", [1, 2])
def test_a_stream_that_is_closed_is_no_trouble(closed: int) -> None:
    for verb in (["list", "--json"], ["list"], ["score", "nowhere"]):
        code = (
            f"import os\nos.close({closed})\nos.execv(*{[sys.executable, [sys.executable, '-m', 'vaebench', *verb]]!r})"
        )
        done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, env=environment_with())
        assert done.returncode == (2 if verb[0] == "score" else 0), done.stderr
        assert b"Traceback" not in done.stderr


SPACE = "int(open('/proc/self/statm').read().split()[0]) * 4096 + {} * 2**20"


@pytest.mark.parametrize("more", [1, 40, 400])
def test_a_machine_short_of_memory_is_one_line(more: int, tmp_path: Path) -> None:
    status, _, said = vaebench(*SMALL, str(tmp_path), before=LIMIT.format("RLIMIT_AS", SPACE.format(more)))
    assert status == 2
    assert told(said).startswith("memory ")
    assert not list(tmp_path.rglob("*.json"))


def test_names_that_are_no_text_are_told(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    folder = tmp_path / os.fsdecode(b"r\xff")
    shutil.copytree(whole, folder)
    status, answered, _ = vaebench("leaderboard", "--preview", str(folder), "--json")
    assert (status, json.loads(answered)) == (0, {"pages": [str(folder / "leaderboard" / "README.md")], "places": []})
    status, _, said = vaebench("run", "--variants", os.fsdecode(b"v\xff.py"), "--out", str(tmp_path / "new"))
    assert (status, told(said)) == (2, r"there is no file v\udcff.py")


def test_a_terminal_without_greek_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    _, greek, _ = vaebench("list", "--json")
    assert not greek.isascii()
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:strict")
    status, answered, _ = vaebench("list", "--json")
    assert status == 0
    assert json.loads(answered) == json.loads(greek)
    assert vaebench("list")[0] == 0
