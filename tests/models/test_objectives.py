"""Laws of the objective: the evidence bound by direct integration, and sums that are no sums."""

import math

import numpy as np
import pytest
import torch
from models.steps import step_at, taken
from torch.distributions import Normal as TorchNormal

from vaebench.models import Bernoulli, Gaussian, Normal, autoencoder, negative_elbo
from vaebench.models.objectives import total

GAIN, SHIFT, VARIANCE = 1.3, -0.4, 0.2
Z = torch.linspace(-12, 12, 200_001, dtype=torch.float64)[:, None]
STEP = float(Z[1] - Z[0])


def likelihood_at(z):
    return Gaussian(GAIN * z + SHIFT, VARIANCE)


def loss_at(x, mean, scale, kl_weight=1.0):
    """Expected loss of one example: the objective at the nodes of a quadrature over its posterior."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    as_batch = lambda value: torch.full((1, 1), value, dtype=torch.float64)  # noqa: E731
    posterior = Normal(as_batch(mean), as_batch(scale))
    codes = [posterior.sample(as_batch(node)) for node in nodes]
    steps = [step_at(as_batch(x), posterior, z, likelihood_at(z)) for z in codes]
    losses = [float(total(negative_elbo(kl_weight)(step))) for step in steps]
    return float(np.dot(weights, losses) / math.sqrt(2 * math.pi))


def evidence(x):
    """Log p(x) by integrating the prior out."""
    joint = likelihood_at(Z).log_prob(torch.full_like(Z, x)) + TorchNormal(0.0, 1.0).log_prob(Z[:, 0])
    return float(torch.logsumexp(joint, 0) + math.log(STEP))


def exact_posterior(x):
    precision = 1 + GAIN**2 / VARIANCE
    return GAIN * (x - SHIFT) / VARIANCE / precision, precision**-0.5


@pytest.mark.parametrize("x", [-1.0, 0.3, 2.0])
def test_at_the_exact_posterior_the_bound_is_the_evidence(x):
    assert loss_at(x, *exact_posterior(x)) == pytest.approx(-evidence(x), abs=1e-6)
    assert evidence(x) == pytest.approx(
        float(TorchNormal(SHIFT, (GAIN**2 + VARIANCE) ** 0.5).log_prob(torch.tensor(x))), abs=1e-6
    )


@pytest.mark.parametrize(("mean", "scale"), [(0.0, 1.0), (1.0, 0.3), (-0.5, 0.05)])
def test_elsewhere_the_bound_misses_the_evidence_by_the_divergence_from_the_exact_posterior(mean, scale):
    x = 0.7
    q, p = TorchNormal(mean, scale), TorchNormal(*exact_posterior(x))
    gap = float((q.log_prob(Z[:, 0]).exp() * (q.log_prob(Z[:, 0]) - p.log_prob(Z[:, 0]))).sum() * STEP)
    assert loss_at(x, mean, scale) + evidence(x) == pytest.approx(gap, abs=1e-6)


def test_the_weight_multiplies_the_divergence_alone():
    one, four = loss_at(0.7, 0.5, 0.4), loss_at(0.7, 0.5, 0.4, kl_weight=4.0)
    kl = 0.5 * (0.5**2 + 0.4**2 - 1) - math.log(0.4)
    assert four - one == pytest.approx(3 * kl, abs=1e-6)


def make_step(batch=6):
    rng = torch.Generator().manual_seed(0)
    x, mean = torch.rand(batch, 4, generator=rng), torch.randn(batch, 2, generator=rng)
    posterior = Normal(mean, log_scale=torch.randn(batch, 2, generator=rng))
    return step_at(x, posterior, mean, Bernoulli(torch.randn(batch, 4, generator=rng)))


def test_the_loss_is_a_mean_over_the_batch_of_sums_over_the_example():
    step = make_step()
    each = step.posterior.kl() - step.likelihood.log_prob(step.x)
    assert each.shape == (6,)
    torch.testing.assert_close(total(negative_elbo()(step)), each.mean())


def test_in_squared_errors_the_weight_of_the_divergence_is_twice_variance_times_weight():
    step = make_step()
    gaussian = Gaussian(step.likelihood.logits, 0.3)
    one = total(negative_elbo(5.0)(step_at(step.x, step.posterior, step.z, gaussian)))
    squared = (step.x - gaussian.mean).square().sum(1).mean() + 2 * 0.3 * 5.0 * step.posterior.kl().mean()
    constant = 2 * math.log(2 * math.pi * 0.3)
    torch.testing.assert_close(one, squared / (2 * 0.3) + constant)


def test_terms_add_up():
    torch.testing.assert_close(total({"a": torch.tensor(1.5), "b": torch.tensor(-0.25)}), torch.tensor(1.25))
    torch.testing.assert_close(total(torch.tensor(1.5)), torch.tensor(1.5))


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        (torch.zeros(8), r"this one has shape \(8,\)$"),
        ({"reconstruction": torch.tensor(0.0), "kl": torch.zeros(8)}, r"kl has shape \(8,\)$"),
        ({"kl": torch.zeros(8)}, r"kl has shape \(8,\)$"),
        ({}, "this one gives none$"),
    ],
)
def test_a_loss_that_is_no_scalar_is_refused_and_never_summed(terms, says):
    with pytest.raises(ValueError, match=rf"^an objective gives a scalar or scalars by name; {says}"):
        total(terms)


def test_the_steps_of_these_tests_draw_codes_and_the_objectives_own_noise_apart():
    torch.manual_seed(0)
    step = taken(autoencoder((4,), 3, "mlp"), torch.rand(6, 4), seed=5)
    noise = (step.z - step.posterior.mean) / step.posterior.scale
    own = torch.randn(6, 3, generator=step.rng)
    assert float((own - noise).detach().abs().min()) > 1e-4
