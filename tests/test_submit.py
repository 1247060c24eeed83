"""From a run to a branch in a scratch repository, as a user meets it; and that nothing else is touched."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TINY, environment_with

from vaebench import catalog
from vaebench.results.submission import sha256

STANDARD = TINY.replace('"quick": quick}', '"standard": replace(quick, seeds=2)}')
"""Code that cuts the standard preset of every task down to two seeds of a few steps."""

TASK, DATA = "nakagawa2021_posterior_isometry", "linear_gaussian_sources"
FILE = f"{TASK}/capacity_vae.mlp.{DATA}.json"

VARIANT = """
from torch import Tensor
from vaebench.models import Step, Variant, autoencoder


def objective(step: Step) -> dict[str, Tensor]:
    kl = step.posterior.kl().mean()
    return {"reconstruction": -step.likelihood.log_prob(step.x).mean(), "capacity": (kl - WEIGHT).abs()}


VARIANT = Variant(name="capacity_vae", source="arXiv:1804.03599", build=autoencoder, objective=objective)
"""


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout


class Repository:
    """A clone of the suite with no records of its own, and a run of a variant beside it."""

    def __init__(self, top):
        self.top, self.run = top / "repository", top / "runs" / "mine"
        self.variant = top / "work" / "capacity.py"
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(catalog.PACKAGE, self.top / "vaebench", ignore=left_out)
        for name in ("reference_results", "leaderboard"):
            (self.top / name).mkdir()
            (self.top / name / ".keep").write_text("")
        (self.top / ".gitignore").write_text("__pycache__/\n")
        git(top, "init", "--quiet", "--initial-branch", "main", str(self.top))
        for name, value in (("user.name", "Alice"), ("user.email", "alice@example.org"), ("commit.gpgsign", "false")):
            git(self.top, "config", name, value)
        git(self.top, "add", "--all")
        git(self.top, "commit", "--quiet", "-m", "The suite")
        self.write("5.0")

    def write(self, weight):
        """Write the variant, and a file that it imports, in which its weight stands."""
        self.variant.parent.mkdir(exist_ok=True)
        (self.variant.parent / "helper_of_capacity.py").write_text(f"WEIGHT = {weight}\n")
        begins = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
        self.variant.write_text(f"{begins}from helper_of_capacity import WEIGHT\n{VARIANT}")

    def vaebench(self, *arguments):
        return subprocess.run(
            [sys.executable, "-P", "-m", "vaebench", *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.top,
            env=environment_with(STANDARD, self.top),
            timeout=300,
        )

    def each(self, commands):
        """Run several commands in one process; status and standard error of each."""
        code = (
            "import contextlib, io, json, sys\nfrom vaebench.cli import main\nsaid = []\n"
            f"for command in {[list(map(str, one)) for one in commands]!r}:\n"
            "    sys.argv, status = ['vaebench', *command], 0\n"
            "    with contextlib.redirect_stderr(io.StringIO()) as text:\n"
            "        try:\n            main()\n"
            "        except SystemExit as end:\n            status = end.code\n"
            "    said.append([status, text.getvalue()])\n"
            "print(json.dumps(said))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.top,
            env=environment_with(STANDARD, self.top),
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def trained(self):
        what = ["--tasks", TASK, "--datasets", DATA, "--archs", "mlp", "--jobs", "1", "--out", self.run]
        done = self.vaebench("run", "--variants", self.variant, *what)
        assert done.returncode == 0, done.stderr
        return done

    def state(self):
        """What a user could miss: branches, index, and every file but git's own."""
        files = {path: path.read_bytes() for path in self.top.rglob("*") if path.is_file() and ".git" not in path.parts}
        pycache = {path for path in files if "__pycache__" in path.parts}
        return (
            git(self.top, "branch", "--all", "--format=%(refname) %(objectname)"),
            git(self.top, "status", "--porcelain"),
            git(self.top, "worktree", "list"),
            {path: content for path, content in files.items() if path not in pycache},
        )

    def text(self, branch, name):
        return git(self.top, "show", f"{branch}:leaderboard/{name}")


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    made = Repository(tmp_path_factory.mktemp("submit"))
    made.trained()
    return made


@pytest.fixture(scope="module")
def submitted(repository):
    """The state before, and the answer."""
    before = repository.state()
    done = repository.vaebench("submit", repository.run, "--as", "alice", "--json")
    assert done.returncode == 0, done.stderr
    return before, json.loads(done.stdout)


def test_a_run_keeps_every_file_that_its_code_hash_is_of(repository):
    kept = repository.run / "sources" / "capacity_vae"
    assert {path.name for path in kept.iterdir()} == {"ENTRY", "capacity.py", "helper_of_capacity.py"}
    assert (kept / "ENTRY").read_text() == "capacity.py:VARIANT\n"
    assert (kept / "helper_of_capacity.py").read_text() == "WEIGHT = 5.0\n"


def test_a_branch_has_one_commit_and_nothing_else_is_touched(repository, submitted):
    before, answer = submitted
    after = repository.state()
    assert after[1:] == before[1:]
    assert set(after[0].splitlines()) - set(before[0].splitlines()) == {
        f"refs/heads/submission-alice {answer['commit']}"
    }
    assert git(repository.top, "rev-list", "--count", "main..submission-alice").strip() == "1"
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob(f"vaebench-submit-*/{repository.top.name}"))


