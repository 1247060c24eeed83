"""Rows of images that Gracyk's task rates. The task's own functions make and rate them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from scipy.stats import spearmanr
from torch import Tensor

from vaebench.data import Dataset
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.complex_normal import standard_complex_normal
from vaebench.kernels.fisher_metric import log_volume
from vaebench.kernels.sample_variation import quantile_threshold
from vaebench.measures.model_view import decoded_mean, posterior_codes
from vaebench.measures.probe import Probe
from vaebench.papers.gracyk2025.complex_view import active_pairs, metric_at, prior_pairs
from vaebench.papers.gracyk2025.detectors import _of_two_classes, halved
from vaebench.papers.gracyk2025.kept import Facts, facts
from vaebench.papers.gracyk2025.outliers import SHARE
from vaebench.papers.gracyk2025.ratings import (
    DETECTORS,
    Calibrated,
    Ratings,
    calibrated,
    decoded,
    rated,
    reconstructions,
)
from vaebench.papers.gracyk2025.signed_sampling import SIGNS, TOO_SMALL, Draws, _Sampler
from vaebench.seeds import seed_for
from vaebench.training.fit import Trained

TASK = "gracyk2025_kahler_sampling"
COLUMNS = 8
LINES = 2
"""Lines of a row of samples; other rows have one."""

GROUPS = {"": 1, "_equal": 64}
"""Groups of samples of like brightness, within which those with less volume are held against those with more."""

LABELS = {
    "held_out": "held-out data",
    "reconstructions": "their reconstructions",
    "prior": "samples from the prior",
    "more_volume": "samples by more volume",
    "less_volume": "samples by less volume",
    "oddest_classifier": "oddest from the prior, by classifier",
    "oddest_neighbour": "oddest from the prior, by distance",
    "midpoints": "midpoints of two classes",
    "halves": "halves of two images",
    "mean_image": "mean image of the data",
    "half_as_bright": "from the prior, half as bright",
}
"""Rows in the order of the picture."""


@dataclass(frozen=True)
class Row:
    """Images of one kind.

    Attributes:
        name: A key of `LABELS`.
        images: Those drawn, shape (n, channels, height, width).
        relative: By detector, how odd each of them is: its oddness over the 95 % point of reconstructions.
        numbers: Of all images of the kind: the share that is odd by each detector, the mean pixel, and others.
        of: How many these are.
        by: The detector whose oddest these are.
    """

    name: str
    images: Tensor
    relative: Mapping[str, Tensor]
    numbers: Mapping[str, float]
    of: int
    by: str | None = None


class Way(NamedTuple):
    """A way of sampling.

    Attributes:
        images: Samples, shape (n, channels, height, width).
        ratings: How odd they are.
        volumes: log det g at their codes.
    """

    images: Tensor
    ratings: Ratings
    volumes: Tensor


def brightness(x: Tensor) -> Tensor:
    """Mean pixel of each image as it is drawn, from 0 to 1."""
    return x.clamp(0, 1).flatten(1).mean(1)


@dataclass(frozen=True)
class Reader:
    """What makes a row of rated images.

    Attributes:
        known: Facts of the data.
        judge: The detectors.
        dim: Brightness that 5 % of held-out data stay below.
        near: Distance to the mean image that 5 % of reconstructions stay below.
    """

    known: Facts
    judge: Calibrated
    dim: float
    near: float

    def relative(self, found: Ratings) -> dict[str, Tensor]:
        """Oddness over the 95 % point of reconstructions, by detector."""
        points = {name: float(quantile_threshold(odd, 1 - SHARE)) for name, odd in self.judge.reference.items()}
        return {name: found.oddness[name] / points[name] for name in DETECTORS if name in points}

    def shares(self, found: Ratings) -> dict[str, float]:
        """Share of images odder than 95 % of reconstructions, by detector, as the task reads it."""
        read = {m.name: m.value for m in self.judge.read("row", found, points=True) if m.value is not None}
        return {name: read[f"{name}_beyond_95_row"] for name in self.judge.reference}

    def row(self, name: str, x: Tensor, found: Ratings, drawn: Tensor | int = COLUMNS, by: str | None = None) -> Row:
        """Read all images of a kind, and draw some: the first, or those of some indices."""
        chosen = torch.arange(min(drawn, len(x))) if isinstance(drawn, int) else drawn
        from_mean = (x - self.known.mean).flatten(1).norm(dim=1)
        numbers = self.shares(found) | {
            "mean_pixel": float(brightness(x).mean()),
            "dimmer": float((brightness(x) < self.dim).double().mean()),
            "near_mean_image": float((from_mean < self.near).double().mean()),
        }
        relative = {detector: odd[chosen] for detector, odd in self.relative(found).items()}
        return Row(name, x[chosen], relative, numbers, len(x), by)


def rows(
    trained: Trained, data: Dataset, budget: EvaluationBudget, seed: int
) -> tuple[list[Row], dict[str, dict[str, float]]]:
    """Make all rows of one model.

    Args:
        trained: The model.
        data: The data set.
        budget: As for the task's instruments.
        seed: Of the cell. The draws are those of its record.

    Returns:
        The rows in the order of `LABELS`, and by name what `by_volume` finds.
    """
    known = facts(data, budget.points, budget.neighbours_among)
    rebuilt, judge, ways = _sampled(Probe(trained, data, budget, _rng(data, seed, "signed_sampling")), known)
    near = (rebuilt - known.mean).flatten(1).norm(dim=1)
    read = Reader(known, judge, float(brightness(known.real).quantile(SHARE)), float(near.quantile(SHARE)))
    x, found, volumes = ways["prior"]
    spread = torch.arange(COLUMNS) * len(known.real) // COLUMNS
    made = [read.row("held_out", known.real, rated(known.real, known), spread)]
    made.append(read.row("reconstructions", rebuilt, rated(rebuilt, known), spread))
    for name, way in ways.items():
        row = read.row(name, way.images, way.ratings, LINES * COLUMNS)
        made.append(
            Row(row.name, row.images, row.relative, {**row.numbers, "log_volume": float(way.volumes.mean())}, row.of)
        )
    for detector in judge.reference:
        oddest = found.oddness[detector].argsort(descending=True)[:COLUMNS]
        made.append(read.row(f"oddest_{detector}", x, found, oddest, detector))
    planted = _planted(trained, data, known, _rng(data, seed, "detectors")) | {"half_as_bright": x / 2}
    made += [read.row(name, each, rated(each, known)) for name, each in planted.items()]
    return sorted(made, key=lambda row: list(LABELS).index(row.name)), by_volume(read, x, found, volumes)


def _rng(data: Dataset, seed: int, instrument: str) -> torch.Generator:
    """The draws of an instrument in the record of a seed."""
    device = data.train.x.device
    return torch.Generator(device).manual_seed(seed_for(TASK, data.name, seed, f"{instrument}.{instrument}"))


def _sampled(probe: Probe, known: Facts) -> tuple[Tensor, Calibrated, dict[str, Way]]:
    """Reconstructions, the detectors fixed on them, and the samples of each way, as `signed_sampling` draws them."""
    trained, x, budget, rng = probe.trained, probe.data.train.x, probe.budget, probe.rng
    shape = (budget.samples, trained.latent // 2)
    candidates = prior_pairs(trained, standard_complex_normal(shape, rng, dtype=x.dtype.to_complex(), device=x.device))
    active = active_pairs(trained, probe.data)
    rebuilt = reconstructions(trained, known.real, rng)
    judge = calibrated(rated(rebuilt, known), known)
    volumes = log_volume(metric_at(trained, candidates, active)).double()
    draws = Draws(volumes, rng, rng.get_state())
    few = draws.taken(0.0, min(budget.points, budget.samples))
    sampler = _Sampler(probe, known, judge, candidates, active, draws, few)
    found = sampler.rated_at(1.0)
    ways = {"prior": Way(decoded(trained, candidates), found, volumes)}
    for sign, alpha in SIGNS.items():
        if draws.effective(alpha) >= TOO_SMALL * len(candidates):
            taken = draws.taken(alpha, len(candidates))
            way = Way(decoded(trained, candidates[taken]), found.at(taken), volumes[taken])
        else:
            ends, _ = sampler._chains(alpha, candidates[draws.taken(alpha, len(few))])
            images = decoded(trained, ends)
            way = Way(images, rated(images, known), log_volume(metric_at(trained, ends, active)).double())
        ways[f"{sign}_volume"] = way
    return rebuilt, judge, ways


def _planted(trained: Trained, data: Dataset, known: Facts, rng: torch.Generator) -> dict[str, Tensor]:
    """The outliers that `detectors` plants, from its draws."""
    codes = posterior_codes(trained, known.real, rng)
    one, other = _of_two_classes(data.held_out.labels, len(known.real), rng)
    with torch.no_grad():
        midpoints = decoded_mean(trained)((codes[one] + codes[other]) / 2)
    halves = halved(known.real[one], known.real[other])
    return {"midpoints": midpoints, "halves": halves, "mean_image": known.mean[None]}


def by_volume(read: Reader, x: Tensor, found: Ratings, volumes: Tensor) -> dict[str, dict[str, float]]:
    """Hold the half of the prior's samples with less volume against the half with more.

    Args:
        read: What reads them.
        x: The samples.
        found: How odd they are.
        volumes: log det g at their codes.

    Returns:
        Shares that are odd, by ``less`` and ``more``; and by ``less_equal`` and ``more_equal``, where the halves are
        those of each of 64 groups of like brightness. By ``brightness`` its rank correlation with the volume.
    """
    shares = {"brightness": {"volume_spearman": float(spearmanr(brightness(x), volumes).statistic)}}
    for name, groups in GROUPS.items():
        halves = [volume_halves(part, volumes) for part in brightness(x).argsort().chunk(groups)]
        for half, parts in zip(("less", "more"), zip(*halves, strict=True), strict=True):
            shares[f"{half}{name}"] = read.shares(found.at(torch.cat(parts)))
    return shares


def volume_halves(among: Tensor, volumes: Tensor) -> tuple[Tensor, Tensor]:
    """Split indices into those with less volume and as many with more."""
    order = among[volumes[among].argsort()]
    half = len(order) // 2
    return order[:half], order[len(order) - half :]
