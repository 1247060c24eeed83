"""Mean degrees of a decoder over codes and of an encoder over data."""

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
from vaebench.kernels.mean_degree import data_mean_degree, latent_mean_degree


class MeanDegree:
    unit = "relative"

    def setup(self) -> None:
        self.decoder, self.encoder, self.x = decoder(), encoder(), draw(BATCH, PIXELS)
        latent_mean_degree(self.decoder, LATENT, 2, generator())
        data_mean_degree(self.encoder, self.x[:2])

    def time_latent_mean_degree(self) -> None:
        latent_mean_degree(self.decoder, LATENT, BATCH, generator())

    def peakmem_latent_mean_degree(self) -> None:
        latent_mean_degree(self.decoder, LATENT, BATCH, generator())

    def time_data_mean_degree(self) -> None:
        data_mean_degree(self.encoder, self.x)

    def peakmem_data_mean_degree(self) -> None:
        data_mean_degree(self.encoder, self.x)

    def track_data_mean_degree_error(self) -> float:
        def degree(dtype) -> Tensor:
            return data_mean_degree(encoder(dtype=dtype), draw(BATCH, PIXELS, dtype=dtype)).value

        return relative_error(degree(SINGLE), degree(DOUBLE))
