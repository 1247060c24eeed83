"""Whether prior, posterior scale and loss give the density of the data."""

from itertools import product

import torch
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.normal import normal_log_density
from vaebench.kernels.volume_density import (
    DensityAgreement,
    density_agreement,
    log_density_from_loss,
    log_density_from_scale,
)
from vaebench.measures.declared import gives
from vaebench.measures.model_view import (
    NotRead,
    RealPosterior,
    decoded_mean,
    has_own_prior,
    held_out,
    kl_from_prior,
    kl_weight_in_squares,
    log_prior,
    none_of,
    real_posterior,
)
from vaebench.measures.probe import Probe
from vaebench.papers.nakagawa2021.chart import chart_of
from vaebench.training.fit import Trained

PRIOR_ALONE = "density_r2_prior_alone"

MOST_INTEGRATED = 3
"""Most latent units over which the posterior is integrated: nodes are as many as those of one unit to this power."""


@gives("{,loss_}density_{r2,slope,bias}", "density_r2_prior_alone")
def density(probe: Probe) -> tuple[Measurement, ...]:
    """Measure how log p̂(x) agrees with the exact log p(x) on held-out data.

    There are two estimates: from the posterior scale and from the loss.

    Args:
        probe: The truth of its data gives log p(x), of at most ``points`` examples. The loss takes ``samples``
            posterior draws of each. With ``posterior_nodes``, it is integrated where there are three latent units at
            most. Elsewhere the error of its R² then holds what the noise of the draws takes from it.

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
    dimension = data.truth.dimension
    try:
        with torch.no_grad():
            posterior = real_posterior(trained, x)
        chart = chart_of(trained, posterior)
        active = chart.active
        if int(active.sum()) != dimension:
            reason = f"{int(active.sum())} active units do not chart a {dimension}-dimensional manifold"
            return none_of(density, reason, "model")
        own = _own_prior(trained, posterior, active)
        exact = data.truth.log_density(x)
        mean, scale = chart.mean[:, active].double(), chart.scale[:, active].double()
        loss, at_mean, noise = _loss(probe, x, beta)
    except NotRead as reason:
        return none_of(density, str(reason))
    prior = normal_log_density(mean) if own is None else own
    try:
        at_scale = log_density_from_scale(mean, scale, beta)
        from_scale = density_agreement(at_scale if own is None else at_scale - normal_log_density(mean) + own, exact)
        estimated = log_density_from_loss(loss, at_mean, beta, dimension)
        from_loss = _blurred(density_agreement(estimated, exact), estimated, noise)
        alone = density_agreement(prior, exact).r_squared
    except Undefined as undefined:
        return none_of(density, str(undefined), "model")
    control: Measurement = Measurement(PRIOR_ALONE, float(alone.value), float(alone.stderr), alone.n)
    if data.truth.gaussian:
        control = declined(PRIOR_ALONE, "sources are normal: p(μ) alone has the right order already")
    return (*_measurements("", from_scale), *_measurements("loss_", from_loss), control)


def _own_prior(trained: Trained, posterior: RealPosterior, active: Tensor) -> Tensor | None:
    """Log density of the model's own prior at the means, float64; None for N(0, I)."""
    if not has_own_prior(trained):
        return None
    if not active.all():
        raise NotRead("its prior is its own: with a collapsed unit its density along the others is not known")
    with torch.no_grad():
        return log_prior(trained, posterior.mean).double()


def _measurements(prefix: str, agreement: DensityAgreement) -> tuple[Measurement, ...]:
    r2, slope, bias = agreement
    return (
        Measurement(f"{prefix}density_r2", float(r2.value), float(r2.stderr), r2.n, "1", "higher"),
        Measurement(f"{prefix}density_slope", float(slope.value), float(slope.stderr), slope.n),
        Measurement(f"{prefix}density_bias", float(bias.value), float(bias.stderr), bias.n, "nats"),
    )


