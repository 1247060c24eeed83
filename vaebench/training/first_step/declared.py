"""Whether a variant's loss is a multiple of −log p(x|z) + kl_weight·KL with the declared kl_weight.

Each part is varied separately, over perturbed weights and draws. The weight of −log p is the slope of the loss as the
likelihood is blurred twofold, with the posterior narrowed to a point. The weight of the KL is its slope over posteriors
of other means and scales, with a likelihood so blurred that it has no effect. So randomness in z affects neither. The
test also works for objectives that have the declared form only in expectation: those that sample the KL or split the
reconstruction.

Only the ratio of the two matters: a loss divided by the number of pixels has the same minimum.

A part of the loss that depends on the decoder's precision alone is not detected.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import linregress
from scipy.stats import t as student
from torch import Tensor

from vaebench.experiment import Interventions
from vaebench.models import ComplexNormal, FlowNormal, Normal, Posterior, Refused
from vaebench.training.first_step.probe import Blurred, Probe, Seen, Silent
from vaebench.training.intervened import Intervened

DRAWS = (8, 64)
"""Numbers of perturbed weights and draws for an estimate: at first, and again before refusal."""

LEVEL = 0.998
"""Level of the intervals. Two must miss, so an honest declaration is refused in 1 of 250,000 checks."""

SLACK = 0.02
"""Tolerated relative error of a declared weight; the exact relations need no better."""

SURE = 0.1
"""Relative half-width above which an interval does not determine the weight."""

PERTURBED = (0.3, 0.1)
"""Sizes of the noise on the weights, see `Probe.weights`; the second is smaller in case the first breaks a model."""

STREWN = 0.5
"""Noise on the means of single examples, so that no penalty on codes is taken for a KL."""

SCALED = (-3.0, 1.0)
"""Range of the changes of the posterior's log scale."""

POINT = 1e-4
"""A posterior scale at which all codes of an example coincide."""


class Slope(NamedTuple):
    """An estimated slope and the half-width of its interval."""

    value: float
    half: float


def check_kl_weight(probe: Probe, declared: float) -> None:
    """Compare a declared weight of the KL with the loss at the last step of training.

    Args:
        probe: The step.
        declared: The variant's kl_weight.

    Raises:
        Refused: The loss has another weight, or none that can be estimated.
    """
    seen, first = Slope(0.0, np.inf), 0
    for draws, size in zip(DRAWS, PERTURBED, strict=True):
        seen = estimate(probe, range(first, first + draws), size)
        if _agree(seen, declared):
            return
        first += draws
    if not seen.half <= SURE * abs(seen.value):
        raise Refused(
            f"kl_weight is declared {declared:g}, but the loss is not of the form −log p(x|z) + weight·KL: declare none"
        )
    raise Refused(
        f"kl_weight is declared {declared:g}, but the loss has {seen.value:.4g} ± {seen.half:.1g} times the KL "
        "relative to −log p(x|z): correct its KL, its log p or the declaration"
    )


def _agree(weight: Slope, declared: float) -> bool:
    return weight.half <= SURE * declared and abs(weight.value - declared) <= max(weight.half, SLACK * declared)


class Weights(NamedTuple):
    """How much the loss weighs its two parts, in nats of loss per nat of the part.

    Attributes:
        likelihood: Weight of −log p(x|z).
        divergence: Weight of the KL.
    """

    likelihood: Slope
    divergence: Slope

    @property
    def ratio(self) -> Slope:
        """Weight of the KL relative to −log p(x|z)."""
        return _ratio(self.divergence, self.likelihood)


def estimate(probe: Probe, draws: range, size: float) -> Slope:
    """Estimate the weight of the KL relative to −log p(x|z).

    Args:
        probe: The step.
        draws: Numbers of the perturbed weights and draws.
        size: Size of the noise on the weights, see `Probe.weights`.

    Returns:
        The estimate. A missing slope is infinitely uncertain.
    """
    return weights_of(probe, draws, size).ratio


