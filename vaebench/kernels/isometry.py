"""Conditions on a VAE's Jacobian and posterior scales under which its embedding is isometric.

Noise of scale σ in the codes adds Σ_j σ_j²·D′_j to D(x, x̂) in second order, D′_j = ‖∂x̂/∂μ_j‖². The KL adds β/2·(σ_j²
− 1 − log σ_j²). The sum is stationary in σ_j where 1/σ_j² = 1 + (2/β)·D′_j. Let dy_j = √(β/2)/σ_j·dμ_j. A step along
y_j is then about as long in data space as in y: y_j is an isometric coordinate.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.lengths import norms


class Stationarity(NamedTuple):
    """Two forms of the condition that the loss is stationary in the posterior's scale.

    Attributes:
        t1: T1 = (2/β)·σ_j²·D′_j, shape (batch, latent). It is 1 − σ_j² at a stationary point and 1 in the limit σ² ≪ 1.
        t2: T2 = T1 + σ_j², shape (batch, latent). It is 1 at a stationary point, also for collapsed units.
    """

    t1: Tensor
    t2: Tensor


def stationarity(columns_squared_norm: Tensor, scale: Tensor, kl_weight: float) -> Stationarity:
    """How near each unit's posterior scale is to a stationary point of the loss: two pure numbers, 1 at the point.

    T1 = σ_j²·‖J_j‖²_F/w = (2/β)·σ_j²·D′_j,  T2 = T1 + σ_j².

    Source: arXiv 2007.15190, which states T1 = 1. The exact condition is T2 = 1; T1 = 1 is its limit σ² ≪ 1. ‖J_j‖_F is
    the length of column j of the decoder's Jacobian in the *Fisher metric of the likelihood*, the metric that goes with
    L = −log p(x|z) + w·KL. For a Gaussian of variance v it is ‖∂x̂/∂μ_j‖²/v, so with β = 2·v·w both forms of T1 agree.
    For Bernoulli data it is Σ_a (∂x̂_a/∂μ_j)²/(x̂_a(1 − x̂_a)).

    Args:
        columns_squared_norm: ‖J_j‖²_F, in nats per squared unit of the code, shape (batch, latent):
            `column_squared_norms` of √precision·columns.
        scale: σ, shape (batch, latent).
        kl_weight: w, the weight of the KL relative to a log likelihood in nats.

    Returns:
        T1 and T2, in double precision. Exact for the given Jacobian. They are 1 to second order in σ, where the decoder
        is nearly affine over the posterior.

    Raises:
        ValueError: If `kl_weight` is not positive.

    Examples:
        >>> stationarity(torch.tensor([[3.0]]), torch.tensor([[0.5]]), kl_weight=1.0).t2
        tensor([[1.]], dtype=torch.float64)
    """
    if kl_weight <= 0:
        raise ValueError(f"kl_weight must be positive, got {kl_weight}")
    variance = scale.double().square()
    t1 = variance * columns_squared_norm / kl_weight
    return Stationarity(t1, t1 + variance)


def full_stationarity(gram: Tensor, covariance: Tensor, kl_weight: float) -> Stationarity:
    """How near a posterior's full covariance is to a stationary point of the loss: two pure numbers a unit, 1 there.

    T1 = diag(Σ·G)/w,  T2 = diag(Σ·(I + G/w)),  G = JᵀJ in the Fisher metric of the likelihood.

    Closed form: in second order the loss is ½·tr(Σ·G) + w·KL, whose KL has ½·(tr Σ − log det Σ). It is stationary in Σ
    where Σ⁻¹ = I + G/w. With a diagonal Σ this is `stationarity`.

    Args:
        gram: G, in nats per squared unit of the code, shape (batch, latent, latent).
        covariance: Σ, shape (batch, latent, latent).
        kl_weight: w, the weight of the KL relative to a log likelihood in nats.

    Returns:
        T1 and T2, in double precision. Exact for the given Jacobian.

    Raises:
        ValueError: If `kl_weight` is not positive.

    Examples:
        >>> gram = torch.tensor([[[2.0, 1.0], [1.0, 3.0]]])
        >>> full_stationarity(gram, torch.linalg.inv(torch.eye(2) + gram), kl_weight=1.0).t2.round(decimals=6)
        tensor([[1., 1.]], dtype=torch.float64)
    """
    if kl_weight <= 0:
        raise ValueError(f"kl_weight must be positive, got {kl_weight}")
    sigma = covariance.double()
    t1 = (sigma * gram.double().mT).sum(-1) / kl_weight
    return Stationarity(t1, t1 + sigma.diagonal(dim1=-2, dim2=-1))


def column_cosines(columns: Tensor) -> Tensor:
    """Cosines of the angles between the columns of each example's Jacobian, in [−1, 1].

    cos_{jk} = ⟨J_j, J_k⟩/(‖J_j‖·‖J_k‖).

    Let S = diag(σ·√(2/β)). At an optimum with diagonal posterior S·Jᵀ·J·S = I − diag σ², so the off-diagonal cosines
    are 0. For another metric G of the output space, pass √G·columns.

    Args:
        columns: Shape (latent, batch, *event), of active units. The column of a collapsed unit is rounding noise, and
            its angle means nothing.

    Returns:
        Shape (batch, latent, latent), ones on the diagonal. Exact up to rounding.

    Raises:
        Undefined: If a column is zero, or not finite.

    Examples:
        >>> column_cosines(torch.tensor([[[1.0, 0.0]], [[1.0, 1.0]]]))
        tensor([[[1.0000, 0.7071],
                 [0.7071, 1.0000]]])
    """
    each = columns.reshape(*columns.shape[:2], -1).transpose(0, 1)
    lengths = norms(columns.flatten(0, 1)).reshape(columns.shape[:2]).T.unsqueeze(-1)
    if not ((lengths > 0) & torch.isfinite(lengths)).all():
        raise Undefined("a column of the Jacobian is zero or not finite: it has no direction")
    directions = each / lengths
    cosines: Tensor = directions @ directions.mT
    return cosines


def mean_absolute_cosine(cosines: Tensor) -> Tensor:
    """Mean absolute cosine between different columns, in [0, 1] for each example.

    (1/(m(m − 1)))·Σ_{j≠k} |cos_{jk}|.

    Closed form: for independent random columns in d dimensions E|cos| ≈ √(2/(π·d)). So in high dimensions a small value
    does not show that orthogonality was learned.

    Args:
        cosines: Shape (batch, latent, latent), as from `column_cosines`.

    Returns:
        Shape (batch,). Exact.

    Raises:
        Undefined: If there are fewer than two columns.

    Examples:
        >>> mean_absolute_cosine(torch.tensor([[[1.0, -0.5], [-0.5, 1.0]]]))
        tensor([0.5000])
    """
    latent = cosines.shape[-1]
    if latent < 2:
        raise Undefined(f"angles between columns need two columns, got {latent}")
    # Summed without the diagonal: to subtract it from the whole sum leaves rounding, which may be below 0.
    itself = torch.eye(latent, dtype=torch.bool, device=cosines.device)
    return cosines.abs().masked_fill(itself, 0.0).sum((-1, -2)) / (latent * (latent - 1))


def importance(scale: Tensor, beta: float) -> Tensor:
    """Variance of the data that each latent unit carries, in squared units of x.

    importance_j = (β/2)·E[σ_j⁻²].

    Source: arXiv 2007.15190. It is E(dy_j/dμ_j)² of the isometric coordinate y_j, and comparable to a PCA eigenvalue.
    For a linear VAE it is exactly the eigenvalue λ_j. In general (β/2)·(E σ_j⁻¹)² ≤ Var y_j ≤ (β/2)·E[σ_j⁻²] where the
    codes are N(0, 1), a Poincaré pair. A collapsed unit has β/2, which is no variance of the data, so use active units
    only.

    Args:
        scale: σ, shape (batch, latent).
        beta: β, the weight of the KL relative to a sum of squared errors.

    Returns:
        Shape (latent,), in the precision of the scales. Exact for this batch.

    Examples:
        >>> importance(torch.tensor([[0.1], [0.1]]), beta=0.02)
        tensor([1.])
    """
    return (beta / 2 * scale.double().square().reciprocal().mean(0)).to(scale.dtype)


def active_units(scale: Tensor) -> Tensor:
    """Which latent units carry information: their posterior is clearly narrower than the prior.

    active_j = (E σ_j² < ½).

    The threshold ½ is a convention. A collapsed unit has σ = 1. In a linear VAE σ² = β/(2λ), so the threshold is at λ =
    β.

    Args:
        scale: σ, shape (batch, latent).

    Returns:
        Booleans, shape (latent,). Exact for this batch.

    Examples:
        >>> active_units(torch.tensor([[0.1, 1.0]]))
        tensor([ True, False])
    """
    return scale.square().mean(0) < 0.5
