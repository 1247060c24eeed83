"""Jacobians of batched functions, and their norms.

A decoder has few inputs and many outputs: forward mode computes it column by column. An encoder has many inputs and few
outputs: reverse mode computes it row by row. In both cases the short axis comes first. Functions of `columns` also take
`rows`, because a transpose has the same norms.
"""

import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.func import jvp, vjp, vmap

from vaebench.kernels.estimate import Undefined, require_finite
from vaebench.kernels.lengths import factored, norms, squared_norms, unit_vectors
from vaebench.kernels.normal import standard_normal


def directional_derivative(function: Callable[[Tensor], Tensor], z: Tensor, direction: Tensor) -> Tensor:
    """Derivative of a function along a direction, in output units: a forward-mode Jacobian-vector product.

    J(z)·direction = d/dt function(z + t·direction) at t = 0.

    Differentiable. A layer without forward derivatives is differentiated twice in reverse mode: uᵀJ is linear in u, and
    its derivative along v is Jv.

    Args:
        function: (batch, *shape) -> (batch, *event), example by example.
        z: Point of evaluation, shape (batch, *shape).
        direction: Shape of `z`. The derivative is proportional to its length.

    Returns:
        Shape (batch, *event). Exact; costs about two forward passes.

    Examples:
        >>> directional_derivative(lambda z: z**2, torch.tensor([[3.0]]), torch.tensor([[1.0]]))
        tensor([[6.]])
    """
    _load_forward_mode()
    derivative: Tensor
    try:
        derivative = jvp(function, (z,), (direction,))[1]
    except NotImplementedError:
        outputs, pull = vjp(function, z)[:2]
        (derivative,) = vjp(lambda weights: pull(weights)[0], torch.zeros_like(outputs))[1](direction)
    return derivative


def _over(basis: Tensor, derivative: Callable[[Tensor], Tensor]) -> Tensor:
    """Derivatives along all vectors of a basis, vectorised; one by one where a layer does not allow that."""
    found: Tensor
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="There is a performance drop")  # which is no loss of digits
        try:
            found = vmap(derivative)(basis)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:
            try:
                found = torch.stack([derivative(vector) for vector in basis])
            except NotImplementedError as error:
                raise Undefined(f"a layer has no such derivative: {str(error).partition(chr(10))[0]}") from error
    return found


@cache
def _load_forward_mode() -> None:
    """Load torch's forward-mode tables, whose first use warns about torch's own internals."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.script.*")
        jvp(torch.sin, (torch.zeros(1),), (torch.ones(1),))


def jacobian_columns(function: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Derivatives of all outputs by each input, in output units per input unit.

    columns[j, b] = ∂function(z)_b / ∂z_{b,j}.

    Forward mode: one vectorised Jacobian-vector product along each basis vector. Output b depends on input b alone, so
    one product serves the whole batch. Differentiable.

    Args:
        function: (batch, latent) -> (batch, *event), example by example.
        z: Shape (batch, latent).

    Returns:
        Shape (latent, batch, *event). Exact. Costs `latent` forward passes, and their memory.

    Raises:
        ValueError: If `z` is not (batch, latent).

    Examples:
        >>> jacobian_columns(lambda z: z**2, torch.tensor([[1.0, 2.0]]))
        tensor([[[2., 0.]],
        <BLANKLINE>
                [[0., 4.]]])
    """
    if z.ndim != 2:
        raise ValueError(f"codes must have shape (batch, latent), got {tuple(z.shape)}")
    _load_forward_mode()
    basis = torch.eye(z.shape[1], dtype=z.dtype, device=z.device)
    return _over(basis, lambda axis: directional_derivative(function, z, axis.expand_as(z)))


