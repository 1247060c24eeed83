"""Density at the exact model: theory gives R², slope and bias of both estimates to rounding."""

import math
from dataclasses import replace

import pytest
import torch
from measures.known import GAUSSIAN_SOURCES, Known, by_name, exact_learned, generator, trained

from vaebench.claims import declined
from vaebench.data import Truth
from vaebench.data.three_sources import load as three_sources
from vaebench.experiment import EvaluationBudget, Interventions
from vaebench.measures.probe import Probe
from vaebench.models.exact import linear_vae_with_learned_scale
from vaebench.papers.nakagawa2021.density import PRIOR_ALONE, density, loss_and_distortion

EVALUATION = EvaluationBudget(samples=64, points=5000)
NAMES = tuple(name for name in density.gives if name != PRIOR_ALONE)
LAMBDA = torch.tensor([8 / 3, 2 / 3, 1 / 6], dtype=torch.float64)


def read(model, data=GAUSSIAN_SOURCES, evaluation=EVALUATION):
    return by_name(density(Probe(model, data, evaluation, generator())))


def parts_of_truth():
    """Half the squared standardised sources of the held-out data: log p is minus their sum."""
    s = GAUSSIAN_SOURCES.held_out.x.double() @ GAUSSIAN_SOURCES.truth.basis.T
    return s.square() / LAMBDA / 2


@pytest.mark.parametrize("variance", [0.0005, 0.005, 0.05])
def test_from_the_scale_the_exact_model_says_what_theory_says(variance):
    """log p̂ is short of log p by the share σ_j² along each source, and right at the mean of the data."""
    found = read(exact_learned(variance=variance))
    squares, parts = variance / LAMBDA, parts_of_truth()
    truth, estimate = -parts.sum(1), -((1 - squares) * parts).sum(1)
    covariance = torch.cov(torch.stack([truth, estimate]))
    assert found["density_slope"].value == pytest.approx(float(covariance[0, 1] / covariance[0, 0]), abs=1e-5)
    assert found["density_r2"].value == pytest.approx(
        float(covariance[0, 1] ** 2 / (covariance[0, 0] * covariance[1, 1])), abs=1e-5
    )
    assert found["density_bias"].value == pytest.approx(float((estimate - truth).mean()), abs=1e-4)


def test_with_little_noise_it_is_the_density():
    found = read(exact_learned(variance=0.0005))
    assert found["density_r2"].value > 0.999
    assert found["density_slope"].value == pytest.approx(1, abs=0.005)
    bias = found["density_bias"]
    assert abs(bias.value - 0.5 * float((0.0005 / LAMBDA).sum())) < 4 * bias.stderr + 1e-4
    assert (bias.unit, bias.n) == ("nats", 5000)


def test_from_the_loss_it_is_the_same_number_up_to_the_posterior_draws():
    """At T2 = 1 both estimates are one; draws of the posterior blur the loss without a bias."""
    found = read(exact_learned())
    for what in ("slope", "bias"):
        one, other = found[f"density_{what}"], found[f"loss_density_{what}"]
        assert abs(one.value - other.value) < 4 * math.hypot(one.stderr, other.stderr)
    assert found["loss_density_r2"].value < found["density_r2"].value
    finer = read(exact_learned(), evaluation=EvaluationBudget(samples=512, points=1000))
    assert finer["loss_density_r2"].value > found["loss_density_r2"].value


def test_loss_and_distortion_are_those_of_the_textbook():
    """E‖x − x̂(z)‖² = D₀ + Σ σ_j² w_j² for an affine decoder, and the KL in closed form."""
    model, x, draws = exact_learned(), GAUSSIAN_SOURCES.held_out.x[:100], 4000
    loss, at_mean = loss_and_distortion(model, x, draws, 0.01, generator())
    posterior = model.model.encode(x)
    reconstruction = model.model.decode(posterior.mean).mean
    torch.testing.assert_close(at_mean, (x - reconstruction).double().square().sum(1))
    gains = model.model.model.decoder[0].weight.double().square().sum(0)
    noise = (posterior.scale.double().square() * gains).sum(1)
    gap = loss - (at_mean + noise + 0.01 * posterior.kl().double())
    spread = ((posterior.scale.double() ** 4 * gains**2).sum(1) * 2 / (draws / 2)).sqrt()  # a pair is one draw
    assert (gap.abs() < 5 * spread).all()
    assert abs(float(gap.mean())) < 4 * float(spread.mean()) / 10
    assert float((gap / spread).std()) == pytest.approx(1, abs=0.3)


