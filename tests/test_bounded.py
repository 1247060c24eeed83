"""Small files are read whole, large ones no further than says so, and memory is taken for what is there."""

import os
import tracemalloc
from pathlib import Path

import pytest

from vaebench.bounded import read_bounded


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_a_file_within_its_bound_is_read_whole(size, tmp_path):
    (tmp_path / "file").write_bytes(text := os.urandom(size))
    assert read_bounded(tmp_path / "file", 1000) == text


@pytest.mark.parametrize("size", [1001, 5000])
def test_of_a_larger_file_no_more_is_read_than_says_so(size, tmp_path):
    (tmp_path / "file").write_bytes(text := os.urandom(size))
    assert read_bounded(tmp_path / "file", 1000) == text[:1001]


def test_a_file_that_says_no_size_is_read_whole():
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("no such file on this system")
    assert path.stat().st_size == 0
    assert read_bounded(path, 2**20).startswith(b"Name:")


def test_a_large_file_that_says_no_size_is_read_in_few_steps(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(text := os.urandom(2**22))
    stat = os.fstat
    monkeypatch.setattr(os, "fstat", lambda fd: os.stat_result([*stat(fd)[:6], 0, *stat(fd)[7:]]))
    tracemalloc.start()
    assert read_bounded(tmp_path / "file", 2**30) == text
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(text)


def test_a_small_file_takes_little_memory_whatever_it_might_have(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 1000)
    tracemalloc.start()
    read_bounded(tmp_path / "file", 64 * 2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**18
