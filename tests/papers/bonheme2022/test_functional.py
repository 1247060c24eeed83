"""The functional lead finds planted leads, in sign and in decades, and says where there is none to be read."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from measures.known import generator
from papers.bonheme2022.small import COINS, LATENT, TRAINING, build, cohort, digits, head_start, trained, warped
from torch import nn

from vaebench import catalog
from vaebench.experiment import EvaluationBudget, Interventions, TrainingConfig
from vaebench.kernels.estimate import Undefined
from vaebench.measures.probe import Cohort
from vaebench.models import AutoEncoder, Bernoulli, Gaussian, Variant, negative_elbo
from vaebench.papers.bonheme2022 import retraining
from vaebench.papers.bonheme2022.code_free import code_free_loss, data_scale
from vaebench.papers.bonheme2022.functional import functional_lead
from vaebench.papers.bonheme2022.retraining import Bench, negative_elbos, retrained
from vaebench.training.fit import fit
from vaebench.training.intervened import Intervened
from vaebench.training.sides import sides_of

QUICK = EvaluationBudget(points=64, retraining_steps=20)


def found(arm="trained", evaluation=None, **models):
    kind = {} if evaluation is None else {"evaluation": evaluation}
    placed = functional_lead(cohort(generator(), **kind, **models))
    return {one[1].name: one[1] for one in placed if (one[2] if len(one) == 3 else "trained") == arm}


@pytest.fixture(scope="module")
def plain():
    return found(trained=trained())


@pytest.mark.parametrize(("side", "decades"), [("encoder", 1), ("decoder", -1)])
def test_a_side_that_is_ten_times_ahead_leads_by_a_decade(plain, side, decades):
    seen = found(trained=warped(trained(), side))
    for name in ("functional_lead", "functional_t50_lead"):
        assert seen[name].value - plain[name].value == pytest.approx(decades, abs=0.1)
    assert seen["functional_lead"].unit == "decade"
    assert seen["functional_first_share"].value == float(decades > 0)


@pytest.mark.parametrize(("side", "sign"), [("encoder", 1), ("decoder", -1)])
def test_a_side_with_a_head_start_leads_by_more_than_a_decade(side, sign):
    seen = found(trained=head_start(side))
    assert sign * seen["functional_lead"].value >= 1
    assert sign * seen["functional_t50_lead"].value >= 1
    untrained = seen["functional_lead_untrained_zero"]
    assert untrained.cause == "model" and untrained.reason == f"the {side} starts where it ends"


@pytest.mark.slow
def test_a_model_both_sides_of_which_are_slowed_tenfold_reads_as_the_plain_one():
    """On the task's own recipe: a smaller model, slowed, is still half-way at its end. Wider steps cost .05 already."""
    steps = (0, 10, 30, 70, 150, 225, 340, 500, 750, 1600, 3000)
    recipe = TrainingConfig(steps=3000, batch=64, learning_rate=1e-3, schedule="constant", snapshots=steps)
    data, variant = catalog.dataset("digits", Path("data")), catalog.variant("vae").variant

    def model(seed=0, training=recipe, **rates):
        by = replace(COINS, **rates)
        return fit(variant, data, arch="mlp", latent=10, training=training, interventions=by, seed=seed)

    first = model(1, replace(recipe, steps=1, snapshots=(0, 1)))
    leads = []
    for rates in ({}, {"encoder_rate": 0.1, "decoder_rate": 0.1}):
        models = {("trained", None): model(**rates), ("redrawn", None): first}
        placed = functional_lead(Cohort(models, data, EvaluationBudget(points=512), generator()))
        leads += [one[1].value for one in placed if one[1].name == "functional_lead"]
    assert leads[0] == pytest.approx(leads[1], abs=0.05)


def test_fresh_sides_of_the_plain_model_come_near_its_own_end(plain):
    assert all(plain[f"functional_lag_{side}"].value <= 0.05 for side in ("encoder", "decoder"))
    assert all(plain[f"functional_gain_{side}"].value > 100 for side in ("encoder", "decoder"))
    # Learning the mean image counts there, which only a decoder does.
    assert plain["functional_lead_untrained_zero"].value < plain["functional_lead"].value - 0.5


def stacked(model, states):
    names = [name for name, _ in model.named_parameters()]
    return {name: torch.stack([state[name] for state in states]) for name in names}


def bench(one, seed=5):
    fresh = trained(seed=200, training=replace(TRAINING, steps=1, snapshots=(0, 1))).snapshots[0][1]
    data = digits()
    x = data.held_out.x[:64]
    return Bench(one, sides_of(one.model.model, x[:2]), fresh, data.train.x, x, seed)


def test_snapshots_that_are_retrained_together_end_where_each_ends_alone():
    on, states = bench(trained()), [weights for _, weights in trained().snapshots][::3]
    for side in ("encoder", "decoder"):
        together = retrained(on, side, states, 15)
        assert together == pytest.approx([retrained(on, side, [state], 15)[0] for state in states], rel=1e-4)
        assert len({round(loss, 2) for loss in together}) == len(states)


