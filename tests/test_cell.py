"""Laws of a cell: which models it trains, where they stand, what is read off them, and what is kept."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import toys  # noqa: F401 - the paper of the tests' own
from results.stored import SUBJECT
from torch import Tensor, nn

from vaebench import catalog, cell
from vaebench.cell import Cell, Place, arms, latent_units, run_cell
from vaebench.claims import Measurement
from vaebench.data import Dataset, Split, Truth
from vaebench.experiment import Arm, Budget, EvaluationBudget, Interventions, Knob, TrainingConfig
from vaebench.fingerprint import value_hash
from vaebench.measures.declared import gives
from vaebench.measures.model_view import kl_weight_in_squares
from vaebench.models import AutoEncoder, Bernoulli, Gaussian, Step, Unfit, Variant, negative_elbo
from vaebench.models.exact import linear_vae_at_fixed_scale
from vaebench.papers import Task

pytestmark = pytest.mark.usefixtures("loop_alone")  # spies count steps, and say more weights than they have
X = torch.rand(40, 2, 3, generator=torch.Generator().manual_seed(0))
DATA = Dataset("small", 1, Split(X[:32]), Split(X[32:]))
OUTSIDE = Dataset("outside", 1, Split(2 * X[:32]), Split(X[32:]))
CELL = Cell("0" * 16, SUBJECT, "spy", "small", 3)
TRAINING = TrainingConfig(steps=2, batch=8)
HELD = Interventions(posterior_scale=0.5, likelihood_variance=0.05)
OTHER = Interventions(posterior_scale=0.2, likelihood_variance=0.01)
TASK = Task(
    name="toy2026_cells",
    version=1,
    title="",
    source="",
    asks="",
    datasets=("small",),
    interventions=HELD,
    knob=None,
    analytic=None,
    instruments=(),
    claims=(),
    invariants=(),
    budgets={},
)


class Spy:
    """A linear VAE that keeps the weights it starts with and the steps it takes."""

    def __init__(self) -> None:
        self.built: list[dict[str, Tensor]] = []
        self.steps: list[Step] = []

    def build(self, shape: tuple[int, ...], latent: int, arch: str) -> AutoEncoder:
        decoder = nn.Sequential(nn.Linear(latent, 6), nn.Unflatten(1, shape))
        model = AutoEncoder(nn.Flatten(), decoder, 6, latent)
        self.built.append({name: weight.clone() for name, weight in model.state_dict().items()})
        return model

    def objective(self, step: Step) -> Any:
        self.steps.append(step)
        return negative_elbo()(step)

    def variant(self, **changes: Any) -> Variant:
        return replace(Variant("spy", "tests", self.build, self.objective, kl_weight=1.0), **changes)


@pytest.fixture
def spy() -> Spy:
    return Spy()


def found_in(task, variant, data=DATA, knob_values=(), at=CELL):
    """Every model of a cell, with its place, in order."""
    budget = Budget(1, 2, TRAINING, knob_values=knob_values)
    return list(arms(task, budget, variant, data, at))


def places(found):
    return [(place.arm, place.knob) for place, _ in found]


def test_a_task_without_knob_arms_or_closed_form_trains_one_model(spy):
    ((place, trained),) = found_in(TASK, spy.variant())
    assert place == Place("trained", None, True)
    assert trained.model.interventions == HELD
    assert (trained.latent, trained.kl_weight, len(spy.steps)) == (2, 1.0, 2)


def test_arms_come_in_the_tasks_order_and_the_knob_within_each_beside_what_mathematics_knows(spy):
    task = replace(
        TASK,
        knob=Knob("input_noise", "s"),
        analytic="linear_vae_at_fixed_scale",
        arms=(Arm("noisy", replace(HELD, target="noisy")), Arm("again", redrawn=True)),
    )
    found = found_in(task, spy.variant(), knob_values=(0.0, 0.2))
    pairs = [(arm, knob) for arm in ("trained", "noisy") for knob in (0.0, 0.2)]
    names = {"trained": "analytic", "noisy": "analytic_noisy"}
    expected = [place for arm, knob in pairs for place in ((arm, knob), (names[arm], knob))]
    assert places(found) == [*expected, ("again", 0.0), ("again", 0.2)]


def test_a_known_model_is_the_closed_form_under_its_own_arms_interventions(spy):
    task = replace(TASK, analytic="linear_vae_at_fixed_scale", arms=(Arm("tight", OTHER),))
    by_place = {place.arm: trained for place, trained in found_in(task, spy.variant(kl_weight=3.0))}
    assert list(by_place) == ["trained", "analytic", "tight", "analytic_tight"]
    for name, by in (("analytic", HELD), ("analytic_tight", OTHER)):
        exact = linear_vae_at_fixed_scale(DATA, 2, by.posterior_scale, 2 * by.likelihood_variance * 3.0)
        torch.testing.assert_close(by_place[name].model.model.mean.weight, exact.mean.weight)
        assert by_place[name].model.interventions == by
        assert by_place[name].kl_weight == 3.0
    assert not torch.equal(
        by_place["analytic"].model.model.mean.weight, by_place["analytic_tight"].model.model.mean.weight
    )


class Learned(nn.Module):
    """A likelihood with a variance of its own, one number or one for each pixel."""

    def __init__(self, variance):
        super().__init__()
        self.variance = nn.Parameter(torch.as_tensor(variance))

    def forward(self, mean):
        return Gaussian(mean, self.variance)


def test_a_known_model_has_the_beta_of_one_that_learned_its_variance(spy):
    """It had that of the suite's variance, which no model beside it had: a fall of it was compared with another's."""
    task = replace(TASK, analytic="linear_vae_at_fixed_scale")

    def build(shape, latent, arch):
        decoder = nn.Sequential(nn.Linear(latent, 6), nn.Unflatten(1, shape))
        return AutoEncoder(nn.Flatten(), decoder, 6, latent, Learned(0.4))

    by_place = {place.arm: trained for place, trained in found_in(task, spy.variant(build=build, kl_weight=3.0))}
    (variance,) = (float(w) for name, w in by_place["trained"].model.model.named_parameters() if "variance" in name)
    known = by_place["analytic"]
    assert variance != pytest.approx(HELD.likelihood_variance)
    exact = linear_vae_at_fixed_scale(DATA, 2, HELD.posterior_scale, 2 * variance * 3.0)
    torch.testing.assert_close(known.model.model.mean.weight, exact.mean.weight)
    assert kl_weight_in_squares(known, DATA.train.x) == pytest.approx(2 * variance * 3.0)


def test_beside_a_model_with_a_variance_for_each_pixel_there_is_none(spy):
    def build(shape, latent, arch):
        decoder = nn.Sequential(nn.Linear(latent, 6), nn.Unflatten(1, shape))
        return AutoEncoder(nn.Flatten(), decoder, 6, latent, Learned(torch.full(shape, 0.4)))

    found = found_in(replace(TASK, analytic="linear_vae_at_fixed_scale"), spy.variant(build=build))
    assert places(found) == [("trained", None)]


def test_along_the_knob_each_known_model_is_the_closed_form_at_that_value_for_its_own_arms_target(spy):
    task = replace(
        TASK,
        knob=Knob("input_noise", "s"),
        analytic="linear_vae_at_fixed_scale",
        arms=(Arm("noisy", replace(HELD, target="noisy")),),
    )
    found = found_in(task, spy.variant(), knob_values=(0.0, 0.1, 0.4))
    for place, known in found[1::2]:
        target = "noisy" if place.arm == "analytic_noisy" else "clean"
        exact = linear_vae_at_fixed_scale(DATA, 2, 0.5, 0.1, place.knob, target)
        assert all(torch.equal(w, exact.state_dict()[name]) for name, w in known.model.model.state_dict().items())
    gains = [float(known.model.model.mean.weight.norm()) for _, known in found[1::2]]
    assert len(set(gains)) == 5  # without noise the two targets are one


@pytest.mark.parametrize("by", [Interventions(likelihood_variance=0.05), Interventions(posterior_scale=0.5)])
def test_a_place_without_a_closed_form_has_no_known_model(spy, by):
    found = found_in(replace(TASK, analytic="linear_vae_at_fixed_scale", interventions=by), spy.variant())
    assert places(found) == [("trained", None)]


def test_a_model_read_as_coins_has_no_closed_form_of_squares(spy):
    coins = replace(HELD, likelihood="bernoulli")
    task = replace(TASK, analytic="linear_vae_at_fixed_scale", arms=(Arm("coins", coins),))
    assert places(found_in(task, spy.variant())) == [("trained", None), ("analytic", None), ("coins", None)]


def test_an_arm_has_the_tasks_interventions_or_its_own_and_every_other_thing_of_the_judged(spy):
    task = replace(TASK, arms=(Arm("same"), Arm("tight", OTHER)))
    found = found_in(task, spy.variant())
    assert [trained.model.interventions for _, trained in found] == [HELD, HELD, OTHER]
    for first, *others in zip(*(spy.steps[i : i + 2] for i in (0, 2, 4)), strict=True):
        assert all(torch.equal(step.x, first.x) for step in others)
    for built in spy.built[1:]:
        assert all(torch.equal(built[name], weight) for name, weight in spy.built[0].items())


def test_a_redrawn_arm_starts_elsewhere_sees_other_batches_and_is_the_same_in_every_run(spy):
    task = replace(TASK, arms=(Arm("again", redrawn=True),))
    judged, again = (trained for _, trained in found_in(task, spy.variant()))
    assert not torch.equal(spy.built[0]["mean.weight"], spy.built[1]["mean.weight"])
    assert not torch.equal(spy.steps[0].x, spy.steps[2].x)
    noise = [(step.z - step.posterior.mean) / step.posterior.scale for step in spy.steps]
    assert not torch.allclose(noise[0], noise[2])
    for (_, one), other in zip(found_in(task, spy.variant()), (judged, again), strict=True):
        assert torch.equal(one.model.model.mean.weight, other.model.model.mean.weight)
    (_, elsewhere), _ = found_in(task, spy.variant(), at=replace(CELL, seed=4))
    assert not torch.equal(spy.built[-1]["mean.weight"], spy.built[1]["mean.weight"])
    assert not torch.equal(elsewhere.model.model.mean.weight, judged.model.model.mean.weight)


def test_an_arm_that_keeps_the_ends_has_the_same_models_and_no_snapshot_between(spy):
    training = replace(TRAINING, steps=4, snapshots=(0, 1, 3, 4))
    budget = Budget(1, 2, training)
    whole, ends = Arm("arm", redrawn=True), Arm("arm", redrawn=True, kept="ends")
    found = list(arms(replace(TASK, arms=(whole, ends)), budget, spy.variant(), DATA, CELL))
    judged, all_kept, ends_kept = (dict(trained.snapshots) for _, trained in found)
    assert (list(judged), list(all_kept), list(ends_kept)) == ([0, 1, 3, 4], [0, 1, 3, 4], [0, 4])
    for step, weights in ends_kept.items():
        assert all(torch.equal(weight, all_kept[step][name]) for name, weight in weights.items())
    assert value_hash(ends) == value_hash(whole)


def test_two_redrawn_arms_draw_alike(spy):
    """Between them only what is compared differs, as between the judged arm and the others."""
    found_in(replace(TASK, arms=(Arm("one", redrawn=True), Arm("two", OTHER, redrawn=True))), spy.variant())
    assert torch.equal(spy.built[1]["mean.weight"], spy.built[2]["mean.weight"])


def test_a_twin_is_trained_where_there_is_one(spy):
    task = replace(TASK, arms=(Arm("twin", variant="twin"), Arm("same")))
    assert places(found_in(task, spy.variant())) == [("trained", None), ("same", None)]
    found = found_in(task, spy.variant(twin="linear_vae"))
    assert places(found) == [("trained", None), ("twin", None), ("same", None)]
    twin = catalog.variant("linear_vae").variant
    assert found[1][1].kl_weight == twin.kl_weight
    assert torch.equal(found[1][1].model.model.mean.weight, found_in(TASK, twin)[0][1].model.model.mean.weight)


def test_an_arm_may_train_one_of_the_suites_variants_by_name(spy):
    task = replace(TASK, arms=(Arm("linear", variant="linear_vae"),))
    found = found_in(task, spy.variant())
    assert places(found) == [("trained", None), ("linear", None)]
    assert len(spy.built) == 1
    with pytest.raises(catalog.UnknownName, match=r"^unknown variant 'linearvae'"):
        found_in(replace(TASK, arms=(Arm("linear", variant="linearvae"),)), spy.variant())


KNOBS = {"posterior_scale": (0.1, 0.3, 0.9), "input_noise": (0.0, 0.3, 0.9)}


@pytest.mark.parametrize("name", KNOBS)
def test_the_knob_turns_one_intervention_at_every_value_the_middle_one_or_not_at_all(spy, name):
    values = KNOBS[name]
    kinds = ("every", "middle", "off")
    task = replace(TASK, knob=Knob(name, "k"), arms=tuple(Arm(f"at_{kind}", knob=kind) for kind in kinds))
    found = found_in(task, spy.variant(), knob_values=values)
    at = [(arm, knob) for arm in ("trained", "at_every") for knob in values]
    assert places(found) == [*at, ("at_middle", values[1]), ("at_off", None)]
    for place, trained in found:
        expected = HELD if place.knob is None else replace(HELD, **{name: place.knob})
        assert trained.model.interventions == expected


def test_of_an_even_number_of_values_the_middle_one_is_the_upper():
    spy = Spy()
    task = replace(TASK, knob=Knob("input_noise", "s"), arms=(Arm("middle", knob="middle"),))
    assert places(found_in(task, spy.variant(), knob_values=(0.0, 0.1, 0.2, 0.4)))[-1] == ("middle", 0.2)


def strong(spy, seen):
    """The spy with a knob of its own."""

    def at(strength):
        def objective(step):
            seen.append(strength)
            return negative_elbo(strength)(step)

        return objective

    return spy.variant(strengths=(1.0, 2.0, 8.0), objective_at=at)


def test_a_strength_turns_the_variants_own_knob_and_then_its_weight_is_no_longer_the_declared_one(spy):
    seen = []
    task = replace(TASK, knob=Knob("strength", "β"), arms=(Arm("off", knob="off"), Arm("middle", OTHER, knob="middle")))
    found = found_in(task, strong(spy, seen), knob_values=(0.1, 0.2))
    assert places(found) == [("trained", 1.0), ("trained", 2.0), ("trained", 8.0), ("off", None), ("middle", 2.0)]
    assert [trained.kl_weight for _, trained in found] == [None, None, None, 1.0, None]
    assert seen == [1.0, 1.0, 2.0, 2.0, 8.0, 8.0, 2.0, 2.0]
    assert len(spy.steps) == 2  # the arm without the knob has the objective of record
    assert [trained.model.interventions for _, trained in found] == [HELD] * 4 + [OTHER]


def test_a_variant_without_strengths_is_trained_once_as_it_is(spy):
    task = replace(TASK, knob=Knob("strength", "β"), arms=(Arm("middle", knob="middle"),))
    found = found_in(task, spy.variant(), knob_values=(0.1, 0.2))
    assert places(found) == [("trained", None), ("middle", None)]
    assert [trained.kl_weight for _, trained in found] == [1.0, 1.0]


def test_an_arm_of_another_variant_has_that_ones_strengths(spy):
    seen = []
    task = replace(TASK, knob=Knob("strength", "β"), arms=(Arm("linear", variant="linear_vae"),))
    assert catalog.variant("linear_vae").variant.strengths == ()
    assert places(found_in(task, strong(spy, seen)))[3:] == [("linear", None)]


COINS = replace(HELD, likelihood="bernoulli")


def test_data_that_are_no_probabilities_get_no_arm_that_reads_them_as_such(spy):
    task = replace(TASK, arms=(Arm("coins", COINS), Arm("same")))
    inside, outside = (found_in(task, spy.variant(), data) for data in (DATA, OUTSIDE))
    assert places(inside) == [("trained", None), ("coins", None), ("same", None)]
    assert places(outside) == [("trained", None), ("same", None)]
    kinds = [type(trained.model.decode(torch.zeros(1, 2))) for _, trained in inside]
    assert kinds == [Gaussian, Bernoulli, Gaussian]


def test_a_judged_arm_that_would_read_such_data_as_probabilities_is_unfit(spy):
    task = replace(TASK, interventions=COINS)
    assert places(found_in(task, spy.variant())) == [("trained", None)]
    for x in (X - 0.5, 2 * X):
        with pytest.raises(Unfit, match=r"^a Bernoulli likelihood needs data in \[0, 1\]$"):
            found_in(task, spy.variant(), Dataset("outside", 1, Split(x), Split(X)))


@pytest.mark.parametrize(("dimension", "expected"), [(None, 2), (1, 2), (2, 2), (5, 5)])
def test_there_are_as_many_latent_units_as_the_budget_says_or_the_data_need(spy, dimension, expected):
    truth = dimension and Truth(lambda x: x.sum(), None, False, None, dimension=dimension)
    data = replace(DATA, truth=truth or None)
    assert latent_units(Budget(1, 2, TRAINING), data) == expected
    ((_, trained),) = found_in(TASK, spy.variant(), data)
    assert trained.latent == expected
    assert trained.model.encode(X[:1]).mean.shape == (1, expected)


@pytest.mark.parametrize(("own", "expected"), [(None, 2), (4, 4), (lambda shape: shape[0] * shape[1], 6)])
def test_a_variant_may_have_a_number_of_latent_units_of_its_own(spy, own, expected):
    variant = spy.variant(latent=own)
    task = replace(TASK, analytic="linear_vae_at_fixed_scale")
    assert [trained.latent for _, trained in found_in(task, variant)] == [expected, expected]
    assert variant.apart == ("" if own is None else "its number of latent units is its own")


def test_a_checkpoint_is_read_as_it_is_and_not_where_the_knob_acts_in_training(spy, tmp_path):
    from safetensors.torch import save_file

    weights = {name: value.contiguous() for name, value in spy.build((2, 3), 2, "mlp").state_dict().items()}
    save_file(weights, tmp_path / "w.safetensors")
    variant = spy.variant(trained=True, weights=tmp_path / "w.safetensors")
    still = replace(TASK, interventions=Interventions(likelihood_variance=0.05))
    arms_of_others = (Arm("again", redrawn=True), Arm("coins", COINS))
    ((place, trained),) = found_in(replace(still, arms=arms_of_others), variant)
    assert (place.arm, spy.steps) == ("trained", [])
    assert all(torch.equal(value, weights[name]) for name, value in trained.model.model.state_dict().items())
    for task in (replace(still, knob=Knob("input_noise", "s")), TASK):
        with pytest.raises(Unfit, match=r"its weights are a checkpoint, and (the knob of|what) this task"):
            found_in(task, variant, knob_values=(0.1,) if task.knob else ())


@pytest.fixture
def outcome_of(spy, monkeypatch):
    """Run one whole cell of a task on the small data, with instruments of the test's own."""

    def run(task, variant=None, data=DATA, knob_values=(), evaluation=None, **instruments):
        budget = Budget(1, 2, TRAINING, evaluation or EvaluationBudget(), knob_values)
        whole = replace(task, budgets={"standard": budget})
        named = catalog.variant
        mine = catalog.Brought(variant or spy.variant(), "c" * 16)
        monkeypatch.setattr(catalog, "task", lambda name: whole)
        monkeypatch.setattr(catalog, "variant", lambda name: mine if name == "spy" else named(name))
        monkeypatch.setattr(catalog, "instrument", lambda _paper, name: instruments[name.partition(".")[2]])
        monkeypatch.setattr(catalog, "dataset_files", lambda name, root: None)
        monkeypatch.setattr(cell, "dataset_of", lambda name, root: data)
        found = run_cell(CELL)
        monkeypatch.undo()
        return found

    return run


