"""Metropolis-adjusted Langevin chains: draws from an unnormalised density, guided by its gradient."""

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
# The gains t^−.6 sum to infinity, so every step size can be reached. Their squares have a finite sum, so the step size
# converges.
_GAIN_DECAY = 0.6


class Chains(NamedTuple):
    """Last states of the chains, with their acceptance and step size.

    Attributes:
        z: Last state of each chain, shape (chains, dim). Given the step size, the draws are independent.
        acceptance: Mean acceptance probability of each chain over the steps after burn-in, shape (chains,). It shows a
            stuck chain, which the mean over chains would hide.
        step_size: s after burn-in, in the unit of z, a scalar.
    """

    z: Tensor
    acceptance: Tensor
    step_size: Tensor


def with_gradient(log_density: Callable[[Tensor], Tensor], at_once: int | None = None) -> ValueAndGradient:
    """Pair a log density, in nats, with its gradient, in nats per unit of z.

    z ↦ (log p(z), ∇ log p(z)), in one backward pass for all chains, or for so many at once.

    Closed form: no chain's value depends on another chain's code. Pulling back ones thus gives each chain its own
    gradient.

    Args:
        log_density: (chains, dim) -> (chains,), example by example, made of operations that torch.func can
            differentiate. It may contain derivatives itself, like log det g of a decoder's metric, if they are
            torch.func's too.
        at_once: Most chains whose intermediate results are held at a time; None for all.

    Returns:
        The pair as a function of z. Exact, by automatic differentiation. Ignores an enclosing `torch.no_grad`.

    Examples:
        >>> with_gradient(lambda z: -z.square().sum(1))(torch.tensor([[1.0, 2.0]]))
        (tensor([-5.]), tensor([[-2., -4.]]))
    """

    def pair(z: Tensor) -> tuple[Tensor, Tensor]:
        value, pull = vjp(log_density, z)[:2]
        return value, pull(torch.ones_like(value))[0]

    if at_once is None:
        return pair
    most = at_once

    def in_parts(z: Tensor) -> tuple[Tensor, Tensor]:
        values, gradients = zip(*map(pair, torch.split(z, most)), strict=True)
        return torch.cat(values), torch.cat(gradients)

    return in_parts


def mala(
    value_and_gradient: ValueAndGradient,
    start: Tensor,
    steps: int,
    step_size: float,
    rng: torch.Generator,
    *,
    burn_in: int = 0,
) -> Chains:
    """Draw from an unnormalised density by the Metropolis-adjusted Langevin algorithm.

    All chains step at once. z′ = z + (s²/2)·∇log p(z) + s·ξ, ξ ~ N(0, I), is accepted with probability

        min(1, p(z′)·q(z|z′) / (p(z)·q(z′|z))),  q(z′|z) = N(z′; z + (s²/2)·∇log p(z), s²·I),

    During burn-in, log s ← log s + t^(−.6)·(a_t − .574). There a_t is the chains' mean acceptance probability in step
    t. Then s stays fixed, because a chain that keeps adapting need not preserve p.

    Source: Roberts & Rosenthal 1998, "Optimal scaling of discrete approximations to Langevin diffusions". Their optimal
    acceptance .574 holds for many independent coordinates, and approximately for few. A proposal is rejected where the
    density or its gradient is not finite, so the chain samples p restricted to where both are finite.

    `Undefined` where the density or its gradient is not finite at a start.

    Args:
        value_and_gradient: z ↦ (log p(z) up to a constant, its gradient); `with_gradient` makes one.
        start: First states, shape (chains, dim): draws from the prior, or better from a resampling.
        steps: Steps after burn-in, at least 1.
        step_size: Initial s, in the unit of z, positive.
        rng: Source of proposals and acceptances.
        burn_in: Earlier steps, which adapt s; 0 leaves it as given.

    Returns:
        Last states in the unit of z, acceptance and s. Exact in the limit of many steps. Each step preserves p, so
        starts that follow p give draws that follow p. Two modes that small steps hardly connect keep the shares of the
        starts. Where the gradient grows faster than z, a chain that starts far out may never move.

    Raises:
        ValueError: If `start` is not a batch of vectors, `steps`, `burn_in` or `step_size` is too small, or the
            density's shapes do not fit the chains.

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
    """Codes with their log density and its gradient."""

    z: Tensor
    value: Tensor
    gradient: Tensor


def _starting_state(value_and_gradient: ValueAndGradient, start: Tensor) -> _State:
    """Evaluate the starts and check their shapes, so that nothing is broadcast by mistake."""
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
    """One proposal for every chain: the new states and the acceptance probabilities."""
    device, dtype = state.z.device, state.z.dtype
    # s is divided by a power of two before it is squared, which is exact: s² may be out of range where the drift is
    # not.
    unit = power_of_two(size)
    half = (size / unit).square() / 2

    def drift(gradient: Tensor) -> Tensor:
        return half * (gradient * unit) * unit

    noise = standard_normal(state.z.shape, rng, dtype=dtype, device=device)
    proposed_z = state.z + drift(state.gradient) + size * noise
    proposed = _State(proposed_z, *value_and_gradient(proposed_z))
    # The noise that the reverse step would have to draw.
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
