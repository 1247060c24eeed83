"""``vaebench data``: what it says of data sets, in words and as JSON, and one line where there are none."""

import functools
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import real_files
import torch
from conftest import UNPINNED
from test_cli import OFFLINE, vaebench

from vaebench import catalog
from vaebench.cli import VERBS
from vaebench.cli.verbs.data import faults
from vaebench.data import mnist
from vaebench.mistakes import Mistake


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


def pinned(root: Path) -> str:
    """Code that pins the small files under a root as the published ones."""
    sums = {file: hashlib.sha256((root / file).read_bytes()).hexdigest() for file in mnist.FILES}
    return f"import vaebench.data.mnist\nvaebench.data.mnist.SHA256 = {sums!r}\n"


@pytest.mark.parametrize("at", range(4))
def test_each_missing_and_each_wrong_file_is_found(at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_files.mnist(tmp_path)
    sums = {file: hashlib.sha256((tmp_path / file).read_bytes()).hexdigest() for file in mnist.FILES}
    monkeypatch.setattr(mnist, "SHA256", sums)
    assert faults("mnist", tmp_path) == {"missing": [], "wrong": []}
    path, name = tmp_path / mnist.FILES[at], mnist.FILES[at]
    path.write_bytes(path.read_bytes()[:-1] + b"\x0b")
    assert faults("mnist", tmp_path) == {"missing": [], "wrong": [name]}
    path.unlink()
    assert faults("mnist", tmp_path) == {"missing": [name], "wrong": []}
    path.mkdir()
    with pytest.raises(Mistake, match=rf"^mnist cannot be read: .*{name}: Is a directory; make it a readable file$"):
        faults("mnist", tmp_path)


def test_a_set_without_sums_or_without_files_is_looked_at_too(tmp_path: Path) -> None:
    assert faults("digits", tmp_path) == {"missing": [], "wrong": []}
    assert len(faults("cifar10", tmp_path)["missing"]) == 7


def test_a_check_loads_nothing_and_its_answer_is_an_exit_status(tmp_path: Path) -> None:
    real_files.mnist(tmp_path)
    code = pinned(tmp_path)
    asked = ["data", "mnist", "digits", "--check", "--data-root", str(tmp_path)]
    good = vaebench(*asked, "--json", before=code)
    assert (good.returncode, good.stderr) == (0, "")
    whole = {"missing": [], "wrong": []}
    assert json.loads(good.stdout) == {"datasets": {"mnist": whole, "digits": whole}}
    (tmp_path / mnist.FILES[0]).unlink()
    (tmp_path / mnist.FILES[2]).write_bytes(b"half")
    bad = vaebench(*asked, before=code)
    assert (bad.returncode, bad.stderr) == (1, "")
    told = f"mnist: missing: {mnist.FILES[0]}; wrong: {mnist.FILES[2]}"
    assert bad.stdout.splitlines() == [told, "digits: no file is missing or wrong"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and where a server on this machine gives it out."""
    folder = tmp_path / "served"
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = functools.partial(quiet, directory=str(folder / "MNIST/raw"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_a_download_mends_a_set_and_asks_for_nothing_when_it_is_there(tmp_path: Path, served: tuple[Path, str]) -> None:
    root, (folder, address) = tmp_path / "data", served
    real_files.mnist(root)
    real_files.mnist(folder, packed=True)
    code = pinned(root)
    published = {file: (root / file).read_bytes() for file in mnist.FILES}
    files = sorted((folder / "MNIST/raw").iterdir())
    resources = [(file.name, real_files.md5(file.read_bytes())) for file in files]
    asked = ["data", "mnist", "--download", "--data-root", str(root), "--json"]
    there = vaebench(*asked, before=code + OFFLINE)
    assert (there.returncode, there.stderr) == (0, "")
    (root / mnist.FILES[1]).unlink()
    (root / mnist.FILES[2]).write_bytes(b"half")
    there_it_is = f"MNIST.resources, MNIST.mirrors = {resources!r}, [{address!r}]\n"
    mended = vaebench(*asked, before=code + OFFLINE + there_it_is)
    assert mended.returncode == 0, mended.stderr
    assert f"downloading mnist to {root}" in mended.stderr
    assert json.loads(mended.stdout) == json.loads(there.stdout)
    assert {file: (root / file).read_bytes() for file in mnist.FILES} == published


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--download"], "--download needs names, as in: vaebench data mnist fashion_mnist --download"),
        (["mnist", "--download", "--check"], "--check loads nothing: leave out --check or --download"),
    ],
)
def test_options_that_do_not_fit_are_one_line(given: list[str], told: str) -> None:
    done = vaebench("data", *given)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", f"vaebench: {told}")


def test_a_download_without_a_network_is_one_line_and_a_wrong_file_is_told(tmp_path: Path) -> None:
    asked = ["data", "mnist", "--download", "--data-root"]
    unreached = vaebench(*asked, str(tmp_path / "new"), before=OFFLINE)
    assert (unreached.returncode, unreached.stdout) == (2, "")
    (told,) = (line for line in unreached.stderr.splitlines() if line.startswith("vaebench: "))
    assert "mnist cannot be downloaded" in told
    real_files.mnist(tmp_path)
    wrong = vaebench(*asked, str(tmp_path), before=OFFLINE)
    assert wrong.returncode == 2
    assert "is not the published mnist" in wrong.stderr and "; remove it, then run" in wrong.stderr


def test_the_readme_names_every_verb() -> None:
    readme = (catalog.PACKAGE.parent / "README.md").read_text("utf-8")
    table = readme.partition("| verb | does |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `vaebench (\w+)", table, re.MULTILINE)) == set(VERBS)
