"""Who divides the data of a cell: the data set for all seeds, or each seed for itself."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from vaebench import catalog, cell
from vaebench.data import _by_seed
from vaebench.experiment import Budget, TrainingConfig
from vaebench.kernels.linear_vae import fixed_scale_gains
from vaebench.models.exact import principal_axes
from vaebench.papers import Task
from vaebench.runner import plan

BUDGET = Budget(3, 2, TrainingConfig(steps=3))


def divided(monkeypatch, split):
    """Cut tasks, whose quick preset says who divides the data."""
    short = catalog.task

    def task(name: str) -> Task:
        found = short(name)
        quick = replace(found.budgets["quick"], split=split, knob_values=(0.1, 0.5))
        return replace(found, budgets={**found.budgets, "quick": quick})

    monkeypatch.setattr(catalog, "task", task)


@pytest.fixture
def by_seed(tiny, monkeypatch):
    """Each seed has its own data."""
    divided(monkeypatch, "by_seed")


@pytest.fixture
def fixed(tiny, monkeypatch):
    """All seeds have the same data."""
    divided(monkeypatch, "fixed")


def outcomes(request, **changes):
    planned = plan(request(tasks=("camuto2021_variance_frequency",), datasets=("digits",), **changes))
    return [cell.run_cell(each) for each in planned.cells]


def value(outcome, name, arm, knob):
    (found,) = [one for one in outcome.measurements if (one.name, one.arm, one.knob) == (name, arm, knob)]
    return found.values[0]


def test_each_seed_has_its_own_data_and_says_so_and_its_closed_form_is_of_them(by_seed, request_of):
    one, other = outcomes(request_of)
    assert [outcome.status for outcome in (one, other)] == ["ok", "ok"]
    assert {one.split, other.split} == {"by_seed"}
    for seed, outcome in enumerate((one, other)):
        data = _by_seed.load("digits", None, seed)
        assert outcome.data == data.contents
        _, eigenvalues, _ = principal_axes(data.train.x)
        gains = fixed_scale_gains(eigenvalues[:8], 0.5, 0.1)
        found = value(outcome, "decoder_lipschitz_mean", "analytic", 0.5)
        assert found == pytest.approx(float(gains.decoder_gain.max()), rel=1e-5)
    analytic = [value(outcome, "decoder_lipschitz_mean", "analytic", 0.5) for outcome in (one, other)]
    assert analytic[0] != analytic[1]


def test_where_no_budget_asks_for_more_the_data_set_divides_for_all_seeds(fixed, request_of):
    one, other = outcomes(request_of)
    assert (one.split, other.split) == ("fixed", "fixed")
    assert one.data == other.data == catalog.dataset("digits").contents
    values = [value(outcome, "decoder_lipschitz_mean", "analytic", 0.5) for outcome in (one, other)]
    assert values[0] == values[1]


def test_variants_and_tasks_share_the_data_of_a_seed(by_seed, request_of):
    vae, twin = (outcomes(request_of, seeds=1, variants=(name,))[0] for name in ("vae", "beta_vae"))
    assert vae.data == twin.data
    (elsewhere,) = [cell.run_cell(each) for each in plan(request_of(datasets=("digits",), seeds=1)).cells]
    assert (elsewhere.data, elsewhere.split) == (vae.data, "by_seed")


def test_a_data_set_with_an_official_split_keeps_it(monkeypatch):
    whole = object()
    monkeypatch.setattr(cell, "dataset_of", lambda name, root: whole)
    assert cell.dataset_of_seed("mnist", Path("nowhere"), 3) == (whole, "fixed")
    official = {"mnist", "fashion_mnist", "cifar10", "svhn", "celeba", "photo_patches"}
    assert set(catalog.dataset_names()) - set(_by_seed.PAGES) == official


def test_sizes_are_those_asked_for():
    data, split = cell.dataset_of_seed("sprites16", Path("nowhere"), 1)
    assert (data.name, split) == ("sprites16", "by_seed")
    assert torch.equal(data.train.x, _by_seed.load("sprites", 16, 1).train.x)


def test_who_divides_is_in_the_hash():
    task = catalog.task("camuto2021_input_noise")
    quick = task.budgets["quick"]
    said = replace(task, budgets={"quick": replace(quick, split="fixed")})
    own = replace(task, budgets={"quick": replace(quick, split="by_seed")})
    assert said.definition_hash("quick") != task.definition_hash("quick") == own.definition_hash("quick")


def test_a_misspelt_split_is_told():
    with pytest.raises(ValueError, match="unknown split 'per_seed'; there are: fixed, by_seed"):
        replace(BUDGET, split="per_seed")
