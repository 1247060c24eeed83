"""The suite as a wheel in an environment outside the tree: from a variant's file to a previewed row, and a score."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import environment_with
from scratch import DATA, STANDARD, TASK

from vaebench import catalog
from vaebench.results import bundle

CODE = STANDARD.replace('"standard": replace(quick, seeds=2)}', '"quick": quick, "standard": replace(quick, seeds=2)}')

COPIED = ("vaebench", "pyproject.toml", "README.md", "LICENSE")


class Elsewhere:
    """An environment of its own with the wheel, and a folder of somebody's own."""

    def __init__(self, top, wheel):
        self.top, self.bin = top / "project", top / "environment" / "bin"
        self.top.mkdir()
        venv.create(top / "environment")
        (self.site,) = (top / "environment" / "lib").glob("python3.*/site-packages")
        install = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", "--quiet"]
        subprocess.run([*install, "--no-deps", "--no-index", str(wheel)], check=True)
        # Torch and the rest are those of the tests. What is installed there as editable is not found by a path alone.
        (self.site / "beside.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
        (self.site / "sitecustomize.py").write_text(CODE)

    def started(self, *command):
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [str(self.bin / command[0]), *map(str, command[1:])],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.top,
            env=plain,
            timeout=300,
        )

    def __call__(self, *arguments):
        return self.started("vaebench", *arguments)


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    """Reference results of the suite's own, of the definition that the wheel's environment has: a short run."""
    folder = tmp_path_factory.mktemp("reference_results")

    command = ["run", "--tasks", TASK, "--datasets", DATA, "--variants", "vae", "--archs", "mlp", "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "vaebench", *command, "--out", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env=environment_with(CODE),
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, references):
    """A wheel, built without network from a copy of the tree."""
    tree = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = catalog.PACKAGE.parent / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.xz"))
        else:
            shutil.copyfile(source, tree / name)
    size = bundle.pack(references, tree / "vaebench" / "results" / bundle.BUNDLE.name)
    assert size < bundle.MOST_BYTES
    bundle.check(references, tree / "vaebench" / "results" / bundle.BUNDLE.name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*build, "--wheel-dir", "dist", "."], check=False, capture_output=True, text=True, cwd=tree)
    assert done.returncode == 0, done.stderr
    (found,) = (tree / "dist").glob("vaebench-*.whl")
    return found


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory, wheel):
    return Elsewhere(tmp_path_factory.mktemp("elsewhere"), wheel)


@pytest.fixture(scope="module")
def run(elsewhere):
    done = elsewhere("new", "my_vae")
    assert done.returncode == 0, done.stderr
    what = ["--tasks", TASK, "--datasets", DATA, "--archs", "mlp", "--jobs", "1", "--out", "runs/mine"]
    done = elsewhere("run", "--variants", "my_vae.py,vae", *what)
    assert done.returncode == 0, done.stderr
    return elsewhere.top / "runs" / "mine"


def test_a_wheel_has_the_records_the_pages_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    assert "vaebench/results/references.tar.xz" in names
    assert f"vaebench/papers/{TASK.split('_')[0]}/findings.md" in names
    assert not [name for name in names if name.startswith(("tests/", "reference_results/", "leaderboard/"))]


def test_what_runs_is_the_wheel(elsewhere):
    done = elsewhere("list", "--json")
    assert TASK in {task["name"] for task in json.loads(done.stdout)["tasks"]}
    where = elsewhere.started("python", "-c", "import vaebench; print(vaebench.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(elsewhere.site)


def test_a_run_is_previewed_among_the_references_of_the_wheel(elsewhere, run):
    done = elsewhere("leaderboard", "--preview", "runs/mine")
    assert done.returncode == 0, done.stderr
    page = (run / "leaderboard" / "places" / f"{TASK}.md").read_text().partition("## Coverage")[2]
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ") and "_vae" in line]
    assert any("my_vae · mlp (this run)" in row for row in rows)


def test_a_new_variant_is_checked_there(elsewhere, run):
    done = elsewhere("check", "my_vae.py", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["variant"] == "my_vae"
    assert told["forecast"]["measuring"] is False  # references of one task only


def test_a_run_is_compared_with_a_row_of_the_wheel(elsewhere, run):
    done = elsewhere("compare", f"runs/mine/{TASK}/my_vae.mlp.{DATA}.json", "vae.mlp", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["compared"] > 0


def test_a_run_is_scored_against_the_references_of_the_wheel(elsewhere, run):
    done = elsewhere("score", "runs/mine", "--json")
    scores = {one["file_name"]: one["status"] for one in json.loads(done.stdout)["scores"]}
    assert scores[f"{TASK}/vae.mlp.{DATA}.json"] == "reproduced"
    assert scores[f"{TASK}/my_vae.mlp.{DATA}.json"] == "missing"


def test_a_run_is_verified_against_the_references_of_the_wheel(elsewhere, run):
    done = elsewhere("verify", "runs/mine", "--json")
    found = {Path(one["file"]).name: one["reasons"] for one in json.loads(done.stdout)["files"]}
    assert found[f"my_vae.mlp.{DATA}.json"] == []


def test_other_references_can_be_given_and_unreadable_ones_are_one_line(elsewhere, run, references, tmp_path):
    for bad, *verb in (
        (tmp_path / "absent", "score", "runs/mine"),
        (tmp_path, "leaderboard", "--preview", "runs/mine"),
        (tmp_path, "verify", "runs/mine"),
    ):
        done = elsewhere(*verb, "--reference", bad)
        assert done.returncode == 2
        (line,) = done.stderr.strip().splitlines()
        assert str(bad) in line
    done = elsewhere("score", "runs/mine", "--reference", references, "--json")
    assert len(json.loads(done.stdout)["scores"]) == 2


def test_damaged_references_of_the_wheel_are_one_line(elsewhere, run):
    packed = elsewhere.site / "vaebench" / "results" / bundle.BUNDLE.name
    whole = packed.read_bytes()
    try:
        packed.write_bytes(whole[:-40])
        done = elsewhere("score", "runs/mine")
        assert done.returncode == 2
        (line,) = done.stderr.strip().splitlines()
        assert bundle.BUNDLE.name in line
        packed.unlink()
        done = elsewhere("score", "runs/mine")
        assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
        assert "--reference" in done.stderr
    finally:
        packed.write_bytes(whole)


def test_what_needs_a_checkout_says_so_in_one_line(elsewhere, run):
    for verb in (["leaderboard"], ["submit", "runs/mine", "--as", "alice"]):
        done = elsewhere(*verb)
        assert done.returncode == 2
        (line,) = done.stderr.strip().splitlines()
        assert "checkout" in line