@pytest.mark.parametrize("variant", ["vae", "iwae", "denoising_vae"])
def test_few_snapshots_at_once_see_the_batches_and_noise_that_all_at_once_see(monkeypatch, variant):
    one = a_few_steps(catalog.variant(variant).variant)
    on, states = bench(one), [weights for _, weights in one.snapshots] * 4
    sizes, whole = [], retraining._retrained

    def seen(bench, frozen, snapshots, steps):
        sizes.append(len(snapshots))
        return whole(bench, frozen, snapshots, steps)

    monkeypatch.setattr(retraining, "_retrained", seen)
    monkeypatch.setattr(retraining, "AT_ONCE", 7)
    together = retrained(on, "encoder", states, 10)
    monkeypatch.setattr(retraining, "AT_ONCE", 5)
    assert retrained(on, "encoder", states, 10) == pytest.approx(together, rel=1e-6)
    assert retrained(on, "encoder", states[:9], 10) == pytest.approx(together[:9], rel=1e-6)
    assert sizes == [12, 6, 6, 9]


def test_the_side_that_is_frozen_decides_and_the_other_sides_weights_do_not():
    on, end = bench(trained()), trained().snapshots[-1][1]
    mixed = {name: weight if name.startswith("decoder.") else 0 * weight for name, weight in end.items()}
    assert retrained(on, "decoder", [mixed], 5) == retrained(on, "decoder", [end], 5)
    assert retrained(on, "encoder", [mixed], 5) != retrained(on, "encoder", [end], 5)


def test_the_bound_is_the_objective_of_a_plain_vae():
    one = trained()
    on = bench(one)
    values = [
        negative_elbos(replace(on, seed=seed), stacked(one.model.model, [one.model.model.state_dict()]))[0]
        for seed in range(9)
    ]
    x = on.held_out
    posterior = one.model.encode(x)
    noise = torch.randn(400, *posterior.mean.shape, generator=generator(1))
    losses = [(posterior.kl() - one.model.decode(posterior.sample(n)).log_prob(x)).mean() for n in noise]
    expected, spread = torch.stack(losses).mean(), torch.stack(losses).std()
    assert torch.tensor(values).mean() == pytest.approx(float(expected), abs=5 * float(spread) / (9 * 8) ** 0.5)


def test_fresh_sides_minimise_the_models_own_objective_at_its_last_step():
    steps = []

    def objective(step):
        steps.append((step.step, step.steps, step.examples))
        return negative_elbo()(step)

    one = trained()
    retrained(bench(replace(one, objective=objective)), "encoder", [one.snapshots[-1][1]], 3)
    assert steps == [(299, 300, len(digits().train.x))] * 3

    heavy = retrained(bench(replace(one, objective=negative_elbo(500.0))), "decoder", [one.snapshots[-1][1]], 60)
    assert heavy[0] > retrained(bench(one), "decoder", [one.snapshots[-1][1]], 60)[0] + 10


# --- the code-free zero


def outputs(kind, x):
    class Same(AutoEncoder):
        def decode(self, z):
            return kind(super().decode(z).mean)

    return Intervened(
        Same(nn.Flatten(), nn.Sequential(nn.Linear(2, 6), nn.Unflatten(1, (2, 3))), 6, 2), Interventions()
    )


@pytest.mark.parametrize("kind", [lambda m: Bernoulli(m, 3.0), lambda m: Gaussian(m, 0.1)], ids=["coins", "normal"])
def test_no_output_that_is_one_for_all_has_a_lower_loss(kind):
    x = torch.rand(400, 2, 3, generator=generator()) ** 2
    model = outputs(kind, x)
    found = code_free_loss(model, x, x)
    free = torch.zeros(1, 2, 3, requires_grad=True)
    optimiser = torch.optim.LBFGS([free], max_iter=60)

    def loss():
        optimiser.zero_grad()
        value = -kind(free.expand(400, 2, 3)).log_prob(x).mean()
        value.backward()
        return value

    optimiser.step(loss)
    assert found == pytest.approx(float(loss().detach()), rel=1e-4)
    assert 0 < data_scale(model, x, x) == pytest.approx(found + float(kind_at(kind, x)), rel=1e-4)


def kind_at(kind, x):
    best = torch.logit(x, 1e-12) if isinstance(kind(x), Bernoulli) else x
    return kind(best).log_prob(x).mean()


def test_a_pixel_that_is_always_dark_costs_nothing_infinite():
    x = torch.zeros(50, 2, 3)
    bright = torch.ones(4, 2, 3)
    assert math.isfinite(code_free_loss(outputs(Bernoulli, x), x, bright))


def test_a_learned_variance_has_no_declared_zero():
    x = torch.rand(5, 2, 3)
    with pytest.raises(Undefined, match="the variance is learned"):
        code_free_loss(outputs(lambda m: Gaussian(m, torch.tensor(0.1)), x), x, x)


# --- what is declined, and why


def reasons(seen):
    lead = seen["functional_lead"]
    assert lead.value is None
    assert all(seen[name].reason == lead.reason for name in functional_lead.gives if name != "functional_first_share")
    return lead.reason, lead.cause


