"""Circular complex normal distributions: divergences, densities and draws.

CN(μ, Γ) has the density π⁻ᵈ·det(Γ)⁻¹·exp(−(z − μ)ᴴΓ⁻¹(z − μ)) on Cᵈ. Its covariance is E (z − μ)(z − μ)ᴴ = Γ. The
diagonal one spreads s² over both parts, s²/2 each. So the prior CN(0, I) has real and imaginary parts of variance ½.
The formulas lack the ½ of their real counterparts.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined, require_finite
from vaebench.kernels.normal import exp_excess, standard_normal


def paired(z: Tensor) -> Tensor:
    """Pair neighbouring real codes into complex ones, in standard deviations of a complex prior.

    ζ_k = (z_{2k} + i·z_{2k+1})/√2.

    N(0, I) becomes CN(0, I). With one σ for each pair, N(μ, diag σ²) becomes CN(paired(μ), diag σ²). The divergence
    from the prior is unchanged.

    Args:
        z: Real, shape (..., 2·latent).

    Returns:
        Complex, shape (..., latent). Exact up to a rounding.

    Raises:
        ValueError: If the codes are complex, or odd in number.

    Examples:
        >>> paired(torch.tensor([2.0, 0.0, 0.0, 2.0]))
        tensor([1.4142+0.0000j, 0.0000+1.4142j])
    """
    if z.is_complex() or z.shape[-1] % 2:
        raise ValueError(f"pairing needs an even number of real codes, got {z.shape[-1]} of {z.dtype}")
    return torch.complex(z[..., 0::2], z[..., 1::2]) / math.sqrt(2)


def unpaired(z: Tensor) -> Tensor:
    """Split complex codes into real ones, in standard deviations of a real prior: the inverse of `paired`.

    z_{2k} = √2·Re ζ_k,  z_{2k+1} = √2·Im ζ_k.

    CN(0, I) becomes N(0, I). Real codes raise `ValueError`.

    Args:
        z: Complex, shape (..., latent).

    Returns:
        Real, shape (..., 2·latent). Exact up to a rounding.

    Examples:
        >>> unpaired(torch.tensor([1.0 - 2.0j]))
        tensor([ 1.4142, -2.8284])
    """
    return math.sqrt(2) * parts(z).flatten(-2)


def parts(z: Tensor) -> Tensor:
    """Real and imaginary parts, in their unit, on a new last axis.

    Args:
        z: Complex, any shape (...).

    Returns:
        Real, shape (..., 2). Exact.

    Raises:
        ValueError: If the numbers are real.

    Examples:
        >>> parts(torch.tensor([1.0 - 2.0j]))
        tensor([[ 1., -2.]])
    """
    if not z.is_complex():
        raise ValueError(f"codes must be complex, got {z.dtype}")
    return torch.stack((z.real, z.imag), -1)


def squared_moduli(z: Tensor) -> Tensor:
    """Squared moduli of complex numbers, in their squared unit: |z|² = (Re z)² + (Im z)².

    The root in |z|, which has no derivative at 0, is never taken.

    Args:
        z: Complex, any shape.

    Returns:
        Real, the shape of `z`. Exact.

    Examples:
        >>> squared_moduli(torch.tensor([3.0 + 4.0j]))
        tensor([25.])
    """
    return parts(z).square().sum(-1)


def complex_normal_kl(mean: Tensor, log_scale: Tensor) -> Tensor:
    """Divergence of a diagonal circular complex normal from the prior CN(0, I), in nats.

    KL(CN(μ, diag s²) ‖ CN(0, I)) = Σ_j (|μ_j|² + φ(2·log s_j)),  φ(x) = eˣ − 1 − x.

    Closed form: Σ(|μ|² + s² − 1 − log s²), with the terms that cancel combined, as in `normal_kl`. It is twice the real
    formula, because each complex coordinate is two real ones.

    Args:
        mean: μ, complex, shape (..., latent).
        log_scale: log s, real, shape (..., latent); s² is the variance of both parts together.

    Returns:
        The divergence, real, shape (...). Exact up to a few roundings, value and gradient alike; never negative.

    Examples:
        >>> complex_normal_kl(torch.tensor([[3.0 + 4.0j]]), torch.zeros(1, 1))
        tensor([25.])
    """
    return (squared_moduli(mean) + exp_excess(2 * log_scale)).sum(-1)


def complex_normal_divergence(mean0: Tensor, covariance0: Tensor, mean1: Tensor, covariance1: Tensor) -> Tensor:
    """Divergence of one circular complex normal from another, in nats.

    KL(CN(μ₀, Γ₀) ‖ CN(μ₁, Γ₁)) = tr(Γ₁⁻¹Γ₀) − d + log(det Γ₁/det Γ₀) + (μ₁ − μ₀)ᴴΓ₁⁻¹(μ₁ − μ₀).

    Closed form: take Cholesky factors Γ = L·Lᴴ and W = L₁⁻¹L₀, lower triangular. The first three terms are then Σ_i
    φ(2·log W_ii) + Σ_{i>j} |W_ij|², φ(x) = eˣ − 1 − x. No term is negative, so no terms cancel.

    Args:
        mean0: μ₀, complex, shape (..., d).
        covariance0: Γ₀, Hermitian and positive definite, shape (..., d, d); only its lower triangle is used.
        mean1: μ₁, complex, shape (..., d).
        covariance1: Γ₁, likewise.

    Returns:
        The divergence, real, shape (...). Exact up to roundings times the condition of Γ₁; never negative.

    Examples:
        >>> mean, covariance = torch.zeros(2, dtype=torch.complex64), torch.eye(2, dtype=torch.complex64)
        >>> complex_normal_divergence(mean + 1j, covariance, mean, covariance)
        tensor(2.)
    """
    factor0, factor1 = _cholesky(covariance0), _cholesky(covariance1)
    difference = (mean1 - mean0).unsqueeze(-1)
    ratio = torch.linalg.solve_triangular(factor1, factor0, upper=False)
    distance = squared_moduli(torch.linalg.solve_triangular(factor1, difference, upper=False)).sum((-2, -1))
    logs = [factor.diagonal(dim1=-2, dim2=-1).real.log() for factor in (factor0, factor1)]
    below = squared_moduli(ratio.tril(-1)).sum((-2, -1))
    divergence: Tensor = exp_excess(2 * (logs[0] - logs[1])).sum(-1) + below + distance
    return divergence


def _cholesky(covariance: Tensor) -> Tensor:
    """Lower Cholesky factor of covariances; `Undefined` if one is not positive definite."""
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(require_finite(covariance, "the covariance"))
    if bool(failed.any()):
        raise Undefined("a covariance is not positive definite, so it has no density to diverge")
    return factor


def complex_normal_log_density(z: Tensor, mean: Tensor | complex = 0.0, scale: Tensor | float = 1.0) -> Tensor:
    """Log density of a diagonal circular complex normal, in nats.

    log CN(z; μ, diag s²) = −Σ_j (|z_j − μ_j|²/s_j² + log(π·s_j²)).

    The density is per volume of R²ᵈ, with unscaled real and imaginary parts.

    Args:
        z: Where it is evaluated, complex, shape (..., latent).
        mean: μ, broadcast against `z`; the prior's 0 unless given.
        scale: s, real, s² the variance of both parts together, broadcast against `z`; the prior's 1 unless given.

    Returns:
        The log density, real, shape (...). Exact.

    Examples:
        >>> complex_normal_log_density(torch.zeros(1, 1, dtype=torch.complex64))
        tensor([-1.1447])
    """
    deviation = torch.as_tensor(scale, dtype=z.real.dtype, device=z.device)
    density: Tensor = (-squared_moduli((z - mean) / deviation) - math.log(math.pi) - 2 * torch.log(deviation)).sum(-1)
    return density


def standard_complex_normal(
    shape: Sequence[int],
    rng: torch.Generator,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Draw from CN(0, I) on the generator's device, then move the draws.

    Closed form: (a + i·b)/√2 with a, b ~ N(0, 1). So E|z|² = 1 and E z² = 0. The unpaired draws are those of
    `standard_normal` for twice the last axis. A complex model and its real counterpart can thus receive the same noise.

    Args:
        shape: Shape of the result.
        rng: Source of the randomness.
        dtype: Complex type of the result; that of torch's default unless given.
        device: Of the result; the generator's own unless given.

    Returns:
        Independent draws of that shape.

    Raises:
        ValueError: If `dtype` is not complex.

    Examples:
        >>> standard_complex_normal((2, 3), torch.Generator().manual_seed(0)).dtype
        torch.complex64
    """
    if dtype is not None and not dtype.is_complex:
        raise ValueError(f"complex draws need a complex dtype, got {dtype}")
    pairs = standard_normal((*shape, 2), rng, dtype=dtype.to_real() if dtype else None, device=device)
    return torch.view_as_complex(pairs) / math.sqrt(2)
