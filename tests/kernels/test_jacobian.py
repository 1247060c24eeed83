import time
from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.func import jacrev, vmap

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.jacobian import (
    column_squared_norms,
    covariance_root,
    directional_derivative,
    frobenius_squared,
    jacobian_columns,
    jacobian_rows,
    power_iteration_norms,
    spectral_norms,
    whitened,
)
from vaebench.kernels.mean_degree import data_mean_degree


def by_autograd(function, inputs: Tensor) -> Tensor:
    """One example at a time, (batch, *event, *shape)."""
    return vmap(jacrev(lambda one: function(one.unsqueeze(0))[0]))(inputs)


def singular_values(columns: Tensor) -> Tensor:
    return torch.linalg.svdvals(columns.flatten(2).transpose(0, 1))


def test_columns_of_fully_connected_and_convolutional_nets(mlp, decoder, draw):
    z = draw(5, 3)
    for function in (mlp([3, 16, 7]), decoder):
        expected = by_autograd(function, z).movedim(-1, 0)
        torch.testing.assert_close(jacobian_columns(function, z), expected)
    assert jacobian_columns(decoder, z).shape == (3, 5, 2, 8, 8)


def test_rows_of_fully_connected_and_convolutional_nets(mlp, encoder, draw):
    x = draw(5, 2, 8, 8)
    torch.testing.assert_close(jacobian_rows(encoder, x), by_autograd(encoder, x).movedim(1, 0))
    net, flat = mlp([6, 16, 3]), draw(5, 6)
    torch.testing.assert_close(jacobian_rows(net, flat), by_autograd(net, flat).movedim(1, 0))


def test_rows_and_columns_are_transposes(mlp, draw):
    net, z = mlp([3, 16, 4]), draw(5, 3)
    rows, columns = jacobian_rows(net, z), jacobian_columns(net, z)
    torch.testing.assert_close(rows, columns.transpose(0, 2))
    torch.testing.assert_close(spectral_norms(rows), spectral_norms(columns))
    torch.testing.assert_close(frobenius_squared(rows), frobenius_squared(columns))


def test_the_columns_of_a_linear_map_are_its_matrix(draw):
    matrix = draw(7, 3)
    torch.testing.assert_close(jacobian_columns(lambda z: z @ matrix.T, draw(2, 3))[:, 1], matrix.T)


def test_a_directional_derivative_is_the_columns_combined(decoder, draw):
    z, direction = draw(5, 3), draw(5, 3)
    expected = torch.einsum("jbchw,bj->bchw", jacobian_columns(decoder, z), direction)
    torch.testing.assert_close(directional_derivative(decoder, z, direction), expected)


def test_columns_can_be_trained_on(draw):
    weight = draw(3, 4).requires_grad_()
    frobenius_squared(jacobian_columns(lambda z: z @ weight, draw(2, 3))).sum().backward()
    torch.testing.assert_close(weight.grad, 4 * weight.detach())


def test_norms_are_those_of_the_singular_values(mlp, decoder, draw):
    for function in (mlp([3, 16, 7]), decoder):
        columns = jacobian_columns(function, draw(6, 3))
        torch.testing.assert_close(spectral_norms(columns), singular_values(columns)[:, 0])
        torch.testing.assert_close(frobenius_squared(columns), singular_values(columns).square().sum(1))
        torch.testing.assert_close(column_squared_norms(columns).sum(1), frobenius_squared(columns))


def test_the_gram_matrix_costs_the_largest_singular_value_no_digits(draw):
    columns = draw(8, 20, 100) * torch.logspace(0, -6, 8, dtype=torch.float64).reshape(8, 1, 1)
    exact = singular_values(columns)[:, 0]
    error = (spectral_norms(columns.float()).double() / exact - 1).abs()
    assert float(error.max()) < 8 * torch.finfo(torch.float32).eps


def test_column_norms_keep_the_order_of_units():
    columns = torch.tensor([[[1.0, 2.0]], [[0.0, 3.0]]])
    torch.testing.assert_close(column_squared_norms(columns), torch.tensor([[5.0, 9.0]]).double())


def test_power_iteration_rises_to_the_exact_norm(mlp, encoder, draw):
    for function, x in ((mlp([20, 32, 10]), draw(8, 20)), (encoder, draw(4, 2, 8, 8))):
        exact = spectral_norms(jacobian_rows(function, x))
        bounds = [
            power_iteration_norms(function, x, iterations, torch.Generator().manual_seed(3))
            for iterations in (0, 1, 2, 4, 8, 400)
        ]
        for lower, higher in pairwise(bounds):
            assert bool((lower <= higher * (1 + 1e-12)).all())
        assert bool((bounds[0] < 0.9 * exact).any())
        torch.testing.assert_close(bounds[-1], exact, rtol=1e-6, atol=0.0)


