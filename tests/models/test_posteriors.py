"""Laws of the posteriors, real and complex: draws have their moments, the divergence is that of the textbook."""

import math

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from vaebench.kernels.complex_normal import complex_normal_log_density, paired
from vaebench.models import ComplexNormal
from vaebench.models import Normal as Posterior


def posterior(rng, batch=3, latent=2):
    return Posterior(torch.randn(batch, latent, generator=rng), log_scale=torch.randn(batch, latent, generator=rng))


def test_draws_have_the_posteriors_moments():
    rng, n = torch.Generator().manual_seed(0), 40_000
    q = posterior(rng)
    z = q.sample(torch.randn(n, 3, 2, generator=rng))
    assert z.shape == (n, 3, 2)
    assert ((z.mean(0) - q.mean).abs() < 4 * q.scale / math.sqrt(n)).all()
    assert ((z.std(0) / q.scale - 1).abs() < 4 / math.sqrt(2 * n)).all()


def test_noise_is_moved_linearly():
    q, noise = posterior(torch.Generator().manual_seed(1)), torch.ones(3, 2)
    torch.testing.assert_close(q.sample(0 * noise), q.mean)
    torch.testing.assert_close(q.sample(noise) - q.mean, q.scale)


def test_scale_and_log_scale_say_the_same():
    mean, log_scale = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(2))
    one, other = Posterior(mean, log_scale=log_scale), Posterior(mean, log_scale.exp())
    torch.testing.assert_close(one.scale, other.scale)
    torch.testing.assert_close(one.log_scale, other.log_scale)
    torch.testing.assert_close(one.kl(), other.kl())


def test_the_divergence_is_that_of_torch():
    q = posterior(torch.Generator().manual_seed(3))
    found = kl_divergence(Independent(Normal(q.mean, q.scale), 1), Independent(Normal(torch.zeros(3, 2), 1.0), 1))
    torch.testing.assert_close(q.kl(), found)
    assert q.kl().shape == (3,)


def test_the_divergence_is_the_mean_log_ratio_of_the_densities():
    rng, n = torch.Generator().manual_seed(4), 40_000
    q = posterior(rng, batch=1)
    z = q.sample(torch.randn(n, 1, 2, generator=rng))
    log_ratio = (Normal(q.mean, q.scale).log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum((1, 2))
    assert abs(log_ratio.mean() - q.kl()) < 4 * log_ratio.std() / math.sqrt(n)


def test_near_collapse_a_log_scale_keeps_the_divergence_and_its_gradient():
    log_scale = torch.full((1, 1), 1e-6, requires_grad=True)
    kl = Posterior(torch.zeros(1, 1), log_scale=log_scale).kl()
    kl.sum().backward()
    assert float(kl.detach()) == pytest.approx(1e-12, rel=1e-4)
    assert float(log_scale.grad) == pytest.approx(2e-6, rel=1e-4)


@pytest.mark.parametrize("given", [{}, {"scale": torch.ones(1, 1), "log_scale": torch.zeros(1, 1)}])
def test_it_takes_one_of_the_two(given):
    with pytest.raises(ValueError, match="Normal takes either scale or log_scale"):
        Posterior(torch.zeros(1, 1), **given)


def complex_posterior(rng, batch=3, latent=2):
    mean = torch.complex(*torch.randn(2, batch, latent, generator=rng))
    return ComplexNormal(mean, log_scale=torch.randn(batch, latent, generator=rng) / 2)


def test_complex_draws_are_circular_with_the_posteriors_moments():
    rng, n = torch.Generator().manual_seed(5), 40_000
    q = complex_posterior(rng)
    away = (q.sample(torch.randn(n, 3, 4, generator=rng)) - q.mean) / q.scale
    assert away.shape == (n, 3, 2)
    assert (away.mean(0).abs() < 4 / math.sqrt(n)).all()
    assert ((away.abs().square().mean(0) - 1).abs() < 4 / math.sqrt(n)).all()  # E|z − μ|² = s², its variance s⁴
    assert (away.square().mean(0).abs() < 4 * math.sqrt(2 / n)).all()  # E(z − μ)² = 0: no phase is preferred


def test_a_complex_posterior_and_its_real_view_are_one():
    rng = torch.Generator().manual_seed(6)
    q, noise = complex_posterior(rng), torch.randn(7, 3, 4, generator=rng)
    real = q.real()
    assert real.mean.shape == real.scale.shape == (3, 4)
    torch.testing.assert_close(real.kl(), q.kl())
    torch.testing.assert_close(paired(real.sample(noise)), q.sample(noise))
    assert torch.equal(real.scale[:, 0::2], real.scale[:, 1::2])


def test_the_complex_divergence_is_the_mean_log_ratio_of_the_densities():
    rng, n = torch.Generator().manual_seed(7), 40_000
    q = complex_posterior(rng, batch=1)
    z = q.sample(torch.randn(n, 1, 4, generator=rng))[:, 0]
    log_ratio = complex_normal_log_density(z, q.mean, q.scale) - complex_normal_log_density(z)
    assert abs(log_ratio.mean() - q.kl()) < 4 * log_ratio.std() / math.sqrt(n)


def test_complex_scale_and_log_scale_say_the_same():
    given = complex_posterior(torch.Generator().manual_seed(8))
    other = ComplexNormal(given.mean, given.scale)
    torch.testing.assert_close(other.log_scale, given.log_scale)
    torch.testing.assert_close(other.kl(), given.kl())
    with pytest.raises(ValueError, match="ComplexNormal takes either scale or log_scale"):
        ComplexNormal(given.mean)
