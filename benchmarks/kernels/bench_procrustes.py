"""Procrustes similarity of two layers, narrow and wide, and its drawn floor."""

import torch
from torch import Tensor

from benchmarks.kernels.networks import DOUBLE, SINGLE, draw, generator, relative_error
from vaebench.kernels.procrustes import procrustes_matrix, procrustes_similarity, shuffled_procrustes

EXAMPLES = 512


class PairOfLayers:
    params = (10, 256, 4096, 16_384)
    param_names = ("width",)
    unit = "relative"

    def setup(self, width: int) -> None:
        self.x, self.y = draw(EXAMPLES, width), draw(EXAMPLES, width, seed=2)

    def time_procrustes_similarity(self, _width: int) -> None:
        procrustes_similarity(self.x, self.y)

    def time_shuffled_procrustes_of_5_draws(self, _width: int) -> None:
        shuffled_procrustes(self.x, self.y, generator(), 5)

    def track_procrustes_similarity_error(self, width: int) -> float:
        def similarity(dtype: torch.dtype) -> Tensor:
            return procrustes_similarity(*(draw(EXAMPLES, width, seed=seed, dtype=dtype) for seed in (1, 2)))

        return relative_error(similarity(SINGLE), similarity(DOUBLE))


class Layers:
    params = (4, 8)
    param_names = ("layers",)

    def setup(self, layers: int) -> None:
        self.layers = [draw(EXAMPLES, 2048 >> seed, seed=seed) for seed in range(layers)]

    def time_procrustes_matrix(self, _layers: int) -> None:
        procrustes_matrix(self.layers, self.layers)
