"""Whether a latent unit's importance is the variance of the source that it codes."""

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.data import Dataset
from vaebench.kernels import isometry
from vaebench.measures.declared import gives
from vaebench.measures.model_view import held_out, kl_weight_in_squares, real_posterior, total_variance
from vaebench.measures.probe import Probe
from vaebench.models.exact import principal_axes

ROUNDING = 1e-9
"""Share of the largest eigenvalue below which one is rounding. The data do not vary in such a direction."""


@gives("importance_#", "importance_worst_error")
def importance(probe: Probe) -> tuple[Measurement, ...]:
    """Measure (β/2)·E σ_j⁻² of the active units, largest first, against the variances of the data's sources.

    Sources of images are unknown. There the PCA eigenvalues are taken, one for each latent unit. A linear VAE has
    exactly those as its importances.

    Args:
        probe: At most ``points`` examples are used. The truth of the data gives the variances. Without one the training
            part gives the eigenvalues.

    Returns:
        ``importance_1``, ``importance_2`` … in squared units of x, one for each variance. It is 0 for a variance
        without an active unit. ``importance_worst_error`` is the largest size of a relative error.
    """
    trained, data = probe.trained, probe.data
    beta = kl_weight_in_squares(trained, data.held_out.x)
    if beta is None:
        return (declined("importance_worst_error", "β is not known"),)
    if data.truth is not None and data.truth.source_variances is None:
        reason = "the data's manifold is curved: there are no source variances"
        return (declined("importance_worst_error", reason),)
    with torch.no_grad():
        scale = real_posterior(trained, held_out(data, probe.budget.points)).scale.double()
    of_unit = isometry.importance(scale, beta)[isometry.active_units(scale)].sort(descending=True).values
    variances = _variances(data, trained.latent)
    found = torch.zeros_like(variances)
    found[: len(of_unit)] = of_unit[: len(variances)].cpu()
    errors = found / variances - 1
    return (
        *(
            Measurement(f"importance_{j}", float(value), 0.0, len(scale), "x²")
            for j, value in enumerate(found, start=1)
        ),
        Measurement("importance_worst_error", float(errors.abs().max()), 0.0, len(scale)),
    )


@gives("importance_#", "importance_worst_error")
def source_importance(probe: Probe) -> tuple[Measurement, ...]:
    """Measure (β/2)·E σ_j⁻² of the active units, largest first, against the variances of known sources.

    It is as `importance`, and holds nothing against PCA eigenvalues. A non-linear model need not have them, and its
    importances on images still grow when training is doubled.

    Args:
        probe: At most ``points`` examples are used. The truth of the data gives the variances.

    Returns:
        The measurements of `importance` where the sources are known. Else ``importance_1``, ``importance_2`` … of the
        active units, and ``importance_worst_error`` is declined.
    """
    trained, data = probe.trained, probe.data
    beta = kl_weight_in_squares(trained, data.held_out.x)
    if data.truth is not None or beta is None:
        return importance(probe)
    with torch.no_grad():
        scale = real_posterior(trained, held_out(data, probe.budget.points)).scale.double()
    of_unit = isometry.importance(scale, beta)[isometry.active_units(scale)].sort(descending=True).values
    return (
        *(
            Measurement(f"importance_{j}", float(value), 0.0, len(scale), "x²")
            for j, value in enumerate(of_unit, start=1)
        ),
        declined("importance_worst_error", "the sources of these data are not known"),
    )


def _variances(data: Dataset, latent: int) -> Tensor:
    """What importances should be, on the CPU: the sources' variances, or the largest PCA eigenvalues."""
    if data.truth is not None and data.truth.source_variances is not None:
        return torch.tensor(data.truth.source_variances, dtype=torch.float64)
    total_variance(data)
    _, eigenvalues, _ = principal_axes(data.train.x)
    kept = eigenvalues[:latent]
    return kept[kept > ROUNDING * eigenvalues[0]].cpu()
