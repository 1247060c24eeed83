"""Dependence and moments of a batch's codes, which some objectives take at every step."""

from benchmarks.kernels.networks import BATCH, DOUBLE, LATENT, draw, relative_error
from vaebench.kernels.aggregate_posterior import aggregate_covariance, total_correlation


class AggregatePosterior:
    params = (BATCH, 4 * BATCH)
    param_names = ("batch",)
    unit = "relative"

    def setup(self, batch: int) -> None:
        self.mean, self.scale = draw(batch, LATENT), (0.3 * draw(batch, LATENT, seed=2)).exp() / 4
        self.z = self.mean + self.scale * draw(batch, LATENT, seed=3)
        self.leaves = tuple(each.clone().requires_grad_() for each in (self.z, self.mean, self.scale))

    def time_total_correlation_and_gradient(self, batch: int) -> None:
        total_correlation(*self.leaves, 10 * batch).backward()

    def time_aggregate_covariance(self, _batch: int) -> None:
        aggregate_covariance(self.mean, self.scale)

    def track_total_correlation_error(self, batch: int) -> float:
        double = (each.to(DOUBLE) for each in (self.z, self.mean, self.scale))
        return relative_error(
            total_correlation(self.z, self.mean, self.scale, 10 * batch), total_correlation(*double, 10 * batch)
        )
