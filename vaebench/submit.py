"""Send a run to the board: a branch with one commit that has the records, the sources and the board drawn anew.

All work is done in a temporary work tree of the last commit. The branch is made at the very end. So a failure leaves
nothing behind, and the user's own work tree, index and branch are never touched.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vaebench.catalog import PACKAGE
from vaebench.mistakes import Mistake
from vaebench.provenance import commit_of
from vaebench.report import board
from vaebench.report.board import PAGES
from vaebench.report.files import SUBMISSIONS
from vaebench.report.suite import suite
from vaebench.results.kept_sources import ENTRY, SOURCES, source_files
from vaebench.results.record import Record, first_error
from vaebench.results.references import checkout
from vaebench.results.store import MANIFEST, read_files
from vaebench.results.submission import SENDER, Submission, Superseded, files_below, read_submission, sha256
from vaebench.verify import standard, verify_with
from vaebench.version import VERSION

PATIENCE = 120.0
"""Seconds that git has for one command."""


class Refused(Mistake):
    """Something speaks against a submission.

    Args:
        folder: Of the run.
        lines: Every reason.
    """

    def __init__(self, folder: Path, lines: list[str]) -> None:
        super().__init__(f"{folder}: {len(lines)} reason{'s' * (len(lines) != 1)} against it; nothing is written")
        self.lines = tuple(lines)


@dataclass(frozen=True)
class Submitted:
    """What was made.

    Attributes:
        branch: The branch.
        commit: Its commit.
        records: Number of records.
        left_out: One line for each record that is not sent.
    """

    branch: str
    commit: str
    records: int
    left_out: tuple[str, ...]


def submit(
    folder: Path, name: str, reason: str = "", branch: str = "", progress: Callable[[str], None] = lambda _: None
) -> Submitted:
    """Make a branch with a submission.

    Args:
        folder: Of a run.
        name: Who sends it: a GitHub user name in small letters.
        reason: Why records that were sent before are replaced; needed if there are any.
        branch: The branch to make; ``submission-<name>`` by default.
        progress: Called with what is done next.

    Returns:
        What was made.

    Raises:
        Refused: Something speaks against a record. Nothing was written.
        Mistake: This is no clean checkout, or git fails. Nothing was written.
    """  # noqa: DOC502 - raised by what it calls
    if not SENDER.fullmatch(name):
        says = "a sender's name is at most 39 small letters and digits, with single hyphens between"
        raise Mistake(f"{name!r:.60}: {says}")
    if not folder.is_dir():
        raise Mistake(f"there is no folder {folder}")
    here, branch = _clean_checkout(), branch or f"submission-{name}"
    if _git(here, "check-ref-format", "--branch", branch, check=False).returncode:
        raise Mistake(f"{branch!r:.60} is no name of a branch")
    if not _git(here, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False).returncode:
        raise Mistake(f"there is a branch {branch}; delete it, or give another --branch")
    progress("verifying the run")
    chosen, left_out = _chosen(folder)
    with _work_tree(here) as there:
        sender = there / PAGES / SUBMISSIONS / name
        replaced = _copy(folder, sender, chosen, reason)
        _list_files(sender, name, replaced)
        progress("drawing the board")
        _refuse(sender, there)
        board.write(checkout=there)
        return Submitted(branch, _commit(here, there, branch, name, chosen), len(chosen), left_out)


def _clean_checkout() -> Path:
    """Find the checkout of the code that runs, as git has it."""
    here = checkout()
    top = _git(here, "rev-parse", "--show-toplevel", check=False).stdout.strip() if here is not None else ""
    if here is None or not top or Path(top).resolve() != here.resolve():
        raise Mistake("there is no checkout here; run this at the top of a clone of vaebench")
    commit = commit_of(PACKAGE) if PACKAGE.resolve().is_relative_to(here.resolve()) else None
    if commit is None:
        raise Mistake(f"this vaebench is not the one of the checkout; run `python3 -m vaebench` in {here.resolve()}")
    if commit.endswith("+changes"):
        raise Mistake(f"{PACKAGE} differs from its last commit; a submission is made with the suite as it is")
    return here.resolve()


def _chosen(folder: Path) -> tuple[list[tuple[Path, Record]], tuple[str, ...]]:
    """Choose the records to send: all but those of the suite's own variants."""
    found, bad = read_files(folder)
    if bad:
        raise Refused(folder, [str(one) for one in bad])
    own = suite().variants
    mine = [(path, one) for path, one in found if own.get(one.subject.variant.name) != one.subject.variant.code_hash]
    if not mine:
        raise Mistake(f"there is no record of a variant of your own in {folder}")
    chosen = {path for path, _ in mine}
    left_out = [f"{path}: of one of the suite's own variants" for path, _ in found if path not in chosen]
    if len({one.subject.file_name for _, one in mine}) < len(mine):
        raise Mistake(f"{folder} has two records of one name; give the folder of one run")
    return mine, tuple(left_out)


