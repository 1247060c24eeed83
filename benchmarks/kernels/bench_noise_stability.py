"""The high-frequency share, by number of pairs."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import DOUBLE, LATENT, SINGLE, decoder, generator, relative_error
from vaebench.kernels.noise_stability import high_frequency_share


def share(samples: int, dtype: torch.dtype = SINGLE) -> Tensor:
    """Share of a decoder that computes in this precision."""
    function = decoder(dtype=dtype)
    # The codes are drawn in double precision either way, because a generator deals other numbers to other types.
    estimate = high_frequency_share(lambda z: function(z.to(dtype)), LATENT, 0.9, samples, generator(), dtype=DOUBLE)
    return estimate.value


class HighFrequencyShare:
    params = (1024, 8192)
    param_names = ("samples",)
    unit = "relative"

    def setup(self, _samples: int) -> None:
        self.function = decoder()

    def time_high_frequency_share(self, samples: int) -> None:
        high_frequency_share(self.function, LATENT, 0.9, samples, generator())

    def peakmem_high_frequency_share(self, samples: int) -> None:
        high_frequency_share(self.function, LATENT, 0.9, samples, generator())

    def track_high_frequency_share_error(self, samples: int) -> float:
        return relative_error(share(samples), share(samples, DOUBLE))
