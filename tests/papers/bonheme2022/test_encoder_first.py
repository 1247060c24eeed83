"""The page asks for what its comparisons give. A small cell of it has every measurement that a claim names."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from vaebench import catalog
from vaebench.cell import Cell, arms, compare, dataset_of, read
from vaebench.claims import judge, judged_names, read_plants, table
from vaebench.experiment import EvaluationBudget, TrainingConfig
from vaebench.migrate import is_current
from vaebench.papers.bonheme2022.encoder_first import TASK
from vaebench.results.record import DatasetInfo, Subject, VariantInfo, Versioned
from vaebench.results.store import read_records

REFERENCE = Path(__file__).parents[3] / "reference_results"


def test_snapshots_run_from_the_first_step_to_the_last_by_factors():
    for budget in TASK.budgets.values():
        steps = budget.training.snapshots
        assert (steps[0], steps[-1]) == (0, budget.training.steps)
        # What lies between two snapshots is interpolated in log₁₀(1 + t): from step 0 on, no layer can hide there.
        assert max((1 + later) / (1 + earlier) for earlier, later in pairwise(steps)) < 3.5
        assert budget.training.schedule == "constant"


def observed(variant):
    training = TrainingConfig(steps=6, batch=32, schedule="constant", snapshots=(0, 2, 4, 6))
    evaluation = EvaluationBudget(points=48, retraining_steps=2)
    budget = replace(TASK.budgets["quick"], training=training, evaluation=evaluation)
    task, dataset = (kind(name="x", version=1, hash="0" * 16) for kind in (Versioned, DatasetInfo))
    info = VariantInfo(name=variant, source="x", code_hash="0" * 16, kl_weight=None)
    subject = Subject(task=task, dataset=dataset, variant=info, arch="mlp", preset="quick", device="cpu")
    cell = Cell("0" * 16, subject, variant, "digits", 0)
    data = dataset_of("digits", Path("data"))
    models, seen = {}, []
    for place, trained in arms(TASK, budget, catalog.variant(variant).variant, data, cell):
        trained.model.model.log_scale.bias.fill_(-2.0)  # six steps make no active unit
        models[place.arm, place.knob] = trained
        seen += read(TASK, budget, trained, data, place, 0) if place.read else []
    return models, seen + compare(TASK, budget, models, data, 0)


@pytest.fixture(scope="module")
def cell():
    return observed("beta_vae")


def test_a_cell_trains_every_strength_another_seed_and_another_objective(cell):
    models, _ = cell
    strengths = catalog.variant("beta_vae").variant.strengths
    expected = {("trained", s) for s in strengths} | {("redrawn", strengths[1]), ("other_objective", None)}
    expected |= {(plant, strengths[1]) for plant in ("slow_encoder", "slow_decoder", "slow_both")}
    assert models.keys() == expected


def test_every_measurement_that_a_claim_names_is_there(cell):
    _, seen = cell
    names = {column.name for column in seen if column.values}
    asked = {column.name for column in seen}
    for claim in TASK.claims:
        wanted = {*judged_names([claim]), *claim.reported}
        assert wanted <= asked, claim.id
        # Six steps leave nothing for a side to be useful with.
        assert {name for name in wanted if not name.startswith("functional_")} <= names, claim.id
        assert judge(claim, table(seen)).word == "undecided"  # one seed has no spread


def test_a_variant_without_strengths_is_judged_on_what_it_has():
    _, seen = observed("decomposed_vae")
    by_claim = {claim.id: judge(claim, table(seen)) for claim in TASK.claims}
    assert {verdict.word for verdict in by_claim.values()} == {"undecided"}
    checks = {check.statistic: check.word for check in by_claim["shared_encoders"].checks}
    assert checks["shared_hidden"] == "not applicable"
    assert checks["shared_hidden_other_objective"] == "undecided"


def test_the_plain_vae_is_held_against_no_other_objective():
    _, seen = observed("vae")
    by_claim = {claim.id: judge(claim, table(seen)).word for claim in TASK.claims}
    assert by_claim["exception"] == by_claim["shared_encoders"] == "not applicable"
    assert by_claim["encoder_first"] == "undecided"


def test_of_every_committed_record_the_lead_by_usefulness_finds_its_plants_and_no_settling_lead_does():
    """Slow one side, the other, or both: what the claim rests on under controls is one measure."""
    found = {}
    for record in filter(is_current, read_records(REFERENCE / TASK.name)[0]):
        words = read_plants(TASK.claims[0].plants, record.table)
        if record.subject.preset == "standard" and all(one.interval and one.interval.n > 3 for one in words):
            for one in words:
                found.setdefault(one.plant.measurement, []).append(one.word)
    leads = found.pop("functional_lead")
    assert len(leads) >= 3 * 10 and set(leads) == {"found"}
    assert len(found) == 6
    for words in found.values():
        assert not any(set(three) == {"found"} for three in zip(*[iter(words)] * 3, strict=True))