def test_power_iteration_handles_flat_and_faint_functions(draw):
    rng = torch.Generator().manual_seed(0)
    assert not power_iteration_norms(lambda x: 0 * x, draw(3, 4), 5, rng).any()
    faint = power_iteration_norms(lambda x: 3e-20 * x, torch.zeros(3, 4), 5, rng)
    torch.testing.assert_close(faint, torch.full((3,), 3e-20), rtol=1e-4, atol=0.0)


def test_rescaling_the_latent_space_cannot_fake_a_lipschitz_constant(mlp, draw):
    net, codes = mlp([3, 16, 7]), draw(200, 3) * torch.tensor([1.0, 0.5, 2.0], dtype=torch.float64)
    change = draw(3, 3)

    def scale_free(function, codes):
        return spectral_norms(whitened(jacobian_columns(function, codes[:5]), covariance_root(codes)))

    recoded = codes @ torch.linalg.inv(change).T
    torch.testing.assert_close(scale_free(net, codes), scale_free(lambda u: net(u @ change.T), recoded))
    plain = spectral_norms(jacobian_columns(net, codes[:5]))
    faked = spectral_norms(jacobian_columns(lambda u: net(0.1 * u), 10 * codes[:5]))
    torch.testing.assert_close(faked, 0.1 * plain)


def test_any_root_of_the_covariance_gives_the_same_norm(mlp, draw):
    columns, codes = jacobian_columns(mlp([3, 16, 7]), draw(5, 3)), draw(50, 3)
    root = covariance_root(codes)
    torch.testing.assert_close(root @ root, torch.cov(codes.T, correction=0))
    triangular = torch.linalg.cholesky(root @ root)
    torch.testing.assert_close(spectral_norms(whitened(columns, root)), spectral_norms(whitened(columns, triangular)))


@pytest.mark.parametrize("n", [2, 5, 11])
def test_fewer_codes_than_dimensions_have_a_narrow_root_that_whitens_alike(mlp, draw, n):
    x, net = draw(n, 12), mlp([12, 16, 4])
    covariance = torch.cov(x.T, correction=0)
    eigenvalues, axes = torch.linalg.eigh(covariance)
    symmetric, root = (axes * eigenvalues.clamp_min(0).sqrt()) @ axes.T, covariance_root(x)
    assert root.shape == (12, n)
    torch.testing.assert_close(root @ root.T, covariance)
    columns = jacobian_columns(net, x)
    torch.testing.assert_close(spectral_norms(whitened(columns, root)), spectral_norms(whitened(columns, symmetric)))
    narrow, wide = (data_mean_degree(net, x, root=each) for each in (root, symmetric))
    torch.testing.assert_close(narrow.value, wide.value)
    torch.testing.assert_close(narrow.stderr, wide.stderr, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("n", [12, 40])
def test_as_many_codes_as_dimensions_have_the_symmetric_root_to_the_bit(draw, n):
    x = draw(n, 12).float()
    centred = x - x.mean(0)
    eigenvalues, axes = torch.linalg.eigh(centred.T @ centred / n)
    assert covariance_root(x).equal((axes * eigenvalues.clamp_min(0).sqrt()) @ axes.T)


def test_a_root_of_few_pictures_takes_no_time(draw):
    x = draw(128, 3072)
    start = time.process_time()
    root = covariance_root(x)
    assert time.process_time() - start < 3  # by the covariance, 44
    torch.testing.assert_close(root.square().sum(), x.var(0, correction=0).sum())


def test_whitening_is_the_chain_rule(mlp, draw):
    net, z, root = mlp([3, 16, 7]), draw(5, 3), draw(3, 3)
    expected = jacobian_columns(lambda u: net(u @ root.T), z @ torch.linalg.inv(root).T)
    torch.testing.assert_close(whitened(jacobian_columns(net, z), root), expected)


def test_a_collapsed_unit_has_a_root_of_zero(draw):
    codes = draw(50, 3) * torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    assert float(covariance_root(codes)[1].abs().max()) < 1e-7


def test_every_refusal_says_why(draw):
    with pytest.raises(ValueError, match=r"codes must have shape \(batch, latent\), got \(2, 3, 4\)"):
        jacobian_columns(torch.sin, draw(2, 3, 4))
    with pytest.raises(ValueError, match=r"outputs of shape \(batch, outputs\), got \(2, 3, 4\)"):
        jacobian_rows(torch.sin, draw(2, 3, 4))
    with pytest.raises(ValueError, match="iterations must not be negative, got -1"):
        power_iteration_norms(torch.sin, draw(2, 3), -1, torch.Generator())
    with pytest.raises(Undefined, match="the Jacobian contains a value that is not finite"):
        spectral_norms(torch.full((2, 1, 3), float("nan")))
