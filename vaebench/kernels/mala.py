"""Metropolis-adjusted Langevin chains: draws from a density that is known up to a constant, led by its gradient."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vjp

from vaebench.kernels.estimate import require_finite
from vaebench.kernels.lengths import power_of_two
from vaebench.kernels.normal import standard_normal

ValueAndGradient = Callable[[Tensor], tuple[Tensor, Tensor]]
"""(chains, dim) -> the log density, (chains,), and its gradient, (chains, dim)."""

TARGET_ACCEPTANCE = 0.574
# Gains t^−.6 sum to infinity, so that any step size can be reached, and their squares to a number, so that it settles.
_GAIN_DECAY = 0.6


class Chains(NamedTuple):
    """Where the chains ended and how they got there.

    Attributes:
        z: Last state of each chain, shape (chains, dim): draws that are independent of each other given the step size.
        acceptance: Mean acceptance probability of each chain over the steps after burn-in, shape (chains,). A chain
            that is stuck shows here and not in their mean.
        step_size: s after burn-in, in the unit of z, a scalar.
    """

    z: Tensor
    acceptance: Tensor
    step_size: Tensor


def with_gradient(log_density: Callable[[Tensor], Tensor]) -> ValueAndGradient:
    """Pair a log density in nats with its gradient, in nats per unit of z.

    z ↦ (log p(z), ∇ log p(z)), in one backward pass for all chains.

    Closed form: no chain's value depends on another's code, so pulling ones back gives each its own gradient.

    Args:
        log_density: (chains, dim) -> (chains,), example by example, of operations that torch.func can differentiate. It
            may contain derivatives of its own, as log det g of a decoder's metric does, if they are torch.func's too.

    Returns:
        The pair as a function of z. Exact, automatic differentiation; ignores an enclosing `torch.no_grad`.

    Examples:
        >>> with_gradient(lambda z: -z.square().sum(1))(torch.tensor([[1.0, 2.0]]))
        (tensor([-5.]), tensor([[-2., -4.]]))
    """

    def pair(z: Tensor) -> tuple[Tensor, Tensor]:
        value, pull = vjp(log_density, z)[:2]
        return value, pull(torch.ones_like(value))[0]

    return pair


def mala(
    value_and_gradient: ValueAndGradient,
    start: Tensor,
    steps: int,
    step_size: float,
    rng: torch.Generator,
    *,
    burn_in: int = 0,
) -> Chains:
    """Draw from an unnormalised density by the Metropolis-adjusted Langevin algorithm, in the unit of z.

    z′ = z + (s²/2)·∇log p(z) + s·ξ, ξ ~ N(0, I), taken with the probability

        min(1, p(z′)·q(z|z′) / (p(z)·q(z′|z))),  q(z′|z) = N(z′; z + (s²/2)·∇log p(z), s²·I),

    all chains at once. Over the burn-in, s follows log s ← log s + t^(−.6)·(a_t − .574), a_t the mean acceptance
    probability of step t over the chains; then it stays, for a chain that goes on adapting need not keep p.

    Source: Roberts & Rosenthal 1998, "Optimal scaling of discrete approximations to Langevin diffusions", whose best
    acceptance .574 holds for many independent coordinates, and is near enough for few. A proposal where the density or
    its gradient is not finite is rejected, so that what is sampled is p restricted to where both are.

    `Undefined` where the density or its gradient is not finite at a start.

    Args:
        value_and_gradient: z ↦ (log p(z) up to a constant, its gradient); `with_gradient` makes one.
        start: First states, shape (chains, dim). Draws from the prior, or better those of a resampling.
        steps: Steps after burn-in, at least 1.
        step_size: s to begin with, in the unit of z, positive.
        rng: Source of the proposals and of the decisions.
        burn_in: Steps before, in which s is adapted; 0 leaves it as given.

    Returns:
        Last states, acceptance and s. Exact in the limit of many steps; each step leaves p as it is, so starts that
        follow p give draws that do. Two modes that a path of small steps hardly joins keep the shares of the starts,
        and where the gradient grows faster than z, a chain that starts far out may be thrown too far ever to move.

    Raises:
        ValueError: If `start` is no batch of vectors, `steps`, `burn_in` or `step_size` is too small, or the density's
            shapes do not fit the chains.

    Examples:
        >>> chains = mala(lambda z: (-z.square().sum(1) / 2, -z), torch.zeros(2000, 1), 50, 1.0,
        ...               torch.Generator().manual_seed(0))
        >>> 0.9 < float(chains.z.var()) < 1.1
        True
    """
    if start.ndim != 2:
        raise ValueError(f"chains start from a batch of vectors (chains, dim), got shape {tuple(start.shape)}")
    if steps < 1 or burn_in < 0 or not step_size > 0:
        raise ValueError(
            "chains need steps of at least 1, a burn-in of at least 0 and a positive step size, "
            f"got {steps}, {burn_in} and {step_size}"
        )
    with torch.no_grad():
        state = _starting_state(value_and_gradient, start)
        size = torch.tensor(step_size, dtype=start.dtype, device=start.device)
        for step in range(1, burn_in + 1):
            state, probability = _step(value_and_gradient, state, size, rng)
            size = size * torch.exp((probability.mean() - TARGET_ACCEPTANCE) / step**_GAIN_DECAY)
        acceptance = torch.zeros_like(state.value)
        for _ in range(steps):
            state, probability = _step(value_and_gradient, state, size, rng)
            acceptance = acceptance + probability / steps
        return Chains(state.z, acceptance, size)


class _State(NamedTuple):
    """Codes with the log density and its gradient there."""

    z: Tensor
    value: Tensor
    gradient: Tensor


def _starting_state(value_and_gradient: ValueAndGradient, start: Tensor) -> _State:
    """Evaluate the starts, and see that the shapes are such that nothing is broadcast by mistake."""
    value, gradient = value_and_gradient(start)
    if value.shape != start.shape[:1] or gradient.shape != start.shape:
        raise ValueError(
            f"{start.shape[0]} chains of {start.shape[1]} dimensions need as many values and gradients of that shape, "
            f"got shapes {tuple(value.shape)} and {tuple(gradient.shape)}"
        )
    require_finite(value, "the log density of the starts")
    return _State(start, value, require_finite(gradient, "the gradient at the starts"))


def _step(
    value_and_gradient: ValueAndGradient, state: _State, size: Tensor, rng: torch.Generator
) -> tuple[_State, Tensor]:
    """Propose once for every chain and take it or not; the new states and the acceptance probabilities."""
    device, dtype = state.z.device, state.z.dtype
    # s² is taken of s over a power of two, which costs no digit: it may be out of range where the drift is not.
    unit = power_of_two(size)
    half = (size / unit).square() / 2

    def drift(gradient: Tensor) -> Tensor:
        return half * (gradient * unit) * unit

    noise = standard_normal(state.z.shape, rng, dtype=dtype, device=device)
    proposed_z = state.z + drift(state.gradient) + size * noise
    proposed = _State(proposed_z, *value_and_gradient(proposed_z))
    # What the way back would have had to draw; the way there drew the noise.
    noise_back = (state.z - proposed.z - drift(proposed.gradient)) / size
    log_ratio = proposed.value - state.value + (noise.square().sum(1) - noise_back.square().sum(1)) / 2
    finite = torch.isfinite(proposed.value) & torch.isfinite(proposed.gradient).all(1)
    probability = torch.where(finite, torch.exp(log_ratio.clamp_max(0)), 0)
    uniform = torch.rand(probability.shape, generator=rng, dtype=dtype, device=rng.device).to(device)
    taken = uniform < probability
    after = _State(
        torch.where(taken[:, None], proposed.z, state.z),
        torch.where(taken, proposed.value, state.value),
        torch.where(taken[:, None], proposed.gradient, state.gradient),
    )
    return after, probability
