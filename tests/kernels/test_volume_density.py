import math

import pytest
import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.isometry import stationarity
from vaebench.kernels.linear_vae import learned_scale_solution
from vaebench.kernels.normal import normal_kl, normal_log_density
from vaebench.kernels.volume_density import density_agreement, log_density_from_loss, log_density_from_scale

EIGENVALUES = torch.tensor([8 / 3, 2 / 3, 1 / 6], dtype=torch.float64)
BETA = 0.1


def linear_vae_loss(x: Tensor, nodes) -> Tensor:
    """Loss of the optimal linear VAE, the expectation by quadrature, direction by direction; x of shape (n, 3)."""
    solution = learned_scale_solution(EIGENVALUES, BETA)
    mean = solution.encoder_gain * x
    points, weights = nodes
    codes = mean.unsqueeze(-1) + solution.scale.unsqueeze(-1) * points
    errors = (x.unsqueeze(-1) - solution.decoder_gain.unsqueeze(-1) * codes).square()
    kl = normal_kl(mean, solution.scale.log().expand_as(mean))
    return (errors @ weights).sum(-1) + BETA * kl


def shrinkage(x: Tensor) -> Tensor:
    """Squared distance of x from the reconstruction at the posterior's mean."""
    solution = learned_scale_solution(EIGENVALUES, BETA)
    return ((1 - solution.encoder_gain * solution.decoder_gain) * x).square().sum(-1)


def from_scale(x: Tensor) -> Tensor:
    solution = learned_scale_solution(EIGENVALUES, BETA)
    return log_density_from_scale(solution.encoder_gain * x, solution.scale.expand_as(x), BETA)


@pytest.fixture
def x(draw):
    return EIGENVALUES.sqrt() * draw(400, 3)


def test_the_loss_of_the_linear_vae_is_its_exact_log_density(x, nodes):
    estimated = log_density_from_loss(linear_vae_loss(x, nodes), 0.0, BETA, 3)
    torch.testing.assert_close(estimated, normal_log_density(x, 0.0, EIGENVALUES.sqrt()))


def test_misfit_across_the_manifold_is_no_matter_of_density(x, nodes):
    across = torch.linspace(0, 3, len(x), dtype=torch.float64)
    estimated = log_density_from_loss(linear_vae_loss(x, nodes) + across, across, BETA, 3)
    torch.testing.assert_close(estimated, normal_log_density(x, 0.0, EIGENVALUES.sqrt()))


def test_with_shrinkage_taken_out_too_the_loss_tells_what_the_scales_tell(x, nodes):
    estimated = log_density_from_loss(linear_vae_loss(x, nodes), shrinkage(x), BETA, 3)
    torch.testing.assert_close(estimated, from_scale(x))
    exact = normal_log_density(x, 0.0, EIGENVALUES.sqrt())
    bias = float((shrinkage(x) / BETA).mean())
    assert float((estimated - exact).mean()) == pytest.approx(bias)
    # In expectation Σ σ_j²/2 nats, σ_j² = β/(2λ_j).
    assert bias == pytest.approx(float((BETA / (4 * EIGENVALUES)).sum()), rel=0.15)


def test_the_two_estimates_differ_by_how_far_t2_is_from_one(draw, nodes):
    # A linear decoder with scales that are nobody's optimum: loss estimate − scale estimate = ½·Σ(1 − T2).
    points, weights = nodes
    gain, mean, scale = draw(1, 3), draw(20, 3), draw(1, 3).exp() / 4
    x = draw(20, 3)
    codes = mean.unsqueeze(-1) + scale.unsqueeze(-1) * points
    loss = ((x.unsqueeze(-1) - gain.unsqueeze(-1) * codes).square() @ weights).sum(-1)
    loss = loss + BETA * normal_kl(mean, scale.log().expand_as(mean))
    from_loss = log_density_from_loss(loss, (x - gain * mean).square().sum(-1), BETA, 3)
    t2 = stationarity(gain.square() / (BETA / 2), scale, kl_weight=1.0).t2
    difference = from_loss - log_density_from_scale(mean, scale.expand_as(mean), BETA)
    torch.testing.assert_close(difference, (0.5 * (1 - t2).sum()).expand(20))


@pytest.mark.parametrize("direction", range(3))
def test_the_scales_tell_the_density_with_slope_one_minus_sigma_squared(x, direction):
    along = torch.zeros_like(x)
    along[:, direction] = x[:, direction]
    exact = normal_log_density(along, 0.0, EIGENVALUES.sqrt())
    agreement = density_agreement(from_scale(along), exact)
    assert float(agreement.slope.value) == pytest.approx(float(1 - BETA / (2 * EIGENVALUES[direction])))
    assert float(agreement.r_squared.value) == pytest.approx(1)
    centre = torch.zeros(1, 3, dtype=torch.float64)
    torch.testing.assert_close(from_scale(centre), normal_log_density(centre, 0.0, EIGENVALUES.sqrt()))


