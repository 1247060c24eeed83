"""Roughness of paths of images."""

from benchmarks.kernels.networks import DOUBLE, PIXELS, SINGLE, draw, relative_error
from vaebench.kernels.path_roughness import path_roughness


class PathRoughness:
    params = (16, 64)
    param_names = ("points",)
    unit = "relative"

    def setup(self, points: int) -> None:
        self.points = draw(64, points, PIXELS, dtype=DOUBLE).cumsum(1)
        self.rounded = self.points.to(SINGLE)

    def time_path_roughness(self, _points: int) -> None:
        path_roughness(self.rounded)

    def track_path_roughness_error(self, _points: int) -> float:
        return relative_error(path_roughness(self.rounded), path_roughness(self.points))
