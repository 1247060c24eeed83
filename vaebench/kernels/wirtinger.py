"""Wirtinger derivatives of batched functions of complex codes."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.jacobian import jacobian_columns


def wirtinger(function: Callable[[Tensor], Tensor], z: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives by each complex input and its conjugate, in output units per input unit.

    ∂_j f = ½·(∂f/∂x_j − i·∂f/∂y_j),  ∂̄_j f = ½·(∂f/∂x_j + i·∂f/∂y_j),  z = x + i·y.

    Closed form: the forward-mode Jacobian by the 2·latent real inputs of the paired codes, combined. Torch's own
    gradient of a real function of complex numbers is twice ∂̄f. A holomorphic f has ∂̄f = 0; a real f has ∂̄f =
    conj(∂f). Differentiable.

    Args:
        function: Complex (batch, latent) -> real or complex (batch, *event), example by example.
        z: Complex, shape (batch, latent).

    Returns:
        ∂f and ∂̄f, complex, each of shape (latent, batch, *event), the order of `jacobian_columns`. Exact up to
        roundings. Costs 2·latent forward passes, and their memory.

    Raises:
        ValueError: If `z` is real or not (batch, latent).

    Examples:
        >>> holomorphic, other = wirtinger(torch.square, torch.tensor([[1.0 + 2.0j]]))
        >>> torch.allclose(holomorphic, torch.tensor([[[2.0 + 4.0j]]])), bool(other.abs().max() < 1e-6)
        (True, True)
    """
    if z.ndim != 2:
        raise ValueError(f"codes must have shape (batch, latent), got {tuple(z.shape)}")
    columns = jacobian_columns(lambda pairs: function(paired(pairs)), unpaired(z)) / math.sqrt(2)
    along_real, along_imaginary = columns[0::2], columns[1::2]
    if columns.is_complex():
        return along_real - 1j * along_imaginary, along_real + 1j * along_imaginary
    derivative = torch.complex(along_real, -along_imaginary)
    return derivative, derivative.conj()
