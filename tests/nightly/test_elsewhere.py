"""Other revisions: which are refused, and that their code is what runs."""

import subprocess

import pytest
from nightly.of_night import ASKED, outcome

from vaebench.mistakes import Mistake
from vaebench.nightly.cells import Where
from vaebench.nightly.elsewhere import ENTRY, code_of_commit, revision, run_there


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


WRITES = """
import json, sys
from pathlib import Path
asked = json.loads(Path(sys.argv[1]).read_text())
outcome = json.loads('''{outcome}''')
with open(sys.argv[2], "a") as out:
    for one in asked["cells"]:
        out.write(json.dumps([one, outcome]) + "\\n")
"""


@pytest.fixture
def checkout(tmp_path):
    """A repository of two commits, of before there were nights and of today; its cells all have one outcome."""
    (tmp_path / "vaebench").mkdir()
    (tmp_path / "vaebench" / "__init__.py").touch()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "old")
    (tmp_path / "vaebench" / "nightly").mkdir()
    (tmp_path / ENTRY).write_text(WRITES.replace("{outcome}", outcome().model_dump_json()))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "new")
    return tmp_path


def test_the_code_of_a_commit_is_what_runs(checkout):
    with code_of_commit(checkout, revision(checkout, "HEAD")) as tree:
        assert run_there(tree, [ASKED], Where(), lambda *_: None) == {ASKED: outcome()}


def test_an_unknown_revision_is_one_line(checkout):
    with pytest.raises(Mistake, match=r"--against nowhere: .* has no such revision"):
        revision(checkout, "nowhere")
    with pytest.raises(Mistake, match=r"--against --help"):
        revision(checkout, "--help")


def test_a_checkout_with_changes_is_refused(checkout):
    (checkout / "notes.txt").touch()
    assert revision(checkout, "HEAD") == git(checkout, "rev-parse", "HEAD")  # no part of the package
    (checkout / "vaebench" / "more.py").touch()
    with pytest.raises(Mistake, match=r"--against HEAD: .*commit them first"):
        revision(checkout, "HEAD")


def test_code_of_before_there_were_nights_is_refused(checkout):
    with pytest.raises(Mistake, match="older than the night"), code_of_commit(checkout, revision(checkout, "HEAD~1")):
        pass


def test_other_code_that_fails_says_why(checkout):
    (checkout / ENTRY).write_text("raise SystemExit('no such data')")
    with pytest.raises(Mistake, match="the other code failed: no such data"):
        run_there(checkout, [ASKED], Where(), lambda *_: None)


def test_outcomes_of_another_shape_name_the_field(checkout):
    broken = outcome().model_dump_json().replace('"status":"ok"', '"status":"fine"')
    (checkout / ENTRY).write_text(WRITES.replace("{outcome}", broken))
    with pytest.raises(Mistake, match="another shape: status"):
        run_there(checkout, [ASKED], Where(), lambda *_: None)
