"""Isometry and density from a decoder's Jacobian and the posterior's parameters."""

from torch import Tensor

from benchmarks.kernels.networks import BATCH, DOUBLE, LATENT, SINGLE, decoder, draw, generator, relative_error
from vaebench.kernels.isometry import column_cosines
from vaebench.kernels.jacobian import jacobian_columns
from vaebench.kernels.volume_density import density_agreement, log_density_from_scale

BETA = 0.01


class VolumeDensity:
    unit = "relative"

    def setup(self) -> None:
        generator()
        self.columns = jacobian_columns(decoder(), draw(BATCH, LATENT))
        self.mean, self.scale = draw(10_000, LATENT), draw(10_000, LATENT, seed=2).exp() / 10
        self.truth = draw(10_000)

    def time_column_cosines(self) -> None:
        column_cosines(self.columns)

    def time_log_density_and_agreement(self) -> None:
        density_agreement(log_density_from_scale(self.mean, self.scale, BETA), self.truth)

    def track_column_cosines_error(self) -> float:
        def cosines(dtype) -> Tensor:
            return column_cosines(jacobian_columns(decoder(dtype=dtype), draw(BATCH, LATENT, dtype=dtype)))

        return relative_error(cosines(SINGLE), cosines(DOUBLE))

    def track_log_density_error(self) -> float:
        single = log_density_from_scale(self.mean, self.scale, BETA)
        return relative_error(single, log_density_from_scale(self.mean.to(DOUBLE), self.scale.to(DOUBLE), BETA))
