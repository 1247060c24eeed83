"""What a cell depends on: an edit throws away the cells whose numbers it can move, and no others."""

import ast
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from vaebench import catalog, papers
from vaebench.provenance import SHARED, changed, code_of, commit_of, now, room_hash
from vaebench.results.record import Date, Environment, Subject, cell_id
from vaebench.sources import imported_names

PACKAGE = catalog.PACKAGE

CELLS = {
    "camuto": ("camuto2021_variance_frequency", "kahler_vae"),
    "nakagawa": ("nakagawa2021_posterior_isometry", "vae"),
    "bonheme": ("bonheme2022_encoder_first", "beta_vae"),
    "gracyk": ("gracyk2025_kahler_sampling", "vae"),
    "gracyk with a twin": ("gracyk2025_kahler_sampling", "kahler_vae"),
}
"""Task and variant of some cells."""

GRACYK = {"gracyk", "gracyk with a twin"}


def ids() -> dict[str, str]:
    """Ids of the cells, by the code of today; all else is held."""
    found, hash_of = {}, cache(room_hash)
    for name, (task, variant) in CELLS.items():
        subject = Subject.model_validate(
            {
                "task": {"name": task, "version": 1, "hash": "0" * 16},
                "dataset": {"name": "digits", "version": 1, "hash": "0" * 16},
                "variant": {"name": variant, "source": "", "code_hash": "0" * 16, "kl_weight": None},
                "arch": "mlp",
                "preset": "quick",
                "device": "cpu",
            }
        )
        ran_on = Environment(
            python="3",
            torch="2",
            cuda=None,
            processor="p",
            device="cpu",
            precision="float32",
            deterministic=True,
            threads=1,
            code=code_of(catalog.task(task), catalog.variant(variant).variant, hash_of),
        )
        found[name] = cell_id(subject, 0, ran_on)
    return found


ids_today = cache(ids)


@pytest.fixture
def ids_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Ids of the cells by a copy of the package, in which a line is added to files."""

    def edited(line: str, *files: str) -> dict[str, str]:
        copy = tmp_path / "vaebench"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for file in files:
            assert (copy / file).is_file()
            with (copy / file).open("a") as text:
                text.write(f"\n{line}\n")
        with monkeypatch.context() as patch:
            patch.setattr(catalog, "PACKAGE", copy)
            patch.setattr(papers, "__path__", [str(copy / "papers")])
            return ids()

    return edited


MOVED = {
    "kernels/normal.py": set(CELLS),
    "data/__init__.py": set(CELLS),
    "data/_by_seed.py": set(CELLS),
    "data/_apart.py": set(CELLS),
    "models/layers.py": set(CELLS),
    "models/networks/mlp.py": set(CELLS),
    "training/first_step/reach.py": set(CELLS),
    "measures/closed_form.py": set(CELLS),
    "claims/measurements.py": set(CELLS),
    "experiment.py": set(CELLS),
    "seeds.py": set(CELLS),
    "cell.py": set(CELLS),
    "papers/gracyk2025/signed_sampling.py": GRACYK,
    "papers/camuto2021/frequency.py": {"camuto"},
    "variants/complex_vae.py": {"gracyk with a twin"},
    "variants/vae.py": {"bonheme"},
    "variants/iwae.py": set(),
    "data/mnist.py": set(),
    "papers/gracyk2025/kahler_sampling.py": set(),
    "claims/verdicts.py": set(),
    "runner.py": set(),
}
"""Cells that an edit of a file moves. Data sets, the variant judged and a task's page have hashes in the subject."""


@pytest.mark.parametrize("file", MOVED)
def test_an_edit_moves_the_cells_whose_numbers_it_can_move(ids_with, file):
    before, after = ids_today(), ids_with("EDITED = 1", file)
    assert {name for name in CELLS if before[name] != after[name]} == MOVED[file]


def test_a_copy_of_the_suite_elsewhere_with_other_comments_makes_the_same_ids(ids_with):
    assert ids_with("# why", *MOVED) == ids_today()


def test_code_that_changed_names_its_rooms():
    code = code_of(catalog.task("gracyk2025_kahler_sampling"), catalog.variant("kahler_vae").variant)
    assert set(code) == {*SHARED, "papers/gracyk2025", "variants/complex_vae"}
    assert changed(code) == ()
    assert changed(code | {"kernels": "0" * 16, "papers/gracyk2025": "0" * 16}) == ("kernels", "papers/gracyk2025")


