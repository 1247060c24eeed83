"""How training ends when it cannot go on: divergence, want of time, and models that do not fit, each in one line."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import ComplexNormal, Gaussian, Normal, Refused, Unfit, Variant, autoencoder, negative_elbo
from vaebench.training.fit import Diverged, OutOfTime, build

MLP = Variant("small_vae", "tests", autoencoder, negative_elbo(), kl_weight=1.0)


@pytest.mark.parametrize(("value", "says"), [(float("inf"), "inf"), (float("nan"), "nan"), (float("-inf"), "-inf")])
@pytest.mark.parametrize(("since", "found"), [(0, 0), (50, 100), (100, 100), (101, 119)])
def test_a_loss_that_is_no_number_is_a_divergence(train, objecting, value, says, since, found):
    def objective(step):
        loss = negative_elbo()(step)["reconstruction"]
        return loss * value if step.step >= since else loss

    with pytest.raises(Diverged, match=rf"^the loss was (nan|{says}) at step {found} of 120$"):
        train(objecting(objective), TrainingConfig(steps=120, batch=8))


def test_a_loss_without_a_lower_end_is_a_divergence(train, objecting):
    """The sign of the KL is wrong: the posterior's scale grows and grows."""

    def objective(step):
        return -step.likelihood.log_prob(step.x).mean() - 10 * step.posterior.kl().mean()

    says = r"^the loss fell to -[\d.e+]+ at step [1-9]00 of 2000: it is unbounded below$"
    with pytest.raises(Diverged, match=says):
        train(objecting(objective), TrainingConfig(steps=2000, batch=8, learning_rate=0.05))


@pytest.mark.usefixtures("loop_alone")
def test_weights_that_are_no_numbers_after_the_last_step_are_a_divergence(train, objecting):
    def objective(step):
        return (0 * step.posterior.mean).sum().sqrt()  # 0, with a slope of 0·∞

    with pytest.raises(Diverged, match=r"^a weight is not finite after step 1$"):
        train(objecting(objective), TrainingConfig(steps=1, batch=8))


def test_a_learning_rate_far_too_large_is_a_divergence(train):
    with pytest.raises(Diverged, match=r"^the loss was (nan|inf) at step \d+ of 300$"):
        train(MLP, TrainingConfig(steps=300, batch=8, learning_rate=1e8))


def test_out_of_time_says_how_far_it_came(train, spy):
    with pytest.raises(OutOfTime, match=r"^training was at step 0 of 1000 after 1e-09 s$"):
        train(spy.variant, TrainingConfig(steps=1000, batch=8), seconds=1e-9)
    assert train(spy.variant, seconds=60.0).seconds < 60


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
    with pytest.raises(Refused, match=rf"^wrong: {says}$"):
        train(wrong)


def test_a_model_that_was_checked_before_trains_to_the_same_weights(train):
    lazy = Variant("lazy", "tests", lambda shape, latent, arch: Wrong(), negative_elbo())
    checked, known = (train(lazy, looks=looks).model.state_dict() for looks in (True, False))
    assert checked.keys() == known.keys()
    assert all(torch.equal(checked[name], known[name]) for name in checked)


class WrongComplex(Wrong):
    """A model with complex codes, one of whose shapes is wrong; right, for four real units, with two of each."""

    def encode(self, x):
        mean, log_scale = self.mean(x.flatten(1)), self.log_scale(x.flatten(1))
        return ComplexNormal(torch.complex(mean, mean), log_scale=log_scale)

    def decode(self, z):
        return super().decode(z.real)


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({}, None),
        (
            {"mean": 4, "scale": 4},
            r"encode should give a posterior of shape \(2, 2\), gave mean \(2, 4\), scale \(2, 4\)",
        ),
        ({"scale": 4}, r"encode should give a posterior of shape \(2, 2\), gave mean \(2, 2\), scale \(2, 4\)"),
        ({"out": (3, 2)}, r"decode should give shape \(2, 2, 3\), gave \(2, 3, 2\)"),
    ],
)
def test_complex_codes_are_half_as_many(train, shapes, says):
    found = Variant("wrong", "tests", lambda shape, latent, arch: WrongComplex(**shapes), negative_elbo())
    if says is None:
        assert train(found, latent=4).complex_codes
    else:
        with pytest.raises(Refused, match=rf"^wrong: {says}$"):
            train(found, latent=4)


def test_an_encoder_that_gives_no_posterior_is_told_what_it_should_give(train):
    class Plain(Wrong):
        def encode(self, x):
            return x.flatten(1)

    wrong = Variant("wrong", "tests", lambda shape, latent, arch: Plain(), negative_elbo())
    kinds = "a Normal, ComplexNormal, FullNormal or FlowNormal"
    says = rf"^wrong: encode should give {kinds} of vaebench\.models, gave a Tensor$"
    with pytest.raises(Refused, match=says):
        train(wrong)


@pytest.mark.parametrize("by", [{}, {"likelihood_variance": 0.1}, {"likelihood": "bernoulli"}])
@pytest.mark.parametrize("given", [lambda mean: mean, lambda mean: torch.distributions.Normal(mean, 1.0)])
def test_a_decoder_that_gives_no_likelihood_is_told_what_it_should_give(train, given, by):
    class Plain(Wrong):
        def decode(self, z):
            return given(self.decoder(z))

    wrong = Variant("wrong", "tests", lambda shape, latent, arch: Plain(), negative_elbo())
    says = r"^wrong: decode should give a Gaussian or a Bernoulli of vaebench\.models, gave a (Tensor|Normal)$"
    with pytest.raises(Refused, match=says):
        train(wrong, interventions=Interventions(**by))


class HalfModel(nn.Linear):
    def encode(self, x): ...


@pytest.mark.parametrize(
    ("built", "says"),
    [
        (None, "NoneType, not a torch module with encode and decode"),
        (SimpleNamespace(encode=1, decode=2), "SimpleNamespace, not a torch module with encode and decode"),
        (nn.Linear(2, 2), "Linear without encode and decode: a model has both"),
        (HalfModel(2, 2), "HalfModel without decode: a model has both"),
    ],
)
def test_what_is_no_model_is_told_what_is_missing(built, says):
    wrong = Variant("wrong", "tests", lambda shape, latent, arch: built, negative_elbo())
    says = f"^wrong built a {says}$"
    with pytest.raises(Refused, match=says):
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
