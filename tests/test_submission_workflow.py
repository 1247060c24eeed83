"""The workflow that verifies a stranger's pull request: what it may do, and that it runs nothing of theirs."""

import ast
import re
import shlex
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from conftest import environment_with

from vaebench import catalog

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


def canonical(requirement):
    """A requirement's package, as all write it alike."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


@cache
def packages_of():
    """Packages that give a module, by its name, of all that is installed here."""
    return {name: {canonical(one) for one in packages} for name, packages in packages_distributions().items()}


def installed_there(jobs):
    """Packages of the job that verifies: those that it names, and what they need."""
    here = set().union(*packages_of().values())
    (line,) = [line for script in scripts(jobs["verify"]) for line in script.splitlines() if "pip install" in line]
    named = {canonical(word) for word in shlex.split(line.partition("&&")[0])[4:]}
    found, left = set(), set(named)
    while left:
        found.add(package := left.pop())
        left |= {canonical(line) for line in requires(package) or () if "extra ==" not in line} & here - found
    return named, found


def imported(path):
    """Modules of other packages that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
        names |= {node.module} if isinstance(node, ast.ImportFrom) and not node.level else set()
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - {"vaebench"}


READ_AND_DRAW = ("claims", "cli", "report", "results")
"""Rooms that reading records and drawing the board run; of other rooms they run files that import no other package."""


def test_what_reads_records_and_draws_the_board_is_installed_there(jobs):
    """joblib and statsmodels are imported inside functions, on boards that are large enough, and were not there."""
    named, _ = installed_there(jobs)
    for room in READ_AND_DRAW:
        for path in sorted((catalog.PACKAGE / room).rglob("*.py")):
            if path.name != "export.py":  # of `vaebench export`, which the job does not run
                assert not [name for name in imported(path) if not packages_of()[name] & named], path


ABSENT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in NAMES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""

BOARD = """
from vaebench.cli.verbs import leaderboard, verify
from vaebench.report import board, figures
from vaebench.report.figures import draw
from vaebench.report.rows.pooled import pooled
from vaebench.report.processes import side_by_side

if __name__ == "__main__":
    with side_by_side(len, ["a", "bc"]) as found:
        assert sorted(found) == [1, 2]
    assert pooled([float(n) for n in range(12)], 12 * [1.0]) is not None
"""


def test_a_large_board_is_drawn_with_what_is_installed_there(jobs, tmp_path):
    """Many records are read by several processes, and effects of many variants are summed up."""
    _, found = installed_there(jobs)
    absent = {name for name, packages in packages_of().items() if not packages & found}
    absent -= set(sys.stdlib_module_names) | {"vaebench"}
    assert {"torch", "sklearn"} <= absent
    (tmp_path / "board.py").write_text(BOARD)
    environment = environment_with(f"NAMES = {sorted(absent)!r}\n{ABSENT}")
    command = [sys.executable, str(tmp_path / "board.py")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