def test_draws_come_in_mirrored_pairs():
    """What is odd in the noise cancels within a pair: an affine decoder shows no such term even with two draws."""
    model, x = exact_learned(), GAUSSIAN_SOURCES.held_out.x[:20]
    drawn = generator()
    loss, at_mean = loss_and_distortion(model, x, 2, 0.01, drawn)
    noise = torch.randn(20, 3, generator=generator())
    posterior = model.model.encode(x)
    gains = model.model.model.decoder[0].weight
    moved = ((posterior.scale * noise) @ gains.T).double().square().sum(1)
    torch.testing.assert_close(loss, at_mean + moved + 0.01 * posterior.kl().double(), atol=1e-5, rtol=1e-3)
    again = torch.Generator().manual_seed(0)
    torch.randn(20, 3, generator=again)
    assert torch.equal(drawn.get_state(), again.get_state())


def test_on_normal_sources_the_prior_alone_is_no_control():
    control = read(exact_learned())[PRIOR_ALONE]
    assert control == declined(PRIOR_ALONE, "sources are normal: p(μ) alone has the right order already")


def test_on_other_sources_the_prior_alone_is_read_and_orders_worse_than_the_truth():
    data = three_sources()
    stand_in = replace(data, truth=replace(data.truth, gaussian=True))
    model = trained(linear_vae_with_learned_scale(stand_in, 3, None, 0.01), 3, Interventions(likelihood_variance=0.005))
    alone = read(model, data)[PRIOR_ALONE]
    assert 0 < alone.value < 0.99
    # With one scale for all data the estimate from the scale is p(μ) and nothing more.
    assert alone.value == pytest.approx(read(model, data)["density_r2"].value, abs=1e-6)


def test_a_model_of_another_scale_shows_in_the_bias():
    model = exact_learned()
    model.model.model.log_scale.bias.add_(math.log(2.0))
    found, plain = read(model), read(exact_learned())
    assert found["density_bias"].value - plain["density_bias"].value == pytest.approx(3 * math.log(2), abs=1e-4)
    assert found["density_r2"].value == pytest.approx(plain["density_r2"].value, abs=1e-6)


def declined_everywhere(found, reason, cause="setting"):
    return found == {name: declined(name, reason, cause) for name in (*NAMES, PRIOR_ALONE)}


def test_data_of_unknown_density_are_declined():
    assert declined_everywhere(
        read(exact_learned(), replace(GAUSSIAN_SOURCES, truth=None)), "the data's density is not known"
    )


def test_without_beta_the_estimates_have_no_scale():
    model = exact_learned().model.model
    for without in (
        trained(model, 3, Interventions(likelihood_variance=0.005), kl_weight=None),
        trained(model, 3, Interventions()),
        trained(Known(lambda x: x[:, :3], lambda z: z, bernoulli=True), 3),
    ):
        assert declined_everywhere(read(without), "β is not known")


@pytest.mark.parametrize(("scale", "count"), [((0.1, 0.1, 1.0), 2), ((1.0, 1.0, 1.0), 0), ((0.1, 0.1, 0.1, 0.1), 4)])
def test_too_few_or_too_many_active_units_are_no_chart(scale, count):
    latent = len(scale)
    model = Known(lambda x: x[:, :latent], lambda z: z, torch.tensor(scale))
    found = read(trained(model, latent, Interventions(likelihood_variance=0.005)))
    assert declined_everywhere(found, f"{count} active units do not chart a 3-dimensional manifold", "model")


@pytest.mark.parametrize("dimension", [2, 3])
def test_on_a_curved_manifold_its_dimension_counts_the_units_it_takes(dimension):
    """A plane of normal sources called curved, so that the measurements are known: as on the plane, or none."""
    flat = GAUSSIAN_SOURCES.truth
    curved = Truth(flat.log_density, None, False, None, dimension=dimension)
    found = read(exact_learned(), replace(GAUSSIAN_SOURCES, truth=curved))
    if dimension == 2:
        assert declined_everywhere(found, "3 active units do not chart a 2-dimensional manifold", "model")
    else:
        plain = read(exact_learned())
        assert {name: found[name] for name in NAMES} == {name: plain[name] for name in NAMES}
        assert found[PRIOR_ALONE].value == pytest.approx(plain["density_r2"].value, abs=1e-6)