def _loss(probe: Probe, x: Tensor, beta: float) -> tuple[Tensor, Tensor, Tensor | None]:
    """Loss, distortion at the mean, and the variance of the loss over draws, in β², where the error has to hold it."""
    trained, budget = probe.trained, probe.budget
    if not budget.posterior_nodes:
        return *loss_and_distortion(trained, x, budget.samples, beta, probe.rng), None
    if trained.latent <= MOST_INTEGRATED:
        return *integrated_loss(trained, x, budget.posterior_nodes, beta), None
    mean, at_mean, variance = drawn_loss(trained, x, budget.samples, beta, probe.rng)
    return mean, at_mean, variance / beta**2


def _blurred(agreement: DensityAgreement, estimated: Tensor, noise: Tensor | None) -> DensityAgreement:
    """Add to the error of R² what noise of the estimate takes from it: R²·E noise / Var estimate, in first order.

    Slope and bias lose nothing. Their errors over examples hold the noise already.
    """
    if noise is None:
        return agreement
    r2 = agreement.r_squared
    lost = r2.value * noise.mean() / estimated.var()
    return agreement._replace(r_squared=r2._replace(stderr=torch.hypot(r2.stderr, lost)))


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
    return drawn_loss(trained, x, samples, beta, rng)[:2]


def drawn_loss(
    trained: Trained, x: Tensor, samples: int, beta: float, rng: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """`loss_and_distortion` from posterior draws, with the variance that the draws leave in each loss.

    Args:
        trained: The model.
        x: Examples, shape (batch, *shape).
        samples: As for `loss_and_distortion`.
        beta: β.
        rng: Of the draws.

    Returns:
        L, D₀ and the variance of L, float64, shape (batch,). The variance is unbiased: that of pairs over their number.
        It is infinite with one pair.
    """
    decoded = decoded_mean(trained)
    with torch.no_grad():
        posterior = real_posterior(trained, x)
        total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
        squares = torch.zeros_like(total)
        pairs = max(1, samples // 2)
        at_mean = _squared_error(x, decoded(posterior.mean))
        for _ in range(pairs):
            noise = torch.randn(posterior.mean.shape, generator=rng, device=x.device)
            before = total.clone()
            for signed in (noise, -noise):
                total += _squared_error(x, decoded(posterior.sample(signed)))
            squares += ((total - before) / 2 - at_mean).square()
        distortion = total / (2 * pairs)
        spread = squares - pairs * (distortion - at_mean).square()
        variance = spread / ((pairs - 1) * pairs) if pairs > 1 else torch.full_like(total, torch.inf)
        return distortion + beta * kl_from_prior(trained, posterior, rng, samples), at_mean, variance


def integrated_loss(trained: Trained, x: Tensor, nodes: int, beta: float) -> tuple[Tensor, Tensor]:
    """`loss_and_distortion` by Gauss–Hermite quadrature over the posterior, without any draws.

    E_q f(z) ≈ Σ_k w_k·f(μ + σ·ε_k), with the product of `nodes` points along each unit.

    Args:
        trained: The model.
        x: Examples, shape (batch, *shape).
        nodes: Points along each latent unit. The decoder is evaluated nodes^latent times.
        beta: β.

    Returns:
        L and D₀ in units of summed squared errors, float64, shape (batch,). Exact where the squared error is a
        polynomial of degree 2·nodes − 1 at most in each code.
    """
    decoded = decoded_mean(trained)
    own = has_own_prior(trained)
    points, weights = (torch.from_numpy(part).to(x.device) for part in hermegauss(nodes))
    weights = weights / weights.sum()
    with torch.no_grad():
        posterior = real_posterior(trained, x)
        total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
        for place in product(range(nodes), repeat=trained.latent):
            at = torch.tensor(place, device=x.device)
            noise = points[at].to(posterior.mean.dtype).expand_as(posterior.mean)
            total += weights[at].prod() * _squared_error(x, decoded(posterior.sample(noise)))
            if own:
                ratio = posterior.log_prob_at(noise) - log_prior(trained, posterior.sample(noise))
                total += beta * weights[at].prod() * ratio
        at_mean = _squared_error(x, decoded(posterior.mean))
        return (total if own else total + beta * posterior.kl().double()), at_mean


def _squared_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    return (x - reconstruction).flatten(1).double().square().sum(1)
