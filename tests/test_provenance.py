"""What a cell depends on: an edit throws away the cells whose numbers it can move, and no others."""

import ast
import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from vaebench import catalog, papers
from vaebench.provenance import SHARED, changed, code_of, now, room_hash
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
    "models/layers.py": set(CELLS),
    "models/networks/mlp.py": set(CELLS),
    "training/first_step/reach.py": set(CELLS),
    "measures/closed_form.py": set(CELLS),
    "claims/measurements.py": set(CELLS),
    "experiment.py": set(CELLS),
    "seeds.py": set(CELLS),
    "cell.py": set(CELLS),
    "papers/gracyk2025/volume_sampling.py": GRACYK,
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
