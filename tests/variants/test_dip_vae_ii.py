"""Laws of DIP-VAE-II's objective: it is drawn to an aggregate of covariance I, and to nothing else than that."""

import pytest
import torch
from models.steps import step_at

from vaebench.models import Gaussian, Normal, negative_elbo
from vaebench.models.objectives import total
from vaebench.variants.dip_vae_ii import disentangled_prior


def excess(weight, mean, scale):
    """What the objective asks for beyond the evidence bound."""
    step = step_at(torch.zeros_like(mean), Normal(mean, scale), mean, Gaussian(mean, 1.0))
    return total(disentangled_prior(weight)(step)) - total(negative_elbo()(step))


def square(corner):
    """Four means of covariance corner²·I, by hand."""
    return corner * torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)


@pytest.mark.parametrize("scale", [0.1, 0.5, 0.9])
def test_means_and_scales_may_share_the_unit_variance_as_they_like(scale):
    mean = square((1 - scale**2) ** 0.5)
    assert float(excess(5.0, mean, torch.full_like(mean, scale))) == pytest.approx(0, abs=1e-12)
    assert float(excess(5.0, mean + 3.0, torch.full_like(mean, scale))) == pytest.approx(0, abs=1e-12)


def test_the_first_kind_which_looks_at_means_alone_would_not_see_the_scales():
    mean = square(1.0)  # already of covariance I: the scales are too much
    scale = torch.full_like(mean, 0.5)
    assert float(excess(1.0, mean, scale)) == pytest.approx(2 * 0.25**2)


def test_a_correlation_costs_its_square_twice_and_a_variance_its_square_once():
    mean = square(0.6)
    mean[:, 1] = mean[:, 0]  # covariance .36 off the diagonal, and .36 + .25 on it
    found = excess(7.0, mean, torch.full_like(mean, 0.5))
    assert float(found) == pytest.approx(7.0 * (2 * 0.36**2 + 2 * (1 - 0.61) ** 2))


def test_a_collapsed_posterior_is_fine_and_a_codeless_one_is_not():
    """Scales 1 and means 0 have covariance I; scales that vanish pay 1 a unit."""
    mean = torch.zeros(4, 3)
    assert float(excess(5.0, mean, torch.ones_like(mean))) == pytest.approx(0, abs=1e-6)
    assert float(excess(5.0, mean, torch.full_like(mean, 1e-6))) == pytest.approx(15.0)


def test_both_means_and_scales_are_moved():
    mean, scale = square(0.3).requires_grad_(), torch.full((4, 2), 0.5, dtype=torch.float64, requires_grad=True)
    means, scales = torch.autograd.grad(excess(5.0, mean, scale), (mean, scale))
    assert bool((-means * mean > 0).all())  # outwards: the variance .09 + .25 is short of 1
    assert bool((-scales > 0).all())
