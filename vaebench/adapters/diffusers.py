"""An ``AutoencoderKL`` of diffusers as a variant: its encoder and its decoder, with spatial latents flattened.

Latents are those that its KL is for, with prior N(0, I). Diffusion models multiply them by ``scaling_factor``. That
factor is not applied here: under it the prior would not be N(0, I). The record says so.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from vaebench.adapters import extra
from vaebench.models import GAUSSIAN_VARIANCE, Gaussian, Normal, Unfit, Variant, negative_elbo

Config = Callable[[tuple[int, ...]], Mapping[str, Any]]
"""Arguments of ``AutoencoderKL`` for the shape of one example, (channels, height, width)."""


class SpatialVAE(nn.Module):
    """An ``AutoencoderKL`` as the suite calls it.

    Args:
        inner: The autoencoder.
        latent_shape: Shape of one code before it is flattened: (channels, height, width).
    """

    def __init__(self, inner: Any, latent_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.inner, self.latent_shape = inner, latent_shape
        factor = inner.config.scaling_factor
        self.remarks = (f"latents are unscaled, as the KL has them: scaling_factor {factor:g} is not applied",)

    def encode(self, x: Tensor) -> Normal:
        """Posterior of each example: from (batch, *shape) to (batch, latent)."""
        found = self.inner.encode(x).latent_dist
        return Normal(found.mean.flatten(1), log_scale=found.logvar.flatten(1) / 2)

    def decode(self, z: Tensor) -> Gaussian:
        """Likelihood at each code: from (batch, latent) to (batch, *shape)."""
        return Gaussian(self.inner.decode(z.reshape(-1, *self.latent_shape)).sample, GAUSSIAN_VARIANCE)


def latent_shape(config: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of a code: every block but the last halves the image.

    Args:
        config: Arguments of ``AutoencoderKL``.
        shape: Shape of one example.

    Returns:
        (channels, height, width).

    Raises:
        Unfit: The data are no images, or cannot be halved so often.
    """
    if len(shape) != 3:
        raise Unfit(f"an AutoencoderKL takes images, not data of shape {shape}")
    by = 2 ** (len(config["block_out_channels"]) - 1)
    if shape[1] % by or shape[2] % by:
        raise Unfit(f"images of {shape[1]} by {shape[2]} cannot be made {by} times smaller")
    return config["latent_channels"], shape[1] // by, shape[2] // by


def small(shape: tuple[int, ...], latent_channels: int = 1) -> dict[str, Any]:
    """Configure a small ``AutoencoderKL``: two blocks of 8 and 16 channels, with attention in the middle.

    Args:
        shape: Shape of one example.
        latent_channels: Channels of a code, at half the height and half the width.

    Returns:
        Arguments of ``AutoencoderKL``.
    """
    return {
        "in_channels": shape[0],
        "out_channels": shape[0],
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "latent_channels": latent_channels,
        "norm_num_groups": 4,
        "mid_block_add_attention": True,
    }


def variant(name: str, config: Config = small, kl_weight: float = 1.0, source: str = "diffusers") -> Variant:
    """Make a variant of an ``AutoencoderKL``, with the ELBO as its objective.

    Args:
        name: The variant's name.
        config: Arguments of ``AutoencoderKL`` for a shape.
        kl_weight: Weight of the KL relative to −log p(x|z), both in nats.
        source: Where it comes from.

    Returns:
        The variant. It has its own number of latent units, so its rows are shown and not ranked.
    """

    def build(shape: tuple[int, ...], _latent: int, _arch: str) -> SpatialVAE:
        code = latent_shape(config(shape) if len(shape) == 3 else {}, shape)
        return SpatialVAE(extra("diffusers").AutoencoderKL(**config(shape)), code)

    def units(shape: tuple[int, ...]) -> int:
        return math.prod(latent_shape(config(shape), shape)) if len(shape) == 3 else 1

    return Variant(name, source, build, negative_elbo(kl_weight), kl_weight, archs=("conv",), latent=units)
