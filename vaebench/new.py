"""A new variant's file: a small VAE that runs, to be changed by its author."""

import keyword
import re
from pathlib import Path

from vaebench import catalog
from vaebench.mistakes import Mistake

TEMPLATE = '''\
"""NAME: a VAE under test. `vaebench check NAME.py` says what is wrong with it, `vaebench run NAME.py` measures it."""

import math

from torch import nn

from vaebench.models import Gaussian, Normal, Variant

META = {"name": "NAME", "source": "TODO: paper or address", "licence": "TODO", "contact": "TODO"}


class Model(nn.Module):
    def __init__(self, shape, latent):  # the shape of one example, such as (1, 8, 8), and the number of latent units
        super().__init__()
        n = math.prod(shape)
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(n, 256), nn.SiLU(), nn.Linear(256, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 256), nn.SiLU(), nn.Linear(256, n), nn.Unflatten(1, shape))

    def encode(self, x):  # each example by itself: no statistics of the batch, no randomness of its own
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return Normal(mean, log_scale=log_variance / 2)  # half a log variance is the log of the scale

    def decode(self, z):  # the raw output, without a sigmoid; the variance as a number, which tasks may set
        return Gaussian(self.decoder(z), 0.05)


def objective(step):  # the loss in nats per example, from what the suite hands over: no forward pass of its own
    return {"reconstruction": -step.likelihood.log_prob(step.x).mean(), "kl": 1.0 * step.posterior.kl().mean()}


VARIANT = Variant(
    name=META["name"],
    source=META["source"],
    build=lambda shape, latent, arch: Model(shape, latent),
    objective=objective,
    kl_weight=1.0,  # the weight of the KL in the loss above; leave it out if the loss has another form
    archs=("mlp",),  # the networks that build makes
)
'''
"""What `NAME` stands for is the variant's name."""


def new_variant(name: str, folder: Path) -> Path:
    """Write a new variant's file. Nothing is overwritten.

    Args:
        name: The variant's name.
        folder: Where.

    Returns:
        The file.

    Raises:
        Mistake: The name cannot be a variant's, or is taken; or the file is there, or cannot be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name) or keyword.iskeyword(name):
        says = "is at most 64 lower-case letters, digits and underscores, a letter first, and no word of Python"
        raise Mistake(f"a variant's name {says}; not {name!r}")
    if name in catalog.variant_names():
        raise Mistake(f"the name {name} is taken by one of the suite's own variants")
    path = folder / f"{name}.py"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.replace("NAME", name))
    except FileExistsError:
        raise Mistake(f"{path} is there already; choose another name, or move it away") from None
    except OSError as error:
        raise Mistake(f"{path} cannot be written: {error.strerror}") from error
    return path
