"""What a cell ran on: the commit of the checkout, and a probe of the arithmetic that no version can speak for."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vaebench.environment import PRIMITIVES, commit, environment, probe

PROBE = "import json\nfrom vaebench.environment import probe\nprint(json.dumps(dict(probe('cpu'))))"


def probed(**variables: str) -> dict[str, str]:
    """Hashes of the primitives in another process."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("ATEN_", "MKL_", "OMP_"))}
    done = subprocess.run([sys.executable, "-c", PROBE], env=plain | variables, capture_output=True, check=True)
    return json.loads(done.stdout)


def test_a_probe_is_the_same_in_every_process_and_not_under_other_arithmetic():
    here = dict(probe("cpu"))
    assert set(here) == set(PRIMITIVES)
    assert len(set(here.values())) == len(here) >= 12
    assert probed() == probed(OMP_NUM_THREADS="2") == here
    other = probed(ATEN_CPU_CAPABILITY="default")
    assert other.keys() == here.keys()
    assert other != here


def test_a_probe_leaves_threads_and_random_numbers_alone():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    try:
        probe.__wrapped__("cpu")
        assert torch.get_num_threads() == 2
        assert torch.rand(1) == expected
    finally:
        torch.set_num_threads(threads)


def test_a_probe_sees_one_bit(monkeypatch):
    whole = PRIMITIVES["exp"]
    before = probe.__wrapped__("cpu")
    one_ulp_up = {"exp": lambda at: torch.nextafter(whole(at), torch.tensor(torch.inf))}
    monkeypatch.setattr("vaebench.environment.PRIMITIVES", {**PRIMITIVES, **one_ulp_up})
    after = probe.__wrapped__("cpu")
    assert {name for name in before if before[name] != after[name]} == {"exp"}


def test_an_environment_has_what_it_is_given_and_what_it_finds():
    found = environment("cpu", {"kernels": "0" * 16})
    assert found.code == {"kernels": "0" * 16}
    assert found.probe == probe("cpu")
    assert (found.torch, found.device, found.deterministic) == (torch.__version__, "cpu", True)


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a package in it, committed."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    package = tmp_path / "vaebench"
    (package / "kernels").mkdir(parents=True)
    for name in ("__init__.py", "kernels/normal.py"):
        (package / name).write_text("A = 1\n")
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("installed/\n__pycache__/\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return package


def now_of(package: Path) -> str | None:
    return commit.__wrapped__(package)


def test_a_commit_is_that_of_the_checkout_and_tells_of_changes_in_the_package(checkout: Path):
    head = git(checkout, "rev-parse", "HEAD")
    assert now_of(checkout) == head
    (checkout.parent / "notes.md").write_text("beside the package\n")
    (checkout / "__pycache__").mkdir()
    (checkout / "__pycache__" / "ignored.pyc").write_text("")
    assert now_of(checkout) == head
    (checkout / "kernels" / "new.py").write_text("A = 1\n")
    assert now_of(checkout) == f"{head}+changes"
    (checkout / "kernels" / "new.py").unlink()
    (checkout / "kernels" / "normal.py").write_text("A = 2\n")
    assert now_of(checkout) == f"{head}+changes"
    git(checkout, "commit", "-qam", "two")
    assert now_of(checkout) == git(checkout, "rev-parse", "HEAD") != head


def test_a_copy_that_is_installed_in_somebody_elses_checkout_has_no_commit(checkout: Path):
    installed = checkout.parent / "installed" / "vaebench"
    shutil.copytree(checkout, installed)
    assert now_of(installed) is None


def test_a_hook_of_another_checkout_does_not_lend_its_commit(checkout: Path, tmp_path: Path, monkeypatch):
    head = git(checkout, "rev-parse", "HEAD")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert now_of(checkout) == head


def test_without_a_checkout_or_without_git_there_is_no_commit(checkout: Path, tmp_path: Path, monkeypatch):
    bare = tmp_path / "bare" / "vaebench"
    shutil.copytree(checkout, bare)
    git(bare.parent, "init", "-q")
    assert now_of(bare) is None  # nothing committed
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr("vaebench.environment.PATIENCE", 0.2)
    monkeypatch.setenv("PATH", str(slow.parent), prepend=os.pathsep)
    assert now_of(checkout) is None
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert now_of(checkout) is None
