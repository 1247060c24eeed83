"""Models read as complex: codes in pairs, the decoder's Fisher metric, and the mixture of all posteriors.

A complex code ζ ~ CN(0, I) stands for the real one √2·(Re ζ, Im ζ) ~ N(0, I), so a real model with an even number of
latent units is read as complex by pairing them, and a complex model as itself.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.fisher_metric import decoder_metric
from vaebench.kernels.isometry import active_units
from vaebench.measures._subject import Function, likelihood_at, real_posterior
from vaebench.models.likelihoods import Bernoulli
from vaebench.training.fit import Trained


@dataclass(frozen=True)
class Mixture:
    """Posteriors of examples as components of a mixture of circular complex normals.

    Attributes:
        means: Complex, shape (k, latent/2).
        scales: Standard deviations, shape (k, latent/2): of two paired units the root mean square.
        active: Which complex units code something, shape (latent/2,).
    """

    means: Tensor
    scales: Tensor
    active: Tensor


def posterior_mixture(trained: Trained, x: Tensor) -> Mixture:
    """Posteriors of examples, read as complex.

    Args:
        trained: The model.
        x: Examples, shape (k, *shape).

    Returns:
        The mixture.

    Raises:
        Undefined: Every unit has collapsed to the prior, so that there is no geometry to speak of.
    """
    with torch.no_grad():
        posterior = real_posterior(trained, x)
    scales = posterior.scale.unflatten(1, (-1, 2)).square().mean(2).sqrt()
    active = active_units(scales)
    if not active.any():
        raise Undefined("every complex latent unit has collapsed to the prior")
    return Mixture(paired(posterior.mean), scales, active)


def standardised_decoder(trained: Trained) -> Function:
    """The decoder of complex codes, in units of its likelihood's noise: its squared differential is Fisher's metric.

    A Gaussian's mean over its standard deviation, which is taken not to depend on the code; a Bernoulli's angle
    2·atan(exp(logits/2)), of which the Fisher information is 1 everywhere.
    """

    def decoded(z: Tensor) -> Tensor:
        likelihood = likelihood_at(trained, unpaired(z))
        if isinstance(likelihood, Bernoulli):
            # Beyond 80 the angle is π to every digit; where exp overflows, its slope would be no number.
            return 2 * torch.atan(torch.exp(likelihood.logits.clamp(max=80) / 2))
        return likelihood.mean / torch.as_tensor(likelihood.variance, device=z.device).sqrt()

    return decoded


def metric_at(trained: Trained, z: Tensor, active: Tensor, *, chunk: int = 2048) -> Tensor:
    """Fisher metric of the decoder at complex codes, along the active units.

    Args:
        trained: The model.
        z: Complex, shape (batch, latent/2).
        active: Which complex units count, shape (latent/2,).
        chunk: Codes at a time.

    Returns:
        Hermitian, shape (batch, active, active), in nats per squared unit of ζ.
    """
    function = standardised_decoder(trained)
    found = torch.cat([decoder_metric(function, part) for part in torch.split(z, chunk)])
    return found[:, active][:, :, active]
