import pytest
import torch
from scipy.optimize import minimize_scalar

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.isometry import (
    active_units,
    column_cosines,
    full_stationarity,
    importance,
    mean_absolute_cosine,
    stationarity,
)
from vaebench.kernels.jacobian import column_squared_norms, jacobian_columns
from vaebench.kernels.linear_vae import learned_scale_solution
from vaebench.kernels.normal import normal_kl


def best_scale(expected_distortion, kl_weight, nodes, weights) -> float:
    """Scale that minimises E_ε distortion(σ·ε) + w·KL, by quadrature and line search."""

    def loss(log_scale):
        noise = torch.tensor(log_scale).exp() * nodes
        kl = normal_kl(torch.zeros(1), torch.tensor([log_scale], dtype=torch.float64))
        return float((weights * expected_distortion(noise)).sum() + kl_weight * kl)

    return float(
        torch.tensor(minimize_scalar(loss, bounds=(-9, 0.5), method="bounded", options={"xatol": 1e-10}).x).exp()
    )


@pytest.mark.parametrize("variance", [0.05, 1.0])
@pytest.mark.parametrize("kl_weight", [0.1, 1.0, 4.0])
def test_t2_is_one_at_the_scale_that_minimises_a_gaussian_loss(nodes, kl_weight, variance):
    slope = torch.tensor([0.7, -0.4, 0.2], dtype=torch.float64)
    scale = best_scale(lambda noise: (slope.square().sum() * noise**2) / (2 * variance), kl_weight, *nodes)
    fisher = slope.square().sum().reshape(1, 1) / variance
    terms = stationarity(fisher, torch.tensor([[scale]], dtype=torch.float64), kl_weight)
    assert float(terms.t2) == pytest.approx(1, abs=1e-6)
    beta = 2 * variance * kl_weight
    assert float(terms.t1) == pytest.approx(2 / beta * scale**2 * float(slope.square().sum()))
    assert float(terms.t1) == pytest.approx(1 - scale**2, abs=1e-6)


