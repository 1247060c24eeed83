"""Whether the posterior scale is the decoder's local scale, and whether latent directions stay orthogonal."""

from dataclasses import replace

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.kernels import isometry
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.jacobian import column_squared_norms, jacobian_columns
from vaebench.measures.declared import gives
from vaebench.measures.model_view import held_out, likelihood_at, none_of, of_sample, real_posterior
from vaebench.measures.probe import Probe
from vaebench.training.fit import Trained


def metric_columns(trained: Trained, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Jacobian columns of the decoder at posterior means, in the Fisher metric of the likelihood, of the active units.

    Args:
        trained: The model.
        x: Examples, shape (batch, *shape).

    Returns:
        Columns of the standardised likelihood, √precision·∂x̂/∂μ_j, shape (active, batch, *shape), or (active, batch,
        3, *shape) where its variance may depend on the code; the scales of the active units, shape (batch, active);
        and which units are active, shape (latent,).
    """
    with torch.no_grad():
        posterior = real_posterior(trained, x)
    active = isometry.active_units(posterior.scale)
    # Of a Bernoulli, √precision is infinite where ∂x̂ is 0.
    columns = jacobian_columns(lambda z: likelihood_at(trained, z).standardised(), posterior.mean)[active]
    return columns, posterior.scale[:, active], active


@gives("t2_worst_{deviation,unit}", "t2_mean", "t1_mean", "t2_sd", "active_units")
def stationarity(probe: Probe) -> tuple[Measurement, ...]:
    """Read T2 = (2/β)·σ_j²·‖J_j‖² + σ_j², which is 1 at a stationary point, on active units over held-out data.

    Args:
        probe: It is read at ``points`` examples at most.

    Returns:
        ``t2_worst_unit``: mean over data of the unit whose mean is farthest from 1, and ``t2_worst_deviation`` how far
        that is, so that neither units nor seeds can make up for each other; ``t2_mean`` and ``t1_mean`` over units and
        data; ``t2_sd``: mean over units of the standard deviation over data; ``active_units``.
    """
    trained = probe.trained
    columns, scale, active = metric_columns(trained, held_out(probe.data, probe.budget.points, least=2))
    count = Measurement("active_units", float(active.sum()), 0.0, len(scale))
    if trained.kl_weight is None:
        return none_of(stationarity, "the variant declares no kl_weight", found=(count,))
    if not active.any():
        return none_of(stationarity, "every latent unit has collapsed to the prior", "model", (count,))
    t1, t2 = isometry.stationarity(column_squared_norms(columns), scale, trained.kl_weight)
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
    """Read the mean absolute cosine between Jacobian columns of active units, over held-out data.

    Args:
        probe: It is read at ``points`` examples at most.

    Returns:
        ``mean_absolute_cosine``, between 0 and 1; declined with fewer than two active units.
    """
    columns, _, active = metric_columns(probe.trained, held_out(probe.data, probe.budget.points))
    if active.sum() < 2:
        return (declined("mean_absolute_cosine", "angles between columns need two active units", "model"),)
    try:
        cosines = isometry.mean_absolute_cosine(isometry.column_cosines(columns))
    except Undefined as reason:
        return (declined("mean_absolute_cosine", str(reason), "model"),)
    return (of_sample("mean_absolute_cosine", cosines),)
