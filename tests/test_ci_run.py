"""`.ci/run` and real data: a run without them fails where they can be had, and says so loudly where they cannot."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ORDINARY = ("bash", "dirname", "sleep", "id")
TOOLS = ("npm", "apt-get", "dpkg-deb")
LOUD = "NOTHING OF REAL DATA WAS TESTED"

MAKE = """#!/usr/bin/env bash
echo "$*, REAL_DATA=${REAL_DATA:-}" >> "$CALLS"
if [ "$1" = data ]; then exit "$FETCHED"; fi
if [ "$1" = test ]; then exit "$TESTED"; fi
"""

VAEBENCH = """#!/usr/bin/env bash
if [ "$1" = data ]; then echo "vaebench $*" >> "$CALLS"; exit "$THERE"; fi
"""


@dataclass
class Here:
    """A copy of the script among stand-ins."""

    folder: Path

    def program(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text.replace("/usr/bin/env bash", shutil.which("bash") or "bash"))
        (self.folder / path).chmod(0o755)

    def run(self, system: str, **variables: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "os-release").write_text(f'NAME="Some"\nID={system}\n')
        given = {"PATH": str(self.folder / "bin"), "CALLS": str(self.folder / "calls"), "PAUSES": "0 0"}
        given |= {"OS_RELEASE": str(self.folder / "os-release"), "FETCHED": "0", "TESTED": "0", "THERE": "1"}
        command = [str(self.folder / "bin/bash"), str(self.folder / ".ci/run")]
        return subprocess.run(command, env=given | variables, capture_output=True, text=True, check=False, timeout=60)

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def here(tmp_path: Path) -> Here:
    for folder in ("bin", ".ci", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ORDINARY:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    for name in ("run", "retry"):
        shutil.copy(ROOT / ".ci" / name, tmp_path / ".ci" / name)
    made = Here(tmp_path)
    for name in (*TOOLS, "chromedriver"):
        made.program(f"bin/{name}", "#!/usr/bin/env bash\nexit 97\n")
    made.program("bin/make", MAKE)
    made.program(".venv/bin/vaebench", VAEBENCH)
    made.program(".venv/bin/python", "#!/usr/bin/env bash\n")
    return made


def test_where_the_data_can_be_had_they_are_tested(here: Here) -> None:
    done = here.run("debian")
    assert done.returncode == 0, done.stderr
    assert here.calls[:2] == ["data DATA=data, REAL_DATA=", "test, REAL_DATA=1"]
    assert LOUD not in done.stdout + done.stderr


def test_where_they_can_be_had_a_run_without_them_fails(here: Here) -> None:
    done = here.run("debian", FETCHED="2")
    assert done.returncode == 2
    assert here.calls == ["data DATA=data, REAL_DATA="] * 3


def test_data_and_tests_are_in_the_same_folder(here: Here) -> None:
    assert here.run("debian", VAEBENCH_DATA="/elsewhere").returncode == 0
    assert here.calls[0] == "data DATA=/elsewhere, REAL_DATA="


@pytest.mark.parametrize(
    ("system", "absent", "why"),
    [
        ("ubuntu", (), "(this is not Debian)"),
        ("debian", ("npm",), "(no npm)"),
        ("fedora", ("apt-get", "dpkg-deb"), "(this is not Debian, no apt-get, no dpkg-deb)"),
    ],
)
def test_where_they_cannot_be_had_the_last_line_says_so(
    here: Here, system: str, absent: tuple[str, ...], why: str
) -> None:
    for name in absent:
        (here.folder / "bin" / name).unlink()
    done = here.run(system)
    assert done.returncode == 0, done.stderr
    assert "test, REAL_DATA=" in here.calls
    last = done.stderr.splitlines()[-1]
    assert last.startswith(LOUD) and last.endswith(why)
    assert "::warning::" not in done.stdout


def test_it_is_said_at_the_end_of_a_red_run_and_on_github_too(here: Here) -> None:
    done = here.run("ubuntu", TESTED="3", GITHUB_ACTIONS="true")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith(LOUD)
    assert f"::warning::{LOUD}" in done.stdout


def test_data_that_are_there_already_are_tested_anywhere(here: Here) -> None:
    done = here.run("ubuntu", THERE="0")
    assert done.returncode == 0, done.stderr
    assert "vaebench data mnist fashion_mnist --check --data-root data" in here.calls
    assert "test, REAL_DATA=1" in here.calls
    assert LOUD not in done.stdout + done.stderr


def test_an_unknown_system_has_no_data(here: Here) -> None:
    done = here.run("debian", OS_RELEASE=str(here.folder / "none"))
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1].endswith("(this is not Debian)")


def test_the_hosted_job_runs_every_test_of_real_data() -> None:
    reads = re.compile(r'environ\.get\("REAL_DATA"\)')
    files = {path for path in (ROOT / "tests").rglob("test_*.py") if reads.search(path.read_text("utf-8"))}
    flow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    (command,) = (step["run"] for step in flow["jobs"]["real-data"]["steps"] if "pytest" in step.get("run", ""))
    assert "REAL_DATA=1 " in command
    assert set(re.findall(r"tests/\S+\.py", command)) == {path.relative_to(ROOT).as_posix() for path in files}
