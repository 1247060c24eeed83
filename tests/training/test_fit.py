"""Laws of the training loop: what it draws, what it hands over, and what it keeps."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import ComplexNormal, Normal, Variant, autoencoder, negative_elbo
from vaebench.models.complex_autoencoder import complex_autoencoder
from vaebench.training.inputs import batches

pytestmark = pytest.mark.usefixtures("loop_alone")
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
    training = TrainingConfig(steps=30, batch=8)
    one, same, other = (train(MLP, training, seed=seed) for seed in (3, 3, 4))
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
    train(spy.variant, TrainingConfig(steps=200, batch=40))
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
    trained = train(spy.variant, TrainingConfig(steps=100, batch=40), interventions=Interventions(input_noise=0.5))
    rows = {tuple(row.flatten().tolist()) for row in data.train.x}
    assert all(tuple(row.flatten().tolist()) in rows for step in spy.steps for row in step.x)
    noise = torch.stack([seen - step.x for seen, step in zip(spy.seen, spy.steps, strict=True)])
    assert abs(float(noise.std()) - 0.5) < 4 * 0.5 / (2 * noise.numel()) ** 0.5
    assert abs(float(noise.mean())) < 4 * 0.5 / noise.numel() ** 0.5
    trained.model.encode(data.held_out.x)
    assert torch.equal(spy.heard[-1], data.held_out.x)


def test_input_noise_and_code_noise_are_two_streams(train, spy):
    train(spy.variant, TrainingConfig(steps=1, batch=8), interventions=Interventions(input_noise=0.5))
    shown = ((spy.seen[0] - spy.steps[0].x) / 0.5).flatten()
    assert not torch.allclose(shown[:16], spy.noise[0].flatten(), atol=1e-3)


def test_without_input_noise_the_encoder_sees_the_target(train, spy):
    train(spy.variant)
    assert all(torch.equal(seen, step.x) for seen, step in zip(spy.seen, spy.steps, strict=True))


def test_a_fixed_likelihood_variance_is_used_in_training_and_afterwards(train, spy):
    trained = train(spy.variant, interventions=Interventions(likelihood_variance=0.7))
    assert {step.likelihood.variance for step in spy.steps} == {0.7}
    assert trained.model.decode(torch.zeros(1, 2)).variance == 0.7


def test_the_decoder_is_shown_the_drawn_codes(train, spy):
    train(spy.variant, TrainingConfig(steps=1, batch=8))
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
    trained = train(spy.variant, TrainingConfig(steps=4, batch=8, snapshots=(0, 2, 4)))
    assert [step for step, _ in trained.snapshots] == [0, 2, 4]
    for name, weight in spy.built[0].items():
        assert torch.equal(trained.snapshots[0][1][name], weight)
        assert torch.equal(trained.snapshots[2][1][name], trained.model.model.state_dict()[name])
        assert not torch.equal(trained.snapshots[1][1][name], weight)


def test_a_snapshot_is_what_a_shorter_run_ends_with(train, spies):
    constant = TrainingConfig(steps=4, batch=8, schedule="constant", snapshots=(2,))
    longer = train(spies().variant, constant)
    shorter = train(spies().variant, replace(constant, steps=2))
    assert all(torch.equal(longer.snapshots[0][1][n], w) for n, w in shorter.snapshots[0][1].items())


def test_snapshots_that_are_not_asked_for_are_not_taken(train, spy):
    assert train(spy.variant).snapshots == ()


def test_training_lowers_the_loss_and_history_says_when_it_looked(train, spy):
    trained = train(spy.variant, TrainingConfig(steps=250, batch=40, learning_rate=0.02))
    assert [step for step, _ in trained.history] == [0, 100, 200, 249]
    assert trained.history[-1][1] < 0.5 * trained.history[0][1]
    assert trained.seconds > 0


def test_the_first_step_is_adams_at_the_configured_rate(train, spy):
    """Adam's first step moves every weight by the learning rate, whatever the size of its gradient."""
    for rate in (0.01, 0.2):
        moved = train(spy.variant, TrainingConfig(steps=1, batch=8, learning_rate=rate)).model.model.mean.weight
        torch.testing.assert_close((moved - spy.built[-1]["mean.weight"]).abs(), torch.full((2, 6), rate))


def test_the_rate_follows_the_schedule(train, spy):
    """Half way a cosine moves half as far as a constant rate, on the same gradients but one."""
    halves = []
    for schedule in ("constant", "cosine"):
        training = TrainingConfig(steps=2, batch=40, learning_rate=1e-4, schedule=schedule, snapshots=(1, 2))
        first, last = (s["mean.weight"] for _, s in train(spy.variant, training).snapshots)
        halves.append((last - first).norm())
    assert float(halves[1] / halves[0]) == pytest.approx(0.5, rel=1e-3)


def test_a_variant_may_bring_its_own_learning_rate(train, spy):
    moved = train(replace(spy.variant, learning_rate=0.03), TrainingConfig(steps=1, batch=8)).model.model.mean.weight
    torch.testing.assert_close((moved - spy.built[0]["mean.weight"]).abs(), torch.full((2, 6), 0.03))


def test_what_comes_out_is_frozen_and_in_evaluation_mode(train, spy):
    trained = train(spy.variant)
    assert not any(p.requires_grad for p in trained.model.parameters())
    assert not any(module.training for module in trained.model.modules())
    assert (trained.latent, trained.kl_weight) == (2, 1.0)


def test_whether_codes_are_complex_is_kept_and_the_units_are_counted_as_real_ones(train):
    for build, complex_codes in ((autoencoder, False), (complex_autoencoder, True)):
        trained = train(replace(MLP, build=build), latent=4)
        assert (trained.complex_codes, trained.latent) == (complex_codes, 4)
        assert trained.model.encode(torch.zeros(1, 2, 3)).mean.is_complex() == complex_codes


def test_a_complex_posterior_keeps_its_kind_under_a_fixed_scale(train, data):
    trained = train(replace(MLP, build=complex_autoencoder), latent=4, interventions=Interventions(posterior_scale=0.3))
    posterior = trained.model.encode(data.held_out.x)
    assert isinstance(posterior, ComplexNormal)
    assert torch.equal(posterior.scale, torch.full((10, 2), 0.3))
    assert posterior.mean.is_complex() and not posterior.scale.is_complex()
    torch.testing.assert_close(posterior.kl(), ComplexNormal(posterior.mean, torch.full((10, 2), 0.3)).kl())


def test_a_batch_larger_than_the_data_is_all_of_them(train, spy):
    train(spy.variant, TrainingConfig(steps=2, batch=1000))
    assert all(len(step.x) == 40 for step in spy.steps)
