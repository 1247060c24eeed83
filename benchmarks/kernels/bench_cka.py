"""Alignment of two layers, narrow and wide, and of all layers of several snapshots with each other."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import DOUBLE, SINGLE, draw, generator, relative_error
from vaebench.kernels.cka import cka_matrix, debiased_cka, linear_cka, shuffled_cka

EXAMPLES = 512
WIDTHS = (10, 256, 4096, 16_384)


class PairOfLayers:
    params = WIDTHS
    param_names = ("width",)
    unit = "relative"

    def setup(self, width: int) -> None:
        self.x, self.y = draw(EXAMPLES, width), draw(EXAMPLES, width, seed=2)

    def time_linear_cka(self, _width: int) -> None:
        linear_cka(self.x, self.y)

    def time_debiased_cka(self, _width: int) -> None:
        debiased_cka(self.x, self.y)

    def time_shuffled_cka_of_20_draws(self, _width: int) -> None:
        shuffled_cka(self.x, self.y, generator(), 20)

    def track_debiased_cka_error(self, width: int) -> float:
        def alignment(dtype: torch.dtype) -> Tensor:
            x, y = (draw(EXAMPLES, width, seed=seed, dtype=dtype) for seed in (1, 2))
            return debiased_cka(x, x + y)

        return relative_error(alignment(SINGLE), alignment(DOUBLE))


class Snapshots:
    """Layers of an encoder's widths; five times the snapshots are five times the Grams and 25 times the pairs."""

    params = (5, 25)
    param_names = ("snapshots",)
    unit = "relative"

    def setup(self, snapshots: int) -> None:
        widths = (2048, 1024, 512, 256, 10, 10)
        self.layers = [draw(EXAMPLES, width, seed=seed) for seed in range(snapshots) for width in widths]

    def time_cka_matrix(self, _snapshots: int) -> None:
        cka_matrix(self.layers, self.layers)

    def peakmem_cka_matrix(self, _snapshots: int) -> None:
        cka_matrix(self.layers, self.layers)
