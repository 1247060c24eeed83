"""From a run to a branch in a scratch repository, as a user meets it; and that nothing else is touched."""

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from scratch import FILE, TASK, Repository, git

from vaebench.results.assemble import rejudge
from vaebench.results.store import read_record, write_record
from vaebench.results.submission import sha256


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


@pytest.fixture
def checked_out(repository, submitted, tmp_path):
    """The submission's branch, checked out beside."""
    there = tmp_path / "sent"
    git(repository.top, "worktree", "add", "--quiet", "--detach", str(there), "submission-alice")
    yield there
    git(repository.top, "worktree", "remove", "--force", str(there))


def test_a_run_keeps_every_file_that_its_code_hash_is_of(repository):
    kept = repository.run / "sources" / "weighted_vae"
    assert {path.name for path in kept.iterdir()} == {"ENTRY", "weighted.py", "helper_of_weighted.py"}
    assert (kept / "ENTRY").read_text() == "weighted.py:VARIANT\n"
    assert (kept / "helper_of_weighted.py").read_text() == "WEIGHT = 2.0\n"


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
        "sources/weighted_vae/ENTRY",
        "sources/weighted_vae/weighted.py",
        "sources/weighted_vae/helper_of_weighted.py",
    }
    page = repository.text("submission-alice", f"places/{TASK}.md")
    rows = [line for line in page.partition("## Coverage")[0].splitlines() if line.startswith("|")]
    trust = [row.strip("| ").rpartition("|")[2].strip() for row in rows if "weighted_vae" in row]
    assert "verified" in trust and "self-reported" not in trust, page
    listed = json.loads(repository.text("submission-alice", "submissions/alice/submission.json"))
    assert listed["files"][FILE] == sha256(repository.run / FILE)


def test_the_branch_passes_the_checks_of_a_pull_request(repository, checked_out, tmp_path):
    paths = git(repository.top, "diff", "--name-only", "-z", "main", "submission-alice")
    (tmp_path / "changed").write_text(paths)
    table = tmp_path / "table.md"
    folder = checked_out / "leaderboard" / "submissions" / "alice"
    asked = ["--base", repository.top, "--changed", tmp_path / "changed", "--author", "Alice", "--markdown", table]
    done = repository.vaebench("verify", folder, *asked)
    assert (done.returncode, re.findall(r"\d+", done.stdout)) == (0, ["1", "0"]), done.stderr
    assert "✓" in table.read_text()
    (folder / "sources/weighted_vae/helper_of_weighted.py").write_text("WEIGHT = 6.0\n")
    done = repository.vaebench("verify", folder, *asked)
    assert done.returncode == 1
    assert "helper_of_weighted.py: files.sources" in done.stderr and "subject.variant.code_hash" in done.stderr


def test_a_replay_trains_the_cells_again_from_the_sources_and_the_board_says_so(repository, checked_out, monkeypatch):
    folder = checked_out / "leaderboard" / "submissions" / "alice"
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # as on most machines
    before = sorted(folder.rglob("*"))
    done = repository.vaebench("verify", folder, "--replay", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert sorted(folder.rglob("*")) == before
    told = json.loads(done.stdout)["replayed"]
    assert {(one["seed"], one["word"], one["unlike"]) for one in told} == {(0, "same", ""), (1, "same", "")}
    (proof,) = json.loads((checked_out / "leaderboard" / "replays" / "alice.json").read_text())["proofs"]
    assert (proof["file"], proof["level"], proof["seeds"]) == (FILE, "retrained", [0, 1])
    assert proof["sha256"] == sha256(folder / FILE)
    done = repository.vaebench("leaderboard", cwd=checked_out)
    assert done.returncode == 0, done.stderr
    page = (checked_out / "leaderboard" / "places" / f"{TASK}.md").read_text()
    assert f"retrained by us ({proof['date'][:10]}" in page


def test_invented_numbers_pass_no_replay_and_leave_no_proof(repository, checked_out):
    folder = checked_out / "leaderboard" / "submissions" / "alice"
    record = read_record(folder / FILE)
    columns = tuple(
        replace(one, values=tuple(1.003 * value for value in one.values)) if one.arm == "trained" else one
        for one in record.measurements
    )
    write_record(folder, rejudge(record.model_copy(update={"measurements": columns})))
    listed = json.loads((folder / "submission.json").read_text())
    listed["files"][FILE] = sha256(folder / FILE)
    (folder / "submission.json").write_text(json.dumps(listed))
    done = repository.vaebench("verify", folder, "--json")
    assert done.returncode == 0, done.stderr  # numbers alone do not tell
    done = repository.vaebench("verify", folder, "--replay", "1", "--json")
    assert done.returncode == 1
    assert [one["word"] for one in json.loads(done.stdout)["replayed"]] == ["moved"]
    assert not (checked_out / "leaderboard" / "replays").exists()


def test_what_is_refused_is_not_replayed(repository, checked_out):
    folder = checked_out / "leaderboard" / "submissions" / "alice"
    (folder / "sources/weighted_vae/helper_of_weighted.py").write_text("raise SystemExit('it ran')\n")
    done = repository.vaebench("verify", folder, "--replay", "1", "--json")
    assert done.returncode == 1
    assert "replayed" not in json.loads(done.stdout)
    assert "not replayed" in done.stderr and "it ran" not in done.stderr


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
        (unsourced, ["--as", "bob"], 1, ["sources/weighted_vae"]),
        (tmp_path / "empty", ["--as", "bob"], 2, ["empty"]),
        (tmp_path / "absent", ["--as", "bob"], 2, ["absent"]),
        (repository.run, ["--as", "Bob Smith"], 2, ["Bob Smith"]),
        (repository.run, ["--as", "../bob"], 2, ["../bob"]),
        (repository.run, ["--as", "b" * 40], 2, ["b" * 40, "39"]),
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
    done = repository.vaebench("submit", repository.run, "--as", "alice", "--branch", "once-more")
    assert (done.returncode, "nothing is left to send" in done.stderr) == (2, True), done.stderr
    mine, repository.run = repository.run, tmp_path / "again"
    try:
        repository.write("7.0")
        repository.trained()
        done = repository.vaebench("submit", repository.run, "--as", "alice", "--branch", "second")
        assert done.returncode == 2 and "--reason" in done.stderr
        reason = "the weight was too small"
        done = repository.vaebench("submit", repository.run, "--as", "alice", "--branch", "second", "--reason", reason)
        assert done.returncode == 0, done.stderr
        listed = json.loads(repository.text("second", "submissions/alice/submission.json"))
        assert listed["supersedes"] == [{"file": FILE, "sha256": old, "reason": reason}]
    finally:
        repository.run = mine
        repository.write("2.0")
