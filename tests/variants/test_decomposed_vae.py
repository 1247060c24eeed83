"""Laws of the decomposed objective: the ordinary one without its cross term, and σ's optimum with it."""

import pytest
import torch
from models.steps import step_at, taken
from torch import nn
from variants.trained import SHAPE, images

from vaebench.models import AutoEncoder, Bernoulli, Gaussian, Normal, autoencoder, negative_elbo
from vaebench.models.objectives import total
from vaebench.training.fit import build
from vaebench.variants.decomposed_vae import VARIANT, objective


def step_of(arch="mlp"):
    return taken(build(VARIANT, SHAPE, 4, arch, 0).double(), images(8).double())


@pytest.mark.parametrize("arch", ["mlp", "conv"])
def test_it_is_the_ordinary_objective_without_the_cross_term(arch):
    step = step_of(arch)
    centre, drawn = step.decode(step.posterior.mean).mean, step.likelihood.mean
    cross = ((step.x - centre) * (centre - drawn)).flatten(1).sum(1).mean() / step.likelihood.variance
    torch.testing.assert_close(total(negative_elbo()(step)) - total(objective(step)), cross)
    assert abs(cross) > 1e-3


def test_its_parts_are_squared_errors_over_twice_the_variance():
    step = step_of()
    centre, twice = step.decode(step.posterior.mean), 2 * step.likelihood.variance
    terms = objective(step)
    away = (centre.mean - step.likelihood.mean).flatten(1).square().sum(1).mean() / twice
    torch.testing.assert_close(terms["noise"], away)
    torch.testing.assert_close(terms["misfit"], -centre.log_prob(step.x).mean())


def test_for_coin_flips_the_noise_costs_a_divergence():
    torch.manual_seed(0)
    model = autoencoder(SHAPE, 3, "mlp", Bernoulli)
    step = taken(model, images(6))
    p = torch.distributions.Bernoulli(logits=model.decode(step.posterior.mean).logits)
    q = torch.distributions.Bernoulli(logits=step.likelihood.logits)
    expected = torch.distributions.kl_divergence(p, q).flatten(1).sum(1).mean()
    torch.testing.assert_close(objective(step)["noise"], expected, rtol=1e-3, atol=1e-5)


class Curved(nn.Module):
    """One unit, x̂(z) = z + bend·z², of variance .1."""

    def __init__(self, bend):
        super().__init__()
        self.bend = bend

    def decode(self, z):
        return Gaussian(z + self.bend * z**2, 0.1)

    encode = None


def slopes(bend, misfit):
    """Derivative by log σ of both objectives at σ⁻² = 1 + ‖x̂′‖²/v, averaged over antithetic noise; μ = 0."""
    found = []
    noise = torch.randn(200_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    noise = torch.cat((noise, -noise))
    for each in (objective, negative_elbo()):
        log_scale = torch.tensor([[-0.5]], dtype=torch.float64) * torch.log(torch.tensor(1 + 1 / 0.1))
        log_scale.requires_grad_()
        q = Normal(torch.zeros_like(noise), log_scale=log_scale.expand_as(noise))
        model, z = Curved(bend), q.sample(noise)
        loss = total(each(step_at(torch.full_like(noise, misfit), q, z, model.decode(z), model=model)))
        found.append(float(torch.autograd.grad(loss, log_scale)[0]))
    return found


def test_the_scales_optimum_is_that_of_a_weight_of_one_and_no_misfit_moves_it():
    affine = slopes(bend=0.0, misfit=1.0)
    assert affine == pytest.approx([0, 0], abs=5e-3)
    decomposed, ordinary = slopes(bend=0.1, misfit=1.0)
    assert abs(decomposed) < 0.02
    # Misfit times curvature over the variance, times d σ²/d log σ: −1·(2·.1)/.1·σ².
    assert ordinary - decomposed == pytest.approx(-2 / 11, rel=0.05)


def test_it_draws_nothing_and_at_no_noise_is_a_plain_reconstruction():
    torch.manual_seed(0)
    model = AutoEncoder(nn.Flatten(), nn.Sequential(nn.Linear(2, 64), nn.Unflatten(1, SHAPE)), 64, 2)
    x = images(4)
    q = Normal(model.encode(x).mean, log_scale=torch.full((4, 2), -30.0))
    step = step_at(x, q, q.mean, model.decode(q.mean), model=model)
    before = step.rng.get_state()
    assert float(objective(step)["noise"].detach()) == 0
    assert torch.equal(before, step.rng.get_state())
