"""Cells by name: planned once, twins with ids of their own, and nothing that was not asked for."""

from dataclasses import replace

import pytest

from vaebench import catalog
from vaebench.engines import worker
from vaebench.nightly.cells import Asked, Where, planned
from vaebench.nightly.expected import TWINS, _fits, with_twins

SOURCES = Asked("nakagawa2021_posterior_isometry", "vae", "mlp", "three_sources", "nightly", 0)
DIGITS = Asked("gracyk2025_kahler_sampling", "vae", "mlp", "digits", "nightly", 1)
UNFIT = Asked("nakagawa2021_posterior_isometry", "vae", "conv", "three_sources", "nightly", 0)


def test_what_is_asked_is_planned_and_no_other_data_set_is_loaded(monkeypatch):
    loaded = []
    whole = catalog.dataset
    monkeypatch.setattr(catalog, "dataset", lambda name, *rest: loaded.append(name) or whole(name, *rest))
    cells, unfit = planned([DIGITS, SOURCES, DIGITS, UNFIT], Where())
    assert list(cells) == [DIGITS, SOURCES]
    assert set(loaded) <= {"digits", "three_sources"}
    assert len(unfit) == 1
    for one, cell in cells.items():
        subject = cell.subject
        assert (subject.task.name, subject.variant.name, subject.arch, subject.dataset.name) == one.key[:4]
        assert (subject.preset, cell.seed, cell.ulp) == ("nightly", one.seed, 0)


def test_a_twin_is_a_cell_of_its_own_with_the_same_subject():
    twins = with_twins([SOURCES])
    assert len(twins) == TWINS
    cells, _ = planned([SOURCES, *twins], Where())
    assert len({cell.id for cell in cells.values()}) == 1 + TWINS
    assert len({cell.subject.model_dump_json() for cell in cells.values()}) == 1
    assert [cell.ulp for cell in cells.values()] == list(range(1 + TWINS))
    assert cells[SOURCES].id == planned([SOURCES], Where())[0][SOURCES].id


@pytest.mark.parametrize("name", ["task", "variant", "arch", "dataset"])
def test_an_unknown_name_is_one_line_and_costs_no_other_cell(name):
    """One variant that another revision does not have ended the whole night."""
    cells, (line,) = planned([replace(SOURCES, **{name: "no_such"}), SOURCES], Where())
    assert "no_such" in line and list(cells) == [SOURCES]


def test_whether_a_variant_fits_is_no_job_of_a_worker(monkeypatch):
    monkeypatch.setattr(worker, "JOBS", {})
    task = catalog.task(SOURCES.task)
    assert [_fits(task, "vae", arch, "three_sources") for arch in ("mlp", "conv")] == [True, False]
