"""Another revision's code, run on this machine: what the same arithmetic makes of other code."""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from vaebench.mistakes import Mistake
from vaebench.nightly.cells import Asked, Progress, Where, said, written
from vaebench.results.record import CellOutcome, first_error

GLANCE = 0.5
"""Seconds between two looks at what another process has written."""

ENTRY = "vaebench/nightly/cells.py"


def _git(folder: Path, *arguments: str) -> bytes:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env=plain | {"GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise Mistake(f"git cannot be run: {error.strerror}") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise Mistake(f"git {arguments[0]}: {lines[-1]}")
    return done.stdout


def revision(checkout: Path, name: str) -> str:
    """Find the commit that a name means.

    Args:
        checkout: The checkout.
        name: A branch, a tag or a commit.

    Returns:
        40 hexadecimal digits.

    Raises:
        Mistake: There is no such commit, the checkout has changes that are in none, or git is not there.
    """
    _git(checkout, "rev-parse", "--git-dir")  # what keeps git from answering is said by git
    try:
        found = _git(checkout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except Mistake:
        raise Mistake(f"--against {name}: {checkout} has no such revision") from None
    if _git(checkout, "status", "--porcelain", "--untracked-files=all", "--", "vaebench"):
        raise Mistake(f"--against {name}: vaebench/ in {checkout} has changes that are in no commit; commit them first")
    return found.decode().strip()


@contextmanager
def code_of_commit(checkout: Path, commit: str) -> Iterator[Path]:
    """Lay out a commit's code in a folder of its own, for the length of a block.

    Args:
        checkout: The checkout.
        commit: The commit.

    Yields:
        The folder, with the package in it.

    Raises:
        Mistake: The checkout has no such commit, or one of before there were nights.
    """
    with tempfile.TemporaryDirectory(prefix="vaebench-code-") as name:
        tree = Path(name)
        packed = tree / "code.tar"
        packed.write_bytes(_git(checkout, "archive", "--format=tar", commit, "vaebench"))
        with tarfile.open(packed) as archive:
            archive.extractall(tree, filter="data")
        packed.unlink()
        if not (tree / ENTRY).is_file():
            raise Mistake(f"{commit[:12]} has no {ENTRY}: its code is older than the night, and cannot be run here")
        yield tree


def run_there(
    tree: Path, asked: Sequence[Asked], where: Where, progress: Progress, environment: Mapping[str, str] | None = None
) -> dict[Asked, CellOutcome]:
    """Run cells by the code of another folder, in processes of this machine.

    Args:
        tree: The folder that has the package.
        asked: What to run.
        where: On what.
        progress: Is told of each cell.
        environment: Further variables of the environment.

    Returns:
        Outcome by what was asked; none for what that code cannot run.

    Raises:
        Mistake: That code fails as a whole, or writes what this code cannot read.
    """
    variables = dict(os.environ) | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"} | dict(environment or {})
    with tempfile.TemporaryDirectory(prefix="vaebench-cells-") as name:
        todo, out, errors = (Path(name) / file for file in ("asked.json", "out.jsonl", "errors"))
        todo.write_text(written(asked, where), "utf-8")
        with errors.open("wb") as sink:
            command = [sys.executable, "-m", "vaebench.nightly.cells", str(todo), str(out)]
            with subprocess.Popen(
                command, cwd=tree, env=variables, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
            ) as process:
                try:
                    _watch(process, out, asked, progress)
                finally:
                    if process.poll() is None:
                        process.terminate()
        if process.returncode:
            lines = errors.read_text("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise Mistake(f"the other code failed: {lines[-1]:.300}")
        return _read(out)


def _watch(process: "subprocess.Popen[bytes]", out: Path, asked: Sequence[Asked], progress: Progress) -> None:
    """Tell of each cell until a process has ended."""
    told = 0
    progress(0, len(asked), "")
    while True:
        ended = process.poll() is not None
        found = list(_read(out)) if out.exists() and not ended else []
        if len(found) > told:
            told = len(found)
            progress(told, len(asked), said(found[-1]))
        if ended:
            return
        time.sleep(GLANCE)


def _read(out: Path) -> dict[Asked, CellOutcome]:
    found = {}
    for line in out.read_text("utf-8").splitlines(keepends=True) if out.exists() else ():
        if line.endswith("\n"):
            one, outcome = json.loads(line)
            try:
                found[Asked(**one)] = CellOutcome.model_validate_json(json.dumps(outcome))
            except ValidationError as error:
                raise Mistake(f"the other code writes outcomes of another shape: {first_error(error)}") from error
    return found
