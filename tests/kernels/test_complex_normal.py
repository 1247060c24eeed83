import math

import pytest
import torch
from torch.autograd import gradcheck

from vaebench.kernels.complex_normal import (
    complex_normal_divergence,
    complex_normal_kl,
    complex_normal_log_density,
    paired,
    parts,
    squared_moduli,
    standard_complex_normal,
    unpaired,
)
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.normal import normal_kl, normal_log_density, standard_normal


@pytest.fixture
def codes(draw):
    return lambda *shape: torch.complex(draw(*shape), draw(*shape))


@pytest.fixture
def covariance(codes):
    def build(*shape):
        root = codes(*shape, shape[-1])
        return root @ root.mH + 0.1 * torch.eye(shape[-1])

    return build


def test_pairing_and_back(draw):
    z = draw(2, 3, 8)
    assert paired(z).shape == (2, 3, 4)
    torch.testing.assert_close(unpaired(paired(z)), z)
    torch.testing.assert_close(paired(z)[..., 1], (z[..., 2] + 1j * z[..., 3]) / math.sqrt(2))
    torch.testing.assert_close(squared_moduli(paired(z)).sum(-1), z.square().sum(-1) / 2)


def test_the_divergence_is_that_of_the_paired_real_posterior(draw):
    mean, log_scale = draw(6, 8), 0.5 * draw(6, 4)
    expected = normal_kl(mean, log_scale.repeat_interleave(2, dim=-1))
    torch.testing.assert_close(complex_normal_kl(paired(mean), log_scale), expected)


def test_the_density_is_that_of_the_paired_real_normal_in_its_own_volume(draw):
    z, mean, scale = draw(6, 8), draw(6, 8), draw(6, 4).exp()
    expected = normal_log_density(z, mean, scale.repeat_interleave(2, dim=-1)) + 4 * math.log(2)
    torch.testing.assert_close(complex_normal_log_density(paired(z), paired(mean), scale), expected)


def test_the_density_integrates_to_one():
    axis = torch.linspace(-8, 8, 401, dtype=torch.float64)
    grid = torch.complex(*torch.meshgrid(axis, axis, indexing="ij")).unsqueeze(-1)
    density = complex_normal_log_density(grid, 0.3 - 0.5j, 1.3).exp()
    assert float(torch.trapezoid(torch.trapezoid(density, axis), axis)) == pytest.approx(1)


def test_closed_form_agrees_with_sampling(codes, draw, rng):
    mean, log_scale = codes(1, 3), 0.5 * draw(1, 3)
    z = mean + log_scale.exp() * standard_complex_normal((40_000, 3), rng, dtype=torch.complex128)
    log_ratio = complex_normal_log_density(z, mean, log_scale.exp()) - complex_normal_log_density(z)
    assert abs(float(log_ratio.mean() - complex_normal_kl(mean, log_scale))) < 4 * float(log_ratio.std()) / 200


def test_the_general_divergence_of_diagonal_covariances_is_the_diagonal_one(codes, draw):
    mean, log_scale = codes(5, 3), draw(5, 3)
    diagonal = torch.diag_embed((2 * log_scale).exp()).to(torch.complex128)
    general = complex_normal_divergence(mean, diagonal, torch.zeros_like(mean), torch.eye(3, dtype=torch.complex128))
    torch.testing.assert_close(general, complex_normal_kl(mean, log_scale))


def test_the_general_divergence_is_its_formula_and_that_of_the_real_normals(codes, covariance):
    mean0, mean1, covariance0, covariance1 = codes(4, 3), codes(4, 3), covariance(4, 3), covariance(4, 3)
    divergence = complex_normal_divergence(mean0, covariance0, mean1, covariance1)
    ratio, difference = torch.linalg.solve(covariance1, covariance0), (mean1 - mean0).unsqueeze(-1)
    distance = (difference.mH @ torch.linalg.solve(covariance1, difference))[:, 0, 0].real
    trace = ratio.diagonal(dim1=-2, dim2=-1).real.sum(-1)
    torch.testing.assert_close(divergence, trace - 3 - torch.linalg.slogdet(ratio)[1] + distance)

    def real(mean, covariance):
        top, bottom = (covariance.real, -covariance.imag), (covariance.imag, covariance.real)
        blocks = torch.cat((torch.cat(top, -1), torch.cat(bottom, -1)), -2) / 2
        return torch.distributions.MultivariateNormal(torch.cat((mean.real, mean.imag), -1), blocks)

    expected = torch.distributions.kl_divergence(real(mean0, covariance0), real(mean1, covariance1))
    torch.testing.assert_close(divergence, expected)


