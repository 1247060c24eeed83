"""The bound of several codes, beside whose decoding it should cost nothing."""

from benchmarks.kernels.networks import BATCH, DOUBLE, draw, relative_error
from vaebench.kernels.importance_bound import importance_bound


class ImportanceBound:
    params = (5, 50)
    param_names = ("samples",)
    unit = "relative"

    def setup(self, samples: int) -> None:
        self.log_weights = 10 * draw(samples, BATCH)

    def time_importance_bound(self, _samples: int) -> None:
        importance_bound(self.log_weights)

    def track_importance_bound_error(self, _samples: int) -> float:
        return relative_error(importance_bound(self.log_weights), importance_bound(self.log_weights.to(DOUBLE)))
