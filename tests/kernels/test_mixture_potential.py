import math

import pytest
import torch
from torch import Tensor

from vaebench.kernels.complex_normal import complex_normal_log_density, squared_moduli
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.mixture_potential import (
    mixture_log_density_hessian,
    potential,
    potential_metric,
    smallest_eigenvalue,
)
from vaebench.kernels.wirtinger import wirtinger


@pytest.fixture
def codes(draw):
    return lambda *shape: torch.complex(draw(*shape), draw(*shape))


@pytest.fixture
def mixture(draw, codes):
    """Means, weights and offsets of k components in d dimensions."""
    return lambda k, d: (codes(k, d), draw(k, d).square(), draw(k))


def mixed_hessian(function, z: Tensor) -> Tensor:
    """∂_i∂̄_j of a real function of complex codes, shape (batch, i, j), by automatic differentiation twice."""
    twice = wirtinger(lambda z: wirtinger(lambda z: function(z).unsqueeze(1), z)[1].movedim(0, 1), z)[0]
    return twice.movedim(0, 1)[..., 0]


def component_by_component(z, means, weights, offsets, tau):
    difference = z.unsqueeze(1) - means
    return tau * (weights * squared_moduli(difference)).sum(-1) + offsets


@pytest.mark.parametrize("tau", [0.3, 1.0, 4.0, -1.0])
def test_the_metric_is_the_hessian_of_the_potential(mixture, codes, tau):
    z, parameters = codes(6, 3), mixture(5, 3)
    torch.testing.assert_close(
        potential(z, *parameters, tau), torch.logsumexp(component_by_component(z, *parameters, tau), 1)
    )
    expected = mixed_hessian(lambda z: torch.logsumexp(component_by_component(z, *parameters, tau), 1), z)
    torch.testing.assert_close(potential_metric(z, *parameters, tau), expected, rtol=1e-9, atol=1e-9)


def test_the_metric_is_the_difference_quotient_of_the_potential(mixture, codes):
    z, parameters, step = codes(6, 1), mixture(5, 1), 1e-3
    around = sum(potential(z + step * turn, *parameters) for turn in (1, -1, 1j, -1j))
    laplacian = (around - 4 * potential(z, *parameters)) / step**2
    # In one dimension ∂∂̄ is a quarter of the Laplacian.
    torch.testing.assert_close(potential_metric(z, *parameters)[:, 0, 0].real, laplacian / 4, rtol=1e-4, atol=1e-4)


def test_the_metric_is_the_law_of_total_covariance_summed_directly(mixture, codes):
    z, tau, (means, weights, offsets) = codes(6, 3), 0.7, mixture(40, 3)
    share = torch.softmax(component_by_component(z, means, weights, offsets, tau), 1)
    v = weights * (z.unsqueeze(1) - means)
    centred = v - (share.unsqueeze(2) * v).sum(1, keepdim=True)
    covariance = torch.einsum("bk,bki,bkj->bij", share.to(z.dtype), centred.conj(), centred)
    expected = tau * torch.diag_embed(share @ weights) + tau**2 * covariance
    torch.testing.assert_close(potential_metric(z, means, weights, offsets, tau), expected)


def test_one_component_has_a_flat_metric(mixture, codes):
    means, weights, offsets = mixture(1, 3)
    metric = potential_metric(codes(6, 3), means, weights, offsets, 2.0)
    torch.testing.assert_close(metric, (2 * torch.diag(weights[0])).to(metric.dtype).expand(6, 3, 3))


def test_the_potential_is_plurisubharmonic(mixture, codes):
    for d, tau in [(1, 1.0), (2, 0.1), (4, 1.0), (8, 10.0)]:
        metric = potential_metric(3 * codes(200, d), *mixture(50, d), tau)
        assert torch.equal(metric, metric.mH)
        assert float((smallest_eigenvalue(metric) / torch.linalg.eigvalsh(metric)[:, -1]).min()) > -1e-12


def test_the_log_density_of_a_mixture_is_not(mixture, codes, draw):
    hessian = mixture_log_density_hessian(codes(200, 2), 2 * codes(5, 2), draw(5, 2).exp(), draw(5))
    assert float(smallest_eigenvalue(hessian).min()) < -0.1
    assert float(smallest_eigenvalue(-hessian).min()) < -0.1


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0])
def test_midway_between_two_unit_modes(distance):
    m = distance * torch.tensor([[0.6 + 0.0j, 0.8j]], dtype=torch.complex128)
    hessian = mixture_log_density_hessian(
        torch.cat((0 * m, m + 50 * m / distance)), torch.cat((m, -m)), torch.ones(2, 2), torch.zeros(2)
    )
    eigenvalues = torch.linalg.eigvalsh(hessian)
    assert eigenvalues[0].tolist() == pytest.approx([-1, distance**2 - 1])
    # Far out one mode is all there is.
    assert eigenvalues[1].tolist() == pytest.approx([-1, -1])


