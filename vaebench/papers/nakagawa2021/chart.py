"""A posterior in axes in which each unit has a scale: its own ones, or the principal axes of a full covariance.

A rotation of the latent space changes neither N(0, I) nor the relations of this paper. So a full covariance Σ is read
along the axes of E Σ. There collapsed directions can be told from active ones. Under a prior of the model's own it is
read along the model's units.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.measures.model_view import NOT_DIAGONAL, NotRead, RealPosterior, active, has_own_prior
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
        axes: Rows are axes, shape (latent, latent). They are the identity under a prior of the model's own.
            None for a diagonal posterior.
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
    if has_own_prior(trained):
        # A rotation is no symmetry of such a prior, so the model's own axes stay, and its units are active or not.
        coded = active(trained, posterior)
        axes = torch.eye(len(coded), dtype=covariance.dtype, device=covariance.device)
    else:
        variances, vectors = torch.linalg.eigh(covariance.mean(0))
        coded, axes = variances < 0.5, vectors.T
    turned = axes @ covariance @ axes.T
    conditional = torch.linalg.inv(turned).diagonal(dim1=-2, dim2=-1).rsqrt()
    return Chart(posterior.mean.double() @ axes.T, _scale(turned, coded), conditional, coded, axes, turned)


def _scale(covariance: Tensor, first: Tensor) -> Tensor:
    """Scales of which those of the units of `first` multiply to √det Σ of these: Cholesky's, which takes them first."""
    order = (~first).int().argsort(stable=True)
    diagonal: Tensor = torch.linalg.cholesky(covariance[:, order][:, :, order]).diagonal(dim1=-2, dim2=-1)
    return diagonal[:, order.argsort()]


def require_standard_prior(trained: Trained) -> None:
    """Stop where a model's prior is its own.

    Args:
        trained: The model.

    Raises:
        NotRead: It is.
    """
    if has_own_prior(trained):
        raise NotRead(OWN_PRIOR)
