"""The convolutional stack with a residual block in place of every convolution but the outermost.

Blocks have pre-activation (He et al. 2016, arXiv 1603.05027) and a linear shortcut that averages or repeats pixels.
Nothing is normalised: examples must not see each other, and so few blocks train without.

A block starts close to its shortcut with torch's own initial weights: two convolutions, each with a third of the
variance that would keep a signal's size, and two activations that halve small numbers leave of the branch a tenth of
the shortcut, up to a factor of three. A last convolution of 0 would take that away, and the first step's gradients from
the rest of the branch.
"""

from itertools import pairwise

from torch import Tensor, nn

from vaebench.models.networks import FEATURES, square_side
from vaebench.models.networks.conv import channels


class Residual(nn.Module):
    """A branch added to a shortcut: one layer, whatever is inside.

    Args:
        shortcut: What the block is where its branch gives 0.
        branch: What it learns beside that.
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
    # A transposed kernel of twice the stride meets all pixels equally often, and costs less than 3×3 on a larger image.
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
        Unfit: The examples are no such images.
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
        Unfit: The examples are no such images.
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
