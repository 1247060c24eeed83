"""The nearest of many reference examples, in images' dimension."""

import torch

from benchmarks.kernels.networks import BATCH, DOUBLE, PIXELS, draw, relative_error
from vaebench.kernels.neighbours import neighbour_distance


class Neighbours:
    params = (1000, 10_000, 60_000)
    param_names = ("references",)
    unit = "relative"

    def setup(self, references: int) -> None:
        self.x, self.reference = draw(BATCH, PIXELS), draw(references, PIXELS, seed=2)

    def time_neighbour_distance(self, _references: int) -> None:
        neighbour_distance(self.x, self.reference, 5)

    def peakmem_neighbour_distance(self, _references: int) -> None:
        neighbour_distance(self.x, self.reference, 5)

    def track_neighbour_distance_error(self, _references: int) -> float:
        # Against differences one by one, the road without a matrix product.
        x, reference = self.x[:4].to(DOUBLE), self.reference.to(DOUBLE)
        exact = torch.stack([(reference - each).norm(dim=1).kthvalue(5).values for each in x])
        return relative_error(neighbour_distance(self.x[:4], self.reference, 5), exact)
