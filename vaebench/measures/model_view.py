"""What instruments share: the functions of a trained model, and measurements that may not exist."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.claims.measurements import Cause
from vaebench.data import Dataset
from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.estimate import Estimate, Undefined
from vaebench.kernels.isometry import active_units
from vaebench.kernels.normal import normal_log_density
from vaebench.measures.declared import single
from vaebench.models import priors
from vaebench.models.likelihoods import Gaussian, Likelihood
from vaebench.models.posteriors import ComplexNormal, FlowNormal, FullNormal, Normal
from vaebench.training.fit import Trained

Function = Callable[[Tensor], Tensor]

FLOW_DRAWS = 64
"""Draws of each posterior that is moved by a flow, for its standard deviations."""

PATHS = 32
"""Straight paths of noise along which a prior's draws are followed."""

PRIOR_DRAWS = 4096
"""Draws of a prior of a model's own, for its mean and its standard deviations."""

COLUMNS = 128
"""Dimensions whose double-precision copies are held at a time."""

RealPosterior = Normal | FullNormal | FlowNormal

NOT_DIAGONAL = "its posterior is not diagonal: units have no scale of their own"


def real_posterior(trained: Trained, x: Tensor) -> RealPosterior:
    """Posterior on real codes, shape (batch, latent), for a model with real or complex codes."""
    posterior = trained.model.encode(x)
    return posterior.real() if isinstance(posterior, ComplexNormal) else posterior


def deviations(posterior: RealPosterior) -> Tensor:
    """Standard deviation of each unit by itself, shape (batch, latent); of a flow's draws where it has no other."""
    if not isinstance(posterior, FlowNormal):
        return posterior.scale
    place = posterior.base.mean
    noise = torch.randn(FLOW_DRAWS, *place.shape, generator=_fixed(place), device=place.device, dtype=place.dtype)
    return posterior.sample(noise).std(0)


def active(trained: Trained, posterior: RealPosterior) -> Tensor:
    """Which units carry information, shape (latent,): their posterior is clearly narrower than the prior."""
    return active_units(deviations(posterior) / prior_deviations(trained, posterior.mean))


def has_own_prior(trained: Trained) -> bool:
    """Whether the model's prior is its own, and not N(0, I)."""
    return priors.has_own_prior(trained.model.model)


def prior_codes(trained: Trained, noise: Tensor) -> Tensor:
    """Real codes from the model's prior, shape (n, latent), of standard normal noise of that shape."""
    own = trained.model.model
    if not isinstance(own, priors.Sampling):
        return noise
    codes = own.prior_sample(noise)
    return unpaired(codes) if codes.is_complex() else codes


def log_prior(trained: Trained, z: Tensor) -> Tensor:
    """Log density of the model's prior at real codes, (..., latent) to (...), in nats up to a constant.

    Raises:
        NotRead: The prior is the model's own, and its density is not known.
    """
    own = trained.model.model
    if not isinstance(own, priors.Sampling):
        return -z.square().sum(-1) / 2
    if not isinstance(own, priors.Density):
        raise NotRead("its prior is its own, and has no prior_log_prob")
    if not trained.complex_codes:
        return own.prior_log_prob(z)
    # √2 times real and imaginary part: each complex unit's volume doubles.
    return own.prior_log_prob(paired(z)) - z.shape[-1] / 2 * math.log(2)


def generator(trained: Trained) -> Function:
    """From standard normal noise to data, (n, latent) to (n, *shape): the decoder after the model's prior."""
    decode = decoded_mean(trained)
    return (lambda noise: decode(prior_codes(trained, noise))) if has_own_prior(trained) else decode


def is_continuous(trained: Trained, device: torch.device) -> bool:
    """Whether codes from the prior move little as the noise moves little; those of a mixture jump.

    The largest step of a path of noise shrinks fourfold with four times as many steps, unless there is a jump.
    """
    if not has_own_prior(trained):
        return True
    ends = torch.randn(2, PATHS, trained.latent, generator=torch.Generator(device).manual_seed(0), device=device)
    largest = [_largest_step(trained, ends, steps) for steps in (256, 1024)]
    return largest[1] < 0.6 * largest[0]


def _largest_step(trained: Trained, ends: Tensor, steps: int) -> float:
    shares = torch.linspace(0, 1, steps + 1, device=ends.device).view(-1, 1, 1)
    with torch.no_grad():
        codes = prior_codes(trained, torch.lerp(ends[0], ends[1], shares).flatten(0, 1))
    return float(codes.reshape(steps + 1, PATHS, -1).diff(dim=0).norm(dim=2).max())


def prior_deviations(trained: Trained, like: Tensor) -> Tensor:
    """Standard deviations of the prior's units, shape (latent,) or 1: known for N(0, I), else those of draws."""
    if not has_own_prior(trained):
        return torch.ones((), device=like.device, dtype=like.dtype)
    return _own_draws(trained, like).std(0)


def about_the_prior(trained: Trained, z: Tensor, factor: float) -> Tensor:
    """Real codes moved towards the prior's mean, or away from it: m + factor·(z − m). Of N(0, I) that is factor·z."""
    if not has_own_prior(trained):
        return factor * z
    centre = _own_draws(trained, z).mean(0)
    return centre + factor * (z - centre)


def _own_draws(trained: Trained, like: Tensor) -> Tensor:
    noise = torch.randn(PRIOR_DRAWS, trained.latent, generator=_fixed(like), device=like.device)
    with torch.no_grad():
        return prior_codes(trained, noise)


def _fixed(like: Tensor) -> torch.Generator:
    return torch.Generator(like.device).manual_seed(0)


