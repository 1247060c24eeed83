"""The loss without the noise of its draws: quadrature against closed form and long sampling, and noise that is told."""

from dataclasses import replace

import pytest
import torch
from measures.known import GAUSSIAN_SOURCES, Known, by_name, exact_learned, generator, trained

from vaebench.data import Truth
from vaebench.experiment import EvaluationBudget, Interventions
from vaebench.measures.probe import Probe
from vaebench.papers.nakagawa2021.density import density, drawn_loss, integrated_loss, loss_and_distortion

X = GAUSSIAN_SOURCES.held_out.x[:60]
PLAIN = EvaluationBudget(samples=64, points=2000)


def read(model, evaluation, data=GAUSSIAN_SOURCES):
    return by_name(density(Probe(model, data, evaluation, generator())))


def curved(scale=0.3):
    basis = GAUSSIAN_SOURCES.truth.basis.float()

    def decode(z):
        return (torch.sinh(z) + 0.3 * z.flip(1) ** 2) @ basis

    return trained(Known(lambda x: x @ basis.T, decode, scale), 3, Interventions(likelihood_variance=0.005))


@pytest.mark.parametrize("nodes", [2, 5])
def test_of_an_affine_decoder_two_nodes_are_exact(nodes):
    """E‖x − x̂(z)‖² = D₀ + Σ σ_j² w_j²."""
    model = exact_learned()
    loss, at_mean = integrated_loss(model, X, nodes, 0.01)
    posterior = model.model.encode(X)
    gains = model.model.model.decoder[0].weight.double().square().sum(0)
    noise = (posterior.scale.double().square() * gains).sum(1)
    torch.testing.assert_close(loss, at_mean + noise + 0.01 * posterior.kl().double(), atol=1e-6, rtol=1e-5)


def test_of_a_curved_decoder_it_is_what_long_sampling_tends_to():
    model = curved()
    loss, at_mean = integrated_loss(model, X, 9, 0.01)
    mean, same, variance = drawn_loss(model, X, 40_000, 0.01, generator())
    assert torch.equal(at_mean, same)
    z = (mean - loss) / variance.sqrt()
    assert float(z.abs().max()) < 4.5
    assert float(z.square().mean()) == pytest.approx(1, abs=0.6)  # sixty draws of a χ²
    torch.testing.assert_close(loss, integrated_loss(model, X, 15, 0.01)[0], rtol=1e-5, atol=1e-6)


def test_the_variance_of_the_draws_is_that_of_the_loss_drawn_again_and_again():
    model, x = curved(), X[:20]
    drawn = [drawn_loss(model, x, 8, 0.01, generator(seed)) for seed in range(600)]
    seen = torch.stack([loss for loss, _, _ in drawn]).var(0)
    told = torch.stack([variance for _, _, variance in drawn]).mean(0)
    assert float((told / seen).mean()) == pytest.approx(1, abs=0.1)
    assert torch.isinf(drawn_loss(model, x, 2, 0.01, generator())[2]).all()


def test_draws_are_those_of_before():
    model = curved()
    loss, at_mean = loss_and_distortion(model, X, 16, 0.01, generator())
    again = drawn_loss(model, X, 16, 0.01, generator())
    assert torch.equal(loss, again[0]) and torch.equal(at_mean, again[1])


def test_by_quadrature_the_exact_model_has_one_density_from_loss_and_from_scale():
    found = read(exact_learned(), replace(PLAIN, posterior_nodes=5))
    for what in ("r2", "slope", "bias"):
        assert found[f"loss_density_{what}"].value == pytest.approx(found[f"density_{what}"].value, abs=1e-4)
    drawn = read(exact_learned(), PLAIN)
    assert drawn["loss_density_r2"].value < found["loss_density_r2"].value - 0.005
    assert {name: drawn[name] for name in drawn if not name.startswith("loss")} == {
        name: found[name] for name in found if not name.startswith("loss")
    }


def four_units():
    """A model of four units on the same plane, called four-dimensional, so that the loss has to be drawn."""
    basis = torch.cat([GAUSSIAN_SOURCES.truth.basis, torch.zeros(1, 16, dtype=torch.float64)]).float()
    model = trained(
        Known(lambda x: x @ basis.T, lambda z: z @ basis, 0.07), 4, Interventions(likelihood_variance=0.005)
    )
    truth = Truth(GAUSSIAN_SOURCES.truth.log_density, None, False, None, dimension=4)
    return model, replace(GAUSSIAN_SOURCES, truth=truth)


def test_with_more_than_three_units_the_error_of_r2_holds_what_the_draws_take_from_it():
    model, data = four_units()
    few, many = (EvaluationBudget(samples=n, points=2000, posterior_nodes=7) for n in (16, 4096))
    before = read(model, replace(few, posterior_nodes=0), data)
    noisy, fine = read(model, few, data), read(model, many, data)
    lost = fine["loss_density_r2"].value - noisy["loss_density_r2"].value
    assert noisy["loss_density_r2"].value == before["loss_density_r2"].value
    over_examples = before["loss_density_r2"].stderr  # the same examples, so they have no part in the difference
    assert (noisy["loss_density_r2"].stderr ** 2 - over_examples**2) ** 0.5 == pytest.approx(lost, rel=0.3)
    assert fine["loss_density_r2"].stderr == pytest.approx(over_examples, rel=0.1)
    for what in ("slope", "bias"):
        assert noisy[f"loss_density_{what}"] == before[f"loss_density_{what}"]
