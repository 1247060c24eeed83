"""The potential's metric in closed form, beside the Fisher metric of a decoder that it stands in for."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import DOUBLE, PIXELS, SINGLE, draw, fully_connected, relative_error
from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.fisher_metric import decoder_metric
from vaebench.kernels.mixture_potential import potential, potential_metric

CODES, COMPONENTS = 1024, 512


def arguments(units: int, dtype: torch.dtype = SINGLE) -> tuple[Tensor, ...]:
    """Codes and a mixture of posteriors of these many complex units, from the prior."""
    z, means = (paired(draw(n, 2 * units, seed=seed, dtype=dtype)) for seed, n in ((1, CODES), (2, COMPONENTS)))
    return z, means, draw(COMPONENTS, units, seed=3, dtype=dtype).exp(), draw(COMPONENTS, seed=4, dtype=dtype)


class PotentialMetric:
    params = (2, 4, 8)
    param_names = ("complex units",)
    unit = "relative"

    def setup(self, units: int) -> None:
        self.arguments = arguments(units)

    def time_potential(self, _units: int) -> None:
        potential(*self.arguments)

    def time_potential_metric(self, _units: int) -> None:
        potential_metric(*self.arguments)

    def peakmem_potential_metric(self, _units: int) -> None:
        potential_metric(*self.arguments)

    def track_potential_metric_error(self, units: int) -> float:
        single, double = potential_metric(*self.arguments), potential_metric(*arguments(units, DOUBLE))
        return relative_error(torch.view_as_real(single), torch.view_as_real(double))


class AgainstFisher:
    params = ((64, 256), (2, 4, 8))
    param_names = ("width", "complex units")

    def setup(self, width: int, units: int) -> None:
        network = fully_connected(2 * units, width, width, PIXELS)
        self.function, self.z = (lambda z: network(unpaired(z))), arguments(units)[0]
        decoder_metric(self.function, self.z[:2])

    def time_decoder_metric(self, _width: int, _units: int) -> None:
        decoder_metric(self.function, self.z)

    def peakmem_decoder_metric(self, _width: int, _units: int) -> None:
        decoder_metric(self.function, self.z)
