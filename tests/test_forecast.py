"""What is left to run takes what the nearest earlier record took."""

import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from vaebench.forecast import Left, left, seconds_of
from vaebench.results.record import Record, strict_json
from vaebench.results.store import read_record
from vaebench.runner import Request, plan

REFERENCES = Path(__file__).parents[1] / "reference_results"
KNOWN = "gracyk2025_kahler_sampling/vae.mlp.digits.json"
RequestOf = Callable[..., Request]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / KNOWN).parent.mkdir()
    shutil.copy(REFERENCES / KNOWN, tmp_path / KNOWN)
    (tmp_path / "torn.json").write_text("{")
    return tmp_path


def of(request_of: RequestOf, folder: Path, task: str, **fields: object) -> tuple[Left, ...]:
    return left(plan(request_of(tasks=(task,), archs=("mlp",), datasets=("digits",), **fields)).cells, folder)


@pytest.mark.parametrize("variants", [("vae",), ("vae", "beta_vae")])
def test_a_cell_takes_what_its_record_took_or_that_of_the_same_network(request_of, folder, variants):
    cells = median(sum(cell.seconds.values()) for cell in read_record(folder / KNOWN).cells)
    (found,) = of(request_of, folder, "gracyk2025_kahler_sampling", preset="standard", variants=variants, seeds=3)
    assert (found.records, found.cells) == (len(variants), 3 * len(variants))
    assert found.core_hours == pytest.approx(3 * len(variants) * cells / 3600)


@pytest.mark.parametrize("arch", ["mlp", "conv"])
def test_what_an_earlier_version_took_counts_times_the_ratio_of_the_versions(request_of, folder, arch):
    record = read_record(folder / KNOWN)
    _write(folder, _of(record, "beta_vae", "mlp", seconds=10.0, version=1))
    _write(folder, _of(record, "vae", "mlp", seconds=50.0))
    _write(folder, _of(record, "beta_vae", "conv", seconds=20.0, version=1))
    request = request_of(
        tasks=(record.subject.task.name,),
        archs=(arch,),
        datasets=("digits",),
        variants=("beta_vae",),
        preset="standard",
    )
    (found,) = left(plan(request).cells, folder)
    now = {"mlp": 5 * 10.0, "conv": 5 * 20.0}
    assert found.core_hours == pytest.approx(found.cells * now[arch] / 3600)


def _of(record: Record, variant: str, arch: str, *, seconds: float, version: int | None = None) -> Record:
    subject = record.subject
    task = subject.task if version is None else subject.task.model_copy(update={"version": version})
    named = subject.variant.model_copy(update={"name": variant})
    cells = tuple(cell.model_copy(update={"seconds": {"train": seconds}}) for cell in record.cells)
    changed = subject.model_copy(update={"task": task, "variant": named, "arch": arch})
    return record.model_copy(update={"subject": changed, "cells": cells})


def _write(folder: Path, record: Record) -> None:
    (folder / record.subject.file_name).write_text(strict_json(record), "utf-8")


def test_an_empty_folder_takes_the_suites_own_times(request_of, tmp_path, folder):
    (tmp_path / "empty").mkdir()
    (found,) = of(request_of, tmp_path / "empty", "gracyk2025_kahler_sampling", preset="standard", seeds=3)
    (known,) = of(request_of, folder, "gracyk2025_kahler_sampling", preset="standard", seeds=3)
    assert found.core_hours == pytest.approx(known.core_hours)


def test_where_no_record_of_the_task_is_there_nothing_is_guessed(request_of, folder):
    (found,) = of(request_of, folder, "camuto2021_input_noise", variants=("vae",), seeds=2)
    assert (found.cells, found.core_hours) == (2, None)


def test_where_nothing_is_left_there_is_nothing_to_say(folder):
    assert left((), folder) == ()


def test_what_else_is_asked_changes_no_tasks_forecast(request_of, folder):
    record = read_record(folder / KNOWN)
    _write(folder, _of(record, "vae", "mlp", seconds=3600.0))
    asked = {"archs": ("mlp",), "datasets": ("digits",), "variants": ("beta_vae",), "preset": "standard", "seeds": 1}
    task = record.subject.task.name
    (alone,) = left(plan(request_of(tasks=(task,), **asked)).cells, folder)
    both = left(plan(request_of(tasks=(task, "camuto2021_input_noise"), **asked)).cells, folder)
    assert alone.core_hours == pytest.approx(1.0)
    assert next(one for one in both if one.task == task) == alone
    assert all(one.core_hours for one in both)


def test_another_presets_times_say_nothing(request_of, folder):
    record = read_record(folder / KNOWN)
    quick = record.subject.model_copy(update={"preset": "quick"})
    _write(folder, _of(record.model_copy(update={"subject": quick}), "vae", "mlp", seconds=2.0))
    cells = plan(request_of(tasks=(quick.task.name,), archs=("mlp",), datasets=("digits",), preset="standard")).cells
    assert all(seconds and seconds > 5 for seconds in seconds_of(cells, folder))
