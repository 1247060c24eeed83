"""A paper is a folder. The one that CONTRIBUTING shows runs in a copy of the suite and changes no other file."""

import json
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from vaebench.results.store import read_record

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n# (vaebench/papers/toy2026/\w+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def contents(package: Path) -> dict[Path, str]:
    """Hashes of all files but compiled ones."""
    files = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(package): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def suite(tmp_path_factory) -> Path:
    """A folder with a copy of the package, to which the paper that CONTRIBUTING shows was added."""
    folder = tmp_path_factory.mktemp("suite")
    shutil.copytree(ROOT / "vaebench", folder / "vaebench", ignore=shutil.ignore_patterns("__pycache__"))
    paper = folder / "vaebench" / "papers" / "toy2026"
    paper.mkdir()
    (paper / "__init__.py").write_text('"""Somebody 2026, A paper."""\n')
    (paper / "findings.md").write_text("# Findings: Somebody 2026\n")
    pages = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert len(pages) == 2
    for path, text in pages:
        (folder / path).write_text(text, "utf-8")
    return folder


def vaebench(suite: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # From the folder of the copy, whose package is found before the installed one.
    command = [sys.executable, "-m", "vaebench", *arguments]
    return subprocess.run(command, cwd=suite, capture_output=True, text=True, check=False, timeout=300)


def test_a_paper_that_is_added_is_listed_run_and_judged_and_changes_no_file(suite):
    before = contents(suite / "vaebench")
    listed = vaebench(suite, "list", "--json")
    assert listed.returncode == 0, listed.stderr
    assert "toy2026_codes" in {task["name"] for task in json.loads(listed.stdout)["tasks"]}
    asked = ("--preset", "quick", "--tasks", "toy2026_codes", "--variants", "vae", "--archs", "mlp", "--device", "cpu")
    ran = vaebench(suite, "run", *asked, "--jobs", "1", "--out", "runs")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    record = read_record(suite / "runs" / "toy2026_codes" / "vae.mlp.linear_gaussian_sources.json")
    (verdict,) = record.verdicts
    assert (verdict.claim, verdict.word, len(record.cells)) == ("codes_spread", "holds", 3)
    assert record.table.names == {"code_spread_mean", "code_spread_max", "unexplained_variance"}
    assert contents(suite / "vaebench") == before
    added = {path for path in before if path not in contents(ROOT / "vaebench")}
    assert {path.parent for path in added} == {Path("papers/toy2026")}


def test_a_misspelt_measurement_of_the_paper_is_one_line(suite):
    page = suite / "vaebench" / "papers" / "toy2026" / "codes.py"
    sound = page.read_text("utf-8")
    try:
        page.write_text(sound.replace('Beyond("code_spread_mean"', 'Beyond("code_spred_mean"'), "utf-8")
        done = vaebench(suite, "list")
    finally:
        page.write_text(sound, "utf-8")
    (said,) = done.stderr.splitlines()
    assert "none of its instruments gives code_spred_mean; the nearest: code_spread_mean, code_spread_max" in said
    assert done.returncode == 2
