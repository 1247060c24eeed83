"""Mean degree: the frequency of a function, as the energy of its slope over its variance.

Let W_k be the Hermite energies of g under z ~ N(0, I) (see `noise_stability`). Differentiation multiplies the energy of
degree k by k:

    E‖J_g(z)‖_F² = Σ_k k·W_k,  Var g = Σ_{k≥1} W_k.  E‖J‖_F²/Var g is the mean degree.

By the Gaussian Poincaré inequality it is at least 1. It is 1 for affine functions only.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.kernels.estimate import Estimate, ratio_estimate
from vaebench.kernels.jacobian import frobenius_squared, jacobian_columns, jacobian_rows
from vaebench.kernels.lengths import squared_norms
from vaebench.kernels.normal import standard_normal
from vaebench.kernels.variation import mean_output, require_variation


def latent_mean_degree(
    function: Callable[[Tensor], Tensor],
    latent: int,
    samples: int,
    rng: torch.Generator,
    *,
    chunk: int = 256,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Estimate:
    """Mean Hermite degree of a function of Gaussian codes, at least 1.

    E‖J_g(z)‖_F² / E‖g(z) − E g‖² = Σ_k k·W_k / Σ_{k≥1} W_k,  z ~ N(0, I).

    Closed form: the derivative of the degree-k Hermite polynomial has k times its energy. Scaling or shifting the
    outputs and rotating the latent space change nothing. Affine functions alone give 1, a pure degree k gives k.

    `Undefined` if the function is constant or not finite, or there are fewer than two codes.

    Args:
        function: (batch, latent) -> (batch, *event), example by example.
        latent: Number of latent dimensions.
        samples: Number of codes.
        rng: Source of the codes.
        chunk: Codes differentiated at a time. It affects memory, not the result.
        dtype: Of the codes; torch's default unless given.
        device: Of the codes; the generator's own unless given.

    Returns:
        The mean degree, a scalar in double precision, biased O(1/samples), with its delta-method standard error. The
        Jacobians are exact.

    Examples:
        >>> rng = torch.Generator().manual_seed(0)
        >>> degree = latent_mean_degree(lambda z: z**2, latent=2, samples=4096, rng=rng)
        >>> abs(float(degree.value) - 2) < 3 * float(degree.stderr)
        True
    """
    z = standard_normal((samples, latent), rng, dtype=dtype, device=device)
    return _slope_over_variance(function, z, jacobian_columns, chunk)


def data_mean_degree(
    function: Callable[[Tensor], Tensor], x: Tensor, *, root: Tensor | None = None, chunk: int = 256
) -> Estimate:
    """Frequency of a function over data, in 1/(squared unit of x), whatever its output scale.

    E‖J_f(x)‖_F² / E‖f(x) − E f‖², averaged over the rows of `x`. With a root R of the data's covariance, C = R·Rᵀ, it
    is whitened: E‖J_f(x)·R‖_F² / E‖f(x) − E f‖², without unit.

    Closed form: for x ~ N(0, I) it is the mean Hermite degree. For other data, a linear f = A·x has ‖A‖_F²/tr(A·C·Aᵀ).
    Values can therefore be compared between functions on the same data. They do not change if f is rescaled, as an
    encoder is by a heavier KL. They do change with the directions that A keeps. Whitened, every affine function has
    tr(A·C·Aᵀ)/tr(A·C·Aᵀ) = 1, and only curvature changes the value.

    `Undefined` if the function is constant or not finite on `x`, or there are fewer than two rows.

    Args:
        function: (batch, *shape) -> (batch, outputs), example by example. For an encoder, its mean.
        x: Data, shape (n, *shape).
        root: R, shape (d, r) with d numbers per example, such as `covariance_root`; None for no whitening.
        chunk: Examples differentiated at a time. It affects memory, not the result.

    Returns:
        The ratio, a scalar in double precision, biased O(1/n), with its delta-method standard error. That assumes
        independent rows.

    Examples:
        >>> float(data_mean_degree(lambda x: 5 * x + 1, torch.tensor([[-1.0], [0.0], [1.0]])).value)
        1.0
    """

    def rows(inner: Callable[[Tensor], Tensor], part: Tensor) -> Tensor:
        plain = jacobian_rows(inner, part)
        return plain if root is None else plain.flatten(2) @ root

    return _slope_over_variance(function, x, rows, chunk)


def _slope_over_variance(
    function: Callable[[Tensor], Tensor],
    inputs: Tensor,
    jacobian: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor],
    chunk: int,
) -> Estimate:
    """Mean of ‖J‖_F² divided by the unbiased variance, both over the rows of `inputs`."""
    n = inputs.shape[0]
    with torch.no_grad():
        centre = mean_output(function, inputs, chunk)
        parts = torch.split(inputs, chunk)
        spreads = torch.cat([squared_norms(function(part) - centre) for part in parts])
        slopes = torch.cat([frobenius_squared(jacobian(function, part)) for part in parts])
        # The centre is estimated from the same rows, which costs one degree of freedom.
        return ratio_estimate(slopes, require_variation(spreads, centre) * (n / (n - 1)))
