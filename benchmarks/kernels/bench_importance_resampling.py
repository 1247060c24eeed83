"""Resampling candidates by weight, beside the decoder's metric that their weights come from a trifle."""

from benchmarks.kernels.networks import DOUBLE, LATENT, draw, generator, relative_error
from vaebench.kernels.importance_resampling import effective_sample_size, resampled


class ImportanceResampling:
    params = (10_000, 1_000_000)
    param_names = ("candidates",)
    unit = "relative"

    def setup(self, count: int) -> None:
        self.candidates = draw(count, LATENT)
        self.log_weights = -self.candidates.square().sum(1) / 2

    def time_resampled(self, _count: int) -> None:
        resampled(self.candidates, self.log_weights, 2000, generator())

    def peakmem_resampled(self, _count: int) -> None:
        resampled(self.candidates, self.log_weights, 2000, generator())

    def track_effective_sample_size_error(self, _count: int) -> float:
        exact = effective_sample_size(self.log_weights.to(DOUBLE))
        return relative_error(effective_sample_size(self.log_weights), exact)