def _copy(folder: Path, sender: Path, chosen: list[tuple[Path, Record]], reason: str) -> list[Superseded]:
    """Copy records and sources to a sender's folder, and list the records that are replaced."""
    replaced = []
    for path, record in chosen:
        name, target = record.subject.file_name, sender / record.subject.file_name
        if target.is_file() and (before := sha256(target)) != sha256(path):
            if not reason.strip():
                raise Mistake(f"{name}: another record was sent before; say why it is replaced with --reason")
            try:
                replaced.append(Superseded(file=name, sha256=before, reason=reason.strip()))
            except ValueError as error:
                raise Mistake(f"--reason: {first_error(error)}") from error  # type: ignore[arg-type]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target, follow_symlinks=False)
    for variant in {record.subject.variant.name for _, record in chosen}:
        kept, target = folder / SOURCES / variant, sender / SOURCES / variant
        files = source_files(kept)
        if not files:
            raise Refused(folder, [f"{kept}: there are no sources; run the same command again, which keeps them"])
        shutil.rmtree(target, ignore_errors=True)
        for name, path in {**files, ENTRY: kept / ENTRY}.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name, follow_symlinks=False)
    return replaced


def _list_files(sender: Path, name: str, replaced: list[Superseded]) -> None:
    """Write a sender's list of files."""
    before = read_submission(sender).supersedes if (sender / MANIFEST).is_file() else ()
    files = {path: sha256(file) for path, file in files_below(sender).items() if path != MANIFEST}
    listed = Submission(
        schema_version=1, sender=name, suite_version=VERSION, files=files, supersedes=(*before, *replaced)
    )
    text = json.dumps(listed.model_dump(mode="json"), indent=1, sort_keys=True)
    (sender / MANIFEST).write_text(f"{text}\n", "utf-8")


def _refuse(sender: Path, there: Path) -> None:
    """Verify the sender's folder as it would lie in the repository."""
    published = board.published(there)
    held_against = standard()
    held_against.references, held_against.others = published.references, published.submissions
    if reasons := verify_with(sender, held_against).reasons:
        raise Refused(sender.relative_to(there), [line.replace(f"{there}{os.sep}", "") for line in reasons])


def _commit(here: Path, there: Path, branch: str, name: str, chosen: list[tuple[Path, Record]]) -> str:
    """Commit the board of the work tree, and make the branch."""
    variants = ", ".join(sorted({record.subject.variant.name for _, record in chosen}))
    _git(there, "add", "--all", "--force", "--", PAGES)
    if not _git(there, "diff", "--cached", "--quiet", check=False).returncode:
        raise Mistake("the last commit has all of this already: nothing is left to send")
    _git(there, "commit", "--quiet", "--no-verify", "-m", f"Submission of {name}: {variants}, {len(chosen)} records")
    commit = _git(there, "rev-parse", "HEAD").stdout.strip()
    _git(here, "branch", "--no-track", branch, commit)
    return commit


@contextmanager
def _work_tree(here: Path) -> Iterator[Path]:
    # Check the last commit out beside, and take it away again.
    above = Path(tempfile.mkdtemp(prefix="vaebench-submit-"))
    there = above / "tree"
    try:
        _git(here, "worktree", "add", "--quiet", "--detach", str(there), "HEAD")
        yield there
    finally:
        _git(here, "worktree", "remove", "--force", str(there), check=False)
        shutil.rmtree(above, ignore_errors=True)
        _git(here, "worktree", "prune", check=False)


def _git(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run git without hooks; a failure is one line."""
    environment: Mapping[str, str] = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", "-C", str(folder), "-c", f"core.hooksPath={os.devnull}", *arguments]
    try:
        done = subprocess.run(
            command,
            env={**environment, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Mistake(f"git {arguments[0]} cannot be run: {error}") from error
    if check and done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line.strip()] or ["no reason given"]
        fatal = next((line for line in said if line.startswith(("fatal:", "error:"))), said[-1])
        raise Mistake(f"git {arguments[0]} failed, and nothing is written: {fatal}")
    return done