@gives("scale")
def scale_read(probe):
    return (Measurement("scale", float(probe.trained.model.posterior_scale), 0.0, probe.budget.points),)


@gives("drawn")
def drawn(probe):
    return (Measurement("drawn", float(torch.rand((), generator=probe.rng)), 0.0, 1),)


def values(outcome, name):
    return {(seen.arm, seen.knob): seen.values[0] for seen in outcome.measurements if seen.name == name}


MANY = replace(
    TASK,
    knob=Knob("posterior_scale", "σ"),
    analytic="linear_vae_at_fixed_scale",
    instruments=("made.scale", "made.drawn"),
    arms=(Arm("hidden", OTHER, knob="off", read=False), Arm("shown", OTHER, knob="middle")),
)


def test_every_instrument_is_read_at_every_place_but_of_the_arms_that_are_not_read(outcome_of):
    outcome = outcome_of(
        MANY, knob_values=(0.1, 0.3), evaluation=EvaluationBudget(points=7), scale=scale_read, drawn=drawn
    )
    assert (outcome.status, outcome.reason) == ("ok", "")
    read = values(outcome, "scale")
    assert read == pytest.approx(
        {(arm, knob): knob for arm in ("trained", "analytic") for knob in (0.1, 0.3)}
        | {("shown", 0.3): 0.3, ("analytic_shown", 0.3): 0.3}
    )
    assert {seen.seeds for seen in outcome.measurements} == {(3,)}
    assert {seen.counts for seen in outcome.measurements if seen.name == "scale"} == {(7,)}
    assert len(set(values(outcome, "drawn").values())) == 1  # the same draws at every place
    assert outcome.parameters == 6 * 2 * 3 + 2 * 2 + 6


