"""Mean degree: the frequency content of a function as the energy of its slope over its variance.

With the Hermite energies W_k of g under z ~ N(0, I) (see `noise_stability`), differentiation multiplies degree k by k:

    E‖J_g(z)‖_F² = Σ_k k·W_k,  Var g = Σ_{k≥1} W_k,  so E‖J‖_F²/Var g is the mean degree.

The Gaussian Poincaré inequality says that it is at least 1; it is 1 for affine functions alone.
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
    """Mean Hermite degree of a function of Gaussian codes, a number not below 1.

    E‖J_g(z)‖_F² / E‖g(z) − E g‖² = Σ_k k·W_k / Σ_{k≥1} W_k,  z ~ N(0, I).

    Closed form: the derivative of the degree-k Hermite polynomial has k times its energy. Scaling or shifting the
    outputs and turning the latent space change nothing; 1 iff affine, k for a pure degree k.

    `Undefined` where the function is constant, gives a value that is not finite, or gets fewer than two codes.

    Args:
        function: (batch, latent) -> (batch, *event), example by example.
        latent: Number of latent dimensions.
        samples: Number of codes.
        rng: Source of the codes.
        chunk: Codes differentiated at a time; memory grows with it, the result does not change.
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
    """Frequency content of a function over data, in 1/(squared unit of x): free of the scale of its outputs.

    E‖J_f(x)‖_F² / E‖f(x) − E f‖², the mean over the rows of `x`; with a root of the data's covariance C = R·Rᵀ,
    E‖J_f(x)·R‖_F² / E‖f(x) − E f‖², a pure number.

    Closed form: for x ~ N(0, I) it is the mean Hermite degree. For other data it is that in spirit: a linear f = A·x
    has ‖A‖_F²/tr(A·C·Aᵀ), C the covariance of the data, so numbers compare between functions on the same data, and
    shrinking all of f, as a heavier KL does to an encoder, leaves them alone. But they change with the directions that
    A keeps. Whitened, every affine function has tr(A·C·Aᵀ)/tr(A·C·Aᵀ) = 1, and only curvature moves it.

    `Undefined` where the function is constant on `x`, gives a value that is not finite, or gets fewer than two rows.

    Args:
        function: (batch, *shape) -> (batch, outputs), example by example; of an encoder, the mean.
        x: Data, shape (n, *shape).
        root: R, shape (d, r) with d numbers an example, such as `covariance_root`; None for no whitening.
        chunk: Examples differentiated at a time; memory grows with it, the result does not change.

    Returns:
        The ratio, a scalar in double precision, biased O(1/n), with its delta-method standard error for the rows being
        independent draws.

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
    """Mean of ‖J‖_F² over the unbiased variance, both over the rows of `inputs`."""
    n = inputs.shape[0]
    with torch.no_grad():
        centre = mean_output(function, inputs, chunk)
        parts = torch.split(inputs, chunk)
        spreads = torch.cat([squared_norms(function(part) - centre) for part in parts])
        slopes = torch.cat([frobenius_squared(jacobian(function, part)) for part in parts])
        # The centre was fitted to these very rows, which costs their variance one degree of freedom.
        return ratio_estimate(slopes, require_variation(spreads, centre) * (n / (n - 1)))
