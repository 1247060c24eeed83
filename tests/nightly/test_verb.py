"""``vaebench nightly`` as a user meets it: answers, exit statuses and one-line mistakes."""

import json
import subprocess
import sys

import pytest
from conftest import environment_with

from vaebench import catalog


def nightly(folder, *arguments):
    command = [sys.executable, "-m", "vaebench", "nightly", "--out", str(folder / "out"), *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=catalog.PACKAGE.parent,
        env=environment_with(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_an_empty_reference_is_a_red_night_with_a_report(tmp_path):
    (tmp_path / "none").mkdir()
    done = nightly(tmp_path, "--reference", tmp_path / "none", "--json")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    said = json.loads(done.stdout)
    assert said == json.loads((tmp_path / "out" / "night.json").read_text())
    assert said["green"] is False
    assert said["counts"]["readings"] == 0
    assert any("INDEX" in line for line in said["troubles"])
    report = (tmp_path / "out" / "report.md").read_text()
    assert report.startswith("# A red night")
    assert "nothing was compared" in report


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--against", "nowhere"], "--against nowhere"),
        (["--against", "HEAD", "--make"], "--against"),
        (["--against", "HEAD", "--accept"], "--against"),
        (["--make", "--accept"], "--accept"),
        (["--make", "--tasks", "gracyk2025_kahler_sampling"], "--tasks"),
        (["--tasks", "nowhere"], "nowhere"),
        (["--budget", "0"], "--budget"),
        (["--budget", "nan"], "--budget"),
        (["--jobs", "0"], "jobs"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, arguments, named):
    done = nightly(tmp_path, *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert named in line
    assert not (tmp_path / "out").exists()
