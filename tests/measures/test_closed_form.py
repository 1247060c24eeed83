"""The gap to the closed form is 0 at it and not off it. Without a closed form there is no measurement."""

import math

import pytest
import torch
from measures.known import BETA, EVALUATION, Known, by_name, ellipsoid, exact_at, generator, trained
from torch import nn

from vaebench.claims import declined
from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions
from vaebench.measures.closed_form import fixed_scale_gap, learned_scale_gap
from vaebench.measures.probe import Probe
from vaebench.models.exact import linear_vae_at_fixed_scale, linear_vae_on_principal_axes

DATA = ellipsoid()
NAMES = fixed_scale_gap.gives
FIXED = Interventions(posterior_scale=0.4, likelihood_variance=0.05)


def gaps(model):
    return by_name(fixed_scale_gap(Probe(model, DATA, EVALUATION, generator())))


@pytest.mark.parametrize(("scale", "latent"), [(0.05, 3), (0.4, 3), (1.0, 3), (0.4, 2), (0.4, 8)])
def test_at_the_closed_form_there_is_no_gap(scale, latent):
    assert all(measurement.value < 1e-4 for measurement in gaps(exact_at(DATA, scale, latent)).values())


def turned(model, rotation):
    inner = model.model.model
    inner.mean.weight.copy_(rotation @ inner.mean.weight)
    inner.mean.bias.copy_(rotation @ inner.mean.bias)
    inner.decoder[0].weight.copy_(inner.decoder[0].weight @ rotation.T)
    return model


def test_turning_the_latent_space_is_no_gap():
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=generator(2)))[0]
    assert all(measurement.value < 1e-4 for measurement in gaps(turned(exact_at(DATA, 0.4), rotation)).values())


def test_an_encoder_is_free_where_the_data_do_not_vary():
    model = exact_at(DATA, 0.4)
    rows = DATA.train.x.flatten(1)
    across = torch.linalg.eigh(torch.cov(rows.T))[1][:, 0]
    weight, bias = model.model.model.mean.weight, model.model.model.mean.bias
    weight.add_(3 * torch.outer(torch.ones(3), across))
    bias.sub_(3 * (across @ rows.mean(0)))
    assert all(measurement.value < 1e-3 for measurement in gaps(model).values())


def test_each_side_shows_its_own_gap():
    wrong_encoder, wrong_decoder, stretched = (exact_at(DATA, 0.4) for _ in range(3))
    wrong_encoder.model.model.mean.weight.mul_(1.1)
    wrong_decoder.model.model.decoder[0].weight.mul_(0.9)
    stretched.model.model.mean.weight.mul_(1.1)
    stretched.model.model.decoder[0].weight.div_(1.1)
    expected = ((wrong_encoder, (0.0, 0.1, 0.1)), (wrong_decoder, (0.1, 0.0, 0.1)), (stretched, (1 / 11, 0.1, 0.0)))
    for model, sizes in expected:
        found = gaps(model)
        assert [found[name].value for name in NAMES] == pytest.approx(sizes, abs=1e-4)


def test_the_end_to_end_gap_is_the_relative_error_of_reconstructions():
    model = exact_at(DATA, 0.4)
    exact = model.model.decode(model.model.encode(DATA.train.x).mean).mean
    model.model.model.decoder[0].weight[:, 0] *= 1.3
    moved = model.model.decode(model.model.encode(DATA.train.x).mean).mean
    relative = (moved - exact).norm() / (exact - exact.mean(0)).norm()
    assert gaps(model)["linear_gap_end_to_end"].value == pytest.approx(float(relative), rel=1e-4)


def test_swapping_two_gains_shows_in_reconstructions_alone():
    """Singular values do not say which direction they belong to; the end-to-end map does."""
    model = exact_at(DATA, 0.4)
    swap = torch.eye(3)[[1, 0, 2]]
    weight, bias = model.model.model.mean.weight, model.model.model.mean.bias
    weight.copy_(swap @ weight)
    bias.copy_(swap @ bias)
    found = gaps(model)
    assert found["linear_gap_decoder"].value < 1e-4
    assert found["linear_gap_end_to_end"].value > 0.5


def test_a_closed_form_at_another_scale_is_a_gap():
    model = exact_at(DATA, 0.3)
    other = trained(model.model.model, 3, FIXED)
    found = gaps(other)
    assert found["linear_gap_decoder"].value > 0.05
    assert found["linear_gap_end_to_end"].value > 0.02


def under_noise(target, noise=0.6, kl_weight=1.0):
    """The closed form under noise on the encoder's input, with what it was made for."""
    by = Interventions(posterior_scale=0.4, likelihood_variance=0.05, input_noise=noise, target=target)
    beta = by.beta(kl_weight)
    return trained(linear_vae_at_fixed_scale(DATA, 3, 0.4, beta, noise, target), 3, by, kl_weight)


@pytest.mark.parametrize("target", ["clean", "noisy"])
@pytest.mark.parametrize(("noise", "kl_weight"), [(0.1, 1.0), (0.6, 1.0), (0.6, 3.0)])
def test_under_input_noise_there_is_no_gap_at_the_closed_form_of_the_target(target, noise, kl_weight):
    assert all(measurement.value < 1e-4 for measurement in gaps(under_noise(target, noise, kl_weight)).values())


@pytest.mark.parametrize(("target", "other"), [("clean", "noisy"), ("noisy", "clean")])
def test_under_input_noise_the_other_targets_model_is_a_gap_and_so_is_one_without_noise(target, other):
    right = under_noise(target)
    without = exact_at(DATA, 0.4).model.model
    for wrong in (under_noise(other).model.model, without):
        found = gaps(trained(wrong, 3, right.model.interventions))
        assert found["linear_gap_encoder"].value > 0.05
        assert found["linear_gap_end_to_end"].value > 0.02


