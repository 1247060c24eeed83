"""Activations of a model's layers on one sample, at the end and at each snapshot."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined
from vaebench.measures.model_view import active, real_posterior
from vaebench.models.layers import HEADS, activations, decoder_layers, encoder_layers
from vaebench.training.fit import Trained
from vaebench.training.intervened import Intervened


@dataclass(frozen=True)
class Layers:
    """A model's layers by role, each a label and the name of its module. Models of one architecture share the labels.

    Attributes:
        encoder: Hidden layers from the data to the heads: ``encoder_1`` …
        heads: Those of ``mean`` and ``log_scale`` that there are.
        decoder: Hidden layers from the code to the output: ``decoder_1`` …
        output: The decoder's last layer: ``output``.
    """

    encoder: dict[str, str]
    heads: dict[str, str]
    decoder: dict[str, str]
    output: dict[str, str]


def layers_of(trained: Trained) -> Layers:
    """Find a model's layers.

    Args:
        trained: The model.

    Returns:
        The layers.

    Raises:
        Undefined: A side has no hidden layer, or none can be found.
    """
    model = trained.model.model
    entering, leaving = encoder_layers(model), decoder_layers(model)
    hidden = [name for name in entering if name not in HEADS]
    if not hidden or len(leaving) < 2:
        raise Undefined("the encoder or the decoder has no hidden layer")
    return Layers(
        {f"encoder_{depth}": name for depth, name in enumerate(hidden, 1)},
        {name: name for name in entering if name in HEADS},
        {f"decoder_{depth}": name for depth, name in enumerate(leaving[:-1], 1)},
        {"output": leaving[-1]},
    )


def require_code(trained: Trained, x: Tensor) -> None:
    """Stop where every latent unit has collapsed. Such a model has learned nothing, and its layers only drift.

    Args:
        trained: The model.
        x: Examples, shape (n, *shape).

    Raises:
        Undefined: No unit is active.
    """
    with torch.no_grad():
        posterior = real_posterior(trained, x)
        coded = active(trained, posterior)
    if not coded.any():
        raise Undefined("every latent unit has collapsed: no representation was learned")


def encoded(model: Intervened, layers: Layers, x: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Record what an encoder's layers and heads give for examples.

    Args:
        model: The model.
        layers: Its layers.
        x: Examples, shape (n, *shape).

    Returns:
        The activations by label, each of shape (n, features), and the mean codes, shape (n, latent).
    """
    codes: list[Tensor] = []
    named = layers.encoder | layers.heads
    with torch.no_grad():
        found = activations(model.model, lambda: codes.append(model.encode(x).mean), tuple(named.values()))
    return {label: found[name] for label, name in named.items()}, codes[0]


def decoded(model: Intervened, layers: Layers, codes: Tensor) -> dict[str, Tensor]:
    """Record what a decoder's layers give for codes.

    Args:
        model: The model.
        layers: Its layers.
        codes: Of the model's own kind, shape (n, latent).

    Returns:
        The activations by label, each of shape (n, features).
    """
    named = layers.decoder | layers.output
    with torch.no_grad():
        found = activations(model.model, lambda: model.decode(codes), tuple(named.values()))
    return {label: found[name] for label, name in named.items()}


def representations(model: Intervened, layers: Layers, x: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Record the activations of all layers: examples pass through the encoder, their mean codes through the decoder.

    Codes are means and not draws. Noise on the codes would make a decoder's layers unlike themselves.

    Args:
        model: The model.
        layers: Its layers.
        x: Examples, shape (n, *shape).

    Returns:
        The activations by label, each of shape (n, features), and the mean codes, shape (n, latent).
    """
    side, codes = encoded(model, layers, x)
    return side | decoded(model, layers, codes), codes


def snapshots(trained: Trained) -> Iterator[tuple[int, Intervened]]:
    """Yield each snapshot's step, and the model with that snapshot's weights. The next step overwrites them.

    Args:
        trained: The model; it is left as it is.

    Yields:
        Step and model.
    """
    model = deepcopy(trained.model)
    for step, weights in trained.snapshots:
        model.model.load_state_dict(weights)
        yield step, model