def test_comparisons_are_given_every_model_and_what_they_find_belongs_to_the_judged(outcome_of):
    given = {}

    @gives("apart", "together")
    def compared(cohort):
        given.update(cohort.models)
        draw, points = float(torch.rand((), generator=cohort.rng)), cohort.budget.points
        return ((0.1, Measurement("apart", 1.5, 0.0, points)), (None, Measurement("together", draw, 0.0, 1)))

    task = replace(MANY, instruments=(), comparisons=("made.compared",))
    outcome = outcome_of(task, knob_values=(0.1, 0.3), evaluation=EvaluationBudget(points=7), compared=compared)
    assert outcome.status == "ok", outcome.reason
    assert list(given) == [
        *[(arm, knob) for knob in (0.1, 0.3) for arm in ("trained", "analytic")],
        ("hidden", None),
        ("analytic_hidden", None),
        ("shown", 0.3),
        ("analytic_shown", 0.3),
    ]
    assert all(
        float(trained.model.posterior_scale) == pytest.approx(knob or 0.2) for (_, knob), trained in given.items()
    )
    found = [(seen.arm, seen.knob, seen.seeds, seen.name) for seen in outcome.measurements]
    assert found == [("trained", 0.1, (3,), "apart"), ("trained", None, (3,), "together")]
    assert outcome.measurements[0].counts == (7,)
    again = outcome_of(task, knob_values=(0.1, 0.3), compared=compared)
    assert again.measurements[1] == outcome.measurements[1]


