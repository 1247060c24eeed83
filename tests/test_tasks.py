"""Laws of a task's hash: whatever decides a number counts, its words and its number of seeds do not."""

from dataclasses import asdict, replace

import pytest
import toys  # noqa: F401 - the paper of the tests' own

from vaebench.claims import Claim, Exceeds, Near, Outpaces, Trend
from vaebench.experiment import (
    NIGHT_STEPS,
    Arm,
    Budget,
    EvaluationBudget,
    Interventions,
    Knob,
    TrainingConfig,
    nightly,
)
from vaebench.fingerprint import value_hash
from vaebench.papers import Task, Version

CLAIM = Claim("falls", "It falls.", (Trend("r", "falls"), Exceeds("r", "c", ideal=1.0)), reported=("s",))
INVARIANT = Claim("lands", "It lands.", (Near("gap", 0.0, 0.1, null=1.0),))
BUDGET = Budget(3, 8, TrainingConfig(steps=10), EvaluationBudget(points=7), (0.1, 0.2))
ARM = Arm("twin", variant="twin")
TASK = Task(
    name="toy2026_hashes",
    version=1,
    title="Somebody 2026, A paper",
    source="arXiv:2601.00001",
    asks="Does it?",
    datasets=("digits",),
    interventions=Interventions(posterior_scale=0.2),
    knob=Knob("input_noise", "s"),
    analytic="linear_vae_at_fixed_scale",
    instruments=("made.one",),
    claims=(CLAIM,),
    invariants=(INVARIANT,),
    budgets={"quick": BUDGET, "standard": replace(BUDGET, latent=4)},
    arms=(ARM,),
    comparisons=("made.compared",),
)


def with_arm(**changes):
    return {"arms": (replace(ARM, **changes),)}


def with_condition(condition):
    return {"claims": (replace(CLAIM, conditions=(condition,)),)}


def with_budget(**changes):
    return {"budgets": {**TASK.budgets, "quick": replace(BUDGET, **changes)}}


COUNTS = {
    "name": {"name": "toy2026_others"},
    "version": {"version": 2},
    "interventions": {"interventions": Interventions(posterior_scale=0.3)},
    "target": {"interventions": Interventions(posterior_scale=0.2, target="noisy")},
    "likelihood": {"interventions": Interventions(posterior_scale=0.2, likelihood="bernoulli")},
    "knob": {"knob": Knob("posterior_scale", "s")},
    "no knob": {"knob": None},
    "analytic": {"analytic": None},
    "instruments": {"instruments": ("made.one", "made.scale")},
    "claim": with_condition(Trend("r", "rises")),
    "kind of condition": with_condition(Outpaces("r", "c")),
    "side of condition": {
        "claims": (replace(CLAIM, conditions=(CLAIM.conditions[0], Exceeds("r", "c", 1.0, "below"))),)
    },
    "invariant": {"invariants": (replace(INVARIANT, conditions=(Near("gap", 0.0, 0.2, null=1.0),)),)},
    "latent": with_budget(latent=9),
    "steps": with_budget(training=TrainingConfig(steps=11)),
    "evaluation": with_budget(evaluation=EvaluationBudget(points=8)),
    "knob values": with_budget(knob_values=(0.1, 0.3)),
    "no arms": {"arms": ()},
    "an arm more": {"arms": (ARM, Arm("again", redrawn=True))},
    "the order of arms": {"arms": (Arm("again", redrawn=True), ARM)},
    "an arm's name": with_arm(name="other"),
    "an arm's interventions": with_arm(interventions=Interventions(target="noisy")),
    "an arm's variant": with_arm(variant="own"),
    "an arm redrawn": with_arm(redrawn=True),
    "an arm's knob": with_arm(knob="off"),
    "an arm not read": with_arm(read=False),
    "comparisons": {"comparisons": ("made.scale",)},
    "no comparisons": {"comparisons": ()},
    "a comparison more": {"comparisons": ("made.compared", "made.scale")},
}


def test_whatever_decides_a_number_changes_the_hash_and_no_two_changes_alike():
    hashes = {what: replace(TASK, **changed).definition_hash("quick") for what, changed in COUNTS.items()}
    hashes["as it was"] = TASK.definition_hash("quick")
    assert len(set(hashes.values())) == len(hashes)


WORDS = {
    "title": {"title": "Another title"},
    "source": {"source": "arXiv:2601.00002"},
    "question": {"asks": "Does it really?"},
    "a claim's sentence": {"claims": (replace(CLAIM, says="It falls and falls."),)},
    "what stands beside a claim": {"claims": (replace(CLAIM, reported=()),)},
    "data sets, which have hashes of their own": {"datasets": ("sprites",)},
    "number of seeds": with_budget(seeds=30),
    "the days of its versions": {"versions": (Version(1, "2026-11-20"),)},
    "the budget of another preset": {"budgets": {**TASK.budgets, "standard": replace(BUDGET, latent=5)}},
    "what is there by default, said": {
        "interventions": Interventions(posterior_scale=0.2, target="clean", likelihood="own"),
        **with_arm(knob="every", read=True, redrawn=False, interventions=None),
    },
}


