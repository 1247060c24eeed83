"""Variation of samples and their coverage of real examples, which are quadratic in the number of samples."""

from benchmarks.kernels.networks import DOUBLE, PIXELS, draw, relative_error
from vaebench.kernels.auroc import auroc
from vaebench.kernels.sample_variation import coverage, mean_pairwise_distance


class SampleVariation:
    params = (500, 4000)
    param_names = ("samples",)
    unit = "relative"

    def setup(self, samples: int) -> None:
        self.samples, self.real = draw(samples, PIXELS), draw(500, PIXELS, seed=2)

    def time_mean_pairwise_distance(self, _samples: int) -> None:
        mean_pairwise_distance(self.samples)

    def peakmem_mean_pairwise_distance(self, _samples: int) -> None:
        mean_pairwise_distance(self.samples)

    def time_coverage(self, _samples: int) -> None:
        coverage(self.real, self.samples, 5)

    def time_auroc(self, _samples: int) -> None:
        auroc(self.samples[:, 0], self.real[:, 0])

    def track_mean_pairwise_distance_error(self, _samples: int) -> float:
        exact = mean_pairwise_distance(self.samples.to(DOUBLE)).value
        return relative_error(mean_pairwise_distance(self.samples).value, exact)