def module_of(path: Path) -> str:
    parts = ("vaebench", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__"}


def reached(start: str) -> set[str]:
    """Modules of the suite that one of them imports, directly or not."""
    found: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in MODULES and name not in found:
            found.add(name)
            package = name if MODULES[name].stem == "__init__" else name.rpartition(".")[0]
            todo += imported_names(ast.parse(MODULES[name].read_text("utf-8")), package)
    return found


DECIDE_NO_NUMBER = {
    "vaebench.catalog": "finds things by name; what it finds has a hash",
    "vaebench.claims": "judges",
    "vaebench.data": "holds pages; that of the subject's data set has a hash, with what it imports",
    "vaebench.environment": "says where a cell ran",
    "vaebench.file_bytes": "hashes",
    "vaebench.fingerprint": "hashes",
    "vaebench.sources": "hashes",
    "vaebench.provenance": "hashes",
    "vaebench.mistakes": "words",
    "vaebench.papers": "what tasks are; each task's definition has a hash",
    "vaebench.results": "holds outcomes",
    "vaebench.variants": "holds pages; each has a hash",
}
"""Modules that a cell imports and no room's hash covers, and why; those below them too."""


def test_whatever_a_cell_imports_is_hashed_or_decides_no_number():
    hashed = {path for pattern in SHARED.values() for path in PACKAGE.glob(pattern)}
    hashed |= set(PACKAGE.glob("papers/*/*.py"))
    left = {name for name in reached("vaebench.cell") if MODULES[name] not in hashed}
    assert left
    strange = {name for name in left if not {name, name.rpartition(".")[0]} & set(DECIDE_NO_NUMBER)}
    assert not strange


def test_no_instrument_imports_a_tasks_page_which_no_rooms_hash_covers():
    pages = {module_of(catalog.page("papers", name)) for name in catalog.task_names()}
    assert len(pages) == len(catalog.task_names())
    for path in PACKAGE.glob("papers/*/*.py"):
        if module_of(path) not in pages:
            assert not pages & set(imported_names(ast.parse(path.read_text("utf-8")), "")), path


def test_a_date_is_one_that_a_record_can_hold():
    (pattern,) = (part.pattern for part in Date.__metadata__[0].metadata if getattr(part, "pattern", None))
    assert re.fullmatch(pattern, now())


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a package in it, committed."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    package = tmp_path / "vaebench"
    (package / "kernels").mkdir(parents=True)
    for name in ("__init__.py", "kernels/normal.py"):
        (package / name).write_text("A = 1\n")
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("installed/\n__pycache__/\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return package


def test_a_commit_is_that_of_the_checkout_and_tells_of_changes_in_the_package(checkout: Path):
    head = git(checkout, "rev-parse", "HEAD")
    assert commit_of(checkout) == head
    (checkout.parent / "notes.md").write_text("beside the package\n")
    (checkout / "__pycache__").mkdir()
    (checkout / "__pycache__" / "ignored.pyc").write_text("")
    assert commit_of(checkout) == head
    (checkout / "kernels" / "new.py").write_text("A = 1\n")
    assert commit_of(checkout) == f"{head}+changes"
    (checkout / "kernels" / "new.py").unlink()
    (checkout / "kernels" / "normal.py").write_text("A = 2\n")
    assert commit_of(checkout) == f"{head}+changes"
    git(checkout, "commit", "-qam", "two")
    assert commit_of(checkout) == git(checkout, "rev-parse", "HEAD") != head


def test_a_copy_that_is_installed_in_somebody_elses_checkout_has_no_commit(checkout: Path):
    installed = checkout.parent / "installed" / "vaebench"
    shutil.copytree(checkout, installed)
    assert commit_of(installed) is None


def test_a_hook_of_another_checkout_does_not_lend_its_commit(checkout: Path, tmp_path: Path, monkeypatch):
    head = git(checkout, "rev-parse", "HEAD")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert commit_of(checkout) == head


def test_without_a_checkout_or_without_git_there_is_no_commit(checkout: Path, tmp_path: Path, monkeypatch):
    bare = tmp_path / "bare" / "vaebench"
    shutil.copytree(checkout, bare)
    git(bare.parent, "init", "-q")
    assert commit_of(bare) is None  # nothing committed
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr("vaebench.provenance.PATIENCE", 0.2)
    monkeypatch.setenv("PATH", str(slow.parent), prepend=os.pathsep)
    assert commit_of(checkout) is None
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert commit_of(checkout) is None
