"""Whether prior, posterior scale and loss give the density of the data."""

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.isometry import active_units
from vaebench.kernels.normal import normal_log_density
from vaebench.kernels.volume_density import (
    DensityAgreement,
    density_agreement,
    log_density_from_loss,
    log_density_from_scale,
)
from vaebench.measures.declared import gives
from vaebench.measures.model_view import decoded_mean, held_out, kl_weight_in_squares, none_of, real_posterior
from vaebench.measures.probe import Probe
from vaebench.training.fit import Trained

PRIOR_ALONE = "density_r2_prior_alone"


@gives("{,loss_}density_{r2,slope,bias}", "density_r2_prior_alone")
def density(probe: Probe) -> tuple[Measurement, ...]:
    """Measure how log p̂(x) agrees with the exact log p(x) on held-out data.

    There are two estimates: from the posterior scale and from the loss.

    Args:
        probe: The truth of its data gives log p(x), of at most ``points`` examples. The loss takes ``samples``
            posterior draws of each.

    Returns:
        For (2/β)^{m/2} p(μ) ∏ σ_j: ``density_r2``, ``density_slope`` and ``density_bias`` (nats). For (πβ)^{−m/2}
        exp(−(L − D₀)/β) the same with ``loss_`` before them. The control ``density_r2_prior_alone`` is that of p(μ)
        alone. It is declined on normal sources, where p(μ) has the right order by itself.
    """
    trained, data = probe.trained, probe.data
    beta = kl_weight_in_squares(trained, data.held_out.x)
    if data.truth is None or beta is None:
        reason = "the data's density is not known" if data.truth is None else "β is not known"
        return none_of(density, reason)
    x = held_out(data, probe.budget.points)
    with torch.no_grad():
        posterior = real_posterior(trained, x)
    active = active_units(posterior.scale)
    dimension = data.truth.dimension
    if int(active.sum()) != dimension:
        reason = f"{int(active.sum())} active units do not chart a {dimension}-dimensional manifold"
        return none_of(density, reason, "model")
    exact = data.truth.log_density(x)
    mean, scale = posterior.mean[:, active].double(), posterior.scale[:, active].double()
    loss, at_mean = loss_and_distortion(trained, x, probe.budget.samples, beta, probe.rng)
    try:
        from_scale = density_agreement(log_density_from_scale(mean, scale, beta), exact)
        from_loss = density_agreement(log_density_from_loss(loss, at_mean, beta, dimension), exact)
        alone = density_agreement(normal_log_density(mean), exact).r_squared
    except Undefined as undefined:
        return none_of(density, str(undefined), "model")
    control: Measurement = Measurement(PRIOR_ALONE, float(alone.value), float(alone.stderr), alone.n)
    if data.truth.gaussian:
        control = declined(PRIOR_ALONE, "sources are normal: p(μ) alone has the right order already")
    return (*_measurements("", from_scale), *_measurements("loss_", from_loss), control)


def _measurements(prefix: str, agreement: DensityAgreement) -> tuple[Measurement, ...]:
    r2, slope, bias = agreement
    return (
        Measurement(f"{prefix}density_r2", float(r2.value), float(r2.stderr), r2.n, "1", "higher"),
        Measurement(f"{prefix}density_slope", float(slope.value), float(slope.stderr), slope.n),
        Measurement(f"{prefix}density_bias", float(bias.value), float(bias.stderr), bias.n, "nats"),
    )


def loss_and_distortion(
    trained: Trained, x: Tensor, samples: int, beta: float, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Loss of each example, and its distortion at the posterior's mean.

    L = E_q D(x, x̂(z)) + β·KL and D₀ = D(x, x̂(μ)). D is the sum of squared errors.

    Args:
        trained: The model.
        x: Examples, shape (batch, *shape).
        samples: Posterior draws for each example's E_q D. Every second one mirrors the one before, z and 2μ − z. That
            removes the odd part of the noise.
        beta: β.
        rng: Of the draws.

    Returns:
        L and D₀ in units of summed squared errors, float64, shape (batch,).
    """
    decoded = decoded_mean(trained)
    with torch.no_grad():
        posterior = real_posterior(trained, x)
        total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
        pairs = max(1, samples // 2)
        for _ in range(pairs):
            noise = torch.randn(posterior.mean.shape, generator=rng, device=x.device)
            for signed in (noise, -noise):
                total += _squared_error(x, decoded(posterior.sample(signed)))
        distortion = total / (2 * pairs)
        return distortion + beta * posterior.kl().double(), _squared_error(x, decoded(posterior.mean))


def _squared_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    return (x - reconstruction).flatten(1).double().square().sum(1)
