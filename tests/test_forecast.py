"""What is left to run takes what the nearest earlier record took."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vaebench.forecast import Left, left
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
    cells = [sum(cell.seconds.values()) for cell in read_record(folder / KNOWN).cells]
    (found,) = of(request_of, folder, "gracyk2025_kahler_sampling", variants=variants, seeds=3)
    assert (found.records, found.cells) == (len(variants), 3 * len(variants))
    assert found.core_hours == pytest.approx(3 * len(variants) * sum(cells) / len(cells) / 3600)


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