def test_a_model_that_is_not_affine_has_no_gap_to_be_read():
    torch.manual_seed(0)
    bent = nn.Sequential(nn.Flatten(), nn.Linear(8, 3), nn.Tanh())
    straight = nn.Sequential(nn.Linear(3, 8), nn.Unflatten(1, (2, 4)))
    kinked = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 8), nn.Unflatten(1, (2, 4)))
    for encode, decode in ((bent, straight), (nn.Sequential(nn.Flatten(), nn.Linear(8, 3)), kinked)):
        found = gaps(trained(Known(encode, decode), 3, FIXED))
        assert found == {name: declined(name, "the model is not affine") for name in NAMES}


@pytest.mark.parametrize(
    ("interventions", "kl_weight"),
    [
        (FIXED, None),
        (Interventions(posterior_scale=0.4), 1.0),
        (Interventions(likelihood_variance=0.05), 1.0),
    ],
)
def test_without_beta_or_a_fixed_scale_there_is_no_closed_form(interventions, kl_weight):
    found = gaps(trained(exact_at(DATA, 0.4).model.model, 3, interventions, kl_weight))
    reason = "the closed form needs β and a fixed posterior scale"
    assert found == {name: declined(name, reason) for name in NAMES}


def test_a_bernoulli_likelihood_has_no_beta():
    encode = nn.Sequential(nn.Flatten(), nn.Linear(8, 3))
    decode = nn.Sequential(nn.Linear(3, 8), nn.Unflatten(1, (2, 4)))
    found = gaps(trained(Known(encode, decode, bernoulli=True), 3, FIXED))
    assert all(measurement.value is None for measurement in found.values())


def test_a_closed_form_that_is_nought_has_no_relative_gap():
    """Beyond σ√(β/2) = √λ₁ the exact model reconstructs nothing, and a distance in units of it would be 0/0."""
    beyond = 1.01 * math.sqrt(2.0 / (BETA / 2))
    found = gaps(exact_at(DATA, beyond))
    reason = "the closed form is zero: every direction is inactive"
    assert found == {name: declined(name, reason) for name in NAMES}
    assert all(measurement.value is not None for measurement in gaps(exact_at(DATA, 0.99 * beyond / 1.01)).values())


def learned(variance=0.05, made_for=0.05, latent=3):
    model = linear_vae_on_principal_axes(DATA, latent, None, 2 * made_for)
    return trained(model, latent, Interventions(likelihood_variance=variance))


def learned_gaps(model):
    return by_name(learned_scale_gap(Probe(model, DATA, EVALUATION, generator())))


@pytest.mark.parametrize("latent", [2, 3, 8])
def test_at_the_closed_form_of_a_learned_scale_there_is_no_gap_and_at_another_variances_there_is(latent):
    assert all(measurement.value < 1e-4 for measurement in learned_gaps(learned(latent=latent)).values())
    other = learned_gaps(learned(made_for=0.2, latent=latent))
    assert all(other[name].value > 0.01 for name in NAMES)


def test_a_learned_scale_and_a_fixed_one_have_gaps_of_their_own():
    at_fixed, at_learned = exact_at(DATA, 0.4), learned()
    assert all(measurement.value is not None for measurement in gaps(at_fixed).values())
    assert all(measurement.value is not None for measurement in learned_gaps(at_learned).values())
    for found, word in ((gaps(at_learned), "fixed"), (learned_gaps(at_fixed), "learned")):
        assert found == {
            name: declined(name, f"the closed form needs β and a {word} posterior scale") for name in NAMES
        }


def test_the_end_to_end_gap_is_weighted_with_the_root_of_the_covariance():
    model = exact_at(DATA, 0.4)
    inner = model.model.model
    inner.mean.weight.add_(0.1 * torch.randn(inner.mean.weight.shape, generator=generator(4)))
    exact = exact_at(DATA, 0.4).model.model
    whole, right = (one.decoder[0].weight.double() @ one.mean.weight.double() for one in (inner, exact))
    eigenvalues, axes = torch.linalg.eigh(torch.cov(DATA.train.x.flatten(1).double().T, correction=0))
    root = (axes * eigenvalues.clamp_min(0).sqrt()) @ axes.T
    expected = torch.linalg.norm((whole - right) @ root) / torch.linalg.norm(right @ root)
    assert gaps(model)["linear_gap_end_to_end"].value == pytest.approx(float(expected), rel=1e-6)


def test_of_fewer_examples_than_dimensions_there_is_no_gap_either():
    x = torch.randn(12, 4, 10, generator=generator(5))
    few = Dataset("few", 1, Split(x), Split(x))
    found = fixed_scale_gap(Probe(exact_at(few, 0.4, latent=5), few, EVALUATION, generator()))
    assert all(measurement.value < 1e-4 for measurement in found)
    broken = exact_at(few, 0.4, latent=5)
    broken.model.model.mean.weight.mul_(1.1)
    assert by_name(fixed_scale_gap(Probe(broken, few, EVALUATION, generator())))[NAMES[2]].value == pytest.approx(
        0.1, abs=1e-4
    )


@pytest.mark.parametrize(("read", "scale"), [(fixed_scale_gap, 0.4), (learned_scale_gap, None)])
def test_more_units_than_dimensions_have_no_closed_form(read, scale):
    model = Known(lambda x: x.flatten(1).repeat(1, 2), lambda z: z[:, :8].reshape(-1, 2, 4))
    by = Interventions(posterior_scale=scale, likelihood_variance=0.05)
    reason = "16 latent units are more than 8 dimensions of the data"
    assert read(Probe(trained(model, 16, by), DATA, EVALUATION, generator())) == tuple(
        declined(name, reason) for name in NAMES
    )
