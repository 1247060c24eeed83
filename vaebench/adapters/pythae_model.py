"""A Pythae model as the suite calls it: its encoder and its decoder as posterior and likelihood."""

from typing import Any

import torch
from torch import Tensor, nn

from vaebench.kernels.estimate import Undefined
from vaebench.models import Bernoulli, Gaussian, Likelihood, Normal, mixture_log_prob, mixture_sample
from vaebench.models.layers import decoder_layers, hidden_layers

NEAR = 1e-6
"""Distance of a probability from 0 and 1 at which its log odds are held."""


class PythaeModel(nn.Module):
    """A Pythae model as the suite calls it.

    Args:
        model: The Pythae model.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.pythae = model
        self.bernoulli = model.model_config.reconstruction_loss == "bce"
        model.model_config.reconstruction_loss = "mse"  # what `energy_pair` is for
        self.squashed = isinstance(list(model.decoder.modules())[-1], nn.Sigmoid)
        self.encoder_layers = tuple(f"pythae.encoder.{name}" for name, _ in hidden_layers(model.encoder))
        self.decoder_layers = _decoder_layers(model)

    def encode(self, x: Tensor) -> Normal:
        """Posterior of each example: from (batch, *shape) to (batch, latent)."""
        found = self.pythae.encoder(x)
        return Normal(found["embedding"], log_scale=found["log_covariance"] / 2)

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood at each code: from (batch, latent) to (batch, *shape)."""
        mean = self.pythae.decoder(z)["reconstruction"]
        log_odds = torch.logit(mean, NEAR) if self.squashed or self.bernoulli else None
        if self.bernoulli:
            assert log_odds is not None
            return Bernoulli(log_odds)
        return Gaussian(mean, 1.0, log_odds)


def _decoder_layers(model: Any) -> tuple[str, ...]:
    """Hidden layers and the output, found as the suite finds those of any ``decoder``; empty if there are none."""
    try:
        return tuple(f"pythae.{name}" for name in decoder_layers(model))
    except Undefined:
        return ()


class PythaeVamp(PythaeModel):
    """Pythae's VAMP, with its prior: the mean posterior of its pseudo-inputs."""

    def prior_sample(self, noise: Tensor) -> Tensor:
        """Codes from the prior, (n, latent) both."""
        return mixture_sample(noise, *self._components())

    def prior_log_prob(self, z: Tensor) -> Tensor:
        """Log density in nats, (..., latent) to (...)."""
        return mixture_log_prob(z, *self._components())

    def _components(self) -> tuple[Tensor, Tensor]:
        inner = self.pythae
        idle = inner.idle_input.to(next(inner.parameters()).device)
        pseudo = inner.pseudo_inputs(idle).reshape(-1, *inner.model_config.input_dim)
        posterior = self.encode(pseudo)
        return posterior.mean, posterior.scale