def jacobian_rows(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Derivatives of each output by all inputs, in output units per input unit.

    rows[k, b] = ∂function(x)_{b,k} / ∂x_b.

    Reverse mode: one vector-Jacobian product for each output, vectorised over one forward pass. Differentiable.

    Args:
        function: (batch, *shape) -> (batch, outputs), example by example.
        x: Shape (batch, *shape).

    Returns:
        Shape (outputs, batch, *shape). Exact. Costs `outputs` backward passes, and their memory.

    Raises:
        ValueError: If the function does not return (batch, outputs).

    Examples:
        >>> jacobian_rows(lambda x: x.sum(dim=(1, 2)).unsqueeze(1), torch.zeros(5, 2, 3)).shape
        torch.Size([1, 5, 2, 3])
    """
    outputs, pull = vjp(function, x)[:2]
    if outputs.ndim != 2:
        raise ValueError(f"a Jacobian by rows needs outputs of shape (batch, outputs), got {tuple(outputs.shape)}")
    basis = torch.eye(outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
    return _over(basis, lambda output: pull(output.expand_as(outputs))[0])


def column_squared_norms(columns: Tensor) -> Tensor:
    """Squared length of each column of the Jacobian.

    ‖J_j‖² = Σ_a (∂x̂_a/∂z_j)².

    For another metric G of the output space, pass √G·columns.

    Args:
        columns: Shape (latent, batch, *event).

    Returns:
        Shape (batch, latent), in squared output units per squared input unit and double precision, which holds the
        square of every single-precision number. Exact up to rounding in the precision of the columns.

    Examples:
        >>> column_squared_norms(torch.ones(2, 1, 3))
        tensor([[3., 3.]], dtype=torch.float64)
    """
    return squared_norms(columns.flatten(0, 1)).reshape(columns.shape[:2]).T


def frobenius_squared(columns: Tensor) -> Tensor:
    """Squared Frobenius norm of each example's Jacobian.

    ‖J‖_F² = Σ_{a,j} (∂x̂_a/∂z_j)².

    Args:
        columns: Columns (latent, batch, *event), or rows (outputs, batch, *shape).

    Returns:
        Shape (batch,), in squared output units per squared input unit and double precision. Exact up to rounding in the
        precision of the columns.

    Examples:
        >>> frobenius_squared(torch.ones(2, 1, 3))
        tensor([6.], dtype=torch.float64)
    """
    return column_squared_norms(columns).sum(1)


def spectral_norms(columns: Tensor) -> Tensor:
    """Largest singular value of each example's Jacobian, in output units per input unit: its local Lipschitz constant.

    ‖J‖₂ = √λ_max(JᵀJ). The Gram matrix is as small as the short axis.

    Squaring halves the digits of *small* singular values, but not of the largest. The Gram matrix and the eigenvalue
    solver err by a few eps·λ_max. The norm thus errs by a few eps of itself.

    `Undefined` where an entry is not finite.

    Args:
        columns: Columns (latent, batch, *event), or rows (outputs, batch, *shape).

    Returns:
        Shape (batch,). Exact up to a few roundings at every size.

    Examples:
        >>> spectral_norms(torch.tensor([[[3.0, 0.0]], [[0.0, 4.0]]]))
        tensor([4.])
    """
    each, unit = factored(columns.reshape(*columns.shape[:2], -1).transpose(0, 1), "the Jacobian")
    largest: Tensor = torch.linalg.eigvalsh(each @ each.mT)[:, -1]
    return largest.clamp_min(0).sqrt() * unit


def power_iteration_norms(
    function: Callable[[Tensor], Tensor], x: Tensor, iterations: int, rng: torch.Generator
) -> Tensor:
    """Lower bound on the spectral norm of each example's Jacobian, in output units per input unit.

    Starting from a random v, v ← JᵀJv/‖JᵀJv‖ is repeated `iterations` times. The result is ‖Jv‖.

    Closed form: ‖Jv‖ ≤ ‖J‖₂ for every unit v. Each iteration can only raise it, because JᵀJ is positive semidefinite.
    Let there be n inputs, k iterations and a random start. The average shortfall of ‖Jv‖² is of the order log(n)/k for
    any spacing of the singular values. It is geometric, (σ₂/σ₁)⁴ᵏ, once they are apart. The Jacobian is never formed,
    so use this where both its axes are long.

    Args:
        function: (batch, *shape) -> (batch, *event), example by example.
        x: Shape (batch, *shape).
        iterations: Number of iterations; 0 gives ‖Jv‖ for the random v.
        rng: Source of the starting directions.

    Returns:
        Shape (batch,). A lower bound that rises to the exact norm with `iterations`. Each costs a forward-mode and a
        reverse-mode pass. Zero where the Jacobian is zero.

    Raises:
        ValueError: If `iterations` is negative.

    Examples:
        >>> stretch = torch.tensor([3.0, 1.0])
        >>> power_iteration_norms(lambda x: stretch * x, torch.zeros(1, 2), 9, torch.Generator().manual_seed(0))
        tensor([3.])
    """
    if iterations < 0:
        raise ValueError(f"iterations must not be negative, got {iterations}")
    with torch.no_grad():
        direction = unit_vectors(standard_normal(x.shape, rng, dtype=x.dtype, device=x.device))
        pull = vjp(function, x)[1]
        for _ in range(iterations):
            # Normalised, so that the Jacobian's gain is not squared.
            pushed = unit_vectors(directional_derivative(function, x, direction))
            direction = unit_vectors(pull(pushed)[0])
        return norms(directional_derivative(function, x, direction))


def covariance_root(codes: Tensor) -> Tensor:
    """Square root of the covariance of codes, in the unit of the codes: a matrix R with R·Rᵀ = C.

    R = C^{1/2} = U·diag(√λ)·Uᵀ with C = U·diag(λ)·Uᵀ = (1/n)·Σ_i (z_i − z̄)(z_i − z̄)ᵀ where n ≥ latent. With fewer
    codes than dimensions, R = (z_1 − z̄, …, z_n − z̄)/√n.

    Collapsed units give zero rows in C and in the root.

    `Undefined` where a code is not finite.

    Args:
        codes: Shape (n, latent).

    Returns:
        Shape (latent, min(n, latent)). Exact up to rounding for this batch, at every size of the codes.

    Examples:
        >>> covariance_root(torch.tensor([[2.0], [-2.0]]))
        tensor([[2.]])
    """
    n, latent = codes.shape
    if n < latent:
        narrow: Tensor = (require_finite(codes, "the covariance of the codes") - codes.mean(0)).T / n**0.5
        return narrow
    (centred,), unit = factored((codes - codes.mean(0)).unsqueeze(0), "the covariance of the codes")
    eigenvalues, axes = torch.linalg.eigh(centred.T @ centred / n)
    root: Tensor = (axes * eigenvalues.clamp_min(0).sqrt()) @ axes.T
    return root * unit


def whitened(columns: Tensor, root: Tensor) -> Tensor:
    """Jacobian in coordinates of unit code covariance, in output units per standard deviation.

    columns′ = J·R: column k is Σ_j J_j·root_{jk}.

    Closed form: the chain rule for z = root·u. A linear change z → A·z takes J to J·A⁻¹ and C to A·C·Aᵀ. It does not
    change ‖J·C^{1/2}‖₂. So rescaling the latents cannot change the Lipschitz constant. Any root of C may be used,
    because J·R·Rᵀ·Jᵀ = J·C·Jᵀ.

    Args:
        columns: Shape (latent, batch, *event).
        root: A matrix R with R·Rᵀ = C, shape (latent, r), for example `covariance_root` of the posterior means.

    Returns:
        Shape (r, batch, *event). Exact.

    Examples:
        >>> whitened(torch.ones(1, 1, 2), torch.tensor([[3.0]]))
        tensor([[[3., 3.]]])
    """
    turned: Tensor = torch.tensordot(root, columns, dims=([0], [0]))
    return turned
