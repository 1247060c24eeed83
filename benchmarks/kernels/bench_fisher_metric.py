"""The Fisher metric of a decoder at complex codes, its volume and how far it is from Kähler."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import (
    BATCH,
    DOUBLE,
    LATENT,
    SINGLE,
    Function,
    decoder,
    draw,
    fully_connected,
    relative_error,
)
from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.fisher_metric import closedness_defect, decoder_metric, log_volume


def complex_codes(batch: int = BATCH, dtype: torch.dtype = SINGLE) -> Tensor:
    """Complex codes of LATENT/2 units from the prior."""
    return paired(draw(batch, LATENT, dtype=dtype))


def of_complex_codes(function: Function) -> Function:
    """A network of real codes, fed complex ones."""
    return lambda z: function(unpaired(z))


class DecoderMetric:
    params = (64, 256, 1024)
    param_names = ("width",)

    def setup(self, width: int) -> None:
        self.function, self.z = of_complex_codes(decoder(width)), complex_codes()
        decoder_metric(self.function, self.z[:2])

    def time_decoder_metric(self, _width: int) -> None:
        decoder_metric(self.function, self.z)

    def peakmem_decoder_metric(self, _width: int) -> None:
        decoder_metric(self.function, self.z)


def metric_of(width: int, dtype: torch.dtype) -> Tensor:
    """The metric of a decoder of this width in this precision."""
    return decoder_metric(of_complex_codes(decoder(width, dtype)), complex_codes(dtype=dtype))


class Geometry:
    params = (64, 256)
    param_names = ("width",)
    unit = "relative"

    def setup(self, width: int) -> None:
        # Second derivatives of 784 pixels at 256 codes would take gigabytes.
        self.small = of_complex_codes(fully_connected(LATENT, width, 64))
        self.z = complex_codes()
        self.metric = metric_of(width, SINGLE)
        closedness_defect(self.small, self.z[:2])

    def time_log_volume(self, _width: int) -> None:
        log_volume(self.metric)

    def time_closedness_defect(self, _width: int) -> None:
        closedness_defect(self.small, self.z)

    def peakmem_closedness_defect(self, _width: int) -> None:
        closedness_defect(self.small, self.z)

    def track_decoder_metric_error(self, width: int) -> float:
        single, double = self.metric, metric_of(width, DOUBLE)
        return relative_error(torch.view_as_real(single), torch.view_as_real(double))

    def track_log_volume_error(self, width: int) -> float:
        return relative_error(log_volume(self.metric), log_volume(metric_of(width, DOUBLE)))