def likelihood_at(trained: Trained, z: Tensor) -> Likelihood:
    """Likelihood at real codes, shape (batch, latent), for a model with real or complex codes."""
    return trained.model.decode(paired(z) if trained.complex_codes else z)


def decoded_mean(trained: Trained) -> Function:
    """The decoder as a function: (batch, latent) to the likelihood's mean, (batch, *shape)."""
    return lambda z: likelihood_at(trained, z).mean


def encoded_mean(trained: Trained) -> Function:
    """The encoder as a function: (batch, *shape) to the posterior's mean, (batch, latent)."""
    return lambda x: real_posterior(trained, x).mean


def reconstructed(trained: Trained) -> Function:
    """The reconstruction at the posterior's mean, (batch, *shape) to (batch, *shape)."""
    return lambda x: trained.model.decode(trained.model.encode(x).mean).mean


def kl_weight_in_squares(trained: Trained, x: Tensor) -> float | None:
    """β, the weight of the KL relative to a sum of squared errors: 2·variance·kl_weight.

    It is None if the variant declares no kl_weight, or if the likelihood is no Gaussian with one variance.
    """
    with torch.no_grad():
        likelihood = trained.model.decode(trained.model.encode(x[:1]).mean)
    if not isinstance(likelihood, Gaussian) or trained.kl_weight is None:
        return None
    if isinstance(likelihood.variance, Tensor):
        return 2 * float(likelihood.variance) * trained.kl_weight if likelihood.variance.numel() == 1 else None
    if trained.frozen:
        return 2 * float(likelihood.variance) * trained.kl_weight
    return trained.model.interventions.beta(trained.kl_weight)


class DataUndefined(Undefined):
    """These data have no such measurement, whatever the model. The message is the reason in one line."""


class NotRead(DataUndefined):
    """No instrument reads this of such a model, whatever it has learned. The message is the reason in one line."""


def held_out(data: Dataset, most: int, least: int = 1) -> Tensor:
    """Take the first held-out examples.

    Args:
        data: The data set.
        most: How many, at most.
        least: How many the measurement needs.

    Returns:
        Shape (n, *shape).

    Raises:
        DataUndefined: There are fewer than it needs.
    """
    x = data.held_out.x[:most]
    if len(x) < least:
        raise DataUndefined(f"{least} held-out examples are needed, and there are {len(x)}")
    return x


def total_variance(data: Dataset) -> Tensor:
    """Sum of the variances of all dimensions of the training part, in squared units of x. It is above 0.

    Args:
        data: The data set.

    Returns:
        The sum, a scalar in double precision.

    Raises:
        DataUndefined: The data do not vary.
    """
    # By columns, which changes no bit: a copy of 60,000 images in double precision has half a gigabyte.
    columns = torch.split(data.train.x.flatten(1), COLUMNS, dim=1) if len(data.train.x) > 1 else ()
    variance = torch.cat([part.double().var(0) for part in columns]).sum() if columns else torch.zeros(())
    if not variance > 0:
        raise DataUndefined("the data do not vary")
    return variance


def posterior_codes(trained: Trained, x: Tensor, rng: torch.Generator) -> Tensor:
    """One draw from each example's posterior, shape (batch, latent)."""
    with torch.no_grad():
        posterior = real_posterior(trained, x)
        return posterior.sample(torch.randn(posterior.mean.shape, generator=rng, device=x.device))


def kl_from_prior(trained: Trained, posterior: RealPosterior, rng: torch.Generator, draws: int) -> Tensor:
    """KL of each posterior from the model's prior, in nats, float64, shape (batch,).

    In closed form for a normal posterior under N(0, I), else a mean over draws.

    Raises:
        NotRead: The prior is the model's own, and its density is not known.
    """  # noqa: DOC502 - raised by log_prior
    own, total = trained.model.model, torch.zeros((), dtype=torch.float64, device=posterior.mean.device)
    if not priors.has_own_prior(own) and not isinstance(posterior, FlowNormal):
        return posterior.kl().double()
    for _ in range(draws):
        noise = torch.randn(posterior.mean.shape, generator=rng, device=posterior.mean.device)
        z = posterior.sample(noise)
        density = log_prior(trained, z) if priors.has_own_prior(own) else normal_log_density(z)
        total = total + (posterior.log_prob_at(noise) - density).double() / draws
    return total


def of_sample(name: str, values: Tensor, unit: str = "1") -> Measurement:
    """Mean over examples with its standard error, from values of shape (batch,)."""
    spread = float(values.double().std()) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return Measurement(name, float(values.double().mean()), spread, len(values), unit)


def none_of(
    instrument: Callable[..., object], reason: str, cause: Cause = "setting", found: tuple[Measurement, ...] = ()
) -> tuple[Measurement, ...]:
    """Decline all measurements that an instrument declares.

    Args:
        instrument: One that declares what it gives.
        reason: Why there is no number, in one line.
        cause: See `Cause`.
        found: Measurements that there are all the same.

    Returns:
        A measurement for each name, with those found at the end. Families have none, because their members are unknown.
    """
    there = {one.name for one in found}
    names = [name for name in single(instrument.gives) if name not in there]  # type: ignore[attr-defined]
    return (*(declined(name, reason, cause) for name in names), *found)


def estimated(name: str, estimate: Callable[[], Estimate], unit: str = "1") -> Measurement:
    """A kernel's estimate as a measurement. If the kernel has none, the measurement has its reason."""
    try:
        found = estimate()
    except Undefined as reason:
        return declined(name, str(reason), "model")
    return Measurement(name, float(found.value), float(found.stderr), found.n, unit)
