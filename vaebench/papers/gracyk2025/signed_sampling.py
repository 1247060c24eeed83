"""What sampling by more or less of the decoder's volume does to outliers and variation. Candidates are rated once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.kernels.complex_normal import paired, standard_complex_normal, unpaired
from vaebench.kernels.estimate import Estimate, Undefined
from vaebench.kernels.fisher_metric import log_volume
from vaebench.kernels.importance_resampling import effective_sample_size, resampling_indices
from vaebench.kernels.mala import mala, with_gradient
from vaebench.kernels.sample_variation import class_entropy, coverage, mean_pairwise_distance
from vaebench.kernels.truncation import matched_truncation
from vaebench.measures.declared import gives
from vaebench.measures.model_view import log_prior, of_sample
from vaebench.measures.probe import Probe
from vaebench.papers.gracyk2025.complex_view import about_prior, active_pairs, metric_at, prior_pairs, refused
from vaebench.papers.gracyk2025.kept import Facts, facts
from vaebench.papers.gracyk2025.outliers import NEIGHBOUR
from vaebench.papers.gracyk2025.ratings import (
    CLASSLESS,
    DETECTORS,
    POINTS,
    Calibrated,
    Ratings,
    calibrated,
    decoded,
    rated,
    reconstructions,
)

SIGNS = {"more": 1.0, "less": -1.0}
"""Judged powers of det g: samples where there is more volume, and where there is less."""

ALPHAS = {"minus_2": -2.0, "minus_half": -0.5, "plus_half": 0.5, "plus_2": 2.0}
"""Other powers by name, reported and not judged."""

TRUNCATIONS = {"at_0_4": 0.4, "at_0_5": 0.5, "at_0_6": 0.6, "at_0_8": 0.8}
"""Fixed factors of the truncated prior by name. The prior itself has 1."""

MATCHES = {"distance": "pairwise_distance", "entropy": "class_entropy"}
"""In what the scaled prior is matched to weighted samples, by name."""

TOO_SMALL = 0.1
"""Share of effective samples among candidates below which Langevin chains follow the resampling."""

MALA_STEPS, MALA_BURN_IN, MALA_STEP = 40, 20, 0.3
"""Kept Langevin steps, adapting ones, and the first step size in the unit of a real code."""

CHAINS = 256
"""Chains whose metrics are differentiated at a time: a dozen copies of their decoders' Jacobians."""

WIDEST = 1.5
"""Largest factor at which a match is sought. Above 1 the prior is widened."""

UNITS = {"pairwise_distance": "x", "class_entropy": "nats", "coverage": "1"}
"""Measures of variation, with their units."""

Found = list[Measurement]
Varied = Mapping[str, Estimate]


@gives(
    "{classifier,neighbour}_{auroc,far}_{prior,more_volume,less_volume}",
    "{classifier,neighbour}_beyond_{50,75,90,95,99}_{prior,more_volume,less_volume}",
    "{classifier,neighbour}_{auroc,far}_truncated_to_{distance,entropy}_of_{more,less}",
    "{classifier,neighbour}_beyond_{50,75,90,95,99}_truncated_to_{distance,entropy}_of_{more,less}",
    "{classifier,neighbour}_{auroc,far}_truncated_{at_0_4,at_0_5,at_0_6,at_0_8}",
    "{classifier,neighbour}_{auroc,far}_alpha_{minus_2,minus_half,plus_half,plus_2}",
    "{class_entropy,pairwise_distance,coverage}_{prior,more_volume,less_volume}",
    "{class_entropy,pairwise_distance,coverage}_truncated_{at_0_4,at_0_5,at_0_6,at_0_8}",
    "truncation_for_{distance,entropy}_of_{more,less}",
    "{effective_share,langevin_acceptance}_{more,less}_volume",
)
def signed_sampling(probe: Probe) -> tuple[Measurement, ...]:
    """Measure outliers and variation of samples: from the prior, by more volume, by less, and from the truncated prior.

    Weighted samples follow p(ζ)·(det g(ζ))^α with α = 1 or −1. The prior p is CN(0, I) or the
    model's own; that is scaled about its mean. Here g is the decoder's Fisher metric along the
    active units. Candidates from the prior are decoded and rated once. Every power indexes these ratings. If fewer than
    a tenth of the candidates are effective, Langevin chains go on from ``points`` resampled ones. A sample is the
    likelihood's mean at a code. What is odd is decided by held-out reconstructions, see `ratings.Calibrated`.

    Args:
        probe: Latent units are read in pairs. There are ``samples`` candidates, and ``points`` samples for variation.
            Up to ``points`` held-out examples are reconstructed.

    Returns:
        For each way of sampling what `ratings.Calibrated.read` gives. ``truncated_to_<match>_of_<sign>`` is the prior
        times the factor that has the variation of the weighted samples. It is declined where no factor comes within two
        standard errors. ``class_entropy_…``, ``pairwise_distance_…`` and ``coverage_…`` are of as many samples, and
        coverage is of as many held-out examples as samples. Further the factors, the effective shares, and the
        acceptance of chains where they ran.
    """
    known = facts(probe.data, probe.budget.points, probe.budget.neighbours_among)
    try:
        return tuple(_sampled(probe, known))
    except Undefined as reason:
        return refused(signed_sampling, probe.trained, reason)


