"""Whether a latent unit's importance is the variance of the source that it codes."""

import math

import torch

from vaebench.claims import Measurement, declined
from vaebench.kernels import isometry
from vaebench.measures.declared import gives
from vaebench.measures.model_view import NotRead, held_out, kl_weight_in_squares, real_posterior
from vaebench.measures.probe import Probe
from vaebench.papers.nakagawa2021.chart import chart_of, require_standard_prior

WORST = "importance_worst_error"


@gives("importance_#", "importance_worst_error")
def source_importance(probe: Probe) -> tuple[Measurement, ...]:
    """Measure (β/2)·E σ_j⁻² of the active units, largest first, against the variances of the data's sources.

    Nothing is held against PCA eigenvalues. A non-linear model need not have them, and its importances on images still
    grow when training is doubled.

    Args:
        probe: At most ``points`` examples are used. The truth of the data gives the variances.

    Returns:
        ``importance_1``, ``importance_2`` … in squared units of x, one for each source; 0 for a source without an
        active unit. ``importance_worst_error`` is the largest size of a relative error. Where the sources are not
        known, the importances are those of the active units, and the error is declined.
    """
    trained, data = probe.trained, probe.data
    beta = kl_weight_in_squares(trained, data.held_out.x)
    if beta is None:
        return (declined(WORST, "β is not known"),)
    if data.truth is not None and data.truth.source_variances is None:
        return (declined(WORST, "the data's manifold is curved: there are no source variances"),)
    try:
        require_standard_prior(trained)
        with torch.no_grad():
            chart = chart_of(trained, real_posterior(trained, held_out(data, probe.budget.points)))
    except NotRead as reason:
        return (declined(WORST, str(reason)),)
    scale = chart.conditional.double()
    found = isometry.importance(scale, beta)[chart.active].sort(descending=True).values.cpu()
    error = declined(WORST, "the sources of these data are not known")
    if data.truth is not None:
        variances = torch.tensor(data.truth.source_variances, dtype=torch.float64)
        found = torch.nn.functional.pad(found, (0, max(0, len(variances) - len(found))))[: len(variances)]
        error = _number(WORST, float((found / variances - 1).abs().max()), len(scale), "1")
    return (*(_number(f"importance_{j}", float(value), len(scale), "x²") for j, value in enumerate(found, 1)), error)


def _number(name: str, value: float, n: int, unit: str) -> Measurement:
    """A number, unless a posterior's scale is 0 in single precision: as a point it has no finite importance."""
    if not math.isfinite(value):
        return declined(name, "some example's posterior is a point: its scale is 0", "model")
    return Measurement(name, value, 0.0, n, unit)
