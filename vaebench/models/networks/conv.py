"""The convolutional stack common in studies of 64×64 images, shortened for smaller ones.

Four convolutions of stride 2 with 32, 32, 64, 64 channels reduce 64 pixels to 4, as in Locatello et al. 2019 (arXiv
1811.12359). Smaller images drop the last ones, so that 2 pixels remain. A dense layer follows, and the decoder mirrors
the encoder. Kernels are 4×4. Activations are smooth, because instruments measure Jacobians.
"""

import math
from itertools import pairwise

from torch import nn

from vaebench.models.networks import FEATURES, square_side

CHANNELS = (32, 32, 64, 64)


def channels(side: int) -> tuple[int, ...]:
    """Channels of each encoder convolution, for images of this side."""
    return CHANNELS[: int(math.log2(side)) - 1]


def encoder(shape: tuple[int, ...]) -> nn.Module:
    """Strided convolutions, then a dense layer.

    Args:
        shape: Shape of one example: (channels, side, side), the side a power of two from 8.

    Returns:
        A network from (batch, *shape) to (batch, FEATURES).

    Raises:
        Unfit: The examples are not such images.
    """  # noqa: DOC502 - raised by square_side
    side = square_side(shape, "conv")
    widths = channels(side)
    layers: list[nn.Module] = []
    for entering, leaving in pairwise((shape[0], *widths)):
        layers += [nn.Conv2d(entering, leaving, 4, stride=2, padding=1), nn.SiLU()]
    left = side >> len(widths)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * left * left, FEATURES), nn.SiLU())


def decoder(latent: int, shape: tuple[int, ...]) -> nn.Module:
    """Two dense layers, then strided transposed convolutions.

    Args:
        latent: Number of latent units.
        shape: Shape of one example: (channels, side, side), the side a power of two from 8.

    Returns:
        A network from (batch, latent) to (batch, *shape).

    Raises:
        Unfit: The examples are not such images.
    """  # noqa: DOC502 - raised by square_side
    side = square_side(shape, "conv")
    widths = channels(side)[::-1]
    left = side >> len(widths)
    layers: list[nn.Module] = [
        nn.Linear(latent, FEATURES),
        nn.SiLU(),
        nn.Linear(FEATURES, widths[0] * left * left),
        nn.SiLU(),
        nn.Unflatten(1, (widths[0], left, left)),
    ]
    for entering, leaving in pairwise((*widths, shape[0])):
        layers += [nn.ConvTranspose2d(entering, leaving, 4, stride=2, padding=1), nn.SiLU()]
    return nn.Sequential(*layers[:-1])
