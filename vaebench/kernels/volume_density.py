"""The density of data estimated from a VAE's volumes, compared with the exact density.

The isometric coordinates y_j, dy_j = √(β/2)/σ_j·dμ_j, measure length on the data manifold. The density per volume of
the manifold is that of the codes times ∏ dμ_j/dy_j. It needs no normalisation.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vaebench.kernels.estimate import Estimate, mean_estimate
from vaebench.kernels.lengths import squared_norms
from vaebench.kernels.normal import normal_log_density
from vaebench.kernels.variation import require_variation


def log_density_from_scale(mean: Tensor, scale: Tensor, beta: float) -> Tensor:
    """Log density of each example per volume of the manifold, in nats, from its posterior.

    log p̂(x) = (m/2)·log(2/β) + log N(μ; 0, I) + Σ_j log σ_j.

    Source: arXiv 2007.15190, which gives a proportionality; here it is an equation. Exact where the codes' means are
    N(0, I) and dy_j/dμ_j = √(β/2)/σ_j. The means of a trained VAE have the variance 1 − σ_j² (exactly so in the linear
    case). There the slope of log p̂ along direction j is 1 − σ_j² of the true slope, with the right value at the mean.

    Args:
        mean: μ of the m active units, shape (batch, m).
        scale: σ of the same units, shape (batch, m).
        beta: β, the weight of the KL relative to a sum of squared errors.

    Returns:
        Shape (batch,). Exact in the limit σ² ≪ 1; otherwise first order in σ².

    Examples:
        >>> log_density_from_scale(torch.zeros(1, 1), torch.full((1, 1), 0.1), beta=0.02)
        tensor([-0.9189])
    """
    dimension = mean.shape[-1]
    return dimension / 2 * math.log(2 / beta) + normal_log_density(mean) + torch.log(scale).sum(-1)


def log_density_from_loss(loss: Tensor, distortion_at_mean: Tensor | float, beta: float, dimension: int) -> Tensor:
    """Log density of each example per volume of the manifold, in nats, from its loss.

    log p̂(x) = −(m/2)·log(πβ) − (L − D₀)/β,  L = E_q D(x, x̂(z)) + β·KL,  D₀ = D(x, x̂(μ)).

    Source: arXiv 2007.15190 for the structure. −L/β − (d/2)·log(πβ) is the evidence bound of a decoder with variance
    β/2 in all d dimensions of x. Subtracting D₀ removes the misfit across the manifold, which does not concern the
    density on it, and d becomes m. But D₀ also contains the misfit *along* the manifold, the shrinkage of codes towards
    0, which does belong to the density. Without D₀, the result exceeds `log_density_from_scale` by ½·Σ_j(1 − T2_j)
    where the decoder is affine over the posterior. At T2 = 1 both are the same number, including the slope 1 − σ_j²,
    and do not check each other. If only the part of x − x̂(μ) normal to the manifold is subtracted, a linear-Gaussian
    density comes out exactly. That part is 0 for a linear VAE on data in its span.

    Args:
        loss: L, the *sum* of squared errors averaged over the posterior, plus β times the KL in nats, shape (batch,).
        distortion_at_mean: D₀, shape (batch,) or a number.
        beta: β.
        dimension: m, of the data manifold: the number of active units where they parametrise it.

    Returns:
        Shape (batch,). Exact as described above. If L is averaged over finitely many posterior draws, unbiased for that
        value.

    Examples:
        >>> log_density_from_loss(torch.tensor([1.0]), 0.0, beta=1 / math.pi, dimension=2)
        tensor([-3.1416])
    """
    return -dimension / 2 * math.log(math.pi * beta) - (loss - distortion_at_mean) / beta


class DensityAgreement(NamedTuple):
    """Comparison of an estimated log density with the exact one.

    Attributes:
        r_squared: Squared correlation, in [0, 1]: whether the estimate orders the data correctly, up to an affine map.
        slope: Of the least-squares line of the estimate on the truth: whether differences have the right size.
        bias: Mean of estimate minus truth, in nats: whether the level is right.
    """

    r_squared: Estimate
    slope: Estimate
    bias: Estimate


def density_agreement(estimated: Tensor, exact: Tensor) -> DensityAgreement:
    """Agreement of an estimated log density with the exact one: R² and slope without unit, bias in nats.

    R² = Cov(ê, e)²/(Var ê·Var e),  slope = Cov(ê, e)/Var e,  bias = mean(ê − e).

    Closed form: moments, with the standard errors of the infinitesimal jackknife, √(Σψ²)/n. The influence ψ of each is

        ψ(slope) = u·(v − r·u)·sd ê/sd e,  ψ(R²) = 2r·(u·v − r·(u² + v²)/2),

    where u and v are the standardised e and ê, and r = mean(u·v). The errors assume neither normality nor equal spread.
    The estimate is regressed on the truth because the truth has no error. The reverse line would be flattened by noise
    in the regressor.

    `Undefined` where either is constant, is not finite, or has fewer than two values.

    Args:
        estimated: ê, log densities in nats, shape (n,).
        exact: e, the true ones of the same examples, shape (n,).

    Returns:
        The three with their standard errors. R² and slope are biased O(1/n); the bias is unbiased. The error of R² is
        first order. It vanishes at R² = 0 and 1, where only the next order remains.

    Raises:
        ValueError: If the shapes differ.

    Examples:
        >>> exact = torch.tensor([-1.0, 0.0, 1.0])
        >>> [round(float(each.value), 4) for each in density_agreement(2 * exact + 1, exact)]
        [1.0, 2.0, 1.0]
    """
    if estimated.shape != exact.shape:
        raise ValueError(f"densities are compared in pairs: got shapes {estimated.shape} and {exact.shape}")
    u, exact_sd = _standardised(exact, "the exact log density")
    v, estimated_sd = _standardised(estimated, "the estimated log density")
    r = (u * v).mean()
    slope = r * estimated_sd / exact_sd
    slope_influence = u * (v - r * u) * estimated_sd / exact_sd
    r_squared_influence = 2 * r * (u * v - r * (u.square() + v.square()) / 2)
    return DensityAgreement(
        _with_influence(r.square(), r_squared_influence),
        _with_influence(slope, slope_influence),
        mean_estimate(estimated - exact),
    )


def _standardised(values: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Values with mean 0 and variance 1, and their original standard deviation."""
    centre = values.mean()
    deviations = values - centre
    sd = require_variation(squared_norms(deviations), centre, name).mean().sqrt()
    return deviations / sd, sd


def _with_influence(value: Tensor, influence: Tensor) -> Estimate:
    """Attach the standard error computed from the influence of each example."""
    n = influence.shape[0]
    return Estimate(value, influence.square().mean().sqrt() / n**0.5, n)