def test_a_curved_isometric_vae_tends_to_the_exact_density():
    # x = z + z³/3 of a standard normal z: p(x) = p(z)/(1 + z²), and at the optimum 1/σ² = 1 + (2/β)·(dx/dz)².
    z = torch.linspace(-3, 3, 61, dtype=torch.float64).unsqueeze(1)
    slope = 1 + z**2
    exact = normal_log_density(z) - slope.log().sum(-1)

    def worst(beta):
        scale = (1 + 2 / beta * slope**2).rsqrt()
        return float((log_density_from_scale(z, scale, beta) - exact).abs().max())

    errors = [worst(beta) for beta in (1e-1, 1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.05)
    assert errors[2] < 3e-4


def test_the_mean_alone_does_not_order_what_the_scales_order():
    z = torch.linspace(-3, 3, 61, dtype=torch.float64).unsqueeze(1)
    slope = 1 + torch.exp(2 * z)
    exact = normal_log_density(z) - slope.log().sum(-1)
    scale = (1 + 2 / 1e-3 * slope**2).rsqrt()
    with_scale = density_agreement(log_density_from_scale(z, scale, 1e-3), exact)
    alone = density_agreement(normal_log_density(z), exact)
    assert float(with_scale.r_squared.value) > 0.999
    assert float(alone.r_squared.value) < 0.6


@pytest.mark.parametrize(("factor", "shift"), [(1.0, 0.0), (0.5, 0.0), (-2.0, 1.0), (1.0, -3.0)])
def test_agreement_of_an_affine_distortion_is_exact(draw, factor, shift):
    exact = draw(200) - 4
    agreement = density_agreement(factor * exact + shift, exact)
    assert float(agreement.r_squared.value) == pytest.approx(1)
    assert float(agreement.slope.value) == pytest.approx(factor)
    assert float(agreement.bias.value) == pytest.approx(float(((factor - 1) * exact + shift).mean()))
    assert float(agreement.slope.stderr) < 1e-12


def test_noise_in_the_estimate_lowers_the_order_but_not_the_slope(draw):
    exact = draw(20_000)
    agreement = density_agreement(exact + draw(20_000), exact)
    assert float(agreement.r_squared.value) == pytest.approx(0.5, abs=0.03)
    assert float(agreement.slope.value) == pytest.approx(1, abs=0.03)
    reverse = density_agreement(exact, exact + draw(20_000))
    assert float(reverse.slope.value) == pytest.approx(0.5, abs=0.03)


def test_unrelated_estimates_order_nothing(draw):
    agreement = density_agreement(draw(5000), draw(5000))
    assert float(agreement.r_squared.value) < 0.003
    assert abs(float(agreement.slope.value)) < 4 * float(agreement.slope.stderr)


def test_a_constant_offset_is_bias_and_nothing_else(draw):
    exact, noise = draw(500), draw(500)
    one, other = density_agreement(exact + noise, exact), density_agreement(exact + noise + 7, exact)
    assert float(other.bias.value - one.bias.value) == pytest.approx(7)
    assert float(other.slope.value) == pytest.approx(float(one.slope.value))
    assert float(other.r_squared.value) == pytest.approx(float(one.r_squared.value))


def test_standard_errors_are_honest_under_unequal_spread(draw):
    # ê = e/2 + (1 + e²)·noise/2 with E(1 + e²)² = 6: slope ½, Var ê = ¼ + 6/4, R² = ¼/(7/4) = 1/7, bias 0.
    exact = draw(400, 2000)
    estimated = exact / 2 + (1 + exact**2) * draw(400, 2000) / 2
    agreements = [density_agreement(a, b) for a, b in zip(estimated, exact, strict=True)]
    for name, truth in (("slope", 0.5), ("r_squared", 1 / 7), ("bias", 0.0)):
        estimates = [getattr(agreement, name) for agreement in agreements]
        scores = torch.stack([(e.value - truth) / e.stderr for e in estimates])
        assert 0.91 < float((scores.abs() < 1.96).double().mean()) < 0.98, name


def test_standard_errors_are_those_of_the_jackknife(draw):
    exact = draw(300)
    estimated = 0.8 * exact + 0.5 * draw(300)
    agreement = density_agreement(estimated, exact)
    rest = [torch.arange(300) != left_out for left_out in range(300)]
    for name in ("slope", "r_squared", "bias"):
        left = torch.stack([getattr(density_agreement(estimated[r], exact[r]), name).value for r in rest])
        jackknife = math.sqrt(299 * float(left.var(correction=0)))
        assert float(getattr(agreement, name).stderr) == pytest.approx(jackknife, rel=0.02)


def test_every_refusal_says_why(draw):
    exact = draw(10)
    with pytest.raises(Undefined, match="the exact log density is constant"):
        density_agreement(exact, torch.full((10,), -2.3, dtype=torch.float64))
    with pytest.raises(Undefined, match="the estimated log density is constant"):
        density_agreement(torch.full((10,), -2.3, dtype=torch.float64), exact)
    with pytest.raises(Undefined, match="the estimated log density contains a value that is not finite"):
        density_agreement(exact / 0, exact)
    with pytest.raises(Undefined, match="at least two examples, got 1"):
        density_agreement(exact[:1], exact[:1])
    with pytest.raises(ValueError, match="densities are compared in pairs"):
        density_agreement(exact, exact[:5])