@pytest.mark.parametrize("what", WORDS)
def test_words_change_no_hash(what):
    assert replace(TASK, **WORDS[what]).definition_hash("quick") == TASK.definition_hash("quick")


def test_each_preset_has_its_own_hash():
    assert TASK.definition_hash("quick") != TASK.definition_hash("standard")


def test_a_budget_of_one_data_set_leaves_the_hashes_of_all_others():
    own = replace(BUDGET, latent=32)
    task = replace(TASK, budgets_on={"mnist": {"quick": own}})
    assert task.budget("quick", "mnist") == own
    assert task.budget("quick", "digits") == task.budget("quick") == BUDGET
    assert task.budget("standard", "mnist") == TASK.budgets["standard"]
    assert task.definition_hash("quick", "digits") == task.definition_hash("quick") == TASK.definition_hash("quick")
    assert task.definition_hash("standard", "mnist") == TASK.definition_hash("standard")
    assert task.definition_hash("quick", "mnist") == replace(TASK, budgets={"quick": own}).definition_hash("quick")
    assert task.definition_hash("quick", "mnist") != TASK.definition_hash("quick")


def test_arms_and_comparisons_are_not_taken_for_one_another():
    """A list that leaves out what is empty must not say the same of two different things."""
    only_arms, only_comparisons = replace(TASK, comparisons=()), replace(TASK, arms=())
    bare = replace(TASK, arms=(), comparisons=())
    hashes = [task.definition_hash("quick") for task in (TASK, only_arms, only_comparisons, bare)]
    assert len(set(hashes)) == 4


def test_knob_values_rise():
    with pytest.raises(ValueError, match=r"^knob values rise strictly: \(0\.2, 0\.2\)$"):
        replace(BUDGET, knob_values=(0.2, 0.2))


@pytest.mark.parametrize("numbers", [(2,), (1, 2), (1, 1), (0, 1)])
def test_versions_are_listed_from_1_to_the_present_one(numbers):
    assert replace(TASK, version=2, versions=(Version(1, "2026-11-20"), Version(2, "2026-11-21"))).version == 2
    with pytest.raises(ValueError, match=r"^toy2026_hashes: its versions are 1 to 1, each with its day"):
        replace(TASK, versions=tuple(Version(number, "2026-11-20") for number in numbers))


def test_an_arm_says_in_its_hash_only_what_it_changes():
    assert value_hash(Arm("a")) == value_hash(Arm("a", None, "own", False, "every", True)) != value_hash(Arm("b"))


def test_a_closed_form_does_not_go_with_the_variants_own_knob():
    with pytest.raises(ValueError, match="a closed form is for one weight of the KL, and a strength may change it"):
        replace(TASK, knob=Knob("strength", "s"))


def test_a_default_that_changes_asks_for_new_versions():
    """A hash leaves out what stands at its default, so that a default's own change is seen by nobody but this test.

    Whoever changes one raises the version of every task that leaves it at its default, and then changes it here.
    """
    assert asdict(EvaluationBudget()) == {
        "samples": 8192, "points": 1024, "attacked": 128, "attack_steps": 30, "attack_restarts": 4,
        "retraining_steps": 300, "posterior_nodes": 0, "neighbours_among": 0,
    }  # fmt: skip
    assert asdict(TrainingConfig(steps=1)) == {
        "steps": 1, "batch": 128, "learning_rate": 1e-3, "schedule": "cosine", "snapshots": (),
    }  # fmt: skip
    assert asdict(Interventions()) == {
        "posterior_scale": None, "input_noise": 0.0, "likelihood_variance": None, "target": "clean",
        "likelihood": "own", "pixels": None, "encoder_rate": 1.0, "decoder_rate": 1.0,
    }  # fmt: skip
    assert asdict(Arm("a")) == {
        "name": "a", "interventions": None, "variant": "own", "redrawn": False, "knob": "every", "read": True,
        "kept": "all",
    }  # fmt: skip
    assert asdict(Exceeds("r", "c", 1.0))["side"] == "above"


def test_a_night_spends_no_more_than_a_quick_run():
    """0 of the neighbours' examples means all of them: the least of 500 and 0 was 60,000."""
    quick = Budget(2, 2, TrainingConfig(steps=60, batch=8), evaluation=EvaluationBudget(neighbours_among=500))
    night = nightly(quick)
    assert (night.training.steps, night.evaluation.neighbours_among) == (NIGHT_STEPS, 500)
