"""Models read as complex: codes in pairs, the decoder's Fisher metric, and the mixture of all posteriors.

A complex code ζ ~ CN(0, I) corresponds to the real code √2·(Re ζ, Im ζ), which is N(0, I). So a real model is read as
complex by pairing its latent units. Their number must be even. A complex model is read as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.claims import Measurement
from vaebench.claims.measurements import Cause
from vaebench.data import Dataset
from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.fisher_metric import decoder_metric
from vaebench.kernels.isometry import active_units
from vaebench.kernels.lengths import power_of_two
from vaebench.measures.model_view import (
    NOT_DIAGONAL,
    Function,
    NotRead,
    RealPosterior,
    about_the_prior,
    deviations,
    has_own_prior,
    likelihood_at,
    none_of,
    prior_codes,
    prior_deviations,
    real_posterior,
)
from vaebench.training.fit import Trained

CODES, FEW = 2048, 128
"""Codes whose differentials are held at a time: at most, and always."""

VALUES = 2**20
"""Values of the decoder's widest layer that are held at a time, where there are more than `FEW` codes."""

COMPONENTS = 512
"""Training examples, at most, whose posteriors make the mixture."""


@dataclass(frozen=True)
class Mixture:
    """Posteriors of examples as components of a mixture of circular complex normals.

    Attributes:
        means: Complex, shape (k, latent/2).
        scales: Standard deviations, shape (k, latent/2). Two paired units have their root mean square.
        active: Which complex units are active, shape (latent/2,).
    """

    means: Tensor
    scales: Tensor
    active: Tensor

    def precisions(self) -> Tensor:
        """1/s² in double precision, shape (k, latent/2), to the digits of the scales."""
        unit = power_of_two(self.scales)
        return (self.scales / unit).square().reciprocal().double() / unit.double().square()


def posterior_mixture(trained: Trained, data: Dataset) -> Mixture:
    """Posteriors of the first `COMPONENTS` training examples, read as complex.

    Args:
        trained: The model.
        data: The data set.

    Returns:
        The mixture.

    Raises:
        Undefined: The units cannot be paired, or every one has collapsed to the prior. Then there is no geometry.
        NotRead: The posterior is not diagonal.
    """  # noqa: DOC502 - some are raised by _posteriors
    posterior, scales, active = _posteriors(trained, data)
    if not posterior.diagonal:
        raise NotRead(NOT_DIAGONAL)
    return Mixture(paired(posterior.mean), scales, active)


def active_pairs(trained: Trained, data: Dataset) -> Tensor:
    """Which complex units are active, shape (latent/2,), whatever the posterior is.

    Args:
        trained: The model.
        data: The data set.

    Returns:
        As for `Mixture`.

    Raises:
        Undefined: As for `posterior_mixture`.
    """  # noqa: DOC502 - raised by _posteriors
    return _posteriors(trained, data)[2]


def _posteriors(trained: Trained, data: Dataset) -> tuple[RealPosterior, Tensor, Tensor]:
    """Posteriors, their scales by pairs, and which pairs are active."""
    if trained.latent % 2:
        raise Undefined("an odd number of latent units cannot be paired")
    x = data.train.x[:COMPONENTS]
    with torch.no_grad():
        posterior = real_posterior(trained, x)
        wide = prior_deviations(trained, posterior.mean)
        found = deviations(posterior)
        scales, relative = (_root_mean_square(part.reshape(len(x), -1, 2)) for part in (found, found / wide))
    active = active_units(relative)
    if not active.any():
        raise Undefined("every complex latent unit has collapsed to the prior")
    return posterior, scales, active


def prior_pairs(trained: Trained, z: Tensor) -> Tensor:
    """Complex codes from the model's prior, of draws from CN(0, I); the draws themselves where that is the prior."""
    return paired(prior_codes(trained, unpaired(z))) if has_own_prior(trained) else z


def about_prior(trained: Trained, z: Tensor, factor: float) -> Tensor:
    """Complex codes scaled by a factor about the prior's mean, which is 0 for CN(0, I)."""
    return paired(about_the_prior(trained, unpaired(z), factor)) if has_own_prior(trained) else factor * z


def _root_mean_square(pairs: Tensor) -> Tensor:
    """√((a² + b²)/2) of pairs on the last axis. The squares themselves may be out of range."""
    unit = power_of_two(pairs.amax(-1))
    return (pairs / unit.unsqueeze(-1)).square().mean(-1).sqrt() * unit


def refused(
    instrument: Callable[..., object], trained: Trained, reason: Undefined, found: tuple[Measurement, ...] = ()
) -> tuple[Measurement, ...]:
    """Decline everything that an instrument measures of a model's complex geometry.

    Args:
        instrument: As for `none_of`.
        trained: The model.
        reason: Why there is no number.
        found: Measurements that there are all the same.

    Returns:
        As `none_of`.
    """
    return none_of(instrument, str(reason), cause_in(trained, reason), found)


def cause_in(trained: Trained, reason: Undefined) -> Cause:
    """Why a model has no complex geometry: its setting, if the number of units is odd or no instrument reads it."""
    return "setting" if trained.latent % 2 or isinstance(reason, NotRead) else "model"


def standardised_decoder(trained: Trained) -> Function:
    """The decoder of complex codes, in units of its likelihood's noise. Its squared differential is the Fisher metric.

    It is a Gaussian's mean over its standard deviation, or a Bernoulli's angle; see `likelihoods`.
    """
    return lambda z: likelihood_at(trained, unpaired(z)).standardised()


def at_a_time(trained: Trained, z: Tensor, most: int, times: float = 1, least: int = 0) -> int:
    """How many complex codes are decoded at a time: fewer where the decoder's widest layer has many values.

    A network of convolutions has eight times as many values in a hidden layer as in its output.

    Args:
        trained: The model.
        z: Complex codes.
        most: How many at most.
        times: How many times `VALUES` may be held: images take less than their differentials.
        least: How many at least; 0 for `FEW`. No layer is looked at where there are no more.

    Returns:
        A number from `least` to `most`.
    """
    least = least or FEW
    if len(z) <= least:
        return least
    wide: list[int] = []

    def count(_layer: object, _given: object, out: object) -> None:
        if isinstance(out, Tensor):
            wide.append(out.numel())

    hooks = [layer.register_forward_hook(count) for layer in trained.model.modules()]
    try:
        with torch.no_grad():
            wide.append(likelihood_at(trained, unpaired(z[:1])).mean.numel())
    finally:
        for hook in hooks:
            hook.remove()
    return max(least, min(most, int(times * VALUES) // max(wide)))


def metric_at(trained: Trained, z: Tensor, active: Tensor) -> Tensor:
    """Fisher metric of the decoder at complex codes, along the active units.

    Args:
        trained: The model.
        z: Complex, shape (batch, latent/2).
        active: Which complex units count, shape (latent/2,).

    Returns:
        Hermitian, shape (batch, active, active), in nats per squared unit of ζ.
    """
    function = standardised_decoder(trained)
    parts = torch.split(z, at_a_time(trained, z, CODES))
    found = torch.cat([decoder_metric(function, part) for part in parts])
    return found[:, active][:, :, active]
