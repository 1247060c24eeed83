"""Laws of the β-TC-VAE's objective: it weighs the dependence of the units, and the β-VAE all divergence."""

import math

import pytest
import torch
from models.steps import step_at

from vaebench.kernels.aggregate_posterior import aggregate_log_density
from vaebench.kernels.normal import normal_log_density
from vaebench.models import Gaussian, Normal, negative_elbo
from vaebench.models.objectives import total
from vaebench.variants.beta_tcvae import weighted_total_correlation


def step_of(mean, scale, noise, examples=None):
    """A step whose batch is the whole data set and whose decoder shows the codes."""
    posterior = Normal(mean, scale)
    z = posterior.sample(noise)
    return step_at(torch.zeros_like(mean), posterior, z, Gaussian(z, 1.0), examples=examples or len(mean))


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def product():
    """Posteriors whose aggregate is a product of its marginals, far from the prior."""
    line = torch.linspace(-3, 3, 6, dtype=torch.float64)
    return torch.cartesian_prod(line, line), torch.full((36, 2), 0.6, dtype=torch.float64)


def copies():
    """Posteriors whose units are copies of each other: each names the example, log 36 nats."""
    mean = 20 * torch.arange(36, dtype=torch.float64).unsqueeze(1).expand(36, 2)
    return mean / mean.std(), torch.full((36, 2), 0.6 * 20 / 60 / float(mean.std()), dtype=torch.float64)


def excess(objective, step):
    """What an objective asks for beyond the evidence bound."""
    return float(total(objective(step)) - total(negative_elbo()(step)))


def test_at_one_it_is_the_evidence_bound_with_its_gradient():
    mean, scale = normal(9, 3).requires_grad_(), (0.3 * normal(9, 3, seed=1)).exp().requires_grad_()
    found = []
    for objective in (weighted_total_correlation(1.0), negative_elbo()):
        loss = total(objective(step_of(mean, scale, normal(9, 3, seed=2), examples=50)))
        found.append((loss, *torch.autograd.grad(loss, (mean, scale))))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("weight", [4.0, 6.0])
def test_independent_units_cost_nothing_more_whatever_their_divergence(weight):
    mean, scale = product()
    step = step_of(mean, scale, normal(36, 2))
    assert excess(weighted_total_correlation(weight), step) == pytest.approx(0, abs=1e-12)
    assert excess(negative_elbo(weight), step) > 10  # the β-VAE pays for the divergence


@pytest.mark.parametrize("weight", [4.0, 6.0])
def test_units_that_are_copies_cost_what_each_tells_of_the_other(weight):
    mean, scale = copies()
    step = step_of(mean, scale, torch.zeros(36, 2, dtype=torch.float64))
    assert excess(weighted_total_correlation(weight), step) == pytest.approx((weight - 1) * math.log(36), rel=1e-6)


def test_at_six_its_gradient_is_not_the_beta_vaes():
    """Rescaling a unit changes its divergence and no dependence: one gradient is 0 along it, and the other is not."""
    mean, scale = copies()
    slopes = []
    for objective in (weighted_total_correlation(6.0), negative_elbo(6.0)):
        stretch = torch.ones(2, dtype=torch.float64, requires_grad=True)
        step = step_of(mean * stretch, scale * stretch, normal(36, 2))
        more = total(objective(step)) - total(negative_elbo()(step))
        slopes.append(torch.autograd.grad(more, stretch)[0])
    torch.testing.assert_close(slopes[0], torch.zeros(2, dtype=torch.float64), atol=1e-9, rtol=0)
    assert float(slopes[1].abs().min()) > 1


def test_a_turn_of_the_codes_changes_the_dependence_alone():
    """And along a rotation it is the β-VAE that sees nothing: isotropic posteriors keep their divergence."""
    mean, scale = product()
    mean = mean * torch.tensor([1.0, 0.3], dtype=torch.float64)
    costs = []
    for angle in (0.0, math.pi / 4):
        turn = torch.tensor(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], dtype=torch.float64
        )
        noise = normal(36, 2) @ turn.T
        step = step_of(mean @ turn.T, scale, noise)
        costs.append((excess(weighted_total_correlation(6.0), step), excess(negative_elbo(6.0), step)))
    assert costs[1][0] - costs[0][0] > 0.5
    assert costs[1][1] - costs[0][1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("weight", [1.0, 6.0])
def test_in_expectation_it_is_the_papers_sum_of_three(weight):
    """Mutual information, β·(total correlation) and each unit's divergence from the prior, all sampled."""
    mean, scale = normal(12, 2), (0.3 * normal(12, 2, seed=1)).exp() / 2
    gaps = []
    for seed in range(400):
        step = step_of(mean, scale, normal(12, 2, seed=seed + 10))
        joint = aggregate_log_density(step.z, mean, scale, 12)
        marginals = torch.stack(
            [aggregate_log_density(step.z[:, [j]], mean[:, [j]], scale[:, [j]], 12) for j in (0, 1)]
        )
        information = normal_log_density(step.z, mean, scale) - joint
        correlation = joint - marginals.sum(0)
        apart = marginals.sum(0) - normal_log_density(step.z)
        theirs = (information + weight * correlation + apart).mean() - step.likelihood.log_prob(step.x).mean()
        gaps.append(float(total(weighted_total_correlation(weight)(step)) - theirs))
    gap = torch.tensor(gaps)
    assert abs(float(gap.mean())) < 4 * float(gap.std()) / 20
    assert float(gap.std()) / 20 < 0.02
