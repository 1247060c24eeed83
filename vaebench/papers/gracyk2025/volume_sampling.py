"""What sampling by the decoder's volume does to outliers and variation."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.data import Dataset
from vaebench.kernels.complex_normal import paired, standard_complex_normal, unpaired
from vaebench.kernels.estimate import Estimate, Undefined
from vaebench.kernels.fisher_metric import log_volume
from vaebench.kernels.importance_resampling import effective_sample_size, resampled
from vaebench.kernels.mala import mala, with_gradient
from vaebench.kernels.neighbours import neighbour_distance
from vaebench.kernels.sample_variation import class_entropy, coverage, mean_pairwise_distance
from vaebench.kernels.truncation import matched_truncation
from vaebench.measures.declared import gives
from vaebench.measures.model_view import DataUndefined, likelihood_at, of_sample
from vaebench.measures.probe import Probe
from vaebench.papers.gracyk2025.complex_view import metric_at, posterior_mixture, refused
from vaebench.papers.gracyk2025.outliers import NEIGHBOUR, Classifier, classifier, neighbour_threshold
from vaebench.training.fit import Trained

ALPHA = -1.0
"""Power of det g in the judged weights."""

ALPHAS = {"minus_2": -2.0, "minus_half": -0.5, "plus_half": 0.5, "plus_1": 1.0}
"""Other powers by name, reported and not judged."""

TOO_SMALL = 0.1
"""Share of effective samples among candidates below which Langevin chains follow the resampling."""

MALA_STEPS, MALA_BURN_IN, MALA_STEP = 40, 20, 0.3
"""Kept Langevin steps, adapting ones, and the first step size in the unit of a real code."""

TRUNCATIONS = {"at_0_4": 0.4, "at_0_6": 0.6, "at_0_8": 0.8}
"""Fixed factors of the truncated prior by name. The prior itself has 1."""

WIDEST = 1.5
"""Largest factor at which a match is sought. Above 1 the prior is widened."""

DETECTORS = ("classifier", "neighbour")
MATCHES = {"distance": "pairwise_distance", "entropy": "class_entropy"}
"""In what the scaled prior is matched to the weighted samples, by name."""

UNITS = {"pairwise_distance": "x", "class_entropy": "nats", "coverage": "1"}
"""Measures of variation, with their units."""

Found = list[Measurement]


@gives(
    "{classifier,neighbour}_outliers_{prior,weighted,truncated_to_distance,truncated_to_entropy}",
    "{classifier,neighbour}_outliers_{truncated_at_0_4,truncated_at_0_6,truncated_at_0_8}",
    "{classifier,neighbour}_outliers_alpha_{minus_2,minus_half,plus_half,plus_1}",
    "{class_entropy,pairwise_distance,coverage}_{prior,weighted,truncated_at_0_4,truncated_at_0_6,truncated_at_0_8}",
    "truncation_for_{distance,entropy}",
    "effective_share",
    "langevin_acceptance",
    "classifier_accuracy",
)
def volume_sampling(probe: Probe) -> tuple[Measurement, ...]:
    """Measure outlier rates and variation of samples: from the prior, weighted by volume, and from the truncated prior.

    Weighted samples follow CN(ζ; 0, I)·(det g(ζ))^α. Here g is the decoder's Fisher metric along the active units. The
    judged α is −1. Candidates from the prior are resampled by weight. If fewer than a tenth of them are effective,
    Langevin chains start from the resampled ones. They run for the judged α alone. Samples of the prior are resampled
    with equal weights. So a constant metric gives the very same samples. A sample is the likelihood's mean at a code.

    Outlier rates use as many samples as candidates. Most rates are small, and so are their differences. Chains and
    measures of variation use ``points``.

    A sample is an outlier if its class confidence is below that of 5 % of held-out real examples. It is one too if it
    is farther from its fifth nearest training example than 95 % of them.

    Args:
        probe: Latent units are read in pairs. There are ``samples`` candidates and as many samples for rates. There are
            ``points`` chains and samples for variation. Both parts of the data fix the detectors.

    Returns:
        ``classifier_outliers_…`` and ``neighbour_outliers_…`` of five kinds of samples. ``prior`` and ``weighted`` are
        as above. ``truncated_to_distance`` and ``truncated_to_entropy`` are the prior times the factor that matches
        mean pairwise distance or class entropy of the weighted samples. They are declined where none comes within two
        standard errors. ``truncated_at_…`` is the prior times 0.4, 0.6 and 0.8. ``alpha_…`` has other powers. Further
        ``class_entropy_…``, ``pairwise_distance_…`` and ``coverage_…`` of ``prior``, ``weighted`` and
        ``truncated_at_…``; the two ``truncation_for_…`` factors; ``effective_share`` of the candidates;
        ``langevin_acceptance`` where chains ran; and ``classifier_accuracy`` on held-out real data.
    """
    judge = _judge_of(probe.trained, probe.data)
    try:
        return (judge.accuracy(), *_sampled(judge, probe))
    except Undefined as reason:
        return refused(volume_sampling, probe.trained, reason, (judge.accuracy(),))


def _judge_of(trained: Trained, data: Dataset) -> "_Judge":
    """Fix the detectors on real data; raise where these are too few."""
    train, held_out = data.train.x, data.held_out.x
    if min(len(train), len(held_out)) < NEIGHBOUR:
        raise DataUndefined(f"{NEIGHBOUR} training and as many held-out examples are needed for neighbours")
    try:
        neighbour_threshold(train, held_out)
        return _Judge(trained, data, classifier(data))
    except Undefined as reason:
        raise DataUndefined(f"the detectors cannot be fixed on these data: {reason}") from reason


def _sampled(judge: "_Judge", probe: Probe) -> Found:
    trained, x, budget, rng = probe.trained, probe.data.train.x, probe.budget, probe.rng
    shape = (budget.samples, trained.latent // 2)
    candidates = standard_complex_normal(shape, rng, dtype=x.dtype.to_complex(), device=x.device)
    active = posterior_mixture(trained, probe.data).active
    volumes = log_volume(metric_at(trained, candidates, active)).double()
    draws = _Draws(candidates, volumes, min(budget.points, budget.samples), rng, rng.get_state())
    weighted, spread, acceptance = _weighted(trained, draws, active)
    prior, effective = draws.at(0.0), draws.effective(ALPHA)
    found: Found = [Measurement("effective_share", effective / len(candidates), 0.0, len(candidates))]
    found += [] if acceptance is None else [of_sample("langevin_acceptance", acceptance)]
    found += judge.rated("prior", judge.decoded(prior)) + judge.rated("weighted", judge.decoded(weighted), effective)
    few, varied = draws.few_at(0.0), judge.varied(judge.decoded(spread))
    found += _variations("prior", judge.varied(judge.decoded(few))) + _variations("weighted", varied)
    for match, variation in MATCHES.items():
        found += _matched(judge, prior, few, varied, match, variation)
    for name, factor in TRUNCATIONS.items():
        found += judge.rated(f"truncated_{name}", judge.decoded(factor * prior))
        found += _variations(f"truncated_{name}", judge.varied(judge.decoded(factor * few)))
    for name, alpha in ALPHAS.items():
        found += judge.rated(f"alpha_{name}", judge.decoded(draws.at(alpha)), draws.effective(alpha))
    return found


class _Draws(NamedTuple):
    """Samples from the prior times powers of the volume. All use the same candidates and the same resampling points.

    Attributes:
        candidates: Codes from the prior, shape (candidates, latent/2).
        volumes: log det g at each.
        points: How many samples are a few.
        rng: Generator of the resampling. After `at` it goes on from where that left it.
        state: State of `rng` at which `at` begins.
    """

    candidates: Tensor
    volumes: Tensor
    points: int
    rng: torch.Generator
    state: Tensor

    def at(self, alpha: float) -> Tensor:
        """As many samples as candidates."""
        return self._drawn(alpha, len(self.candidates))

    def few_at(self, alpha: float) -> Tensor:
        """A few samples, resampled by themselves. A part of the others would repeat itself more."""
        return self._drawn(alpha, self.points)

    def _drawn(self, alpha: float, n: int) -> Tensor:
        self.rng.set_state(self.state)
        return resampled(self.candidates, alpha * self.volumes, n, self.rng)

    def effective(self, alpha: float) -> float:
        return float(effective_sample_size(alpha * self.volumes))


def _weighted(trained: Trained, draws: _Draws, active: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
    """Codes from prior·(det g)^α, all and a few, and the acceptance of each Langevin chain if any ran."""
    few = draws.few_at(ALPHA)
    if draws.effective(ALPHA) >= TOO_SMALL * len(draws.candidates):
        return draws.at(ALPHA), few, None

    def log_density(z: Tensor) -> Tensor:
        volume: Tensor = torch.linalg.slogdet(metric_at(trained, paired(z), active)).logabsdet
        return ALPHA * volume - z.square().sum(1) / 2

    chains = mala(with_gradient(log_density), unpaired(few), MALA_STEPS, MALA_STEP, draws.rng, burn_in=MALA_BURN_IN)
    ends = paired(chains.z)
    # A determinant that is nothing but rounding draws chains to it: where one has ended there, there is no volume.
    log_volume(metric_at(trained, ends, active))
    return ends, ends, chains.acceptance


def _matched(
    judge: "_Judge", prior: Tensor, few: Tensor, weighted: Mapping[str, Estimate], match: str, variation: str
) -> Found:
    """Outlier rates of the prior times the factor T that gives it the variation of the weighted samples."""
    way = f"truncated_to_{match}"
    variation_of = judge.ways_to_vary().get(variation)
    if variation_of is None:
        return [_classless(f"{detector}_outliers_{way}") for detector in DETECTORS]

    def varies(factor: float) -> float:
        return float(variation_of(judge.decoded(factor * few)).value)

    target, error, _ = weighted[variation]
    # Variation need not grow with T beyond 1, so T is sought on the side of 1 where the target is.
    ends = (0.0, 1.0) if target <= varies(1.0) else (1.0, WIDEST)
    matched = matched_truncation(varies, float(target), *ends)
    if not matched.within and abs(matched.variation - float(target)) > 2 * float(error):
        reason = f"the prior times no factor up to {WIDEST:g} varies as the weighted samples do"
        return [declined(f"{detector}_outliers_{way}", reason, "model") for detector in DETECTORS]
    factor = Measurement(f"truncation_for_{match}", matched.factor, 0.0, len(prior))
    return [factor, *judge.rated(way, judge.decoded(matched.factor * prior))]


@dataclass(frozen=True)
class _Judge:
    """Rates samples: decodes codes, counts outliers by each detector, and measures variation."""

    trained: Trained
    data: Dataset
    classifier: Classifier | None

    def decoded(self, z: Tensor) -> Tensor:
        with torch.no_grad():
            return likelihood_at(self.trained, unpaired(z)).mean

    def accuracy(self) -> Measurement:
        if self.classifier is None:
            return _classless("classifier_accuracy")
        accuracy, n = self.classifier.accuracy, len(self.data.held_out.x)
        return Measurement("classifier_accuracy", accuracy, _rate_error(accuracy, n), n, "1", "higher")

    def rated(self, way: str, x: Tensor, effective: float = math.inf) -> Found:
        """Outlier rates of samples, with the error that so many effective candidates leave."""
        train = self.data.train.x
        odd = {"neighbour": neighbour_distance(x, train, NEIGHBOUR) > neighbour_threshold(train, self.data.held_out.x)}
        if self.classifier is not None:
            odd["classifier"] = self.classifier.probabilities(x).amax(1) < self.classifier.threshold
        found: Found = []
        for name, detector in ((f"{detector}_outliers_{way}", detector) for detector in DETECTORS):
            if detector not in odd:
                found.append(_classless(name))
                continue
            rate = float(odd[detector].double().mean())
            error = _rate_error(rate, 1 / (1 / len(x) + 1 / effective))
            found.append(Measurement(name, rate, error, len(x), "1", "lower"))
        return found

    def ways_to_vary(self) -> dict[str, Callable[[Tensor], Estimate]]:
        """Class entropy where there are classes, mean pairwise distance and coverage, as functions of samples."""
        rater, real = self.classifier, self.data.held_out.x
        # As many samples as real examples: more of them cover everything, and say nothing.
        ways = {
            "pairwise_distance": mean_pairwise_distance,
            "coverage": lambda x: coverage(real, x[: len(real)], NEIGHBOUR),
        }
        return ways if rater is None else ways | {"class_entropy": lambda x: class_entropy(rater.probabilities(x))}

    def varied(self, x: Tensor) -> dict[str, Estimate]:
        """Variation of samples, by each measure."""
        return {name: estimate(x) for name, estimate in self.ways_to_vary().items()}


def _variations(way: str, varied: Mapping[str, Estimate]) -> Found:
    found: Found = [_classless(f"{name}_{way}") for name in UNITS if name not in varied]
    for name, e in varied.items():
        found.append(Measurement(f"{name}_{way}", float(e.value), float(e.stderr), e.n, UNITS[name], "higher"))
    return found


def _classless(name: str) -> Measurement:
    return declined(name, "the data have no classes")


def _rate_error(rate: float, n: float) -> float:
    """Standard error of a rate among n, with half a case added on either side. So none among n is not certain."""
    rate = (rate * n + 0.5) / (n + 1)
    return math.sqrt(rate * (1 - rate) / n)
