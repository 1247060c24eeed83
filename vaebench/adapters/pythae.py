"""A Pythae model as a variant: its encoder, its decoder and its ``loss_function``, never its ``forward()``.

Pythae's ``forward`` encodes, samples and decodes by itself, so no intervention of the suite would reach it. Its
``loss_function`` takes the results of these steps. Here it gets the suite's: codes and reconstructions of the `Step`.

Its reconstruction term is ½‖x − x̂‖², a Gaussian of variance 1. To be −log p(x|z) of the likelihood that a task sets, it
gets x and x̂ divided by the standard deviation. A Bernoulli likelihood gives it one number with that square.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from vaebench.adapters import extra
from vaebench.models import (
    Adversary,
    Bernoulli,
    Gaussian,
    Likelihood,
    Normal,
    Objective,
    Refused,
    Step,
    Unfit,
    Variant,
    mixture_log_prob,
    mixture_sample,
)
from vaebench.models.layers import hidden_layers

DECLINED = {
    "AE": "it has no posterior",
    "RAE_L2": "it has no posterior",
    "RAE_GP": "it has no posterior",
    "WAE_MMD": "it has no posterior",
    "VQVAE": "its codes are quantised",
    "SVAE": "its codes lie on a sphere",
    "PoincareVAE": "its codes lie in a curved space",
    "HVAE": "its codes are moved inside forward()",
    "RHVAE": "its codes are moved inside forward()",
    "VAE_IAF": "its codes are moved inside forward()",
    "VAE_LinNF": "its codes are moved inside forward()",
    "Adversarial_AE": "its loss has no KL, and a discriminator inside forward()",
    "VAEGAN": "its reconstruction is a discriminator's",
    "MSSSIM_VAE": "its reconstruction is no likelihood",
    "MIWAE": "its losses are several, for parts of the model",
    "PIWAE": "its losses are several, for parts of the model",
}
"""Models of Pythae that are declined by name, and why."""

KNOWN = {"self", "recon_x", "x", "mu", "log_var", "z", "epoch", "dataset_size", "z_prior", "z_bis_permuted"}
"""Arguments of a ``loss_function`` that the suite's step can fill."""

SEVERAL = ("IWAE", "CIWAE")
"""Models whose loss takes several codes of each example."""

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
        self.decoder_layers = tuple(f"pythae.decoder.{name}" for name, _ in hidden_layers(model.decoder))

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


def energy_pair(likelihood: Likelihood, x: Tensor) -> tuple[Tensor, Tensor]:
    """Two rows of numbers for each example, with ½‖a − b‖² = −log p(x|z) up to a constant.

    Args:
        likelihood: At the codes.
        x: The examples, shape (batch, *shape).

    Returns:
        a and b, shape (batch, values) each.
    """
    if isinstance(likelihood, Gaussian):
        deviation = torch.as_tensor(likelihood.variance, dtype=x.dtype, device=x.device).sqrt()
        return (likelihood.mean / deviation).flatten(1), (x / deviation).flatten(1)
    root = (-2 * likelihood.log_prob(x)).clamp_min(1e-12).sqrt().unsqueeze(1)
    return root, torch.zeros_like(root)


def variant(
    name: str,
    kind: type[nn.Module],
    config: Callable[[tuple[int, ...], int], Any],
    networks: Callable[[tuple[int, ...], int], tuple[nn.Module, nn.Module]] | None = None,
    source: str = "pythae",
) -> Variant:
    """Make a variant of a Pythae model.

    Args:
        name: The variant's name.
        kind: The model's class, for example ``pythae.models.BetaVAE``.
        config: Makes its configuration from (shape of one example, number of latent units).
        networks: Makes its encoder and decoder from the same; Pythae's own multilayer perceptrons by default.
        source: Where it comes from.

    Returns:
        The variant. Its ``kl_weight`` is 1 for VAE and VAMP and β for BetaVAE; others declare none.

    Raises:
        Unfit: The model has no such parts, or its loss needs what a step of the suite does not have.
    """  # noqa: DOC502 - raised by _check_kind
    _check_kind(kind)

    def build(shape: tuple[int, ...], latent: int, _arch: str) -> PythaeModel:
        parts = (None, None) if networks is None else networks(shape, latent)
        wrapper = PythaeVamp if kind.__name__ == "VAMP" else PythaeModel
        return wrapper(kind(config(shape, latent), *parts))

    settings = config((1, 8, 8), 2)
    adversarial = kind.__name__ == "FactorVAE"
    return Variant(
        name=name,
        source=source,
        build=build,
        objective=objective_of(kind),
        kl_weight=_kl_weight(kind, settings),
        archs=("mlp",),
        adversaries=(Adversary("pythae.discriminator", _discriminating),) if adversarial else (),
        prior="own" if kind.__name__ == "VAMP" else None,
    )


