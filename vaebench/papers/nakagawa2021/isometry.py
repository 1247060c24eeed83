"""Whether the posterior scale is the decoder's local scale, and whether latent directions are orthogonal."""

from dataclasses import replace

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.kernels import isometry
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.jacobian import column_squared_norms, jacobian_columns
from vaebench.measures.declared import gives
from vaebench.measures.model_view import (
    NOT_DIAGONAL,
    NotRead,
    deviations,
    held_out,
    likelihood_at,
    none_of,
    of_sample,
    real_posterior,
)
from vaebench.measures.probe import Probe
from vaebench.papers.nakagawa2021.chart import chart_of, require_standard_prior
from vaebench.training.fit import Trained


def metric_columns(trained: Trained, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Jacobian columns of the decoder at posterior means, in the likelihood's Fisher metric.

    Collapsed units are left out.

    Args:
        trained: The model.
        x: Examples, shape (batch, *shape).

    Returns:
        Columns of the standardised likelihood, √precision·∂x̂/∂μ_j, shape (active, batch, *shape). If its variance may
        depend on the code, shape (active, batch, 3, *shape). The scales of the active units, shape (batch, active).
        Which units are active, shape (latent,).

    Raises:
        NotRead: The posterior is not diagonal.
    """
    with torch.no_grad():
        posterior = real_posterior(trained, x)
    if not posterior.diagonal:
        raise NotRead(NOT_DIAGONAL)
    active = chart_of(trained, posterior).active
    # Of a Bernoulli, √precision is infinite where ∂x̂ is 0.
    columns = jacobian_columns(lambda z: likelihood_at(trained, z).standardised(), posterior.mean)[active]
    return columns, deviations(posterior)[:, active], active


def _relation(trained: Trained, x: Tensor) -> tuple[isometry.Stationarity | None, Tensor]:
    """T1 and T2 of the active units, and which are active. Without a kl_weight, or an active unit, there are no T."""
    with torch.no_grad():
        posterior = real_posterior(trained, x)
    if posterior.diagonal:
        columns, scale, active = metric_columns(trained, x)
        if trained.kl_weight is None or not active.any():
            return None, active
        return isometry.stationarity(column_squared_norms(columns), scale, trained.kl_weight), active
    chart = chart_of(trained, posterior)
    if trained.kl_weight is None or not chart.active.any():
        return None, chart.active
    assert chart.axes is not None and chart.covariance is not None
    columns = jacobian_columns(lambda z: likelihood_at(trained, z).standardised(), posterior.mean)
    rows = chart.axes @ columns.flatten(2).transpose(0, 1).double()
    found = isometry.full_stationarity(rows @ rows.mT, chart.covariance, trained.kl_weight)
    return isometry.Stationarity(*(part[:, chart.active] for part in found)), chart.active


@gives("t2_worst_{deviation,unit}", "t2_mean", "t1_mean", "t2_sd", "active_units")
def stationarity(probe: Probe) -> tuple[Measurement, ...]:
    """Measure T2 = (2/β)·σ_j²·‖J_j‖² + σ_j² on active units over held-out data. It is 1 at a stationary point.

    Of a posterior with full covariance Σ it is the diagonal of Σ·(I + (2/β)·JᵀJ), along the axes of E Σ.

    Args:
        probe: At most ``points`` examples are used.

    Returns:
        ``t2_worst_unit`` is the mean over data of the unit that is farthest from 1. ``t2_worst_deviation`` is its
        distance from 1, so neither units nor seeds can cancel. ``t2_mean`` and ``t1_mean`` are over units and data.
        ``t2_sd`` is the mean over units of the standard deviation over data. And ``active_units``.
    """
    trained = probe.trained
    x = held_out(probe.data, probe.budget.points, least=2)
    try:
        require_standard_prior(trained)
        relation, active = _relation(trained, x)
    except NotRead as reason:
        return none_of(stationarity, str(reason))
    count = Measurement("active_units", float(active.sum()), 0.0, len(x))
    if trained.kl_weight is None:
        return none_of(stationarity, "the variant declares no kl_weight", found=(count,))
    if relation is None:
        return none_of(stationarity, "every latent unit has collapsed to the prior", "model", (count,))
    t1, t2 = relation
    worst = of_sample("t2_worst_unit", t2[:, int((t2.mean(0) - 1).abs().argmax())])
    assert worst.value is not None
    return (
        replace(worst, name="t2_worst_deviation", value=abs(worst.value - 1)),
        worst,
        of_sample("t2_mean", t2.mean(1)),
        of_sample("t1_mean", t1.mean(1)),
        Measurement("t2_sd", float(t2.double().std(0).mean()), 0.0, len(t2)),
        count,
    )


@gives("mean_absolute_cosine")
def orthogonality(probe: Probe) -> tuple[Measurement, ...]:
    """Measure the mean absolute cosine between Jacobian columns of active units, over held-out data.

    Args:
        probe: At most ``points`` examples are used.

    Returns:
        ``mean_absolute_cosine``, between 0 and 1. It is declined for fewer than two active units.
    """
    try:
        columns, _, active = metric_columns(probe.trained, held_out(probe.data, probe.budget.points))
    except NotRead as reason:
        return none_of(orthogonality, str(reason))
    if active.sum() < 2:
        return (declined("mean_absolute_cosine", "angles between columns need two active units", "model"),)
    try:
        cosines = isometry.mean_absolute_cosine(isometry.column_cosines(columns))
    except Undefined as reason:
        return (declined("mean_absolute_cosine", str(reason), "model"),)
    return (of_sample("mean_absolute_cosine", cosines),)


ROTATIONS = 12
"""Random rotations of the latent space that a model is held against."""


@gives("mean_absolute_cosine_rotated")
def rotated_orthogonality(probe: Probe) -> tuple[Measurement, ...]:
    """Measure the mean absolute cosine that the same model has with its latent space rotated at random.

    The codes z become Rz, and the decoder becomes x̂(Rᵀz). Prior and reconstructions stay as they are, and J becomes
    J·Rᵀ. If a model's directions are no more orthogonal than chance, its own cosine is about this one. Random
    directions in d dimensions have a cosine near √(2/(πd)), so a fixed limit alone is easy to meet on large images.

    Args:
        probe: At most ``points`` examples are used. Active units are rotated among themselves.

    Returns:
        ``mean_absolute_cosine_rotated``, the mean over `ROTATIONS` rotations, between 0 and 1. Its error is over
        examples. It is declined for fewer than two active units. It is 0 if the columns are orthogonal *and* of one
        length, because no rotation changes that.
    """
    name = "mean_absolute_cosine_rotated"
    try:
        columns, _, active = metric_columns(probe.trained, held_out(probe.data, probe.budget.points))
    except NotRead as reason:
        return none_of(rotated_orthogonality, str(reason))
    count = int(active.sum())
    if count < 2:
        return (declined(name, "angles between columns need two active units", "model"),)
    total = torch.zeros(columns.shape[1], dtype=torch.float64, device=columns.device)
    try:
        for _ in range(ROTATIONS):
            turned = torch.tensordot(_rotation(count, probe.rng).to(columns), columns, dims=1)
            total += isometry.mean_absolute_cosine(isometry.column_cosines(turned)).double()
    except Undefined as reason:
        return (declined(name, str(reason), "model"),)
    return (of_sample(name, total / ROTATIONS),)


def _rotation(size: int, rng: torch.Generator) -> Tensor:
    """A rotation drawn uniformly, shape (size, size): Q of a normal matrix, with R's diagonal made positive."""
    q, r = torch.linalg.qr(torch.randn(size, size, generator=rng, device=rng.device, dtype=torch.float64))
    rotation: Tensor = q * r.diagonal().sign()
    return rotation