def _sampled(probe: Probe, known: Facts) -> Found:
    trained, x, budget, rng = probe.trained, probe.data.train.x, probe.budget, probe.rng
    shape = (budget.samples, trained.latent // 2)
    candidates = standard_complex_normal(shape, rng, dtype=x.dtype.to_complex(), device=x.device)
    candidates, active = prior_pairs(trained, candidates), active_pairs(trained, probe.data)
    rebuilt = rated(reconstructions(trained, known.real, rng), known)
    volumes = log_volume(metric_at(trained, candidates, active)).double()
    draws = Draws(volumes, rng, rng.get_state())
    few = draws.taken(0.0, min(budget.points, budget.samples))
    sampler = _Sampler(probe, known, calibrated(rebuilt, known), candidates, active, draws, few)
    found = sampler.judge.read("prior", sampler.rated_at(1.0), points=True)
    found += _variations("prior", sampler.varied_at(1.0))
    for sign in SIGNS:
        found += sampler.weighted(sign)
    for name, factor in TRUNCATIONS.items():
        found += sampler.judge.read(f"truncated_{name}", sampler.rated_at(factor))
        found += _variations(f"truncated_{name}", sampler.varied_at(factor))
    for name, alpha in ALPHAS.items():
        at = sampler.rated_at(1.0).at(draws.taken(alpha, budget.samples))
        found += sampler.judge.read(f"alpha_{name}", at, draws.effective(alpha))
    return found


class Draws(NamedTuple):
    """Samples from the prior times powers of the volume, as indices of the same candidates at the same points.

    Attributes:
        volumes: log det g at each candidate.
        rng: Generator of the resampling.
        state: State of `rng` at which each resampling begins.
    """

    volumes: Tensor
    rng: torch.Generator
    state: Tensor

    def taken(self, alpha: float, n: int) -> Tensor:
        """Indices of n candidates. A constant volume takes the same for every power."""
        self.rng.set_state(self.state)
        return resampling_indices(alpha * self.volumes, n, self.rng)

    def effective(self, alpha: float) -> float:
        """Effective number of candidates."""
        return float(effective_sample_size(alpha * self.volumes))


@dataclass(frozen=True)
class _Sampler:
    """Every way of sampling, with what is rated once."""

    probe: Probe
    known: Facts
    judge: Calibrated
    candidates: Tensor
    active: Tensor
    draws: Draws
    few: Tensor
    by_factor: dict[float, Ratings] = field(default_factory=dict)

    def rated_at(self, factor: float) -> Ratings:
        """Ratings of all candidates times a factor, found once."""
        if factor not in self.by_factor:
            images = decoded(self.probe.trained, about_prior(self.probe.trained, self.candidates, factor))
            self.by_factor[factor] = rated(images, self.known)
        return self.by_factor[factor]

    def varied_at(self, factor: float) -> dict[str, Estimate]:
        """Variation of a few samples of the prior times a factor."""
        images = self._scaled(factor)
        return self.varied(images, self.rated_at(factor).at(self.few).probabilities)

    def _scaled(self, factor: float) -> Tensor:
        """A few samples of the prior times a factor."""
        return decoded(self.probe.trained, about_prior(self.probe.trained, self.candidates[self.few], factor))

    def varied(self, x: Tensor, probabilities: Tensor | None) -> dict[str, Estimate]:
        n = min(len(x), len(self.known.real))
        among = self.known.among if n == len(self.known.real) else None
        found = {
            "pairwise_distance": mean_pairwise_distance(x),
            "coverage": coverage(self.known.real[:n], x[:n], NEIGHBOUR, among_real=among),
        }
        return found if probabilities is None else found | {"class_entropy": class_entropy(probabilities)}

    def weighted(self, sign: str) -> Found:
        """Read samples weighted by a power of the volume, and the prior scaled to vary as they do."""
        alpha, way = SIGNS[sign], f"{sign}_volume"
        effective, n = self.draws.effective(alpha), len(self.candidates)
        found: Found = [Measurement(f"effective_share_{way}", effective / n, 0.0, n)]
        few = self.draws.taken(alpha, len(self.few))
        if effective >= TOO_SMALL * n:
            samples = self.rated_at(1.0).at(self.draws.taken(alpha, n))
            images = decoded(self.probe.trained, self.candidates[few])
            varied = self.varied(images, self.rated_at(1.0).at(few).probabilities)
        else:
            ends, acceptance = self._chains(alpha, self.candidates[few])
            images = decoded(self.probe.trained, ends)
            samples = rated(images, self.known)
            varied = self.varied(images, samples.probabilities)
            found.append(of_sample(f"langevin_acceptance_{way}", acceptance))
        found += self.judge.read(way, samples, effective, points=True) + _variations(way, varied)
        for match in MATCHES:
            found += self._matched(sign, match, varied)
        return found

    def _chains(self, alpha: float, start: Tensor) -> tuple[Tensor, Tensor]:
        """Ends of Langevin chains of prior·(det g)^α, and the acceptance of each."""
        trained, active = self.probe.trained, self.active

        def log_density(z: Tensor) -> Tensor:
            volume: Tensor = torch.linalg.slogdet(metric_at(trained, paired(z), active)).logabsdet
            return alpha * volume + log_prior(trained, z)

        moved = with_gradient(log_density, CHAINS)
        chains = mala(moved, unpaired(start), MALA_STEPS, MALA_STEP, self.draws.rng, burn_in=MALA_BURN_IN)
        ends = paired(chains.z)
        # A determinant that is nothing but rounding draws chains to it: where one has ended there, there is no volume.
        log_volume(metric_at(trained, ends, active))
        return ends, chains.acceptance

    def _matched(self, sign: str, match: str, weighted: Varied) -> Found:
        """Read the prior times the factor T that gives it the variation of the weighted samples."""
        way, variation = f"truncated_to_{match}_of_{sign}", MATCHES[match]
        rates = ("auroc", "far", *(f"beyond_{point}" for point in POINTS))
        names = [f"{detector}_{what}_{way}" for detector in DETECTORS for what in rates]
        if variation not in weighted:
            return [declined(name, CLASSLESS) for name in names]
        target, error, _ = weighted[variation]
        here = float(self.varied_at(1.0)[variation].value)
        # Variation need not grow with T beyond 1, so T is sought on the side of 1 where the target is.
        ends = (0.0, 1.0) if target <= here else (1.0, WIDEST)
        matched = matched_truncation(lambda factor: self._varies(variation, factor), float(target), *ends)
        if not matched.within and abs(matched.variation - float(target)) > 2 * float(error):
            reason = f"the prior times no factor up to {WIDEST:g} varies as the weighted samples do"
            return [declined(name, reason, "model") for name in names]
        factor = Measurement(f"truncation_for_{match}_of_{sign}", matched.factor, 0.0, len(self.candidates))
        return [factor, *self.judge.read(way, self.rated_at(matched.factor), points=True)]

    def _varies(self, variation: str, factor: float) -> float:
        """One measure of variation of a few samples of the prior times a factor, as the search asks for it."""
        images = self._scaled(factor)
        if variation == "pairwise_distance":
            return float(mean_pairwise_distance(images).value)
        assert self.known.classifier is not None
        return float(class_entropy(self.known.classifier.probabilities(images)).value)


def _variations(way: str, varied: Varied) -> Found:
    found: Found = [declined(f"{name}_{way}", CLASSLESS) for name in UNITS if name not in varied]
    for name, e in varied.items():
        found.append(Measurement(f"{name}_{way}", float(e.value), float(e.stderr), e.n, UNITS[name], "higher"))
    return found
