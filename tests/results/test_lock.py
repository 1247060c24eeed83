"""Laws of the lock: one run at a time in a folder, and no dead one keeps out the living."""

import os
import signal
import subprocess
import sys

import pytest
from conftest import environment_with

from vaebench.mistakes import Mistake
from vaebench.results.lock import LOCK, alone_in

HOLDER = """
import sys, time
from pathlib import Path
from vaebench.results.lock import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds a folder."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": environment_with(), "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], **pipes) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_is_told_who_is_at_work(tmp_path, holder):
    words = rf"^another run \(process {holder.pid}\) is at work in {tmp_path}; wait for it or give another --out$"
    for _ in range(2):
        with pytest.raises(Mistake, match=words), alone_in(tmp_path):
            raise AssertionError
    holder.communicate("")
    with alone_in(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_keeps_nobody_out(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / LOCK).read_text() == f"{holder.pid}\n"
    with alone_in(tmp_path):
        assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


def test_a_full_disk_takes_a_lock(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with alone_in(tmp_path), pytest.raises(Mistake, match=r"^another run is at work in "), alone_in(tmp_path):
        raise AssertionError


def test_what_ends_a_run_frees_its_folder(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyError), alone_in(tmp_path):
            raise KeyError
    with alone_in(tmp_path), pytest.raises(Mistake, match=rf"process {os.getpid()}\)"), alone_in(tmp_path):
        raise AssertionError


def test_a_file_taken_away_between_opening_and_locking_is_no_lock(tmp_path, monkeypatch):
    opened, plain = [], os.open

    def open_late(path, *rest):
        opened.append(plain(path, *rest))
        if len(opened) == 1:
            path.unlink()  # as the run that held it does at its end
        return opened[-1]

    monkeypatch.setattr(os, "open", open_late)
    with alone_in(tmp_path):
        assert len(opened) == 2
        assert os.path.samestat(os.fstat(opened[1]), (tmp_path / LOCK).stat())


@pytest.mark.parametrize("what", ["folder", "link"])
def test_a_lock_that_is_no_file_is_one_line(tmp_path, what):
    if what == "folder":
        (tmp_path / LOCK).mkdir()
    else:
        (tmp_path / "precious").write_text("42")
        (tmp_path / LOCK).symlink_to(tmp_path / "precious")
    with pytest.raises(Mistake, match=r"^cannot write to "), alone_in(tmp_path):
        raise AssertionError
    assert what == "folder" or (tmp_path / "precious").read_text() == "42"