def test_the_commit_has_records_sources_a_list_and_the_board(repository, submitted):
    names = git(repository.top, "show", "--name-only", "--format=", "submission-alice").split()
    assert all(name.startswith("leaderboard/") for name in names)
    sent = {name for name in names if name.startswith("leaderboard/submissions/")}
    assert {name.removeprefix("leaderboard/submissions/alice/") for name in sent} == {
        FILE,
        "submission.json",
        "sources/capacity_vae/ENTRY",
        "sources/capacity_vae/capacity.py",
        "sources/capacity_vae/helper_of_capacity.py",
    }
    page = repository.text("submission-alice", f"places/{TASK}.md")
    (row,) = [line for line in page.splitlines() if "capacity_vae" in line][:1] or [page]
    assert row.strip("| ").rpartition("|")[2].strip() == "verified"
    listed = json.loads(repository.text("submission-alice", "submissions/alice/submission.json"))
    assert listed["files"][FILE] == sha256(repository.run / FILE)


def test_the_branch_passes_the_checks_of_a_pull_request(repository, submitted, tmp_path):
    there = tmp_path / "sent"
    git(repository.top, "worktree", "add", "--quiet", "--detach", str(there), "submission-alice")
    try:
        paths = git(repository.top, "diff", "--name-only", "-z", "main", "submission-alice")
        (tmp_path / "changed").write_text(paths)
        table = tmp_path / "table.md"
        folder = there / "leaderboard" / "submissions" / "alice"
        asked = ["--base", repository.top, "--changed", tmp_path / "changed", "--author", "Alice", "--markdown", table]
        done = repository.vaebench("verify", folder, *asked)
        assert (done.returncode, re.findall(r"\d+", done.stdout)) == (0, ["1", "0"]), done.stderr
        assert "✓" in table.read_text()
        (folder / "sources/capacity_vae/helper_of_capacity.py").write_text("WEIGHT = 6.0\n")
        done = repository.vaebench("verify", folder, *asked)
        assert done.returncode == 1
        assert "helper_of_capacity.py: files.sources" in done.stderr and "subject.variant.code_hash" in done.stderr
    finally:
        git(repository.top, "worktree", "remove", "--force", str(there))


def test_it_refuses_in_one_line_and_writes_nothing(repository, submitted, tmp_path):
    before = repository.state()
    broken = shutil.copytree(repository.run, tmp_path / "broken")
    record = json.loads((broken / FILE).read_text())
    record["verdicts"][0]["controlled"]["word"] = "holds"
    (broken / FILE).write_text(json.dumps(record))
    unsourced = shutil.copytree(repository.run, tmp_path / "unsourced")
    shutil.rmtree(unsourced / "sources")
    (tmp_path / "empty").mkdir()
    cases = (
        (broken, ["--as", "bob"], 1, [FILE, "verdicts.0.controlled.word"]),
        (unsourced, ["--as", "bob"], 1, ["sources/capacity_vae"]),
        (tmp_path / "empty", ["--as", "bob"], 2, ["empty"]),
        (tmp_path / "absent", ["--as", "bob"], 2, ["absent"]),
        (repository.run, ["--as", "Bob Smith"], 2, ["Bob Smith"]),
        (repository.run, ["--as", "../bob"], 2, ["../bob"]),
        (repository.run, ["--as", "alice"], 2, ["submission-alice", "--branch"]),
        (repository.run, ["--as", "bob", "--branch", "a..b"], 2, ["a..b"]),
    )
    answers = repository.each(["submit", folder, *options] for folder, options, _, _ in cases)
    for (_, _, status, words), (given, said) in zip(cases, answers, strict=True):
        assert given == status, said
        assert [line for line in said.splitlines() if all(word in line for word in words)], said
    assert repository.state() == before


def test_a_changed_suite_sends_nothing(repository, submitted):
    page = repository.top / "vaebench" / "kernels" / "isometry.py"
    text = page.read_text()
    page.write_text(text + "\nX = 1\n")
    try:
        before = repository.state()
        done = repository.vaebench("submit", repository.run, "--as", "bob")
        assert done.returncode == 2
        assert str(repository.top / "vaebench") in done.stderr
        assert repository.state() == before
    finally:
        page.write_text(text)


def test_a_record_that_was_sent_before_is_replaced_with_a_reason_only(repository, submitted, tmp_path):
    git(repository.top, "merge", "--quiet", "--ff-only", "submission-alice")
    old = sha256(repository.top / "leaderboard" / "submissions" / "alice" / FILE)
    mine, repository.run = repository.run, tmp_path / "again"
    try:
        repository.write("7.0")
        repository.trained()
        done = repository.vaebench("submit", repository.run, "--as", "alice", "--branch", "second")
        assert done.returncode == 2 and "--reason" in done.stderr
        reason = "the capacity was too small"
        done = repository.vaebench("submit", repository.run, "--as", "alice", "--branch", "second", "--reason", reason)
        assert done.returncode == 0, done.stderr
        listed = json.loads(repository.text("second", "submissions/alice/submission.json"))
        assert listed["supersedes"] == [{"file": FILE, "sha256": old, "reason": reason}]
    finally:
        repository.run = mine
        repository.write("5.0")
