"""What an objective is, by measurement: the ELBO, a weighted one, or something else."""

from typing import Literal

import numpy as np

from vaebench.check.findings import Line, LossWeights
from vaebench.training.first_step.declared import (
    DRAWS,
    PERTURBED,
    SLACK,
    SURE,
    Slope,
    Weights,
    slope_near_prior,
    weights_of,
)
from vaebench.training.first_step.probe import Probe

EXACT = 0.01
"""Relative half-width below which a weight shows that nothing is sampled."""


def loss_weights(probe: Probe) -> LossWeights:
    """Measure the weights of −log p(x|z) and of the KL in a loss, at the last step of training.

    Args:
        probe: The step.

    Returns:
        The weights.
    """
    found, first = Weights(Slope(0.0, np.inf), Slope(0.0, np.inf)), 0
    for draws, size in zip(DRAWS, PERTURBED, strict=True):
        found = weights_of(probe, range(first, first + draws), size)
        if _is_sure(found.likelihood) and _is_sure(found.divergence):
            break
        first += draws
    likelihood, divergence = (one if _is_sure(one) else None for one in found)
    if likelihood is None or divergence is None or not _is_constant(probe, divergence):
        return LossWeights(_value(likelihood), _value(divergence), None, None, None, "other", is_bound=False)
    beta = found.ratio
    values = probe.x[0].numel()
    return LossWeights(
        likelihood.value,
        divergence.value,
        beta.value,
        beta.half,
        beta.value * probe.latent / values,
        _form(likelihood, beta),
        is_bound=_is(likelihood, 1.0) and beta.value > 1 - max(beta.half, SLACK),
    )


def _is_constant(probe: Probe, far: Slope) -> bool:
    """Whether the KL weighs as much where it is small as where it is large."""
    near = slope_near_prior(probe, range(DRAWS[0]), PERTURBED[0])
    half = 0.0 if np.isnan(near.half) else near.half  # a loss that does not change at all has no residuals
    if abs(near.value - far.value) > max(half + far.half, SLACK * abs(far.value)):
        return False
    # A KL that is computed, and not sampled, lies on a line everywhere or nowhere.
    return not (far.half < EXACT * abs(far.value) and half > SURE * abs(far.value))


def _is_sure(slope: Slope) -> bool:
    return slope.half <= SURE * abs(slope.value)


def _value(slope: Slope | None) -> float | None:
    return None if slope is None else slope.value


def _is(slope: Slope, value: float) -> bool:
    return abs(slope.value - value) <= max(slope.half, SLACK * abs(value))


def _form(likelihood: Slope, beta: Slope) -> Literal["elbo", "scaled elbo", "weighted"]:
    if not _is(beta, 1.0):
        return "weighted"
    return "elbo" if _is(likelihood, 1.0) else "scaled elbo"


def objective_lines(weights: LossWeights, declared: float | None, values: int, latent: int) -> list[Line]:
    """Say what an objective is, and what is odd about it.

    Args:
        weights: What it weighs.
        declared: The variant's kl_weight.
        values: Number of values in an example.
        latent: Number of latent units.

    Returns:
        One line, and one for each oddity.
    """
    for part, weight in (("log p(x|z)", weights.likelihood), ("KL", weights.kl)):
        if weight is not None and weight < 0:
            says = f"the loss has {weight:.4g} times {'−' * (part != 'KL')}{part}, expected above 0: its sign is wrong"
            return [Line("objective", "refuse", says)]
    if weights.beta is None:
        says = "no sum of −log p(x|z) and the KL with one weight, so no ELBO"
        if declared is None:
            return [Line("objective", "pass", f"{says}: rightly, no kl_weight is declared")]
        return [Line("objective", "refuse", f"{says}, but kl_weight is declared {declared:g}: declare none")]
    lines = [Line("objective", "pass", _told(weights))]
    if declared is None:
        says = f"the loss is −log p(x|z) + {weights.beta:.4g}·KL, but the variant declares no kl_weight: declare it, "
        lines.append(Line("kl_weight", "warn", says + "else the exact relations are not judged"))
    if odd := _averaged(weights.beta, values, latent):
        lines.append(Line("averages", "warn", odd))
    return lines


def _told(weights: LossWeights) -> str:
    assert weights.beta is not None
    numbers = f"β = {weights.beta:.4g} in nats per example, {weights.beta_per_unit:.3g} per latent unit and value"
    if weights.form == "elbo":
        return f"the negative ELBO: {numbers}"
    if weights.form == "scaled elbo":
        return f"{weights.likelihood:.4g} times the negative ELBO: {numbers}"
    bound = "its negative is still a lower bound of log p(x)" if weights.is_bound else "it bounds nothing"
    scale = "" if weights.likelihood is None else f"{weights.likelihood:.4g}·(−log p(x|z)) + {weights.kl:.4g}·KL, "
    return f"not the ELBO but {scale}{numbers}; {bound}"


def _averaged(beta: float, values: int, latent: int) -> str:
    """Recognise a part of the loss that was averaged where it should be summed."""
    cases = (
        (float(values), f"is −log p(x|z) averaged over the {values} values of an example, and the KL summed?"),
        (1 / latent, f"is the KL averaged over the {latent} latent units, and −log p(x|z) summed?"),
        (values / latent, f"are −log p(x|z) averaged over {values} values and the KL over {latent} latent units?"),
    )
    for weight, question in cases:
        if abs(weight - 1) > SLACK and abs(beta - weight) <= SLACK * weight:
            return f"the KL weighs {beta:.4g}, expected 1: {question} Sum both, or declare the weight if it is meant"
    return ""