def test_models_are_kept_only_where_there_are_comparisons(outcome_of, monkeypatch):
    kept = []
    whole = cell.compare

    def compare(task, budget, models, data, seed):
        kept.append(len(models))
        return whole(task, budget, models, data, seed)

    for task in (MANY, replace(MANY, comparisons=("made.nothing",))):
        monkeypatch.setattr(cell, "compare", compare)
        instruments = {"scale": scale_read, "drawn": drawn, "nothing": lambda _: ()}
        one = outcome_of(task, knob_values=(0.1, 0.3), **instruments)
        assert one.status == "ok", one.reason
    assert kept == [0, 8]


def test_a_cell_whose_data_are_no_probabilities_is_declined_and_says_why(outcome_of):
    outcome = outcome_of(replace(TASK, interventions=COINS), data=OUTSIDE)
    assert (outcome.status, outcome.reason) == ("declined", "a Bernoulli likelihood needs data in [0, 1]")
    assert outcome.measurements == ()


def test_a_comparison_that_breaks_costs_the_cell_its_measurements_and_says_where(outcome_of):
    def breaks(cohort):
        raise KeyError("twin")

    task = replace(MANY, comparisons=("made.nothing",))
    outcome = outcome_of(task, scale=scale_read, drawn=drawn, nothing=breaks)
    assert outcome.status == "broken"
    assert outcome.reason.startswith("KeyError: 'twin' (test_cell.py, line ")
    assert outcome.measurements == ()


