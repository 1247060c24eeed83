"""What the tests of whole flows share: tasks cut down to a second, and the paths of example variants."""

import atexit
import importlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from vaebench import catalog
from vaebench.papers import Task
from vaebench.results.record import CellOutcome
from vaebench.runner import Request

if TYPE_CHECKING:
    from vaebench.cell import Cell

# How long one example takes says nothing about the code on a machine that runs other tests beside it.
settings.register_profile("undisturbed", deadline=None)
settings.load_profile("undisturbed")

BROUGHT = Path(__file__).parent / "brought"

TINY = """
import sys
from dataclasses import replace
from vaebench import catalog
from vaebench.experiment import EvaluationBudget
from vaebench.experiment import TrainingConfig

whole = catalog.task

def cut(name):
    task = whole(name)
    effort = EvaluationBudget(samples=64, points=32, attacked=4, attack_steps=3, attack_restarts=1)
    quick = replace(task.budgets["quick"], training=TrainingConfig(steps=8, batch=32), evaluation=effort)
    return replace(task, budgets={**task.budgets, "quick": quick}, budgets_on={})

catalog.task = cut
"""
"""Code that cuts the quick preset of every task down to a few steps."""


UNPINNED = """
import vaebench.data.fashion_mnist
import vaebench.data.mnist

vaebench.data.mnist.SHA256 = vaebench.data.fashion_mnist.SHA256 = {}
"""
"""Code that lets small copies of MNIST pass, which have other sums than the published files."""


@lru_cache
def _site(code: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="vaebench-site-"))
    atexit.register(shutil.rmtree, folder, True)
    (folder / "sitecustomize.py").write_text(code)
    return folder


def environment_with(code: str = "", *folders: Path) -> dict[str, str]:
    """An environment in which every Python, also those that another starts, runs some code before anything else."""
    path = [*([_site(code)] if code else []), *folders, catalog.PACKAGE.parent]  # a checkout need not be installed
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}  # a user has buffers
    return plain | {"PYTHONPATH": os.pathsep.join(map(str, path))}


def in_this_process(cells: "Sequence[Cell]", jobs: int) -> Generator[CellOutcome, None, None]:
    """Run cells here, where a test's patches reach them."""
    from vaebench.cell import run_cell

    yield from map(run_cell, cells)


def extra(package: str) -> ModuleType:
    """Import a package of an extra, for the tests of a file. Without it they are skipped, and under CI they fail."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what other packages say of each other
            return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{error.name} is not installed; it comes with an extra", allow_module_level=True)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Task]:
    """Cut the quick preset of every task down to a few steps, in this process."""
    space: dict[str, object] = {}
    monkeypatch.setattr(catalog, "task", catalog.task)
    exec(TINY, space)
    return space["cut"]  # type: ignore[return-value]


@pytest.fixture
def unpinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small copies of MNIST pass, in this process."""
    for name in ("mnist", "fashion_mnist"):
        monkeypatch.setattr(importlib.import_module(f"vaebench.data.{name}"), "SHA256", {})


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., Request]:
    """Build a request for one variant on the known-density task, with whatever is to differ."""
    plain = Request(
        tasks=("nakagawa2021_posterior_isometry",),
        variants=("vae",),
        archs=("mlp",),
        datasets=("linear_gaussian_sources",),
        preset="quick",
        seeds=2,
        device="cpu",
        jobs=1,
        out=tmp_path / "run",
    )
    return lambda **changes: replace(plain, **changes)


@pytest.fixture
def loop_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train without the look at the first step, but for types and shapes: the loop serves objectives of no VAE too."""
    from vaebench.models import ComplexNormal
    from vaebench.training.first_step import FirstLook
    from vaebench.training.first_step.readable import check_types_and_shapes

    def look(_variant, model, x, *, latent, **_):
        posterior = check_types_and_shapes(model.eval(), x, latent)
        model.train()
        return FirstLook(isinstance(posterior, ComplexNormal), ())

    monkeypatch.setattr("vaebench.training.start.look", look)
