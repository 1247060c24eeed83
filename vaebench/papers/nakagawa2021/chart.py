"""A posterior in axes in which each unit has a scale: its own ones, or the principal axes of a full covariance.

A rotation of the latent space changes neither N(0, I) nor the relations of this paper. So a full covariance Σ is read
along the axes of E Σ. There collapsed directions can be told from active ones.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.measures.model_view import NOT_DIAGONAL, NotRead, RealPosterior, active, has_own_prior, prior_deviations
from vaebench.models.posteriors import FlowNormal, FullNormal
from vaebench.training.fit import Trained

OWN_PRIOR = "its prior is its own, and this relation is for N(0, I)"


@dataclass(frozen=True)
class Chart:
    """Posteriors in axes of units.

    Attributes:
        mean: μ, shape (batch, latent).
        scale: The product of those of active units is √det Σ of these units, shape (batch, latent).
        conditional: (Σ⁻¹)_jj^−½, shape (batch, latent); the scale itself of a diagonal posterior.
        active: Which units are active, shape (latent,).
        axes: Rows are axes, shape (latent, latent); None for the model's own units.
        covariance: Σ along them, float64, shape (batch, latent, latent); None for a diagonal posterior.
    """

    mean: Tensor
    scale: Tensor
    conditional: Tensor
    active: Tensor
    axes: Tensor | None = None
    covariance: Tensor | None = None


def chart_of(trained: Trained, posterior: RealPosterior) -> Chart:
    """Find the axes of a posterior.

    Args:
        trained: The model.
        posterior: Its posteriors of some examples.

    Returns:
        The chart.

    Raises:
        NotRead: The posterior is moved by a flow.
    """
    if isinstance(posterior, FlowNormal):
        raise NotRead(NOT_DIAGONAL)
    if isinstance(posterior, FullNormal):
        return _of_full(trained, posterior)
    return Chart(posterior.mean, posterior.scale, posterior.scale, active(trained, posterior))


def _of_full(trained: Trained, posterior: FullNormal) -> Chart:
    covariance = posterior.covariance()
    wide = prior_deviations(trained, posterior.mean).double().expand(posterior.mean.shape[1])
    variances, vectors = torch.linalg.eigh(covariance.mean(0) / torch.outer(wide, wide))
    # With its own prior a rotation is no symmetry, so the model's own axes stay.
    axes = torch.eye(len(wide), dtype=wide.dtype, device=wide.device) if has_own_prior(trained) else vectors.T
    turned = axes @ covariance @ axes.T
    scale = torch.linalg.cholesky(turned).diagonal(dim1=-2, dim2=-1)
    conditional = torch.linalg.inv(turned).diagonal(dim1=-2, dim2=-1).rsqrt()
    return Chart(posterior.mean.double() @ axes.T, scale, conditional, variances < 0.5, axes, turned)


def require_standard_prior(trained: Trained) -> None:
    """Stop where a model's prior is its own.

    Args:
        trained: The model.

    Raises:
        NotRead: It is.
    """
    if has_own_prior(trained):
        raise NotRead(OWN_PRIOR)
