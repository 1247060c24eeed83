"""The workflow that verifies a stranger's pull request: what it may do, and that it runs nothing of theirs."""

import re
from pathlib import Path

import pytest
import yaml

WORKFLOW = Path(__file__).parents[1] / ".github" / "workflows" / "submission.yml"


@pytest.fixture(scope="module")
def jobs():
    return yaml.safe_load(WORKFLOW.read_text())["jobs"]


def scripts(job):
    return [step["run"] for step in job["steps"] if "run" in step]


def test_no_right_is_given_to_the_whole_workflow():
    assert yaml.safe_load(WORKFLOW.read_text())["permissions"] == {}


def test_the_job_that_reads_what_was_sent_may_only_read(jobs):
    assert jobs["verify"]["permissions"] == {"contents": "read"}
    checkouts = [
        step["with"] for step in jobs["verify"]["steps"] if step.get("uses", "").startswith("actions/checkout")
    ]
    assert [one["path"] for one in checkouts] == ["base", "sent"]
    assert all(one["persist-credentials"] is False for one in checkouts)
    assert "secrets" not in WORKFLOW.read_text()


def test_the_job_that_may_write_sees_none_of_its_files_and_runs_no_code_of_the_repository(jobs):
    writing = [name for name, job in jobs.items() if "write" in job["permissions"].values()]
    assert writing == ["comment"]
    used = [step["uses"] for step in jobs["comment"]["steps"] if "uses" in step]
    assert [one.partition("@")[0] for one in used] == ["actions/download-artifact"]
    (script,) = scripts(jobs["comment"])
    assert re.fullmatch(r'gh pr comment "\$\{NUMBER\}" --repo "\$\{REPOSITORY\}" --body-file table\.md', script.strip())


def test_no_text_of_the_pull_request_becomes_part_of_a_script(jobs):
    for job in jobs.values():
        assert not [script for script in scripts(job) if "${{" in script]


def test_nothing_of_what_was_sent_is_installed_or_imported(jobs):
    lines = [line.strip() for script in scripts(jobs["verify"]) for line in script.splitlines()]
    installing = [line for line in lines if "pip install" in line]
    assert installing and not [line for line in installing if "sent" in line]
    assert not [
        line
        for line in lines
        if re.search(r"python3? (-m )?(?!-m pip)|PYTHONPATH|make |pytest", line) and "pip" not in line
    ]
    # In the folder of what was sent only the installed command runs; it does not put that folder on the path.
    (there,) = [line for line in lines if line.startswith("cd sent")]
    assert there.startswith("cd sent && vaebench leaderboard --check")


def test_it_verifies_the_author_the_paths_and_what_was_there_before(jobs):
    text = "\n".join(scripts(jobs["verify"]))
    for option in ("--base .", "--changed", "--author", "--markdown"):
        assert option in text
    assert 'exit "${status}"' in text
