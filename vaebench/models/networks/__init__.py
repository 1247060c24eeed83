"""Network families: each module here is an architecture, named like its file.

An architecture's module defines two functions. ``encoder(shape) -> nn.Module`` maps (batch, *shape) to (batch,
FEATURES). ``decoder(latent, shape) -> nn.Module`` maps (batch, latent) to (batch, *shape). Either raises `Unfit` for a
shape that the family cannot take.

A module of several parts that counts as one layer, such as a residual block, sets ``is_layer = True``.
"""

import importlib
import math
from pathlib import Path
from typing import Protocol, cast

from torch import nn

FEATURES = 256
"""Width of every encoder's output, the input of the posterior's heads."""


class Unfit(ValueError):  # noqa: N818 - a model that does not fit some data is an answer, not an error
    """A model cannot be built for this data; the message says why in one line."""


class Architecture(Protocol):
    """The interface of a module of this folder."""

    def encoder(self, shape: tuple[int, ...]) -> nn.Module:
        """Build a network from (batch, *shape) to (batch, FEATURES)."""

    def decoder(self, latent: int, shape: tuple[int, ...]) -> nn.Module:
        """Build a network from (batch, latent) to (batch, *shape)."""


def architecture(name: str) -> Architecture:
    """Find an architecture by its name.

    Args:
        name: A module of this folder, for example ``mlp``.

    Returns:
        The module.

    Raises:
        ValueError: The name is unknown; the message lists the known ones.
    """
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    if name not in names:
        raise ValueError(f"unknown architecture {name!r}; there are: {', '.join(names)}")
    return cast("Architecture", importlib.import_module(f"{__name__}.{name}"))


def square_side(shape: tuple[int, ...], family: str) -> int:
    """Side of a square image, a power of two from 8, as strided convolutions need it.

    Args:
        shape: Shape of one example.
        family: The architecture, for the message.

    Returns:
        The side in pixels.

    Raises:
        Unfit: The shape is not such an image.
    """
    if len(shape) == 3 and shape[1] == shape[2] >= 8 and math.log2(shape[1]).is_integer():
        return shape[1]
    raise Unfit(f"{family} needs square images with a side of 8, 16, 32, 64 …; these examples have shape {shape}")