def test_what_an_instrument_gives_undeclared_ends_the_cell_with_its_name(outcome_of):
    @gives("drawn")
    def slips(probe):
        return (Measurement("drwan", 1.0, 0.0, 1),)

    outcome = outcome_of(replace(MANY, instruments=("made.drawn",)), drawn=slips)
    assert outcome.status == "broken"
    assert outcome.reason.startswith("LookupError: slips gives drwan and does not declare it")
    assert outcome.measurements == ()


def test_a_conditional_variant_is_read_on_the_examples_of_its_class(outcome_of):
    seen = []

    @gives("scale")
    def counted(probe):
        seen.append((len(probe.data.held_out.x), set(probe.data.train.labels.tolist()), probe.trained.label))
        return (Measurement("scale", 1.0, 0.0, 1),)

    class Given(nn.Module):
        def __init__(self, shape, latent):
            super().__init__()
            decoder = nn.Sequential(nn.Linear(latent, 6), nn.Unflatten(1, shape))
            self.inner = AutoEncoder(nn.Flatten(), decoder, 6, latent)

        def encode(self, x, labels):
            return self.inner.encode(x + labels.view(-1, 1, 1))

        def decode(self, z, labels):
            return self.inner.decode(z + labels.view(-1, 1))

    labels = torch.arange(40) % 3
    data = Dataset("small", 1, Split(X[:32], labels[:32]), Split(X[32:], labels[32:]))
    variant = Variant("spy", "tests", lambda shape, latent, _: Given(shape, latent), negative_elbo(), labels=3)
    task = replace(TASK, instruments=("made.scale",))
    outcome = outcome_of(task, variant, data, scale=counted)
    assert (outcome.status, outcome.reason) == ("ok", "")
    assert seen == [(int((labels[32:] == 0).sum()), {0}, 0)]
