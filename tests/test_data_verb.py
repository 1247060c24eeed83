"""``vaebench data``: what it says of data sets, in words and as JSON, and one line where there are none."""

import json
from pathlib import Path

import real_files
import torch
from conftest import UNPINNED
from test_cli import vaebench

from vaebench import catalog


def test_it_says_what_is_in_a_data_set() -> None:
    done = vaebench("data", "digits", "projective_plane", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["datasets"]
    digits, plane = found["digits"], found["projective_plane"]
    data = catalog.dataset("digits")
    assert (digits["shape"], digits["train"], digits["held_out"]) == ([1, 8, 8], 1438, 359)
    assert digits["train_of_each_class"] == torch.bincount(data.train.labels).tolist()
    assert (digits["contents"], digits["files"], digits["held_out_that_are_in_train"]) == (data.contents, "none", 0)
    assert plane["train_of_each_class"] == []


def test_copies_across_the_split_and_files_are_told(tmp_path: Path) -> None:
    pixels, labels = real_files.mnist(tmp_path)["train"]
    for what, array in (("images-idx3", pixels[:, 0]), ("labels-idx1", labels)):
        (tmp_path / f"MNIST/raw/t10k-{what}-ubyte").write_bytes(real_files.idx(array[:5]))
    done = vaebench("data", "mnist", "--data-root", str(tmp_path), "--json", before=UNPINNED)
    found = json.loads(done.stdout)["datasets"]["mnist"]
    assert (found["held_out"], found["held_out_that_are_in_train"]) == (5, 5)
    assert found["files"] == catalog.dataset_files("mnist", tmp_path)
    refused = vaebench("data", "mnist", "--data-root", str(tmp_path))
    assert (refused.returncode, refused.stdout) == (2, "")
    (told,) = (line for line in refused.stderr.splitlines() if line.startswith("vaebench: "))
    assert "mnist" in told and "MNIST/raw/train-images-idx3-ubyte" in told and "sha256" in told


def test_a_set_that_is_not_there_and_one_that_is_unknown_are_one_line(tmp_path: Path) -> None:
    for given, named in ((("mnist",), "make data"), (("mnst",), "the nearest: mnist")):
        done = vaebench("data", *given, "--data-root", str(tmp_path))
        assert (done.returncode, done.stdout) == (2, "")
        assert named in done.stderr and "Traceback" not in done.stderr
