"""The convolutional stack with residual blocks, except for the outermost convolutions.

Blocks have pre-activation (He et al. 2016, arXiv 1603.05027). Their linear shortcut averages or repeats pixels. There
is no normalisation: examples must not influence each other, and few blocks train without it.

A block starts close to its shortcut with torch's own initial weights. Each of its two convolutions has a third of the
variance that preserves a signal's size. Each of its two activations halves small numbers. So the branch has about a
tenth of the shortcut's size, up to a factor of three. A last convolution of 0 would remove it, and leave the rest of
the branch without gradient in the first step.
"""

from itertools import pairwise

from torch import Tensor, nn

from vaebench.models.networks import FEATURES, square_side
from vaebench.models.networks.conv import channels


class Residual(nn.Module):
    """A branch added to a shortcut, counted as one layer.

    Args:
        shortcut: The block's output where the branch is 0.
        branch: What is added to it.
    """

    is_layer = True

    def __init__(self, shortcut: nn.Module, branch: nn.Module) -> None:
        super().__init__()
        self.shortcut = shortcut
        self.branch = branch

    def forward(self, x: Tensor) -> Tensor:
        """Sum of both, shape (batch, channels, side, side)."""
        summed: Tensor = self.shortcut(x) + self.branch(x)
        return summed


def _widening(entering: int, leaving: int) -> nn.Module:
    return nn.Identity() if entering == leaving else nn.Conv2d(entering, leaving, 1, bias=False)


def _halving(entering: int, leaving: int) -> Residual:
    return Residual(
        nn.Sequential(nn.AvgPool2d(2), _widening(entering, leaving)),
        nn.Sequential(
            nn.SiLU(),
            nn.Conv2d(entering, leaving, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(leaving, leaving, 3, padding=1),
        ),
    )


def _doubling(entering: int, leaving: int) -> Residual:
    # A transposed kernel of twice the stride covers all pixels equally often. It costs less than 3×3 on a larger image.
    return Residual(
        nn.Sequential(_widening(entering, leaving), nn.Upsample(scale_factor=2)),
        nn.Sequential(
            nn.SiLU(),
            nn.ConvTranspose2d(entering, leaving, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(leaving, leaving, 3, padding=1),
        ),
    )


def encoder(shape: tuple[int, ...]) -> nn.Module:
    """A strided convolution, halving blocks, then a dense layer.

    Args:
        shape: Shape of one example: (channels, side, side), the side a power of two from 8.

    Returns:
        A network from (batch, *shape) to (batch, FEATURES).

    Raises:
        Unfit: The examples are not such images.
    """  # noqa: DOC502 - raised by square_side
    side = square_side(shape, "resnet")
    widths = channels(side)
    left = side >> len(widths)
    return nn.Sequential(
        nn.Conv2d(shape[0], widths[0], 4, stride=2, padding=1),
        *(_halving(entering, leaving) for entering, leaving in pairwise(widths)),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(widths[-1] * left * left, FEATURES),
        nn.SiLU(),
    )


def decoder(latent: int, shape: tuple[int, ...]) -> nn.Module:
    """Two dense layers, doubling blocks, then a strided transposed convolution.

    Args:
        latent: Number of latent units.
        shape: Shape of one example: (channels, side, side), the side a power of two from 8.

    Returns:
        A network from (batch, latent) to (batch, *shape).

    Raises:
        Unfit: The examples are not such images.
    """  # noqa: DOC502 - raised by square_side
    side = square_side(shape, "resnet")
    widths = channels(side)[::-1]
    left = side >> len(widths)
    return nn.Sequential(
        nn.Linear(latent, FEATURES),
        nn.SiLU(),
        nn.Linear(FEATURES, widths[0] * left * left),
        nn.Unflatten(1, (widths[0], left, left)),
        *(_doubling(entering, leaving) for entering, leaving in pairwise(widths)),
        nn.SiLU(),
        nn.ConvTranspose2d(widths[-1], shape[0], 4, stride=2, padding=1),
    )
