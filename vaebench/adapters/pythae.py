"""A Pythae model as a variant: its encoder, its decoder and its ``loss_function``, never its ``forward()``.

Pythae's ``forward`` encodes, samples and decodes by itself, so no intervention of the suite would reach it. Its
``loss_function`` takes the results of these steps. Here it gets the suite's: codes and reconstructions of the `Step`.

Its reconstruction term is ½‖x − x̂‖², a Gaussian of variance 1. To be −log p(x|z) of the likelihood that a task sets, it
gets x and x̂ divided by the standard deviation. A Bernoulli likelihood gives it one number with that square.
"""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from vaebench.adapters import extra
from vaebench.adapters.pythae_loss import discriminating, energy_pair, objective_of
from vaebench.adapters.pythae_model import PythaeModel, PythaeVamp
from vaebench.models import Adversary, Unfit, Variant

__all__ = ["DECLINED", "PythaeModel", "PythaeVamp", "energy_pair", "objective_of", "variant"]

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
        adversaries=(Adversary("pythae.discriminator", discriminating),) if adversarial else (),
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
