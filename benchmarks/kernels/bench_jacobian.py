"""Jacobians by columns and by rows, and their norms."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import (
    BATCH,
    DOUBLE,
    LATENT,
    PIXELS,
    SINGLE,
    decoder,
    draw,
    encoder,
    generator,
    relative_error,
)
from vaebench.kernels.jacobian import jacobian_columns, jacobian_rows, power_iteration_norms, spectral_norms


def column_norms(dtype: torch.dtype) -> Tensor:
    """Norms of a decoder's Jacobian in this precision, from its columns."""
    return spectral_norms(jacobian_columns(decoder(dtype=dtype), draw(BATCH, LATENT, dtype=dtype)))


def iterated_norms(dtype: torch.dtype) -> Tensor:
    """Norms of an encoder's Jacobian in this precision, by iteration."""
    encode = encoder(dtype=dtype)
    # The start is drawn in the type of x, so x is in double precision either way.
    x = draw(BATCH, PIXELS, dtype=DOUBLE)
    return power_iteration_norms(lambda x: encode(x.to(dtype)).to(DOUBLE), x, 10, generator())


class Columns:
    params = (64, 256, 1024)
    param_names = ("width",)

    def setup(self, width: int) -> None:
        self.function, self.z = decoder(width), draw(BATCH, LATENT)
        jacobian_columns(self.function, self.z[:2])

    def time_jacobian_columns(self, _width: int) -> None:
        jacobian_columns(self.function, self.z)

    def peakmem_jacobian_columns(self, _width: int) -> None:
        jacobian_columns(self.function, self.z)


class Rows:
    params = (64, 256, 1024)
    param_names = ("width",)

    def setup(self, width: int) -> None:
        self.function, self.x = encoder(width), draw(BATCH, PIXELS)
        jacobian_rows(self.function, self.x[:2])

    def time_jacobian_rows(self, _width: int) -> None:
        jacobian_rows(self.function, self.x)

    def peakmem_jacobian_rows(self, _width: int) -> None:
        jacobian_rows(self.function, self.x)


class Norms:
    unit = "relative"

    def setup(self) -> None:
        self.function, self.x = encoder(), draw(BATCH, PIXELS)
        self.columns = jacobian_columns(decoder(), draw(BATCH, LATENT))
        power_iteration_norms(self.function, self.x[:2], 1, generator())

    def time_spectral_norms(self) -> None:
        spectral_norms(self.columns)

    def time_power_iteration_norms(self) -> None:
        power_iteration_norms(self.function, self.x, 10, generator())

    def peakmem_power_iteration_norms(self) -> None:
        power_iteration_norms(self.function, self.x, 10, generator())

    def track_spectral_norms_error(self) -> float:
        return relative_error(column_norms(SINGLE), column_norms(DOUBLE))

    def track_power_iteration_norms_error(self) -> float:
        return relative_error(iterated_norms(SINGLE), iterated_norms(DOUBLE))