def test_t2_tends_to_one_for_a_curved_bernoulli_decoder_as_the_scale_shrinks(nodes):
    def misses(kl_weight):
        def cross_entropy(noise):
            return torch.nn.functional.softplus(0.3 + 2 * noise) - torch.sigmoid(torch.tensor(0.3)) * (0.3 + 2 * noise)

        scale = best_scale(cross_entropy, kl_weight, *nodes)
        chance = torch.sigmoid(torch.tensor(0.3, dtype=torch.float64))
        fisher = (2 * chance * (1 - chance)).square() / (chance * (1 - chance))
        return abs(float(stationarity(fisher.reshape(1, 1), torch.tensor([[scale]]), kl_weight).t2) - 1)

    errors = [misses(weight) for weight in (1.0, 0.1, 0.01, 0.001)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.02
    assert errors[-1] < 1e-3


def test_t2_tells_noise_that_is_too_small_from_noise_that_is_too_large():
    fisher, kl_weight = torch.tensor([[3.0]]), 1.0
    small, right, large = (float(stationarity(fisher, torch.tensor([[s]]), kl_weight).t2) for s in (0.4, 0.5, 0.6))
    assert small < 0.9
    assert right == pytest.approx(1)
    assert large > 1.1


def test_a_collapsed_unit_has_t1_zero_and_t2_one():
    terms = stationarity(torch.zeros(1, 1), torch.ones(1, 1), 1.0)
    assert float(terms.t1) == 0
    assert float(terms.t2) == 1


def test_the_linear_vae_is_stationary_orthogonal_and_shows_its_eigenvalues(draw):
    eigenvalues, beta = torch.tensor([2.7, 0.67, 0.17], dtype=torch.float64), 0.1
    solution = learned_scale_solution(eigenvalues, beta)
    basis = torch.linalg.qr(draw(16, 3)).Q
    columns = jacobian_columns(lambda z: (z * solution.decoder_gain) @ basis.T, draw(4, 3))
    scale = solution.scale.expand(4, 3)
    # β = 2·v·w, here with v = ½ and w = β.
    terms = stationarity(column_squared_norms(columns) / 0.5, scale, kl_weight=beta)
    torch.testing.assert_close(terms.t2, torch.ones_like(terms.t2))
    torch.testing.assert_close(importance(scale, beta), eigenvalues)
    assert float(mean_absolute_cosine(column_cosines(columns)).max()) < 1e-14


def test_cosines_know_good_bad_and_scaled_columns(draw):
    orthogonal = torch.linalg.qr(draw(12, 3)).Q.T.reshape(3, 1, 3, 4)
    torch.testing.assert_close(column_cosines(orthogonal)[0], torch.eye(3, dtype=torch.float64))
    doubled = torch.cat([orthogonal[:1], -5 * orthogonal[:1]])
    assert float(column_cosines(doubled)[0, 0, 1]) == pytest.approx(-1)
    assert float(mean_absolute_cosine(column_cosines(doubled))) == pytest.approx(1)
    columns = draw(3, 5, 12)
    stretched = columns * torch.tensor([1e-8, 1.0, 1e8], dtype=torch.float64).reshape(3, 1, 1)
    torch.testing.assert_close(column_cosines(stretched), column_cosines(columns))
    turn = torch.linalg.qr(draw(12, 12)).Q
    torch.testing.assert_close(column_cosines(columns @ turn), column_cosines(columns))


def test_random_columns_look_orthogonal_in_many_dimensions(draw):
    cosine = mean_absolute_cosine(column_cosines(draw(4, 500, 400))).mean()
    assert float(cosine) == pytest.approx((2 / (torch.pi * 400)) ** 0.5, rel=0.05)


def test_importance_brackets_the_variance_of_the_isometric_coordinate(nodes):
    # dy/dμ = √(β/2)/σ(μ), μ ~ N(0, 1): with 1/σ = 2 + μ, y = √(β/2)·(2μ + μ²/2), of variance (β/2)·(4 + ½).
    beta = 0.3
    points, weights = nodes
    inverse_scale = 2 + points
    variance = beta / 2 * 4.5
    upper = beta / 2 * float((weights * inverse_scale**2).sum())
    lower = beta / 2 * float((weights * inverse_scale).sum()) ** 2
    assert lower < variance < upper
    scale = 1 / (2 + torch.tensor([[-1.0], [1.0]], dtype=torch.float64))
    assert float(importance(scale, beta)) == pytest.approx(upper)


def test_active_units_are_judged_by_the_mean_of_the_variance():
    scale = torch.tensor([[0.1, 1.0, 0.5, 0.6], [0.2, 1.0, 0.9, 0.7]])
    assert active_units(scale).tolist() == [True, False, False, True]


def test_every_refusal_says_why(draw):
    with pytest.raises(ValueError, match="kl_weight must be positive, got 0"):
        stationarity(draw(2, 2), draw(2, 2), 0.0)
    dead = draw(3, 4, 5)
    dead[1, 2] = 0
    with pytest.raises(Undefined, match="a column of the Jacobian is zero or not finite"):
        column_cosines(dead)
    dead[1, 2] = float("nan")
    with pytest.raises(Undefined, match="a column of the Jacobian is zero or not finite"):
        column_cosines(dead)
    with pytest.raises(Undefined, match="angles between columns need two columns, got 1"):
        mean_absolute_cosine(torch.ones(3, 1, 1))


def test_of_a_full_covariance_it_is_one_where_the_loss_is_stationary(draw):
    """Σ⁻¹ = I + G/w: no step of Σ changes ½·tr(ΣG)/w + KL there, and the two diagonals are 1."""
    root, w = draw(5, 4, 3).double(), 0.7
    gram = root.mT @ root
    sigma = torch.linalg.inv(torch.eye(3).double() + gram / w).requires_grad_()
    loss = (sigma * gram).sum() / w / 2 + (sigma.diagonal(dim1=1, dim2=2).sum() - torch.logdet(sigma).sum()) / 2
    assert torch.autograd.grad(loss, sigma)[0].abs().max() < 1e-10
    torch.testing.assert_close(full_stationarity(gram, sigma, w).t2, torch.ones(5, 3).double())
    assert (full_stationarity(gram, 1.2 * sigma, w).t2 - 1.2).abs().max() < 1e-10


def test_of_a_diagonal_covariance_both_are_one(draw):
    root, scale = draw(5, 4, 3), draw(5, 3).exp()
    gram = root.mT @ root
    known = stationarity(gram.diagonal(dim1=1, dim2=2), scale, 0.3)
    found = full_stationarity(gram, torch.diag_embed(scale.double().square()), 0.3)
    torch.testing.assert_close(found.t1, known.t1)
    torch.testing.assert_close(found.t2, known.t2)
    with pytest.raises(ValueError, match=r"kl_weight must be positive, got 0\.0"):
        full_stationarity(gram, torch.diag_embed(scale), 0.0)


def test_a_mean_of_absolute_cosines_is_never_negative():
    """Columns that are orthogonal up to rounding: the whole sum less its diagonal came out as −4e-8."""
    generator = torch.Generator().manual_seed(0)
    orthogonal = torch.linalg.qr(torch.randn(400, 64, 8, generator=generator))[0].transpose(1, 2)
    found = mean_absolute_cosine(column_cosines(orthogonal.transpose(0, 1)))
    assert 0 <= float(found.min()) <= float(found.max()) < 1e-6
    exact = torch.diag_embed(torch.tensor([[1.0, 1.0 - 2**-23, 1.0 + 2**-23]]).expand(3, 3))
    assert mean_absolute_cosine(exact).tolist() == [0.0, 0.0, 0.0]
