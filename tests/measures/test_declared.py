"""Declarations say what instruments give, are read without running them, and bind tasks."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import toys  # noqa: F401 - the paper of the tests' own
from measures.known import ellipsoid, generator
from measures.planted_decoders import between_corners, corners, model_of, spiral, split_of
from measures.test_degenerate import BUDGET, DATA, MODELS, TASKS, everything
from papers.bonheme2022.small import cohort, trained

from vaebench import catalog
from vaebench.cell import Place, read
from vaebench.claims import (
    Beyond,
    Claim,
    Exceeds,
    Measurement,
    Near,
    Tradeoff,
    Trend,
    column,
    declined,
    judge,
    table,
)
from vaebench.data.three_sources import load as three_sources
from vaebench.measures.declared import declared_in, is_among, spelled_out
from vaebench.models.exact import linear_vae_at_fixed_scale, linear_vae_on_principal_axes
from vaebench.papers import Task, names_given
from vaebench.papers.bonheme2022.functional import functional_lead

INSTRUMENTS = sorted({(task.paper, name) for task in TASKS for name in task.instruments + task.comparisons})
BY_NAME = {task.name: task for task in TASKS}


def test_braces_are_written_out_in_order():
    assert spelled_out(["{a,b}_{c,d}{,_e}", "f"]) == (
        *("a_c", "a_c_e", "a_d", "a_d_e", "b_c", "b_c_e", "b_d", "b_d_e"),
        "f",
    )


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("weight_7", True),
        ("weight_12", True),
        ("weight_", False),
        ("weight_typo", False),
        ("weight_1_more", False),
        ("likeness__encoder_1__mean", True),
        ("likeness__encoder_1", False),
        ("likeness__a__b__c", False),
        ("likeness____b", False),
        ("first_layer_biased", True),
        ("first_layer_", False),
    ],
)
def test_a_family_has_numbers_or_entries_of_a_map_and_nothing_else(name, of):
    assert is_among(name, names_given("toy2026", "made.families")) is of


@pytest.mark.parametrize(("paper", "name"), INSTRUMENTS)
def test_what_is_read_off_the_source_is_what_the_instrument_says_when_it_is_run(paper, name):
    assert names_given(paper, name) == catalog.instrument(paper, name).gives


@pytest.mark.parametrize("said", ["*NAMES", "'a', NAME", "f'a_{NAME}'", "3"])
def test_a_declaration_that_cannot_be_read_without_running_it_is_refused(tmp_path, said):
    page = tmp_path / "made.py"
    page.write_text(f"NAME = 'b'\n\n@gives({said})\ndef one(probe): ...\n")
    with pytest.raises(ValueError, match=r"^made\.py, line 3: gives takes literal strings and nothing else$"):
        declared_in(page)


def test_no_instrument_declares_a_name_twice():
    for paper, name in INSTRUMENTS:
        given = names_given(paper, name)
        assert len(given) == len(set(given)), name


def solved(task, data):
    """A linear VAE in closed form, that every task's instruments can measure on any data."""
    if task.knob:
        return linear_vae_at_fixed_scale(data, 3, 0.4, 0.1)
    return linear_vae_on_principal_axes(data, 3, None, 2 * task.interventions.likelihood_variance)


def numbers(task):
    """Every measurement that some small model of this task has as a number."""
    columns = [column for plant in MODELS for column in everything(task, MODELS[plant], DATA["sound"])]
    if task.analytic:
        data = three_sources() if task.paper == "nakagawa2021" else ellipsoid()
        held = replace(task.interventions, posterior_scale=0.4 if task.knob else None)
        columns += everything(replace(task, interventions=held), lambda: solved(task, data), data)
    if task.paper == "gracyk2025":  # so steep that chains have to run
        rows = spiral(torch.randn(400, 4, generator=generator()), 2.0)
        steep = model_of(
            lambda z: spiral(z, 2.0),
            encode=lambda x: torch.cat([x[:, :2].norm(dim=1)[:, None].log() / 2, 0 * x[:, 1:]], 1),
        )
        columns += read(task, BUDGET, steep, split_of(rows), Place("trained", None), 0)
        many = replace(BUDGET, evaluation=replace(BUDGET.evaluation, points=256))  # a hundredth of 32 is none
        columns += read(task, many, model_of(between_corners), corners(), Place("trained", None), 0)
        columns += read(task, many, trained(), catalog.dataset("digits", Path("data")), Place("trained", None), 0)
    found = {column.name for column in columns if column.values}
    if task.paper == "bonheme2022":  # a lead is of a model that has learned something
        placed = functional_lead(cohort(generator(), trained=trained()))
        found |= {one[1].name for one in placed if one[1].value is not None}
    return found


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_tasks_instruments_give_what_they_declare_and_nothing_else(task):
    found = numbers(task)
    assert not [name for name in found if not is_among(name, task.given)]
    assert not [name for name in task.given if not any(is_among(one, [name]) for one in found)]


