"""The maximum-damage attack on an autoencoder."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import BATCH, DOUBLE, PIXELS, SINGLE, decoder, draw, encoder, generator, relative_error
from vaebench.kernels.attack import maximum_damage


def damage(batch: int, dtype: torch.dtype = SINGLE) -> Tensor:
    """Damage to an autoencoder that computes in this precision."""
    encode, decode = encoder(dtype=dtype), decoder(dtype=dtype)
    # The starts are drawn in the type of x, so x is in double precision either way.
    x = draw(batch, PIXELS, dtype=DOUBLE)
    return maximum_damage(lambda x: decode(encode(x.to(dtype))).to(DOUBLE), x, 1.0, 20, 1, generator())


class MaximumDamage:
    unit = "relative"

    def setup(self) -> None:
        self.encode, self.decode, self.x = encoder(), decoder(), draw(BATCH, PIXELS)
        maximum_damage(self.function, self.x[:2], 1.0, 1, 1, generator())

    def function(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    def time_maximum_damage(self) -> None:
        maximum_damage(self.function, self.x, 1.0, 10, 1, generator())

    def peakmem_maximum_damage(self) -> None:
        maximum_damage(self.function, self.x, 1.0, 10, 1, generator())

    def track_maximum_damage_error(self) -> float:
        return relative_error(damage(32), damage(32, DOUBLE))