def _check_kind(kind: type[nn.Module]) -> None:
    if (reason := DECLINED.get(kind.__name__)) is not None:
        raise Unfit(f"Pythae's {kind.__name__} is declined: {reason}")
    if not issubclass(kind, extra("pythae.models").VAE):
        raise Unfit(f"{kind.__name__} is no VAE of Pythae: it has no encoder, decoder and loss_function of one")
    wanted = set(inspect.signature(kind.loss_function).parameters)  # type: ignore[attr-defined]
    if unknown := wanted - KNOWN:
        raise Unfit(f"the loss_function of {kind.__name__} needs {', '.join(sorted(unknown))}, which no step has")


def _kl_weight(kind: type[nn.Module], settings: Any) -> float | None:
    if kind.__name__ == "VAE" or (kind.__name__ == "VAMP" and not settings.linear_scheduling_steps):
        return 1.0
    return float(settings.beta) if kind.__name__ == "BetaVAE" else None


def objective_of(kind: type[nn.Module]) -> Objective:
    """Make the objective of a kind of Pythae model: its own ``loss_function``, fed by the suite's step.

    Args:
        kind: The model's class.

    Returns:
        The objective.
    """
    if kind.__name__ in SEVERAL:
        return _several
    return _adversarial if kind.__name__ == "FactorVAE" else _plain


def _inner(step: Step) -> Any:
    if not isinstance(step.model, PythaeModel):
        raise Refused("this objective is for a model of vaebench.adapters.pythae")
    return step.model.pythae


def _normal(step: Step) -> Normal:
    assert isinstance(step.posterior, Normal)
    return step.posterior


def _plain(step: Step) -> Tensor:
    model, posterior = _inner(step), _normal(step)
    likely, seen = energy_pair(step.likelihood, step.x)
    offered = {
        "recon_x": likely,
        "x": seen,
        "mu": posterior.mean,
        "log_var": 2 * posterior.log_scale,
        "z": step.z,
        "epoch": 1 + step.step * len(step.x) // step.examples,
        "dataset_size": step.examples,
        "z_prior": torch.randn(step.z.shape, generator=step.rng, device=step.z.device),
    }
    wanted = inspect.signature(model.loss_function).parameters
    loss: Tensor = model.loss_function(**{name: offered[name] for name in wanted})[0]
    return loss


def _several(step: Step) -> Tensor:
    """The first of the codes is the step's own; the others are drawn from its posterior."""
    model, posterior = _inner(step), _normal(step)
    count, (batch, latent) = model.n_samples, posterior.mean.shape
    more = torch.randn(count - 1, batch, latent, generator=step.rng, device=step.x.device)
    codes = torch.cat([step.z.unsqueeze(0), posterior.sample(more)]).transpose(0, 1)
    repeated = step.x.repeat_interleave(count, 0)
    likely, seen = energy_pair(step.decode(codes.reshape(-1, latent)), repeated)
    loss: Tensor = model.loss_function(
        likely.reshape(batch, count, -1),
        seen.reshape(batch, count, -1)[:, 0],
        posterior.mean.unsqueeze(1).expand_as(codes),
        2 * posterior.log_scale.unsqueeze(1).expand_as(codes),
        codes,
    )[0]
    return loss


def _halves(step: Step) -> tuple[Tensor, Tensor, Tensor]:
    """FactorVAE's losses: of one half of the batch, and codes of the other half with their units shuffled apart."""
    model, posterior, half = _inner(step), _normal(step), math.ceil(len(step.x) / 2)
    likely, seen = energy_pair(step.likelihood, step.x)
    others = step.z[half:].detach()
    order = torch.rand(others.shape, generator=step.rng, device=others.device).argsort(0)
    found: tuple[Tensor, Tensor, Tensor] = model.loss_function(
        likely[:half],
        seen[:half],
        posterior.mean[:half],
        2 * posterior.log_scale[:half],
        step.z[:half],
        others.gather(0, order),
    )
    return found


def _adversarial(step: Step) -> Tensor:
    return _halves(step)[1]


def _discriminating(step: Step) -> Tensor:
    return _halves(step)[2]
