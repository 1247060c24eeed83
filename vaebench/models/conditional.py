"""Conditional models: ``encode(x, labels)`` and ``decode(z, labels)``.

At one label a conditional VAE is a VAE of the data with that label: p(x|z, c), q(z|x, c) and the prior p(z). So it is
trained with the labels of all examples, and read at one class, on the examples of that class.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from vaebench.models.variant import Model


class _Conditional:
    """What a conditional model gains: labels are those given, else the one that it is read at."""

    label: Tensor

    def encode(self, x: Tensor, labels: Tensor | None = None) -> Any:
        return super().encode(x, self._labels(x, labels))  # type: ignore[misc]

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Any:
        return super().decode(z, self._labels(z, labels))  # type: ignore[misc]

    def _labels(self, given: Tensor, labels: Tensor | None) -> Tensor:
        return self.label.expand(len(given)) if labels is None else labels


def conditioned(model: Model, label: int) -> Model:
    """Let a conditional model be called without labels too. Its weights and their names stay as they are.

    Args:
        model: With ``encode(x, labels)`` and ``decode(z, labels)``.
        label: The class it is read at.

    Returns:
        The same module.
    """
    module = cast("nn.Module", model)
    kind = type(module)
    module.__class__ = type(kind.__name__, (_Conditional, kind), {})
    module.register_buffer("label", torch.tensor(label), persistent=False)
    return model


def most_frequent(labels: Tensor) -> int:
    """The class with the most examples; of several the lowest.

    Args:
        labels: Shape (n,).

    Returns:
        The class.

    Examples:
        >>> most_frequent(torch.tensor([2, 1, 1, 2, 0]))
        1
    """
    return int(torch.bincount(labels).argmax())
