"""Laws of posteriors without a scale for each unit: a full covariance, and a normal that a flow moves."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from vaebench.models import FlowNormal, FullNormal, Normal, Refused

N = 40_000


def generator(seed):
    return torch.Generator().manual_seed(seed)


def full(seed=0, batch=3, latent=3):
    rng = generator(seed)
    below = torch.randn(batch, latent, latent, generator=rng).tril(-1) / 2
    diagonal = torch.randn(batch, latent, generator=rng).div(2).exp()
    return FullNormal(torch.randn(batch, latent, generator=rng), below + torch.diag_embed(diagonal))


def of_torch(q):
    return MultivariateNormal(q.mean.double(), scale_tril=q.tril.double())


def test_a_full_normals_divergence_is_that_of_torch():
    q = full()
    prior = MultivariateNormal(torch.zeros(3).double(), torch.eye(3).double())
    torch.testing.assert_close(q.kl().double(), kl_divergence(of_torch(q), prior), rtol=1e-5, atol=1e-5)


def test_its_draws_have_its_mean_and_its_covariance():
    q = full(1)
    z = q.sample(torch.randn(N, 3, 3, generator=generator(2)))
    assert ((z.mean(0) - q.mean).abs() < 5 * q.scale / math.sqrt(N)).all()
    away = z - q.mean
    found = torch.einsum("nbi,nbj->bij", away, away).double() / N
    size = q.scale.unsqueeze(2) * q.scale.unsqueeze(1)
    assert ((found - q.covariance()).abs() < 5 * math.sqrt(2 / N) * size).all()


def test_its_density_at_a_draw_is_that_of_torch():
    q, noise = full(3), torch.randn(7, 3, 3, generator=generator(4))
    torch.testing.assert_close(
        q.log_prob_at(noise).double(), of_torch(q).log_prob(q.sample(noise).double()), rtol=1e-4, atol=1e-4
    )


def test_with_a_diagonal_factor_it_is_the_diagonal_normal():
    rng = generator(5)
    mean, log_scale, noise = torch.randn(3, 4, 2, generator=rng)
    one, other = Normal(mean, log_scale=log_scale), FullNormal(mean, torch.diag_embed(log_scale.exp()))
    for found, known in ((other.kl(), one.kl()), (other.scale, one.scale), (other.sample(noise), one.sample(noise))):
        torch.testing.assert_close(found, known)
    torch.testing.assert_close(other.log_prob_at(noise), one.log_prob_at(noise))


def test_near_collapse_its_divergence_keeps_its_digits():
    small = 1e-6
    q = FullNormal(torch.zeros(1, 2), torch.eye(2).unsqueeze(0) + small * torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
    assert float(q.kl()) == pytest.approx(small**2 / 2, rel=1e-4)


def test_a_fixed_scale_makes_it_round_and_a_move_moves_it():
    q = full(6)
    fixed = q.with_scale(torch.tensor(0.2))
    torch.testing.assert_close(fixed.covariance(), (0.04 * torch.eye(3).double()).expand(3, 3, 3), rtol=1e-6, atol=1e-8)
    moved = q.moved(q.mean + 1, math.log(2))
    torch.testing.assert_close(moved.covariance(), 4 * q.covariance())
    torch.testing.assert_close(moved.mean, q.mean + 1)


def affine(gain, shift):
    """z ↦ A·z + b, with its constant determinant."""
    return lambda z: (z @ gain.T + shift, torch.linalg.slogdet(gain)[1].expand(z.shape[:-1]))


def bent(z):
    """A map of each unit by itself, z + tanh(z)/2."""
    return z + torch.tanh(z) / 2, torch.log1p((1 - torch.tanh(z).square()) / 2).sum(-1)


def flowing(flow, seed=7, latent=2):
    rng = generator(seed)
    mean, log_scale = torch.randn(2, 3, latent, generator=rng)
    return FlowNormal(Normal(mean, log_scale=log_scale / 2), flow)


def test_an_affine_flow_makes_the_full_normal():
    gain, shift = torch.tensor([[1.5, 0.0], [0.7, 0.4]]), torch.tensor([0.3, -1.0])
    q, noise = flowing(affine(gain, shift)), torch.randn(N, 3, 2, generator=generator(8))
    same = FullNormal(q.base.mean @ gain.T + shift, gain @ torch.diag_embed(q.base.scale))
    torch.testing.assert_close(q.mean, same.mean)
    torch.testing.assert_close(q.sample(noise), same.sample(noise), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(q.log_prob_at(noise), same.log_prob_at(noise), rtol=1e-4, atol=1e-4)
    z = q.sample(noise)
    ratio = q.log_prob_at(noise) + 0.5 * (z.square().sum(-1) + 2 * math.log(2 * math.pi))
    assert ((ratio.mean(0) - same.kl()).abs() < 4 * ratio.std(0) / math.sqrt(N)).all()


def test_a_flows_density_is_that_of_its_change_of_variables():
    q, noise = flowing(bent, latent=1), torch.linspace(-4, 4, 4001).reshape(-1, 1, 1).expand(-1, 3, 1)
    z, density = q.sample(noise)[..., 0].double(), q.log_prob_at(noise).double().exp()
    mass = torch.trapezoid(density, z, dim=0)
    assert ((mass - math.erf(4 / math.sqrt(2))).abs() < 1e-5).all()


def test_a_flow_has_no_scale_and_no_divergence_in_closed_form():
    q = flowing(bent)
    with pytest.raises(Refused, match=r"has no scale: take step\.kl\(\)"):
        _ = q.log_scale
    with pytest.raises(Refused, match=r"is sampled: take step\.kl\(\)"):
        q.kl()
