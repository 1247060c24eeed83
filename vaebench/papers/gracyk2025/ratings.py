"""How odd samples are: rated once, indexed by whoever draws them, and compared with held-out reconstructions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.kernels.auroc import placements
from vaebench.kernels.complex_normal import unpaired
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.neighbours import neighbour_distance
from vaebench.kernels.sample_variation import quantile_threshold
from vaebench.measures.model_view import decoded_mean, likelihood_at, posterior_codes
from vaebench.papers.gracyk2025.complex_view import at_a_time
from vaebench.papers.gracyk2025.kept import AT_ONCE, Facts
from vaebench.papers.gracyk2025.outliers import NEIGHBOUR, SHARE
from vaebench.training.fit import Trained

DETECTORS = ("classifier", "neighbour")

POINTS = (50, 75, 90, 95, 99)
"""Percentiles of reconstructions at which rates are reported."""

CLASSLESS = "the data have no classes"


@dataclass(frozen=True)
class Ratings:
    """How odd each of some samples is.

    Attributes:
        distances: To the `NEIGHBOUR`-th nearest of `Facts.reference`, in units of x, shape (n,).
        probabilities: Class probabilities, shape (n, classes); None without a classifier.
    """

    distances: Tensor
    probabilities: Tensor | None

    def at(self, indices: Tensor) -> "Ratings":
        """The ratings of some of the samples, with repeats."""
        among = None if self.probabilities is None else self.probabilities[indices.to(self.probabilities.device)]
        return Ratings(self.distances[indices], among)

    @property
    def oddness(self) -> dict[str, Tensor]:
        """By detector, larger for an odder sample: a distance, or one minus the confidence."""
        odd = {"neighbour": self.distances}
        return odd if self.probabilities is None else odd | {"classifier": 1 - self.probabilities.amax(1)}


def rated(x: Tensor, known: Facts) -> Ratings:
    """Rate samples.

    Args:
        x: Shape (n, *shape).
        known: Facts of the data set.

    Returns:
        A rating of each.
    """
    distances = neighbour_distance(x, known.reference, NEIGHBOUR)
    if known.classifier is None:
        return Ratings(distances, None)
    return Ratings(distances, torch.cat([known.classifier.probabilities(part) for part in torch.split(x, AT_ONCE)]))


def decoded(trained: Trained, z: Tensor) -> Tensor:
    """Samples of complex codes: the likelihoods' means, shape (n, *shape)."""
    with torch.no_grad():
        parts = torch.split(z, at_a_time(trained, z, AT_ONCE, times=4))
        return torch.cat([likelihood_at(trained, unpaired(part)).mean for part in parts])


def reconstructions(trained: Trained, x: Tensor, rng: torch.Generator) -> Tensor:
    """The likelihood's mean at one draw from each example's posterior, shape (n, *shape)."""
    with torch.no_grad():
        return decoded_mean(trained)(posterior_codes(trained, x, rng))


@dataclass(frozen=True)
class Calibrated:
    """Detectors, fixed on a model's reconstructions of held-out data and on those data.

    Attributes:
        reference: Oddness of the reconstructions by detector, each of shape (m,).
        far: Oddness that 5 % of held-out real examples exceed, by detector.
    """

    reference: Mapping[str, Tensor]
    far: Mapping[str, float]

    def read(self, way: str, found: Ratings, effective: float = math.inf, points: bool = False) -> list[Measurement]:
        """Read one way of sampling.

        Args:
            way: Its name.
            found: Ratings of its samples.
            effective: Effective number of candidates that they were resampled from.
            points: Whether to read the rates at `POINTS` as well.

        Returns:
            ``<detector>_auroc_<way>`` is the probability that a sample is odder than a reconstruction.
            ``<detector>_far_<way>`` is the share odder than 95 % of real held-out data. ``<detector>_beyond_<p>_<way>``
            is the share odder than p % of reconstructions.
        """
        names = ("auroc", "far", *(f"beyond_{point}" for point in POINTS if points))
        measured = []
        for detector in DETECTORS:
            if detector not in self.reference:
                measured += [declined(f"{detector}_{name}_{way}", CLASSLESS) for name in names]
                continue
            odd = found.oddness[detector]
            n = 1 / (1 / len(odd) + 1 / effective)
            measured.append(self._auroc(f"{detector}_auroc_{way}", odd, self.reference[detector], n))
            measured.append(_rate(f"{detector}_far_{way}", odd > self.far[detector], n))
            measured += [self._beyond(f"{detector}_beyond_{p}_{way}", odd, detector, p, n) for p in POINTS if points]
        return measured

    def _auroc(self, name: str, odd: Tensor, reference: Tensor, n: float) -> Measurement:
        among, back = placements(odd, reference), placements(reference, odd)
        error = math.sqrt(_variance(among) / n + _variance(back) / len(reference))
        return Measurement(name, float(among.mean()), error, len(odd), "1", "lower")

    def _beyond(self, name: str, odd: Tensor, detector: str, point: int, n: float) -> Measurement:
        try:
            threshold = quantile_threshold(self.reference[detector], point / 100)
        except Undefined as reason:
            return declined(name, str(reason))
        return _rate(name, odd > threshold, n)


def calibrated(found: Ratings, known: Facts) -> Calibrated:
    """Fix the detectors.

    Args:
        found: Ratings of held-out reconstructions.
        known: Facts of the data.

    Returns:
        The detectors; without the classifier where there is none.
    """
    far = {"neighbour": float(quantile_threshold(known.distances, 1 - SHARE))}
    if known.confidences is not None:
        far["classifier"] = float(quantile_threshold(1 - known.confidences, 1 - SHARE))
    return Calibrated(found.oddness, far)


def _variance(values: Tensor) -> float:
    return float(values.var()) if len(values) > 1 else 0.0


def _rate(name: str, beyond: Tensor, n: float) -> Measurement:
    """A rate, with its error among n; half a case is added on either side, so none among n is not certain."""
    rate = float(beyond.double().mean())
    smoothed = (rate * n + 0.5) / (n + 1)
    return Measurement(name, rate, math.sqrt(smoothed * (1 - smoothed) / n), len(beyond), "1", "lower")
