"""Priors of a model's own: how the suite asks for them, and mixtures of normals, as in a VampPrior.

A model with its own prior has ``prior_sample(noise)``: from standard normal noise, shape (n, latent), to codes. It may
have ``prior_log_prob(z)`` too: log p(z) in nats, from codes of shape (..., latent) to (...). Without the latter nothing
that needs the density or the divergence is applicable.
"""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from vaebench.kernels.normal import normal_log_density
from vaebench.models.posteriors import FlowNormal, Posterior
from vaebench.models.refused import Refused


@runtime_checkable
class Sampling(Protocol):
    """A model with its own prior."""

    def prior_sample(self, noise: Tensor) -> Tensor:
        """Codes from the prior: from standard normal noise, shape (n, latent), to the model's codes."""


@runtime_checkable
class Density(Protocol):
    """A model whose prior has a known density."""

    def prior_log_prob(self, z: Tensor) -> Tensor:
        """Log density of codes in nats: from (..., latent) to (...). That of complex codes is per volume of R²ᵈ."""


def has_own_prior(model: object) -> bool:
    """Say whether a model's prior is its own, and not the standard normal."""
    return isinstance(model, Sampling)


def divergence(model: object, posterior: Posterior, noise: Tensor | None) -> Tensor:
    """KL(q(z|x) ‖ p(z)) of each example, in nats.

    The closed form where there is one: a normal posterior under the standard normal prior. Elsewhere log q(z|x) − log
    p(z) at the draw of the noise. That is unbiased, and its gradient too.

    Args:
        model: Its prior counts; the standard normal if it has no ``prior_sample``.
        posterior: q.
        noise: Standard normal draws, shape (..., batch, latent). Not used by the closed form.

    Returns:
        Shape (batch,), or (..., batch) where it is sampled.

    Raises:
        Refused: The prior has no density, or there is no noise to sample with.
    """
    if not has_own_prior(model) and not isinstance(posterior, FlowNormal):
        return posterior.kl()
    if noise is None:
        raise Refused("this KL has no closed form: it is sampled with the noise of the step")
    return posterior.log_prob_at(noise) - log_prior(model, posterior.sample(noise))


def log_prior(model: object, z: Tensor) -> Tensor:
    """Log density of a model's prior at codes of its own kind, in nats.

    Args:
        model: The model.
        z: Shape (..., latent).

    Returns:
        Shape (...).

    Raises:
        Refused: Its prior is its own, and its density is not known.
    """
    if not has_own_prior(model):
        if z.is_complex():
            raise Refused("complex codes have a closed form")
        return normal_log_density(z)
    if not isinstance(model, Density):
        raise Refused("its prior has no prior_log_prob(z), so there is no KL")
    return model.prior_log_prob(z)


def mixture_log_prob(z: Tensor, means: Tensor, scales: Tensor) -> Tensor:
    """Log density of an even mixture of diagonal normals: log (1/K)·Σ_k N(z; m_k, diag s_k²), in nats.

    Source: Tomczak & Welling 2018, arXiv 1705.07120, eq. 9, where the components are posteriors of pseudo-inputs.

    Args:
        z: Codes, shape (..., latent).
        means: Shape (K, latent).
        scales: Standard deviations, shape (K, latent).

    Returns:
        Shape (...). Exact.

    Examples:
        >>> one = torch.zeros(1, 2), torch.ones(1, 2)
        >>> bool(torch.isclose(mixture_log_prob(torch.ones(2), *one), normal_log_density(torch.ones(2))))
        True
    """
    each = normal_log_density(z.unsqueeze(-2), means, scales)
    return torch.logsumexp(each, -1) - torch.log(torch.tensor(float(len(means)), device=z.device))


def mixture_sample(noise: Tensor, means: Tensor, scales: Tensor) -> Tensor:
    """Draw from an even mixture of diagonal normals.

    The first number of each row of noise chooses the component: u = Φ(noise₁), k = ⌊K·u⌋. What is left, K·u − k, is
    uniform again and is turned back into a normal number. The draws jump where the component changes.

    Args:
        noise: Standard normal draws, shape (n, latent).
        means: Shape (K, latent).
        scales: Standard deviations, shape (K, latent).

    Returns:
        Codes, shape (n, latent).

    Examples:
        >>> noise = torch.tensor([[0.5, -1.0]])
        >>> bool(torch.allclose(mixture_sample(noise, torch.zeros(1, 2), torch.ones(1, 2)), noise))
        True
    """
    share = torch.special.ndtr(noise[:, 0].double()) * len(means)
    chosen = share.floor().clamp(0, len(means) - 1)
    left = (share - chosen).clamp(1e-12, 1 - 1e-12)
    again = torch.cat([torch.special.ndtri(left).to(noise.dtype).unsqueeze(1), noise[:, 1:]], 1)
    at = chosen.long()
    return means[at] + scales[at] * again