def weights_of(probe: Probe, draws: range, size: float) -> Weights:
    """Estimate the weights of both parts of the loss, at the last step of training.

    Args:
        probe: As for `estimate`.
        draws: Likewise.
        size: Likewise.

    Returns:
        Both slopes. One that is missing is infinitely uncertain.
    """
    point = replace(probe.model.interventions, posterior_scale=POINT)
    changes = np.linspace(*SCALED, len(draws))
    base, less, silent = list[Seen](), list[Seen](), list[Seen]()
    for number, (draw, change) in enumerate(zip(draws, changes, strict=True)):
        weights = probe.weights(draw + 1, size)
        if number % 2 == 0:  # half the draws suffice: nothing here is random unless the objective is of another form
            base.append(_look(probe, draw, weights, Intervened, point))
            less.append(_look(probe, draw, weights, Blurred, point))
        silent.append(
            _look(probe, draw, weights, _moved(Silent, float(change), probe.generator("means", draw)), divergence=True)
        )
    likelihood = _slope(
        [_distortion(two) - _distortion(one) for one, two in zip(base, less, strict=True)],
        [_loss(two) - _loss(one) for one, two in zip(base, less, strict=True)],
    )
    divergence = _slope([_divergence(seen) for seen in silent], [_loss(s) for s in silent])
    return Weights(likelihood, divergence)


def slope_near_prior(probe: Probe, draws: range, size: float) -> Slope:
    """Estimate the weight of the KL over posteriors so close to the prior that their KL is about a nat at most.

    A loss that holds the KL at a capacity, or leaves some of it free, has another weight there.

    Args:
        probe: As for `estimate`.
        draws: Likewise.
        size: Likewise.

    Returns:
        The slope.
    """
    shares = np.linspace(0.0, 1.0, len(draws))
    looks = [
        _look(
            probe,
            draw,
            probe.weights(draw + 1, size),
            _near_prior(float(share), probe.generator("near", draw)),
            divergence=True,
        )
        for draw, share in zip(draws, shares, strict=True)
    ]
    return _slope([_divergence(seen) for seen in looks], [_loss(seen) for seen in looks])


def _near_prior(share: float, rng: torch.Generator) -> type[Intervened]:
    """Models whose posteriors have about `share` nats of KL, and whose likelihood has no effect."""
    state = rng.get_state()

    class Near(Silent):
        def encode(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
            said: Posterior = super().encode(x, labels)
            place = said.base.mean if isinstance(said, FlowNormal) else said.mean
            rng.set_state(state)  # the same at every look at the same examples
            strewn = torch.randn(place.shape, generator=rng, device=x.device, dtype=place.dtype)
            size = (2 * share / place.shape[1]) ** 0.5
            log_scale = torch.full_like(place.real, -0.01)
            near = ComplexNormal if place.is_complex() else Normal
            return near(0 * place + size * strewn, log_scale=log_scale)

    return Near


def _look(
    probe: Probe,
    draw: int,
    weights: Mapping[str, Tensor],
    kind: type[Intervened],
    by: Interventions | None = None,
    *,
    divergence: bool = False,
) -> Seen:
    noise = probe.code_noise(draw)
    return probe.look(
        by, weights=weights, code_noise=noise, step=probe.steps - 1, draw=draw, kind=kind, divergence=divergence
    )


def _moved(kind: type[Intervened], by: float, rng: torch.Generator) -> type[Intervened]:
    """Models with a changed encoder: other scales, and means that are scaled, perturbed and shifted."""
    gain, shift = (2 * torch.rand(2, generator=rng, device=rng.device) - 1).mul(2).tolist()
    state = rng.get_state()

    class Moved(kind):  # type: ignore[valid-type, misc]
        def encode(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
            said: Posterior = super().encode(x, labels)
            rng.set_state(state)  # the same at every look at the same examples
            place = said.base.mean if isinstance(said, FlowNormal) else said.mean
            strewn = torch.randn(place.shape, generator=rng, device=x.device, dtype=place.dtype)
            return said.moved(gain * (place + STREWN * strewn) + shift, by)

    return Moved


def _loss(seen: Seen) -> float:
    return float(seen.losses[0].detach())


def _divergence(seen: Seen) -> float:
    assert seen.divergence is not None
    return float(seen.divergence)


def _distortion(seen: Seen) -> float:
    return -float(seen.step.likelihood.log_prob(seen.step.x).mean().detach())


def _slope(part: list[float], whole: list[float]) -> Slope:
    pairs = np.array([part, whole]).T
    pairs = pairs[np.isfinite(pairs).all(1)]
    if len(pairs) < 4 or not np.ptp(pairs[:, 0]) > 0:
        return Slope(0.0, np.inf)
    line = linregress(*pairs.T)
    return Slope(float(line.slope), float(student.ppf(0.5 + LEVEL / 2, len(pairs) - 2) * line.stderr))


def _ratio(one: Slope, other: Slope) -> Slope:
    """Ratio of two slopes, by the delta method."""
    if not other.value:
        return Slope(0.0, np.inf)
    value = one.value / other.value
    return Slope(value, float(np.hypot(one.half, value * other.half)) / abs(other.value))
