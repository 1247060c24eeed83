"""The workflows' scripts, run as far as a machine without GitHub can, and what the workflows name."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def script(name, *arguments, path=None, **variables):
    environment = {**os.environ, **variables}
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    command = ["bash", str(ROOT / ".ci" / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_runs_is_there(path):
    text = path.read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for line in targets for target in line.split()}
    for found in re.findall(r"bash (\.ci/[a-z-]+)", text):
        assert (ROOT / found).is_file(), found
    for found in re.findall(r"\bmake ([a-z-]+)\b", text):
        assert found in named, found
    options = {"--budget", "--against", "--device", "--out"}
    for found in re.findall(r"vaebench nightly ([^\n]*)", text):
        assert set(re.findall(r"--[a-z]+", found)) <= options


def test_the_night_runs_by_itself_by_hand_and_against_every_pull_request():
    nightly, ci = ((ROOT / ".github" / "workflows" / name).read_text("utf-8") for name in ("nightly.yml", "ci.yml"))
    assert "schedule:" in nightly
    assert "workflow_dispatch:" in nightly
    assert "[self-hosted, gpu]" in nightly
    assert "issues: write" in nightly
    assert "pull_request" in ci
    assert ".ci/night-against" in ci
    for text in (nightly, ci):
        assert re.findall(r"\.ci/retry (\S+)", text) == ["make"] * text.count(".ci/retry")
        assert "retry" not in "".join(line for line in text.splitlines() if "nightly --" in line)


def counting(tmp_path, fails):
    """A command that fails so many times, and counts its runs."""
    tally = tmp_path / "tally"
    command = f'echo x >> "{tally}"; [ "$(wc -l < "{tally}")" -gt {fails} ]'
    return tally, ["bash", "-c", command]


@pytest.mark.parametrize(("fails", "status", "runs"), [(0, 0, 1), (2, 0, 3), (9, 1, 3)])
def test_a_download_is_tried_three_times(tmp_path, fails, status, runs):
    tally, command = counting(tmp_path, fails)
    assert script("retry", *command, PAUSES="0 0").returncode == status
    assert len(tally.read_text().splitlines()) == runs


GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
if [ "$1 $2" = "issue list" ]; then printf '%s' "$OPEN"; fi
for word in "$@"; do if [ -f "$word" ]; then cat "$word" >> "$CALLS"; fi; done
"""


@pytest.mark.parametrize(
    ("outcome", "open_", "does", "not_"),
    [
        ("failure", "", "issue create", "issue close"),
        ("failure", "7", "issue comment 7", "issue create"),
        ("success", "7", "issue close 7", "issue create"),
        ("success", "", "issue list", "issue c"),
    ],
)
def test_one_issue_is_opened_updated_and_closed(tmp_path, outcome, open_, does, not_):
    gh, calls, report = tmp_path / "gh", tmp_path / "calls", tmp_path / "report.md"
    gh.write_text(GH)
    gh.chmod(0o755)
    report.write_text("# A red night\n")
    done = script("night-issue", report, path=tmp_path, OUTCOME=outcome, OPEN=open_, CALLS=str(calls), RUN="the run")
    assert done.returncode == 0, done.stderr
    said = calls.read_text()
    assert does in said
    assert not_ not in said
    assert ("# A red night" in said) == (outcome == "failure")


VAEBENCH = """#!/usr/bin/env bash
printf '%s\\n' "$*"
ls "$2/../../replays" 2>/dev/null
mkdir -p "$2/../../replays" && echo proof > "$2/../../replays/ada.json"
exit "$STATUS"
"""


@pytest.mark.parametrize("status", [0, 1])
def test_a_replay_keeps_what_it_said_and_only_a_good_ones_proof(tmp_path, status):
    stand_in, sent, out = tmp_path / "vaebench", tmp_path / "sent", tmp_path / "out"
    stand_in.write_text(VAEBENCH)
    stand_in.chmod(0o755)
    (sent / "leaderboard" / "replays").mkdir(parents=True)
    (sent / "leaderboard" / "replays" / "forged.json").write_text("{}")
    (sent / "leaderboard" / "submissions" / "ada").mkdir(parents=True)
    done = script("replay", sent, "Ada", out, VAEBENCH=str(stand_in), STATUS=str(status), CELLS="3")
    assert done.returncode == status, done.stderr
    said = (out / "replay.txt").read_text()
    assert said.startswith(f"verify {sent}/leaderboard/submissions/ada --replay 3")
    assert "forged" not in said  # a proof that was sent is none
    assert (out / "ada.json").is_file() == (status == 0)


@pytest.mark.parametrize("sender", ["../ada", "ada/..", "", "a b", "-x"])
def test_a_replays_sender_is_no_path_and_no_option(tmp_path, sender):
    done = script("replay", tmp_path, sender, tmp_path / "out", VAEBENCH="false")
    assert done.returncode == 2


def test_the_job_that_trains_a_submission_again_has_no_credentials():
    path = ROOT / ".github" / "workflows" / "replay.yml"
    flow = yaml.safe_load(path.read_text("utf-8"))
    assert list(flow[True]) == [
        "pull_request"
    ]  # YAML reads the key `on` as true; a fork's `pull_request` has no secret
    assert flow["permissions"] == {}
    (job,) = flow["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    checkouts = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/checkout")]
    assert len(checkouts) == 2
    assert all(one["persist-credentials"] is False for one in checkouts)
    text = path.read_text("utf-8")
    assert "secrets" not in text
    assert "github.token" not in text
    assert not [step["run"] for step in job["steps"] if "${{" in step.get("run", "")]


def test_a_night_without_a_report_is_told_all_the_same(tmp_path):
    gh, calls = tmp_path / "gh", tmp_path / "calls"
    gh.write_text(GH)
    gh.chmod(0o755)
    done = script("night-issue", tmp_path / "none.md", path=tmp_path, OUTCOME="cancelled", OPEN="", CALLS=str(calls))
    assert done.returncode == 0
    assert "issue create" in calls.read_text()


def test_the_lowest_versions_are_those_of_the_project(tmp_path):
    lowest = subprocess.run(
        [sys.executable, str(ROOT / ".ci/lowest.py"), str(ROOT / "pyproject.toml")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert re.fullmatch(r"torch==\d+(\.\d+)*", lowest[0])
    unbounded = tmp_path / "pyproject.toml"
    unbounded.write_text('[project]\ndependencies = ["numpy"]\n')
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci/lowest.py"), str(unbounded)], capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "numpy" in done.stderr


def installed(name):
    """A linter of the extra `test`, beside this Python or elsewhere."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or pytest.skip(f"{name} is not installed")


def test_the_scripts_have_no_slips_of_the_shell():
    scripts = [path for path in (ROOT / ".ci").iterdir() if path.read_bytes().startswith(b"#!/usr/bin/env bash")]
    command = [installed("shellcheck"), *map(str, scripts)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_workflows_follow_githubs_schema():
    done = subprocess.run(
        [installed("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