def test_a_linear_change_of_coordinates_leaves_the_divergence(codes, covariance):
    mean0, mean1, covariance0, covariance1, change = codes(3), codes(3), covariance(3), covariance(3), codes(3, 3)
    moved = [change @ mean0, change @ covariance0 @ change.mH, change @ mean1, change @ covariance1 @ change.mH]
    before = complex_normal_divergence(mean0, covariance0, mean1, covariance1)
    torch.testing.assert_close(complex_normal_divergence(*moved), before)
    assert 0 <= float(complex_normal_divergence(mean0, covariance0, mean0, covariance0)) < 1e-24


@pytest.mark.parametrize("log_scale", [-1e-2, -1e-5, -1e-7, 1e-7, 1e-5, 1e-2])
def test_nothing_cancels_near_collapse(log_scale):
    at = torch.tensor([[log_scale]], requires_grad=True)
    kl = complex_normal_kl(torch.zeros(1, 1, dtype=torch.complex64), at)
    kl.sum().backward()
    x = 2 * float(at.detach())
    exact = math.fsum(x**power / math.factorial(power) for power in range(2, 20))
    assert float(kl.detach()) == pytest.approx(exact, rel=1e-6, abs=0)
    assert float(at.grad) == pytest.approx(2 * math.expm1(x), rel=1e-6, abs=0)


def test_every_divergence_and_density_is_differentiable(codes, covariance, draw):
    mean, log_scale, root = codes(2, 3).requires_grad_(), draw(2, 3).requires_grad_(), codes(3, 3).requires_grad_()
    other, wide = codes(3), covariance(3)
    assert gradcheck(complex_normal_kl, (mean, log_scale))
    assert gradcheck(
        lambda z, mean, log_scale: complex_normal_log_density(z, mean, log_scale.exp()), (codes(2, 3), mean, log_scale)
    )
    assert gradcheck(
        lambda mean, root: complex_normal_divergence(mean, wide, other, root @ root.mH + torch.eye(3)), (mean, root)
    )
    assert gradcheck(paired, (draw(2, 4).requires_grad_(),))
    assert gradcheck(unpaired, (codes(2, 2).requires_grad_(),))


def test_the_gradient_exists_at_the_prior():
    mean = torch.zeros(1, 2, dtype=torch.complex128, requires_grad=True)
    complex_normal_kl(mean, torch.zeros(1, 2, dtype=torch.float64)).sum().backward()
    assert not mean.grad.any()


def test_draws_are_circular_and_of_unit_variance(rng):
    n = 100_000
    z = standard_complex_normal((n, 2), rng, dtype=torch.complex128)
    covariance, pseudo = z.mH @ z / n, z.mT @ z / n
    # Each entry is a mean of n draws of variance at most 2.
    assert float((covariance - torch.eye(2)).abs().max()) < 5 * math.sqrt(2 / n)
    assert float(pseudo.abs().max()) < 5 * math.sqrt(2 / n)


def test_draws_are_those_of_the_real_twin_and_of_the_generator_alone():
    before = torch.random.get_rng_state()
    one, other = (standard_complex_normal((5, 4), torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(one, other)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.testing.assert_close(unpaired(one), standard_normal((5, 8), torch.Generator().manual_seed(1)))
    assert standard_complex_normal((5,), torch.Generator(), device="meta").device.type == "meta"


def test_every_refusal_says_why(codes):
    with pytest.raises(ValueError, match=r"an even number of real codes, got 3 of torch.float32"):
        paired(torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"an even number of real codes, got 2 of torch.complex128"):
        paired(codes(3, 2))
    with pytest.raises(ValueError, match=r"codes must be complex, got torch.float32"):
        parts(torch.zeros(2))
    with pytest.raises(ValueError, match=r"complex draws need a complex dtype, got torch.float64"):
        standard_complex_normal((2,), torch.Generator(), dtype=torch.float64)
    identity, flat = torch.eye(2, dtype=torch.complex128), torch.ones(2, 2, dtype=torch.complex128)
    with pytest.raises(Undefined, match="a covariance is not positive definite"):
        complex_normal_divergence(codes(2), identity, codes(2), flat)
    with pytest.raises(Undefined, match="the covariance contains a value that is not finite"):
        complex_normal_divergence(codes(2), identity * math.nan, codes(2), identity)