TOY = Task(
    name="toy2026_names",
    version=1,
    title="",
    source="",
    asks="",
    datasets=("digits",),
    interventions=BY_NAME["camuto2021_input_noise"].interventions,
    knob=None,
    analytic=None,
    instruments=("made.one", "made.families"),
    claims=(),
    invariants=(),
    budgets={},
)


def claim(*conditions, **words):
    return Claim("x", "It is so.", conditions or (Beyond("r", 0, ideal=1, null=0),), **words)


WRONG = {
    "judged": {"claims": (claim(Trend("r", "falls"), Trend("typo", "falls")),)},
    "a control": {"claims": (claim(Exceeds("r", "typo", ideal=1)),)},
    "an invariant": {"invariants": (claim(Near("typo", 0, 0.1, null=1)),)},
    "reported": {"claims": (claim(reported=("c", "typo")),)},
    "drawn": {"tradeoffs": (Tradeoff(("first",), "last", ("layer",), "typo", "", ""),)},
    "of a family": {"claims": (claim(reported=("weight_1", "weight_typo")),)},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_task_that_names_what_none_of_its_instruments_gives_is_an_error_when_it_is_made(what):
    with pytest.raises(ValueError, match=r"^toy2026_names: none of its instruments gives \w*typo(; the nearest: .*)?$"):
        replace(TOY, **WRONG[what])


def test_a_task_may_name_all_that_its_instruments_give():
    shown = ("s", "weight_3", "likeness__a__b", "last_layer_biased")
    drawn = Tradeoff(("first",), "last", ("layer",), "layer_biased", "", "")
    task = replace(TOY, claims=(claim(Exceeds("r", "c", ideal=1), reported=shown),), tradeoffs=(drawn,))
    assert set(task.named) <= {"r", "c", *shown, *drawn.names}


def test_the_error_lists_the_nearest_names_in_one_line():
    with pytest.raises(ValueError, match=r"gives first_layr; the nearest: first_layer(, \w+)*$"):
        replace(TOY, claims=(claim(reported=("first_layr",)),))


@pytest.mark.parametrize("name", ["made.silent", "made.absent", "absent.one"])
def test_an_instrument_that_declares_nothing_is_none(name):
    with pytest.raises(ValueError, match=rf"^toy2026 has no instrument {name} that declares what it gives$"):
        replace(TOY, instruments=(name,))


def falling(name, arm="trained"):
    return [column(arm, knob, seed, Measurement(name, 2.0**-knob)) for knob in (1, 2, 3) for seed in range(5)]


def test_a_misspelt_measurement_cannot_hold_beside_one_that_does():
    """It was "not applicable", and the claim was judged without it."""
    measured = table(falling("r"))
    spelt, misspelt = claim(Trend("r", "falls")), claim(Trend("r", "falls"), Trend("typo", "falls"))
    assert judge(spelt, measured).word == "holds"
    found = judge(misspelt, measured)
    assert (found.word, [check.word for check in found.checks]) == ("undecided", ["holds"] * 2 + ["undecided"] * 2)
    assert "typo" in found.reason
    assert judge(claim(Trend("typo", "falls")), measured).word == "undecided"
    assert judge(claim(Exceeds("r", "typo", ideal=1)), measured).word == "undecided"


def test_what_the_setting_denies_or_another_arm_has_stays_not_applicable():
    both = claim(Trend("r", "falls"), Trend("s", "falls"))
    none = [column("trained", None, seed, declined("s", "the data have no classes")) for seed in range(5)]
    assert judge(both, table([*falling("r"), *none])).word == "holds"
    assert judge(both, table([*falling("r"), *falling("s", "analytic")])).word == "holds"


def test_a_failing_condition_fails_a_claim_whatever_else_is_misspelt():
    rising = claim(Trend("r", "rises"), Trend("typo", "rises"))
    assert judge(rising, table(falling("r"))).word == "fails"
