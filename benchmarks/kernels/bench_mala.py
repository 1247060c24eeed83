"""Langevin chains on a density that a network gives, led by its gradient."""

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.kernels.networks import (
    BATCH,
    DOUBLE,
    LATENT,
    SINGLE,
    WIDTH,
    draw,
    fully_connected,
    generator,
    relative_error,
)
from vaebench.kernels.mala import ValueAndGradient, mala, with_gradient


def density(dtype: torch.dtype = SINGLE) -> ValueAndGradient:
    """A normal density, weighted by a network that computes in this precision."""
    net = fully_connected(LATENT, WIDTH, WIDTH, 1, dtype=dtype)

    def log_density(z: Tensor) -> Tensor:
        return functional.logsigmoid(net(z.to(dtype))[:, 0]).to(z.dtype) - z.square().sum(1) / 2

    return with_gradient(log_density)


class Mala:
    params = (BATCH, 4096)
    param_names = ("chains",)
    unit = "relative"

    def setup(self, chains: int) -> None:
        generator()
        self.density, self.start = density(), draw(chains, LATENT)
        mala(self.density, self.start[:2], 1, 0.5, generator())

    def time_ten_steps(self, _chains: int) -> None:
        mala(self.density, self.start, 10, 0.5, generator())

    def peakmem_ten_steps(self, _chains: int) -> None:
        mala(self.density, self.start, 10, 0.5, generator())

    def track_acceptance_error(self, _chains: int) -> float:
        # The noise is drawn in the type of the start, so that is in double precision either way. One step only: a
        # decision that rounding turns would send a chain another way.
        start = self.start.to(DOUBLE)
        single, double = (mala(each, start, 1, 0.5, generator()).acceptance for each in (self.density, density(DOUBLE)))
        return relative_error(single, double)
