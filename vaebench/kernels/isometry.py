"""What a VAE's Jacobian and posterior scales have to satisfy for its embedding to be isometric.

Noise of scale σ in the codes costs D(x, x̂) the second-order term Σ_j σ_j²·D′_j, D′_j = ‖∂x̂/∂μ_j‖²; the KL charges
β/2·(σ_j² − 1 − log σ_j²). Where the sum is stationary in σ_j, 1/σ_j² = 1 + (2/β)·D′_j, and therefore a step along
y_j with dy_j = √(β/2)/σ_j·dμ_j is about as long in data space as in y: an isometric coordinate.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.lengths import norms


class Stationarity(NamedTuple):
    """The two forms of the stationarity of the loss in the posterior's scale.

    Attributes:
        t1: T1 = (2/β)·σ_j²·D′_j, shape (batch, latent): 1 − σ_j² at a stationary point, 1 in the limit σ² ≪ 1.
        t2: T2 = T1 + σ_j², shape (batch, latent): 1 at a stationary point, collapsed units included.
    """

    t1: Tensor
    t2: Tensor


def stationarity(columns_squared_norm: Tensor, scale: Tensor, kl_weight: float) -> Stationarity:
    """Whether each unit's noise sits where decoder and prior balance, as two pure numbers that should be near 1.

    T1 = σ_j²·‖J_j‖²_F/w = (2/β)·σ_j²·D′_j,  T2 = T1 + σ_j².

    Source: arXiv 2007.15190, which reads T1 = 1; T2 = 1 is the exact condition, of which that is the limit σ² ≪ 1.
    Here ‖J_j‖_F is the length of column j of the decoder's Jacobian in the *Fisher metric of the likelihood*, the
    metric that goes with L = −log p(x|z) + w·KL: for a Gaussian of variance v it is ‖∂x̂/∂μ_j‖²/v, so with β = 2·v·w
    both forms of T1 agree; for Bernoulli data it is Σ_a (∂x̂_a/∂μ_j)²/(x̂_a(1 − x̂_a)).

    Args:
        columns_squared_norm: ‖J_j‖²_F, in nats per squared unit of the code, shape (batch, latent):
            `column_squared_norms` of √precision·columns.
        scale: σ, shape (batch, latent).
        kl_weight: w, the weight of the KL beside a log likelihood in nats.

    Returns:
        T1 and T2, in double precision. Exact for the given Jacobian; that they are 1 holds to second order in σ, where
        the decoder is nearly affine over the posterior.

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


def column_cosines(columns: Tensor) -> Tensor:
    """Cosines of the angles between the columns of each example's Jacobian, pure numbers in [−1, 1].

    cos_{jk} = ⟨J_j, J_k⟩/(‖J_j‖·‖J_k‖).

    Closed form: the definition. At an optimum with diagonal posterior S·Jᵀ·J·S = I − diag σ², S = diag(σ·√(2/β)), so
    the off-diagonal cosines are 0. For another metric G of the output space, give √G·columns.

    Args:
        columns: Shape (latent, batch, *event), of active units: a collapsed one has a column of rounding noise, whose
            angle means nothing.

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
    """Mean size of the cosines between different columns, a pure number in [0, 1] for each example.

    (1/(m(m − 1)))·Σ_{j≠k} |cos_{jk}|.

    Closed form: the definition. The floor of a deceptive measurement: independent random columns in d dimensions have
    E|cos| ≈ √(2/(π·d)), small without any orthogonality being learned.

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
    absolute = cosines.abs()
    off_diagonal = absolute.sum((-1, -2)) - absolute.diagonal(dim1=-2, dim2=-1).sum(-1)
    return off_diagonal / (latent * (latent - 1))


def importance(scale: Tensor, beta: float) -> Tensor:
    """Variance of the data that each latent unit carries, in squared units of x, read like a PCA eigenvalue.

    importance_j = (β/2)·E[σ_j⁻²].

    Source: arXiv 2007.15190. It is E(dy_j/dμ_j)² of the isometric coordinate y_j. For a linear VAE it is the eigenvalue
    λ_j exactly; in general (β/2)·(E σ_j⁻¹)² ≤ Var y_j ≤ (β/2)·E[σ_j⁻²] where the codes are N(0, 1), a Poincaré pair. A
    collapsed unit has β/2, which is no variance of anything: read active units.

    Args:
        scale: σ, shape (batch, latent).
        beta: β, the weight of the KL beside a sum of squared errors.

    Returns:
        Shape (latent,), in the precision of the scales. Exact for this batch.

    Examples:
        >>> importance(torch.tensor([[0.1], [0.1]]), beta=0.02)
        tensor([1.])
    """
    return (beta / 2 * scale.double().square().reciprocal().mean(0)).to(scale.dtype)


def active_units(scale: Tensor) -> Tensor:
    """Which latent units carry information: those whose posterior is clearly narrower than the prior.

    active_j = (E σ_j² < ½).

    Closed form: a convention. A collapsed unit has σ = 1; in a linear VAE σ² = β/(2λ), so the line is drawn at λ = β.

    Args:
        scale: σ, shape (batch, latent).

    Returns:
        Booleans, shape (latent,). Exact for this batch.

    Examples:
        >>> active_units(torch.tensor([[0.1, 1.0]]))
        tensor([ True, False])
    """
    return scale.square().mean(0) < 0.5
