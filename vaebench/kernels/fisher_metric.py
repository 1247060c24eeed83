"""The Fisher metric that a decoder induces on complex codes: the metric, its volume, and its distance from Kähler.

A Hermitian metric is stored as metric[..., i, j] = g_{ij̄}. So ds² = Σ_ij g_{ij̄}·dz_i·conj(dz_j). A change of
coordinates z = U·w maps it to Uᵀ·g·conj(U).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.kernels.complex_normal import parts
from vaebench.kernels.estimate import Undefined, require_finite
from vaebench.kernels.lengths import factored, norms, squares_in_range
from vaebench.kernels.wirtinger import wirtinger


def decoder_metric(function: Callable[[Tensor], Tensor], z: Tensor, precision: Tensor | float = 1.0) -> Tensor:
    """Fisher metric of a decoder at complex codes, in nats per squared unit of the codes.

    real output, N(f, 1/prec):      g_{ij̄} = Σ_a prec_a·∂_i f_a·conj(∂_j f_a)
    complex output, CN(f, 1/prec):  g_{ij̄} = Σ_a prec_a·(∂_i f_a·conj(∂_j f_a) + conj(∂̄_i f_a)·∂̄_j f_a)

    Closed form: E[∂_i log p(x|z)·conj(∂_j log p(x|z))]. It is also ∂_i∂̄_j of KL(p(·|z) ‖ p(·|z′)) by z′ at z′ = z. A
    complex output is treated as two real ones of twice the precision, because each part has half the variance. The
    output must depend on z through its mean alone.

    For a Bernoulli of mean p, the precision is 1/(p·(1 − p)). It is better to pass its angle 2·atan(exp(logits/2)) as
    the function, with precision 1. The metric is the same, because the angle changes by ∂p/√(p·(1 − p)). Nothing is
    divided by 0 where p saturates. Derivatives of the metric include how the precision depends on z.

    Args:
        function: Complex (batch, latent) -> mean of the likelihood (batch, *event), example by example.
        z: Complex, shape (batch, latent).
        precision: 1/variance, broadcast against (batch, *event).

    Returns:
        g, complex, Hermitian and positive semidefinite, shape (batch, latent, latent). Exact up to roundings where its
        entries are in the range of the codes' precision: in single precision, for derivatives from 10⁻¹⁹ to 10¹⁹. Costs
        2·latent forward passes, and their memory. Differentiable.

    Raises:
        ValueError: If a `precision` given as a number is negative, or `z` is not complex (batch, latent).

    Examples:
        >>> matrix = torch.tensor([[1.0 + 1.0j, 0.0], [0.0, 2.0]])
        >>> decoder_metric(lambda z: z @ matrix.T, torch.zeros(1, 2, dtype=torch.complex64)).real.round(decimals=4)
        tensor([[[2., 0.],
                 [0., 4.]]])
    """  # noqa: DOC502 - raised by what it calls
    return _metric(_standardised(function, precision), z)


def _metric(standardised: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Metric of a decoder whose noise has variance 1."""
    derivatives = wirtinger(standardised, z)[0].flatten(2).transpose(0, 1)
    metric = derivatives @ derivatives.mH
    return (metric + metric.mH) / 2


def _standardised(function: Callable[[Tensor], Tensor], precision: Tensor | float) -> Callable[[Tensor], Tensor]:
    """The decoder's output as real numbers whose noise has variance 1."""
    if not isinstance(precision, Tensor) and precision < 0:
        raise ValueError(f"a precision must not be negative, got {precision}")
    root = precision**0.5

    def standardised(codes: Tensor) -> Tensor:
        output = root * function(codes)
        return math.sqrt(2) * parts(output) if output.is_complex() else output

    return standardised


