"""The linear VAE: affine encoder and decoder, whose trained weights mathematics knows in closed form."""

import math

from torch import nn

from vaebench.models import AutoEncoder, Variant, negative_elbo


def build(shape: tuple[int, ...], latent: int, arch: str) -> AutoEncoder:  # noqa: ARG001 - affine under any name
    """One affine map each way.

    Args:
        shape: Shape of one example.
        latent: Number of latent units.
        arch: ``mlp``, here with no hidden layer.

    Returns:
        The untrained model.
    """
    size = math.prod(shape)
    return AutoEncoder(
        nn.Flatten(), nn.Sequential(nn.Linear(latent, size), nn.Unflatten(1, shape)), features=size, latent=latent
    )


VARIANT = Variant(
    name="linear_vae",
    source="arXiv:1911.02469",
    build=build,
    objective=negative_elbo(),
    kl_weight=1.0,
    archs=("mlp",),
    learning_rate=0.03,  # an affine net is badly conditioned: at a usual 0.001 it is far from its optimum for long
)