def test_a_model_that_gains_too_little_is_declined_and_is_not_first():
    barely = trained(training=replace(TRAINING, steps=12, snapshots=(0, 3, 12)))
    seen = found(trained=barely, other_objective=trained(seed=7), evaluation=QUICK)
    reason, cause = reasons(seen)
    assert cause == "model" and "over the best output that ignores the code" in reason
    assert seen["functional_first_share"].value == 0


def test_without_a_plain_comparison_it_is_held_against_the_datas_own_scale():
    barely = trained(training=replace(TRAINING, steps=12, snapshots=(0, 3, 12)))
    assert "over the best output that ignores the code" in reasons(found(trained=barely, evaluation=QUICK))[0]


def test_fresh_sides_that_lag_after_all_doublings_are_no_reading():
    seen = found(trained=trained(), evaluation=replace(QUICK, retraining_steps=1))
    reason, cause = reasons(seen)
    assert cause == "model" and "lags by" in reason and reason.endswith("after 8 steps")


def test_a_side_that_never_gets_half_way_has_no_time_and_the_area_stays():
    course = trained()
    first = course.snapshots[0][1]
    frozen = tuple(
        (step, {n: first[n] if n.startswith("decoder.") else w for n, w in state.items()})
        for step, state in course.snapshots
    )
    model = build((1, 8, 8), LATENT, "mlp")
    model.load_state_dict(frozen[-1][1])
    whole = replace(course, model=Intervened(model, COINS).eval().requires_grad_(False), snapshots=frozen)
    seen = found(trained=whole)
    assert seen["functional_lead"].value > 0.1
    assert seen["functional_t50_lead"].reason.startswith("never reached: the decoder stays below 50 %")
    assert seen["functional_t90_lead"].cause == "model"


class Tied(AutoEncoder):
    """A decoder that uses the encoder's first weight, transposed."""

    def __init__(self):
        super().__init__(nn.Sequential(nn.Flatten(), nn.Linear(64, 5)), nn.Linear(LATENT, 5), 5, LATENT)

    def decode(self, z):
        return self.likelihood((self.decoder(z) @ self.encoder[1].weight).reshape(-1, 1, 8, 8))


def a_few_steps(variant, **rates):
    training = replace(TRAINING, steps=4, snapshots=(0, 2, 4))
    by = replace(COINS, **rates)
    return fit(variant, digits(), arch="mlp", latent=LATENT, training=training, interventions=by, seed=0)


def test_sides_that_share_a_weight_cannot_be_frozen_alone():
    one = a_few_steps(Variant("tied", "tests", lambda shape, latent, arch: Tied(), negative_elbo(), kl_weight=1.0))
    reason = "encoder and decoder share encoder.1.weight: one cannot be frozen alone"
    assert reasons(found(trained=one, redrawn=one, evaluation=QUICK)) == (reason, "setting")


def test_a_discriminator_in_the_loss_is_of_neither_side():
    one = a_few_steps(catalog.variant("factor_vae").variant)
    reason, cause = reasons(found(trained=one, redrawn=one, evaluation=QUICK))
    assert reason.startswith("the loss uses discriminator.") and cause == "setting"


def test_an_objective_that_cannot_be_stacked_is_declined():
    def objective(step):
        return negative_elbo()(step)["kl"] * step.z.sum().item()

    one = replace(trained(), objective=objective)
    reason, cause = reasons(found(trained=one, evaluation=QUICK))
    assert reason.startswith("snapshots cannot be trained together: ") and cause == "setting"


def test_it_needs_snapshots_and_another_seeds_first_weights():
    assert reasons(found(trained=replace(trained(), snapshots=()), evaluation=QUICK))[0].startswith("fewer than two")
    late = replace(trained(), snapshots=trained().snapshots[1:])
    assert reasons(found(trained=trained(), redrawn=late, evaluation=QUICK))[0].startswith("there are no first weights")
    assert found(trained=replace(trained(), snapshots=()), evaluation=QUICK)["functional_first_share"].value is None


@pytest.mark.parametrize("name", ["iwae", "beta_tcvae", "annealed_vae", "denoising_vae", "dip_vae_ii", "sigma_vae"])
def test_the_suites_objectives_can_be_stacked(name):
    variant = catalog.variant(name).variant
    seen = found(trained=(one := a_few_steps(variant)), redrawn=one, evaluation=replace(QUICK, retraining_steps=2))
    assert "cannot be trained together" not in seen["functional_lead"].reason
    assert seen["functional_lead"].cause in {None, "model"}


def test_plants_are_read_beside_the_judged_model_on_their_own_arms():
    quick = replace(QUICK, retraining_steps=150)
    placed = functional_lead(cohort(generator(), quick, trained=trained(), slow_encoder=trained(), other=trained()))
    arms = {(one[2], one[1].name): one[1].value for one in placed if len(one) == 3}
    assert {arm for arm, _ in arms} == {"trained", "slow_encoder"}
    # The same model on two arms is read alike: draws are the same for all.
    assert arms["trained", "functional_lead"] == arms["slow_encoder", "functional_lead"]
    assert [one[1].name for one in placed if len(one) == 2] == ["functional_first_share"]