def test_the_control_is_the_hessian_of_the_log_density(codes, draw):
    z, means, scales, log_weights = codes(6, 3), codes(5, 3), draw(5, 3).exp(), draw(5)

    def log_density(z):
        each = complex_normal_log_density(z.unsqueeze(1), means, scales) + torch.log_softmax(log_weights, 0)
        return torch.logsumexp(each, 1)

    torch.testing.assert_close(
        mixture_log_density_hessian(z, means, scales, log_weights), mixed_hessian(log_density, z), rtol=1e-9, atol=1e-9
    )


def test_offsets_enter_up_to_a_constant_and_order_not_at_all(mixture, codes):
    z, (means, weights, offsets), order = codes(6, 3), mixture(5, 3), [4, 2, 0, 1, 3]
    metric = potential_metric(z, means, weights, offsets)
    torch.testing.assert_close(potential_metric(z, means[order], weights[order], offsets[order] + 100), metric)
    torch.testing.assert_close(potential(z, means, weights, offsets + 3), potential(z, means, weights, offsets) + 3)


def test_a_common_shift_and_phase_of_codes_and_means_change_nothing(mixture, codes):
    z, (means, weights, offsets), shift = codes(6, 3), mixture(5, 3), codes(3)
    phase = torch.exp(1j * torch.tensor([0.3, 1.1, 2.0], dtype=torch.float64))
    metric = potential_metric(z, means, weights, offsets)
    torch.testing.assert_close(potential_metric(z + shift, means + shift, weights, offsets), metric)
    turned = potential_metric(z * phase, means * phase, weights, offsets)
    torch.testing.assert_close(turned, phase.conj().unsqueeze(1) * metric * phase)


def test_exponents_far_beyond_overflow(mixture, codes):
    z, (means, weights, offsets) = codes(20, 3), mixture(50, 3)
    assert float((1e6 * squared_moduli(z)).max()) > math.log(torch.finfo(torch.float64).max)
    metric = potential_metric(z, means, weights, offsets, 1e6)
    largest = component_by_component(z, means, weights, offsets, 1e6).argmax(1)
    torch.testing.assert_close(metric, 1e6 * torch.diag_embed(weights[largest]).to(z.dtype), rtol=1e-3, atol=1e-3)
    assert bool(torch.isfinite(potential(z, means, weights, offsets, 1e6)).all())


def test_single_precision_is_only_the_rounding_of_the_arguments_and_of_the_result(mixture, codes):
    z, means, weights, offsets = (
        each.to(torch.complex64 if each.is_complex() else torch.float32) for each in (codes(50, 4), *mixture(100, 4))
    )
    weights = 1e3 * weights
    single = potential_metric(z, means, weights, offsets)
    double = potential_metric(z.to(torch.complex128), means.to(torch.complex128), weights.double(), offsets.double())
    assert single.dtype == torch.complex64
    assert torch.equal(single, double.to(torch.complex64))
    assert potential(z, means, weights, offsets).dtype == torch.float32


def test_potential_and_metric_are_differentiable(mixture, codes):
    arguments = [each.requires_grad_() for each in (codes(2, 2), *mixture(3, 2))]
    assert torch.autograd.gradcheck(potential, tuple(arguments))
    assert torch.autograd.gradcheck(potential_metric, tuple(arguments))
    assert torch.autograd.gradcheck(lambda *each: smallest_eigenvalue(potential_metric(*each)), tuple(arguments))


def test_the_smallest_eigenvalue_is_a_lower_bound_that_is_reached(codes):
    root, v = codes(4, 3, 3), codes(200, 3)
    metric = root + root.mH
    quotients = torch.einsum("vi,bij,vj->bv", v.conj(), metric, v).real / squared_moduli(v).sum(1)
    smallest = smallest_eigenvalue(metric)
    assert bool((quotients >= smallest.unsqueeze(1)).all())
    shifted = metric - smallest.reshape(-1, 1, 1) * torch.eye(3)
    torch.testing.assert_close(torch.linalg.det(shifted).abs(), torch.zeros(4, dtype=torch.float64), atol=1e-9, rtol=0)


def test_every_refusal_says_why(mixture, codes):
    means, weights, offsets = mixture(5, 3)
    with pytest.raises(ValueError, match=r"for a mixture, got \(6, 2\), \(5, 3\), \(5, 3\), \(5,\)"):
        potential(codes(6, 2), means, weights, offsets)
    with pytest.raises(ValueError, match=r"two \(k, d\) and one \(k,\) were expected"):
        potential_metric(codes(6, 3), means, weights[:, :1], offsets)
    with pytest.raises(ValueError, match=r"two \(k, d\) and one \(k,\) were expected"):
        mixture_log_density_hessian(codes(6, 3), means, weights, offsets[:1])
    with pytest.raises(ValueError, match=r"codes must be complex, got torch.float32"):
        potential_metric(torch.zeros(6, 3), means, weights, offsets)
    with pytest.raises(Undefined, match="the metric contains a value that is not finite"):
        smallest_eigenvalue(torch.full((1, 1, 1), math.nan, dtype=torch.complex64))
