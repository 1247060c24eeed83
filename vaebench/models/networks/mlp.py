"""Two hidden layers of 256 units, for examples of any shape."""

import math

from torch import nn

from vaebench.models.networks import FEATURES


def encoder(shape: tuple[int, ...]) -> nn.Module:
    """Flatten, then two hidden layers.

    Args:
        shape: Shape of one example.

    Returns:
        A network from (batch, *shape) to (batch, FEATURES).
    """
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(shape), FEATURES),
        nn.SiLU(),
        nn.Linear(FEATURES, FEATURES),
        nn.SiLU(),
    )


def decoder(latent: int, shape: tuple[int, ...]) -> nn.Module:
    """Two hidden layers, then the example's shape.

    Args:
        latent: Number of latent units.
        shape: Shape of one example.

    Returns:
        A network from (batch, latent) to (batch, *shape).
    """
    return nn.Sequential(
        nn.Linear(latent, FEATURES),
        nn.SiLU(),
        nn.Linear(FEATURES, FEATURES),
        nn.SiLU(),
        nn.Linear(FEATURES, math.prod(shape)),
        nn.Unflatten(1, shape),
    )
