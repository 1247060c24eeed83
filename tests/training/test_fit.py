"""Laws of the training loop: what it draws, what it hands over, what it keeps, and how it stops."""

import random
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from vaebench.data import Dataset, Split
from vaebench.models import AutoEncoder, Gaussian, Normal, Unfit, Variant, autoencoder, negative_elbo
from vaebench.training import Interventions, Recipe
from vaebench.training.fit import Diverged, OutOfTime, batches, build

MLP = Variant("small_vae", "tests", autoencoder, negative_elbo(), kl_weight=1.0)


@pytest.mark.parametrize(("n", "size"), [(10, 4), (12, 4), (3, 8), (5, 5), (7, 1)])
def test_every_row_comes_once_an_epoch_and_the_remainder_is_dropped(n, size):
    rows = batches(n, size, torch.Generator().manual_seed(0))
    size = min(size, n)
    orders = []
    for _ in range(5):
        epoch = [next(rows) for _ in range(n // size)]
        assert {len(batch) for batch in epoch} == {size}
        orders.append(torch.cat(epoch).tolist())
        assert len(set(orders[-1])) == n - n % size
        assert set(orders[-1]) <= set(range(n))
    assert n == size == 1 or len({tuple(order) for order in orders}) > 1


def test_no_row_is_dropped_for_ever():
    rows = batches(10, 4, torch.Generator().manual_seed(0))
    assert {int(row) for _ in range(20) for row in next(rows)} == set(range(10))


def weights(trained):
    return torch.cat([p.flatten() for p in trained.model.state_dict().values()])


def test_a_seed_says_everything(train):
    recipe = Recipe(steps=30, batch=8)
    one, same, other = (train(MLP, recipe, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(weights(one), weights(same))
    assert one.history == same.history
    assert not torch.equal(weights(one), weights(other))


def test_the_global_generators_are_left_alone(train):
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    train(MLP, interventions=Interventions(input_noise=0.1))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(np.random.get_state()[1], states[1])
    assert random.getstate() == states[2]


def test_the_global_generator_does_not_matter(train):
    torch.manual_seed(1)
    one = weights(train(MLP))
    torch.manual_seed(2)
    assert torch.equal(weights(train(MLP)), one)


TURNED = [
    Interventions(),
    Interventions(posterior_scale=0.3),
    Interventions(posterior_scale=0.6, likelihood_variance=0.2),
    Interventions(input_noise=0.2),
    Interventions(input_noise=0.4),
]


def test_along_a_knob_only_the_knob_differs(train, spies):
    watched = []
    for interventions in TURNED:
        watched.append(spies())
        train(watched[-1].variant, interventions=interventions)
    for other in watched[1:]:
        for name, weight in watched[0].built[0].items():
            assert torch.equal(other.built[0][name], weight)
        for one, two in zip(watched[0].steps, other.steps, strict=True):
            assert torch.equal(one.x, two.x)
        for one, two in zip(watched[0].noise, other.noise, strict=True):
            torch.testing.assert_close(two, one, atol=1e-4, rtol=1e-4)
    small, large = watched[-2:]
    for one, two, step in zip(small.seen, large.seen, small.steps, strict=True):
        torch.testing.assert_close(2 * (one - step.x), two - step.x, atol=1e-5, rtol=1e-5)


def test_another_seed_draws_other_batches_and_noise(train, spies):
    one, other = spies(), spies()
    train(one.variant, seed=1)
    train(other.variant, seed=2)
    assert not torch.equal(one.steps[0].x, other.steps[0].x)
    assert not torch.allclose(one.noise[0], other.noise[0])
    assert not torch.equal(one.built[0]["mean.weight"], other.built[0]["mean.weight"])


def test_noise_is_standard_normal_and_new_at_every_step(train, spy):
    train(spy.variant, Recipe(steps=200, batch=40))
    drawn = torch.stack(spy.noise)
    assert abs(float(drawn.mean())) < 4 / drawn.numel() ** 0.5
    assert abs(float(drawn.std()) - 1) < 4 / (2 * drawn.numel()) ** 0.5
    assert len({tuple(step.flatten().tolist()) for step in drawn}) == 200


def test_a_fixed_posterior_scale_is_used_in_training_and_afterwards(train, spy, data):
    trained = train(spy.variant, interventions=Interventions(posterior_scale=0.3))
    for step in spy.steps:
        assert torch.equal(step.posterior.scale, torch.full_like(step.z, 0.3))
        torch.testing.assert_close(step.posterior.kl(), Normal(step.posterior.mean, step.posterior.scale).kl())
    assert torch.equal(trained.model.encode(data.held_out.x).scale, torch.full((10, 2), 0.3))
    spread = torch.stack([s.z - s.posterior.mean for s in spy.steps]).detach().std()
    assert float(spread) == pytest.approx(0.3, rel=0.3)


def test_a_posterior_scale_that_is_left_alone_is_learned(train, spy):
    train(spy.variant)
    assert spy.steps[0].posterior.scale.std() > 0
    model = spy.built[0]
    expected = torch.exp(spy.steps[0].x.flatten(1) @ model["log_scale.weight"].T + model["log_scale.bias"])
    torch.testing.assert_close(spy.steps[0].posterior.scale, expected)


def test_input_noise_is_seen_by_the_encoder_in_training_alone_and_the_target_stays_clean(train, spy, data):
    trained = train(spy.variant, Recipe(steps=100, batch=40), interventions=Interventions(input_noise=0.5))
    rows = {tuple(row.flatten().tolist()) for row in data.train.x}
    assert all(tuple(row.flatten().tolist()) in rows for step in spy.steps for row in step.x)
    noise = torch.stack([seen - step.x for seen, step in zip(spy.seen, spy.steps, strict=True)])
    assert abs(float(noise.std()) - 0.5) < 4 * 0.5 / (2 * noise.numel()) ** 0.5
    assert abs(float(noise.mean())) < 4 * 0.5 / noise.numel() ** 0.5
    trained.model.encode(data.held_out.x)
    assert torch.equal(spy.heard[-1], data.held_out.x)


def test_without_input_noise_the_encoder_sees_the_target(train, spy):
    train(spy.variant)
    assert all(torch.equal(seen, step.x) for seen, step in zip(spy.seen, spy.steps, strict=True))


def test_a_fixed_likelihood_variance_is_used_in_training_and_afterwards(train, spy):
    trained = train(spy.variant, interventions=Interventions(likelihood_variance=0.7))
    assert {step.likelihood.variance for step in spy.steps} == {0.7}
    assert trained.model.decode(torch.zeros(1, 2)).variance == 0.7


def test_the_decoder_is_shown_the_drawn_codes(train, spy):
    train(spy.variant, Recipe(steps=1, batch=8))
    (step,), model = spy.steps, spy.built[0]
    decoded = step.z @ model["decoder.0.weight"].T + model["decoder.0.bias"]
    torch.testing.assert_close(step.likelihood.mean.flatten(1), decoded)
    assert [step.step for step in spy.steps] == [0]


def test_an_objectives_own_randomness_is_its_own(train, objecting, spies):
    """An objective that draws moves neither batches nor noise, and draws the same in every run."""
    drawn = []

    def objective(step):
        drawn.append(torch.randn(2, generator=step.rng).tolist())
        return spy.objective(step)

    spy, plain = spies(), spies()
    for _ in range(2):
        train(replace(spy.variant, objective=objective))
    train(plain.variant)
    assert drawn[:4] == drawn[4:]
    assert len({tuple(each) for each in drawn[:4]}) == 4
    assert all(torch.equal(a.x, b.x) for a, b in zip(plain.steps, spy.steps[:4], strict=True))


def test_snapshots_are_taken_before_the_steps_that_are_asked_for(train, spy):
    trained = train(spy.variant, Recipe(steps=4, batch=8, snapshots=(0, 2, 4)))
    assert [step for step, _ in trained.snapshots] == [0, 2, 4]
    for name, weight in spy.built[0].items():
        assert torch.equal(trained.snapshots[0][1][name], weight)
        assert torch.equal(trained.snapshots[2][1][name], trained.model.model.state_dict()[name])
        assert not torch.equal(trained.snapshots[1][1][name], weight)


def test_a_snapshot_is_what_a_shorter_run_ends_with(train, spies):
    constant = Recipe(steps=4, batch=8, schedule="constant", snapshots=(2,))
    longer = train(spies().variant, constant)
    shorter = train(spies().variant, replace(constant, steps=2))
    assert all(torch.equal(longer.snapshots[0][1][n], w) for n, w in shorter.snapshots[0][1].items())


def test_snapshots_that_are_not_asked_for_are_not_taken(train, spy):
    assert train(spy.variant).snapshots == ()


def test_training_lowers_the_loss_and_history_says_when_it_looked(train, spy):
    trained = train(spy.variant, Recipe(steps=250, batch=40, learning_rate=0.02))
    assert [step for step, _ in trained.history] == [0, 100, 200, 249]
    assert trained.history[-1][1] < 0.5 * trained.history[0][1]
    assert trained.seconds > 0


def test_the_first_step_is_adams_at_the_rate_of_the_recipe(train, spy):
    """Adam's first step moves every weight by the learning rate, whatever the size of its gradient."""
    for rate in (0.01, 0.2):
        moved = train(spy.variant, Recipe(steps=1, batch=8, learning_rate=rate)).model.model.mean.weight
        torch.testing.assert_close((moved - spy.built[-1]["mean.weight"]).abs(), torch.full((2, 6), rate))


def test_the_rate_follows_the_schedule(train, spy):
    """Half way a cosine moves half as far as a constant rate, on the same gradients but one."""
    halves = []
    for schedule in ("constant", "cosine"):
        recipe = Recipe(steps=2, batch=40, learning_rate=1e-4, schedule=schedule, snapshots=(1, 2))
        first, last = (s["mean.weight"] for _, s in train(spy.variant, recipe).snapshots)
        halves.append((last - first).norm())
    assert float(halves[1] / halves[0]) == pytest.approx(0.5, rel=1e-3)


def test_a_variant_may_bring_its_own_learning_rate(train, spy):
    moved = train(replace(spy.variant, learning_rate=0.03), Recipe(steps=1, batch=8)).model.model.mean.weight
    torch.testing.assert_close((moved - spy.built[0]["mean.weight"]).abs(), torch.full((2, 6), 0.03))


def test_what_comes_out_is_frozen_and_in_evaluation_mode(train, spy):
    trained = train(spy.variant)
    assert not any(p.requires_grad for p in trained.model.parameters())
    assert not any(module.training for module in trained.model.modules())
    assert (trained.latent, trained.kl_weight) == (2, 1.0)


@pytest.mark.parametrize(("value", "says"), [(float("inf"), "inf"), (float("nan"), "nan"), (float("-inf"), "-inf")])
@pytest.mark.parametrize(("since", "found"), [(0, 0), (50, 100), (100, 100), (101, 119)])
def test_a_loss_that_is_no_number_is_a_divergence(train, objecting, value, says, since, found):
    def objective(step):
        loss = negative_elbo()(step)["reconstruction"]
        return loss * value if step.step >= since else loss

    with pytest.raises(Diverged, match=rf"^the loss was (nan|{says}) at step {found} of 120$"):
        train(objecting(objective), Recipe(steps=120, batch=8))


def test_weights_that_are_no_numbers_after_the_last_step_are_a_divergence(train, objecting):
    def objective(step):
        return (0 * step.posterior.mean).sum().sqrt()  # 0, with a slope of 0·∞

    with pytest.raises(Diverged, match=r"^a weight is not finite after step 1$"):
        train(objecting(objective), Recipe(steps=1, batch=8))


def test_a_learning_rate_far_too_large_is_a_divergence(train):
    with pytest.raises(Diverged, match=r"^the loss was (nan|inf) at step \d+ of 300$"):
        train(MLP, Recipe(steps=300, batch=8, learning_rate=1e8))


def test_out_of_time_says_how_far_it_came(train, spy):
    with pytest.raises(OutOfTime, match=r"^training was at step 0 of 1000 after 1e-09 s$"):
        train(spy.variant, Recipe(steps=1000, batch=8), seconds=1e-9)
    assert train(spy.variant, seconds=60.0).seconds < 60


def test_a_batch_larger_than_the_data_is_all_of_them(train, spy):
    train(spy.variant, Recipe(steps=2, batch=1000))
    assert all(len(step.x) == 40 for step in spy.steps)


class Wrong(nn.Module):
    """A model one of whose shapes is wrong."""

    def __init__(self, mean=2, scale=2, out=(2, 3)):
        super().__init__()
        self.mean, self.log_scale = nn.Linear(6, mean), nn.Linear(6, scale)
        self.decoder = nn.Sequential(nn.LazyLinear(out[0] * out[1]), nn.Unflatten(1, out))

    def encode(self, x):
        return Normal(self.mean(x.flatten(1)), log_scale=self.log_scale(x.flatten(1)))

    def decode(self, z):
        return Gaussian(self.decoder(z), 1.0)


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({"mean": 3}, r"encode should give a posterior of shape \(2, 2\), gave mean \(2, 3\), scale \(2, 2\)"),
        ({"scale": 1}, r"encode should give a posterior of shape \(2, 2\), gave mean \(2, 2\), scale \(2, 1\)"),
        ({"out": (3, 2)}, r"decode should give shape \(2, 2, 3\), gave \(2, 3, 2\)"),
    ],
)
def test_a_wrong_shape_is_one_line(train, shapes, says):
    wrong = Variant("wrong", "tests", lambda shape, latent, arch: Wrong(**shapes), negative_elbo())
    with pytest.raises(ValueError, match=rf"^wrong: {says}$"):
        train(wrong)


@pytest.mark.parametrize("built", [None, nn.Linear(2, 2), SimpleNamespace(encode=1, decode=2)])
def test_what_is_no_model_is_told_what_is_missing(built):
    wrong = Variant("wrong", "tests", lambda shape, latent, arch: built, negative_elbo())
    says = f"^wrong built a {type(built).__name__}, not a torch module with encode and decode$"
    with pytest.raises(TypeError, match=says):
        build(wrong, (2, 3), 2, "mlp", 0)


def test_an_architecture_that_a_variant_is_not_made_for_is_unfit():
    with pytest.raises(Unfit, match=r"^small_vae is built with mlp, conv, not resnet$"):
        build(replace(MLP, archs=("mlp", "conv")), (2, 3), 2, "resnet", 0)


def test_a_build_draws_from_its_seed_and_leaves_torch_alone():
    state = torch.get_rng_state()
    one, same, other = (build(MLP, (2, 3), 2, "mlp", seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one.mean.weight, same.mean.weight)
    assert not torch.equal(one.mean.weight, other.mean.weight)


EIGENVALUES = (2.0, 0.8, 0.3, 0.05)


def spectrum(n=512):
    """Data with exactly these eigenvalues about a mean that is not 0, in R⁶."""
    rng = torch.Generator().manual_seed(5)
    rows = torch.randn(n, len(EIGENVALUES), generator=rng, dtype=torch.float64)
    rows = torch.linalg.qr(rows - rows.mean(0))[0] * (n * torch.tensor(EIGENVALUES).double()).sqrt()
    basis = torch.linalg.qr(torch.randn(6, len(EIGENVALUES), generator=rng, dtype=torch.float64))[0].T
    x = (rows @ basis + 0.5).float()
    return Dataset("spectrum", 1, Split(x), Split(x[:64])), basis


def linear(shape, latent, arch):
    return AutoEncoder(nn.Flatten(), nn.Linear(latent, 6), features=6, latent=latent)


LINEAR = Variant("linear", "tests", linear, negative_elbo(), kl_weight=1.0)
LONG = Recipe(steps=1500, batch=512, learning_rate=0.02)


@pytest.mark.parametrize(("scale", "kl_weight"), [(0.1, 1.0), (0.4, 1.0), (1.0, 1.0), (0.2, 3.0)])
def test_a_trained_linear_vae_lands_on_the_closed_form(train, scale, kl_weight):
    data, basis = spectrum()
    variant = replace(LINEAR, objective=negative_elbo(kl_weight), kl_weight=kl_weight)
    interventions = Interventions(posterior_scale=scale, likelihood_variance=0.1)
    trained = train(variant, LONG, data=data, latent=4, interventions=interventions)
    model = trained.model.model
    encoder, decoder = (layer.weight.double() for layer in (model.mean, model.decoder))
    beta = 2 * 0.1 * kl_weight
    excess = [max(0.0, (2 * value / beta) ** 0.5 / scale - 1) for value in EIGENVALUES]
    close = {"atol": 0.03, "rtol": 0.03}
    torch.testing.assert_close(
        torch.linalg.svdvals(decoder), torch.tensor([(beta / 2 * q) ** 0.5 for q in excess]).double(), **close
    )
    spread = (encoder @ basis.T).norm(dim=0) * torch.tensor(EIGENVALUES).double().sqrt()
    torch.testing.assert_close(spread, torch.tensor([scale * q**0.5 for q in excess]).double(), **close)
    end_to_end = basis @ decoder @ encoder @ basis.T
    expected = torch.diag(torch.tensor([q / (1 + q) for q in excess]).double())
    torch.testing.assert_close(end_to_end, expected, **close)


def test_a_trained_linear_vae_with_a_learned_scale_lands_on_its_closed_form(train):
    data, basis = spectrum()
    trained = train(LINEAR, LONG, data=data, latent=4, interventions=Interventions(likelihood_variance=0.1))
    squares = trained.model.encode(data.train.x).scale.square().mean(0).sort().values
    expected = torch.tensor([min(1.0, 0.2 / (2 * value)) for value in EIGENVALUES])
    torch.testing.assert_close(squares, expected, atol=0.02, rtol=0.05)
    decoder = trained.model.model.decoder.weight.double()
    gains = (basis @ decoder).norm(dim=1).square()
    torch.testing.assert_close(gains, (torch.tensor(EIGENVALUES) - 0.1).clamp_min(0).double(), atol=0.02, rtol=0.03)
