import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaebench.kernels.normal import exp_excess, normal_kl, normal_log_density, standard_normal

LOG_SCALES = [sign * 10.0**power for sign in (-1, 1) for power in torch.linspace(-6, 0, 25).tolist()]


def exact_kl(log_scale: float) -> float:
    """½·(σ² − 1 − 2·log σ) summed as a series in rational steps that never subtract near-equal numbers."""
    x = 2 * log_scale
    return math.fsum(x**power / math.factorial(power) for power in range(2, 40)) / 2


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-9)])
@pytest.mark.parametrize("log_scale", LOG_SCALES)
def test_kl_and_its_gradient_do_not_cancel_near_collapse(log_scale, dtype, tolerance):
    at = torch.tensor([[log_scale]], dtype=dtype, requires_grad=True)
    kl = normal_kl(torch.zeros(1, 1, dtype=dtype), at)
    kl.sum().backward()
    assert at.grad is not None
    given_exactly = float(at.detach())
    assert float(kl.detach()) == pytest.approx(exact_kl(given_exactly), rel=tolerance, abs=0)
    assert float(at.grad) == pytest.approx(math.expm1(2 * given_exactly), rel=tolerance, abs=0)


def test_the_usual_form_does_cancel_there():
    log_scale = torch.tensor(1e-5)
    usual = 0.5 * (torch.exp(2 * log_scale) - 1 - 2 * log_scale)
    assert abs(float(usual) / exact_kl(1e-5) - 1) > 0.5


def test_kl_is_zero_at_the_prior_only(draw):
    assert float(normal_kl(torch.zeros(1, 4), torch.zeros(1, 4))) == 0
    mean, log_scale = 1e-4 * draw(1000, 1).float(), 1e-4 * draw(1000, 1).float()
    assert bool((normal_kl(mean, log_scale) > 0).all())


@given(st.floats(-(2.0**100), 80, width=32))
def test_excess_is_never_negative_nor_its_gradient_undefined(number):
    x = torch.tensor(number, requires_grad=True)
    value = exp_excess(x)
    value.backward()
    assert float(value.detach()) >= 0
    assert x.grad is not None
    assert math.isfinite(float(x.grad))


def test_excess_has_second_derivatives():
    x = torch.tensor([-1.0, -0.2, -1e-3, 0.0, 1e-3, 0.2, 1.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(exp_excess, (x,))
    assert torch.autograd.gradgradcheck(exp_excess, (x,))


def test_closed_form_agrees_with_sampling(draw):
    mean, log_scale = draw(1, 5), 0.5 * draw(1, 5)
    z = mean + log_scale.exp() * draw(40_000, 5)
    log_ratio = normal_log_density(z, mean, log_scale.exp()) - normal_log_density(z)
    stderr = float(log_ratio.std()) / 200
    assert abs(float(log_ratio.mean() - normal_kl(mean, log_scale))) < 4 * stderr


def test_density_is_torchs_and_integrates_to_one(draw):
    z, mean, scale = draw(6, 3), draw(6, 3), draw(6, 3).exp()
    expected = torch.distributions.Normal(mean, scale).log_prob(z).sum(-1)
    torch.testing.assert_close(normal_log_density(z, mean, scale), expected)
    grid = torch.linspace(-12, 12, 4001, dtype=torch.float64).unsqueeze(1)
    assert float(torch.trapezoid(normal_log_density(grid, 0.5, 1.3).exp(), grid[:, 0])) == pytest.approx(1)


def test_leading_axes_are_kept(draw):
    assert normal_kl(draw(2, 3, 4), draw(2, 3, 4)).shape == (2, 3)
    assert normal_log_density(draw(2, 3, 4)).shape == (2, 3)


def test_draws_come_from_the_generator_alone():
    before = torch.random.get_rng_state()
    one, other = (standard_normal((5,), torch.Generator().manual_seed(1), dtype=torch.float64) for _ in range(2))
    assert torch.equal(one, other)
    assert one.dtype == torch.float64
    assert torch.equal(before, torch.random.get_rng_state())
    assert standard_normal((5,), torch.Generator(), device="meta").device.type == "meta"
