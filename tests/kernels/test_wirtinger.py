import pytest
import torch
from torch import Tensor

from vaebench.kernels.complex_normal import paired, parts, unpaired
from vaebench.kernels.jacobian import jacobian_columns
from vaebench.kernels.wirtinger import wirtinger

STEP = 1e-6


@pytest.fixture
def codes(draw):
    return lambda *shape: torch.complex(draw(*shape), draw(*shape))


def by_differences(function, z: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences along each real and imaginary axis."""
    steps = STEP * torch.eye(z.shape[1], dtype=z.dtype)
    along_real, along_imaginary = (
        torch.stack([(function(z + unit * step) - function(z - unit * step)) / (2 * STEP) for step in steps])
        for unit in (1, 1j)
    )
    return (along_real - 1j * along_imaginary) / 2, (along_real + 1j * along_imaginary) / 2


def test_of_a_square_a_conjugate_and_a_squared_modulus(codes):
    z = codes(4, 1)
    zero, one = torch.zeros(1, 4, 1, dtype=z.dtype), torch.ones(1, 4, 1, dtype=z.dtype)
    for function, by_z, by_conjugate in [
        (torch.square, 2 * z.unsqueeze(0), zero),
        (torch.conj, zero, one),
        (lambda z: z.real.square() + z.imag.square(), z.conj().unsqueeze(0), z.unsqueeze(0)),
        (lambda z: z * z.conj(), z.conj().unsqueeze(0), z.unsqueeze(0)),
        (lambda z: z.real, one / 2, one / 2),
        (lambda z: z.imag, -0.5j * one, 0.5j * one),
    ]:
        torch.testing.assert_close(wirtinger(function, z), (by_z, by_conjugate))


def test_of_networks_with_real_and_with_complex_outputs(mlp, codes):
    net, z = mlp([6, 16, 8]), codes(5, 3)

    def real(z):
        return net(unpaired(z))

    def complex_output(z):
        return paired(real(z))

    for function, outputs in ((real, 8), (complex_output, 4)):
        found = wirtinger(function, z)
        assert found[0].shape == found[1].shape == (3, 5, outputs)
        torch.testing.assert_close(found, by_differences(function, z), rtol=1e-7, atol=1e-8)


def test_of_images_in_the_order_of_the_columns(decoder, draw):
    z = draw(5, 6)
    found = wirtinger(lambda z: decoder(unpaired(z)[:, :3]), paired(z))[0]
    assert found.shape == (3, 5, 2, 8, 8)
    columns = jacobian_columns(lambda z: decoder(z[:, :3]), z)
    torch.testing.assert_close(found, (columns[0::2] - 1j * columns[1::2]) / 2**0.5)


def test_a_composition_obeys_the_chain_rule(codes):
    inner, z = codes(3, 3), codes(4, 3)
    outer = wirtinger(lambda w: w * w.conj() * w, z @ inner.T)
    found = wirtinger(lambda z: (z @ inner.T) ** 2 * (z @ inner.T).conj(), z)
    torch.testing.assert_close(found[0], torch.einsum("kba,kj->jba", outer[0], inner))
    torch.testing.assert_close(found[1], torch.einsum("kba,kj->jba", outer[1], inner.conj()))


def test_torchs_gradient_is_twice_the_derivative_by_the_conjugate(codes):
    z = codes(4, 3).requires_grad_()

    def function(z):
        return parts(z.sin()).square().sum((1, 2)).unsqueeze(1)

    gradient = torch.autograd.grad(function(z).sum(), z)[0]
    torch.testing.assert_close(2 * wirtinger(function, z.detach())[1][..., 0].T, gradient)


def test_derivatives_can_be_trained_on_and_stacked(draw, codes):
    weight, z = draw(3, 6, 4), codes(2, 3)

    def steepness(weight):
        return parts(wirtinger(lambda z: torch.sin(unpaired(z) @ weight), z)[0]).square().sum()

    one_by_one = [torch.func.grad(steepness)(each) for each in weight]
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(steepness))(weight), torch.stack(one_by_one))
    assert torch.autograd.gradcheck(steepness, (weight[0].requires_grad_(),))


def test_every_refusal_says_why(draw, codes):
    with pytest.raises(ValueError, match=r"codes must have shape \(batch, latent\), got \(2, 3, 4\)"):
        wirtinger(torch.sin, codes(2, 3, 4))
    with pytest.raises(ValueError, match=r"codes must be complex, got torch.float64"):
        wirtinger(torch.sin, draw(2, 4))
