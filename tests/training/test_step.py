"""Laws of one step: what an objective is handed, under which interventions, and what it may ask the model again."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import AutoEncoder, Bernoulli, ComplexNormal, Gaussian, Normal
from vaebench.models.complex_autoencoder import complex_autoencoder
from vaebench.training.intervened import Intervened
from vaebench.training.step import TrainingStep

pytestmark = pytest.mark.usefixtures("loop_alone")
NOISE = 0.5
NOISY = Interventions(input_noise=NOISE, target="noisy")


def linear(likelihood=None, features=6, latent=2):
    torch.manual_seed(0)
    decoder = nn.Linear(latent, features)
    model = AutoEncoder(nn.Flatten(), decoder, features, latent)
    return model if likelihood is None else AutoEncoder(nn.Flatten(), decoder, features, latent, likelihood)


def handed(interventions, model=None, noisy=True):
    """The step that an objective is handed, beside what it was made of."""
    steps = []

    def objective(step):
        steps.append(step)
        return step.x.sum()

    rng = torch.Generator().manual_seed(0)
    x, codes, inputs = (torch.randn(shape, generator=rng) for shape in ((4, 6), (4, 2), (4, 6)))
    taken = TrainingStep(Intervened(model or linear(), interventions), (objective,), 30, 50)
    taken(x, codes, inputs if noisy else None, 7, rng)
    return steps[0], x, codes, inputs


@pytest.mark.parametrize("target", ["clean", "noisy"])
def test_what_is_encoded_has_the_noise_and_what_is_explained_has_it_where_the_target_is_noisy(target):
    step, x, codes, inputs = handed(Interventions(input_noise=NOISE, target=target))
    torch.testing.assert_close(step.seen, x + NOISE * inputs)
    assert torch.equal(step.x, x if target == "clean" else step.seen)
    assert torch.equal(step.posterior.mean, linear().encode(step.seen).mean)
    torch.testing.assert_close(step.z, step.posterior.mean + step.posterior.scale * codes)


@pytest.mark.parametrize("target", ["clean", "noisy"])
def test_without_noise_the_two_targets_are_one(target):
    step, x, _, _ = handed(Interventions(target=target), noisy=False)
    assert torch.equal(step.x, x)
    assert torch.equal(step.seen, x)


def test_the_step_says_where_training_is_and_how_much_there_is():
    step, *_ = handed(Interventions())
    assert (step.step, step.steps, step.examples) == (7, 30, 50)


def test_an_objective_may_look_again_under_the_same_interventions():
    own = linear()
    step, x, *_ = handed(Interventions(posterior_scale=0.3, likelihood_variance=0.7, input_noise=NOISE), own)
    assert torch.equal(step.encode(step.seen).mean, step.posterior.mean)
    assert torch.equal(step.encode(x).scale, torch.full((4, 2), 0.3))
    assert torch.equal(step.encode(x).mean, own.encode(x).mean)  # a second look draws no noise by itself
    assert torch.equal(step.decode(step.z).mean, step.likelihood.mean)
    assert step.decode(step.z).variance == step.likelihood.variance == 0.7
    assert step.model is own


def test_every_objective_is_handed_the_same_step():
    seen = []

    def objective(weight):
        return lambda step: (seen.append(step), {"one": weight * step.x.sum(), "two": weight * step.x.sum()})[1]

    rng = torch.Generator().manual_seed(0)
    step_of = TrainingStep(Intervened(linear(), Interventions()), (objective(1.0), objective(3.0)), 30, 50)
    losses = step_of(torch.ones(4, 6), torch.zeros(4, 2), None, 0, rng)
    assert seen[0] is seen[1]
    assert [float(loss) for loss in losses] == [48.0, 144.0]


def test_in_training_the_objective_is_told_of_the_whole_training(train, spy):
    train(spy.variant, TrainingConfig(steps=3, batch=8), interventions=NOISY)
    assert [(s.step, s.steps, s.examples) for s in spy.steps] == [(0, 3, 40), (1, 3, 40), (2, 3, 40)]
    for step, seen in zip(spy.steps, spy.seen, strict=True):
        assert torch.equal(step.x, seen)
        assert torch.equal(step.seen, seen)
        assert isinstance(step.model, AutoEncoder)


def test_between_targets_only_the_target_differs(train, spies):
    clean, noisy = spies(), spies()
    for watched, by in ((clean, replace(NOISY, target="clean")), (noisy, NOISY)):
        train(watched.variant, TrainingConfig(steps=1, batch=8), interventions=by)
    assert torch.equal(clean.seen[0], noisy.seen[0])
    assert torch.equal(clean.steps[0].z, noisy.steps[0].z)
    assert not torch.equal(clean.steps[0].x, noisy.steps[0].x)


def decoded(interventions, likelihood=None):
    model = linear(likelihood)
    z = torch.tensor([[0.3, -2.0]])
    return Intervened(model, interventions).decode(z), model.decode(z)


AS_COINS = Interventions(likelihood="bernoulli", likelihood_variance=0.7)


def test_read_as_bernoulli_a_gaussians_mean_is_the_log_odds():
    found, own = decoded(AS_COINS)
    assert isinstance(found, Bernoulli)
    assert torch.equal(found.logits, own.mean)
    torch.testing.assert_close(found.mean, torch.sigmoid(own.mean))


def test_a_learned_variance_is_no_reason_not_to_read_a_mean_as_log_odds():
    found, own = decoded(AS_COINS, lambda mean: Gaussian(mean, torch.tensor(0.1)))
    assert isinstance(found, Bernoulli)
    assert torch.equal(found.logits, own.mean)


@pytest.mark.parametrize("interventions", [AS_COINS, Interventions(likelihood_variance=0.7), Interventions()])
def test_another_likelihood_than_a_gaussian_is_left_alone(interventions):
    found, own = decoded(interventions, Bernoulli)
    assert isinstance(found, Bernoulli)
    assert torch.equal(found.logits, own.logits)


@pytest.mark.parametrize("variance", [torch.tensor(0.1), torch.full((6,), 0.1)])
def test_a_variance_that_the_variant_learns_is_left_alone_and_a_number_is_replaced(variance):
    found, own = decoded(Interventions(likelihood_variance=0.7), lambda mean: Gaussian(mean, variance))
    assert found.variance is own.variance is variance
    found, own = decoded(Interventions(likelihood_variance=0.7), lambda mean: Gaussian(mean, 0.1))
    assert (found.variance, own.variance) == (0.7, 0.1)
    assert torch.equal(found.mean, own.mean)
    assert decoded(Interventions())[0].variance == decoded(Interventions())[1].variance


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_fixed_posterior_scale_reaches_complex_units_too_in_the_models_precision(dtype):
    torch.manual_seed(0)
    own = complex_autoencoder((6,), 4, "mlp").to(dtype)
    x = torch.rand(3, 6, dtype=dtype)
    found = Intervened(own, Interventions(posterior_scale=0.25)).encode(x)
    assert isinstance(found, ComplexNormal)
    assert torch.equal(found.mean, own.encode(x).mean)
    assert torch.equal(found.scale, torch.full((3, 2), 0.25, dtype=dtype))
    real = found.real()
    assert isinstance(real, Normal)
    torch.testing.assert_close(real.scale, torch.full((3, 4), 0.25, dtype=dtype))
    torch.testing.assert_close(real.kl(), found.kl())


@pytest.mark.parametrize(("pixels", "repeats"), [(None, 1.0), (64, 1.0), (4096, 64.0)])
def test_a_bernoulli_likelihood_counts_an_image_as_if_it_were_shown_larger(pixels, repeats):
    by = Interventions(likelihood="bernoulli", pixels=pixels)
    model = linear(features=64)
    shown = Intervened(model, by).decode(torch.zeros(3, 2))
    assert (type(shown), shown.repeats) == (Bernoulli, repeats)
    model.likelihood = Bernoulli  # a variant's own counts no less
    own = Intervened(model, by).decode(torch.zeros(3, 2))
    assert own.repeats == repeats
    assert torch.equal(own.logits, shown.logits)


def test_no_codes_at_all_have_a_likelihood_of_no_examples():
    """Of one importance sample there is no further code to decode."""
    model = Intervened(linear(), Interventions(likelihood="bernoulli", pixels=12))
    likelihood = model.decode(torch.zeros(0, 2))
    assert (likelihood.mean.shape, likelihood.repeats) == ((0, 6), 2.0)
