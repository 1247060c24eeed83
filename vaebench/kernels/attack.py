"""The largest output change that a small perturbation of the input can cause."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vjp

from vaebench.kernels.estimate import require_finite
from vaebench.kernels.lengths import norms, polar, unit_vectors
from vaebench.kernels.normal import standard_normal

# Steps shrink from 100 radii to 100·e⁻⁸ ≈ .03 of one. The first steps overshoot the ball by far. Projecting them keeps
# only the direction of the gradient, so they act as power iteration. The last steps settle between the kinks of a
# network.
_FIRST_STEP = 100.0
_DECAY = 8.0
_MOMENTUM = 0.9


def maximum_damage(
    function: Callable[[Tensor], Tensor], x: Tensor, radius: float, steps: int, restarts: int, rng: torch.Generator
) -> Tensor:
    """Largest output change found within a ball around each input, in output units.

    max over ‖δ‖₂ ≤ r of ‖function(x + δ) − function(x)‖₂, by projected gradient ascent:

        look = Π(δ_t + .9·(δ_t − δ_{t−1})),  δ_{t+1} = Π(look + 100·e^{−8t/steps}·r·∇/‖∇‖),

    ∇ is the gradient of ½‖function(x + δ) − function(x)‖² at `look`. Π is the projection on the ball. The gradient
    vanishes at δ = 0. The ascent therefore starts from `restarts` random points of the sphere.

    Closed form: for a linear map ∇ = AᵀA·δ. The ascent is then power iteration with momentum and finds r·σ_max. All
    steps scale with r, so on a linear map the damage does too.

    `Undefined` where the function gives a value that is not finite.

    Args:
        function: (batch, *shape) -> (batch, *event), example by example; for a VAE, decoder mean after encoder mean.
        x: Inputs, shape (batch, *shape).
        radius: r, in the unit of x.
        steps: Gradients per restart. On a linear map with 64 inputs, 30 steps find r·σ_max within 1 % from 19 starts in
            20.
        restarts: Random starts. The best iterate of all is kept.
        rng: Source of the starts.

    Returns:
        The damage, shape (batch,). A lower bound on the maximum, attained inside the ball.

    Raises:
        ValueError: If `radius` is negative, or `steps` or `restarts` is below 1.

    Examples:
        >>> stretch = torch.tensor([3.0, 1.0])
        >>> maximum_damage(lambda x: stretch * x, torch.zeros(1, 2), 2.0, 20, 1, torch.Generator().manual_seed(0))
        tensor([6.])
    """  # noqa: DOC502 - raised by _best_of_restarts
    return _best_of_restarts(function, x, radius, steps, restarts, rng)[-1]


class Damage(NamedTuple):
    """The damage that an attack found, and how far it may be from the maximum.

    Attributes:
        found: The largest damage, shape (batch,): that of `maximum_damage` from the same starts.
        gain: How much of it the second half of the starts added, shape (batch,).
    """

    found: Tensor
    gain: Tensor


def damage_and_gain(
    function: Callable[[Tensor], Tensor], x: Tensor, radius: float, steps: int, restarts: int, rng: torch.Generator
) -> Damage:
    """Largest output change found within a ball around each input, with what half of the starts would have missed.

    found = max over all starts,  gain = found − max over the first half of them.

    If the starts are alike, as many again would on average add less than the second half did. So the mean gain over
    examples is an upper estimate of what the next doubling adds. It is no bound on what all starts miss together.
    `Undefined` is raised as by `maximum_damage`, and so is `ValueError` for its arguments.

    Args:
        function: As for `maximum_damage`.
        x: Inputs, shape (batch, *shape).
        radius: r, in the unit of x.
        steps: Gradients per restart.
        restarts: Random starts, at least two; of an odd number the second half is the larger one.
        rng: Source of the starts.

    Returns:
        Both in output units.

    Raises:
        ValueError: There is one restart only, which has no second half.

    Examples:
        >>> stretch, rng = torch.tensor([3.0, 1.0]), torch.Generator().manual_seed(0)
        >>> found = damage_and_gain(lambda x: stretch * x, torch.zeros(1, 2), 2.0, 20, 2, rng)
        >>> found.found, bool(found.gain < 1e-3)
        (tensor([6.]), True)
    """
    if restarts == 1:
        raise ValueError("a second half of the restarts needs two of them")
    best = _best_of_restarts(function, x, radius, steps, restarts, rng)
    return Damage(best[-1], best[-1] - best[restarts // 2 - 1])


def _best_of_restarts(
    function: Callable[[Tensor], Tensor], x: Tensor, radius: float, steps: int, restarts: int, rng: torch.Generator
) -> list[Tensor]:
    """The largest change found after each restart, shape (batch,) each."""
    if radius < 0:
        raise ValueError(f"radius must not be negative, got {radius}")
    if steps < 1 or restarts < 1:
        raise ValueError(f"an attack needs steps and restarts of at least 1, got {steps} and {restarts}")
    with torch.no_grad():
        clean = function(x)

        def change(delta: Tensor) -> Tensor:
            return function(x + delta) - clean

        best = [torch.zeros(x.shape[0], dtype=clean.dtype, device=clean.device)]
        for _ in range(restarts):
            start = radius * unit_vectors(standard_normal(x.shape, rng, dtype=x.dtype, device=x.device))
            best.append(torch.maximum(best[-1], _ascent(change, start, radius, steps)))
        require_finite(best[-1], "the damage")
        return best[1:]


def _ascent(change: Callable[[Tensor], Tensor], start: Tensor, radius: float, steps: int) -> Tensor:
    """Ascend from one start; return the largest ‖change(δ)‖ on the way, shape (batch,)."""
    delta, previous = start, start
    worst = torch.zeros(start.shape[0], dtype=start.dtype, device=start.device)
    for step in range(steps):
        look = _project(delta + _MOMENTUM * (delta - previous), radius)
        changed, pull = vjp(change, look)[:2]
        lengths, direction = polar(changed)
        worst = torch.maximum(worst, lengths)
        # Pulling the change back through the function gives the gradient of half its square.
        ascent = unit_vectors(pull(direction)[0])
        size = _FIRST_STEP * math.exp(-_DECAY * step / steps) * radius
        previous, delta = delta, _project(look + size * ascent, radius)
    return torch.maximum(worst, norms(change(delta)))


def _project(delta: Tensor, radius: float) -> Tensor:
    """Nearest point of the ball, for each example."""
    # Lengths are divided by a power of two near r, which is exact, because r² may be out of range.
    inner, exponent = math.frexp(radius)
    lengths = (delta / 2.0**exponent).flatten(1).square().sum(1).sqrt().reshape(-1, *[1] * (delta.ndim - 1))
    return delta * (inner / lengths.clamp_min(inner)).nan_to_num(0.0)