def log_volume(metric: Tensor, prior_precision: float = 0.0) -> Tensor:
    """Log of the volume density of a Hermitian metric, in nats.

    log det(g + prior_precision·I). It is not halved, because each complex coordinate is two real ones.

    Closed form: 2·Σ log of the Cholesky pivots of g scaled to a unit diagonal, plus Σ log g_{iī}. The scaling keeps the
    digits of weak units, so they are not mistaken for dead ones.

    A dead unit is one that the decoder ignores. There log det g is −∞, which is no weight for a sampler. If only
    rounding keeps det g from 0, the number is noise. Both cases are `Undefined`.

    With `prior_precision` 1 the metric is that of decoder and prior together, −E ∂∂̄ log p(x, z). It is never singular,
    and dead units add 0 to its log determinant. It is the precision of a posterior, which is a different quantity: say
    which one was used.

    Args:
        metric: g, complex, Hermitian, shape (..., d, d).
        prior_precision: Multiple of the identity added to g.

    Returns:
        log det, real, shape (...), finite. Exact up to roundings times the condition of the scaled metric.

    Raises:
        Undefined: If the metric is not finite, or is singular within its precision at any code.

    Examples:
        >>> log_volume(torch.tensor([[2.0, 1.0j], [-1.0j, 2.0]]))
        tensor(1.0986)
    """
    shifted = require_finite(metric, "the metric")
    d = metric.shape[-1]
    if prior_precision:
        shifted = shifted + prior_precision * torch.eye(d, dtype=metric.dtype, device=metric.device)
    diagonal = shifted.diagonal(dim1=-2, dim2=-1).real
    alive = (diagonal > 0).all(-1)
    # A dead unit gets the identity's row, so that the factorisation succeeds and the singular codes can be counted.
    lengths = torch.where(diagonal > 0, diagonal, torch.ones_like(diagonal)).sqrt()
    scaled = shifted / (lengths.unsqueeze(-1) * lengths.unsqueeze(-2))
    factor, failed = torch.linalg.cholesky_ex(scaled)
    pivots = factor.diagonal(dim1=-2, dim2=-1).real
    regular = alive & (failed == 0) & (pivots.square() > 4 * d * torch.finfo(pivots.dtype).eps).all(-1)
    if not bool(regular.all()):
        singular = int((~regular).sum())
        raise Undefined(f"the metric is singular at {singular} of {regular.numel()} codes: no volume along a dead unit")
    volume: Tensor = 2 * (pivots.log() + lengths.log()).sum(-1)
    return volume


def closedness_defect(function: Callable[[Tensor], Tensor], z: Tensor, precision: Tensor | float = 1.0) -> Tensor:
    """Distance of the decoder's metric from Kähler at each code, in [0, 1].

    defect = ‖½·(∂_k g_{ij̄} − ∂_i g_{kj̄})‖_F / ‖∂_k g_{ij̄}‖_F: the share of the derivative odd in (k, i).

    Closed form: a Hermitian metric is Kähler iff ∂_k g_{ij̄} = ∂_i g_{kj̄}; its form is then closed. Every holomorphic
    decoder satisfies this: its metric has the potential Σ prec·|f|². A constant metric is Kähler and has defect 0.

    Args:
        function: Complex (batch, latent) -> mean of the likelihood (batch, *event), example by example.
        z: Complex, shape (batch, latent).
        precision: 1/variance, broadcast against (batch, *event), taken as constant in z. For a Bernoulli, see
            `decoder_metric`.

    Returns:
        The defect, real, shape (batch,). Exact up to roundings at every size of the derivatives. Costs 4·latent²
        forward passes, and their memory; twice that where the metric is out of range.

    Raises:
        Undefined: If there is one complex dimension, where the condition is empty, or a derivative is not finite.

    Examples:
        >>> z = torch.tensor([[0.5 + 0.1j, 0.2 - 0.3j]], dtype=torch.complex128)
        >>> bool(closedness_defect(lambda z: z.square(), z) < 1e-12)
        True
    """
    if z.shape[-1] < 2:
        raise Undefined("every Hermitian metric in one complex dimension is Kähler: the defect says nothing there")
    standardised = _standardised(function, precision)
    sizes, odd_sizes = _slope_norms(standardised, z)
    if not squares_in_range(sizes):
        # The metric scales with the square of the decoder's outputs; the defect does not depend on their scale.
        unit = factored(wirtinger(standardised, z)[0].transpose(0, 1), "the derivative of the metric")[1]
        if bool((unit != 1).any()):
            sizes, odd_sizes = _slope_norms(_divided(standardised, unit), z)
    require_finite(sizes, "the derivative of the metric")
    return odd_sizes / torch.where(sizes > 0, sizes, torch.ones_like(sizes))


def _divided(function: Callable[[Tensor], Tensor], unit: Tensor) -> Callable[[Tensor], Tensor]:
    """A function of codes with each output divided by its example's unit."""

    def divided(codes: Tensor) -> Tensor:
        output = function(codes)
        return output / unit.reshape(-1, *[1] * (output.ndim - 1))

    return divided


def _slope_norms(standardised: Callable[[Tensor], Tensor], z: Tensor) -> tuple[Tensor, Tensor]:
    """Norms of ∂_k g_{ij̄} and of its part odd in (k, i), at each code."""
    derivatives = wirtinger(lambda codes: _metric(standardised, codes), z)[0]
    odd = (derivatives - derivatives.transpose(0, 2)) / 2
    return norms(derivatives.transpose(0, 1)), norms(odd.transpose(0, 1))
