"""Sampling importance resampling: weighted draws of one distribution become draws of another."""

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined


def effective_sample_size(log_weights: Tensor) -> Tensor:
    """Number of equally weighted candidates that estimate a mean equally well, in [1, candidates].

    ESS = (Σ_i w_i)² / Σ_i w_i² = 1/Σ_i w̄_i²,  w̄ the weights divided by their sum.

    Source: Kish 1965, "Survey Sampling", for numbers that do not depend on their weights. Divided by the number of
    candidates it is a share. It depends on the candidates drawn. If none lies in the region that matters, it is large
    and wrong. So it can show that a resampling is bad, but not that it is good.

    `Undefined` in the same cases as `resampling_indices`.

    Args:
        log_weights: Logarithms of the weights up to a common constant, shape (candidates,). −∞ is a weight of 0.

    Returns:
        The count, a scalar in double precision. Exact for these weights. As an estimate of the limit candidates·(E
        w)²/E w² it is biased upwards, because small samples miss rare large weights. Where E w² is infinite, as for
        weights that grow like exp(|z|²/4) under N(0, I), the share falls to 0 as candidates are added.

    Examples:
        >>> effective_sample_size(torch.zeros(4))
        tensor(4., dtype=torch.float64)
        >>> effective_sample_size(torch.tensor([5.0, float("-inf"), float("-inf")]))
        tensor(1., dtype=torch.float64)
    """
    return 1 / _normalised(log_weights).square().sum()


def resampling_indices(log_weights: Tensor, n: int, rng: torch.Generator) -> Tensor:
    """Indices of the candidates to take, with repeats, so that they follow the weights; without unit.

    Systematic resampling takes candidate i ⌊n·w̄_i⌋ or ⌈n·w̄_i⌉ times, and n·w̄_i times on average. Each candidate has
    a share of [0, 1]. A comb of n teeth, 1/n apart, is shifted by one uniform number and falls on the shares. The order
    is then shuffled, so any part of the result is a fair sample.

    Closed form: each tooth is uniform on [0, 1], so counts are unbiased. Independent teeth would hit some candidates
    twice by chance. Such identical pairs lower every measure of diversity. The comb repeats a candidate only if it
    carries more than 1/n of the weight. Taking each candidate at most once would flatten the weights: at n = candidates
    it returns the unweighted candidates.

    `Undefined` where a weight is infinite or NaN, or none is positive.

    Args:
        log_weights: Logarithms of the weights up to a common constant, shape (candidates,). −∞ is a weight of 0.
        n: How many to take. Beyond the effective sample size, they repeat each other.
        rng: Source of the shift and of the shuffle.

    Returns:
        Indices, shape (n,), on the device of the weights. For candidates from p and weights p*/p, the taken ones follow
        p* in the limit of many candidates. The bias is O(1/candidates) towards p: a single candidate is a draw from p,
        whatever its weight. The variance of a mean over them has two parts: at most about that of n independent draws,
        and that of the weighted mean over the candidates, Var/ESS, which does not depend on n.

    Raises:
        ValueError: If `n` is below 1, or the weights are not one row.

    Examples:
        >>> weights = torch.tensor([0.5, 0.25, 0.25])
        >>> resampling_indices(weights.log(), 4, torch.Generator().manual_seed(0)).bincount()
        tensor([2, 1, 1])
    """
    if n < 1:
        raise ValueError(f"resampling takes at least one candidate, got n = {n}")
    shares = _normalised(log_weights).cumsum(0)
    shift = torch.rand(1, generator=rng, dtype=torch.float64, device=rng.device).to(shares.device)
    teeth = (torch.arange(n, dtype=torch.float64, device=shares.device) + shift) / n * shares[-1]
    # Rounding may put the last tooth on the end point, where there is no candidate.
    teeth = torch.minimum(teeth, torch.nextafter(shares[-1], torch.zeros_like(shares[-1])))
    order = torch.randperm(n, generator=rng, device=rng.device).to(shares.device)
    return torch.searchsorted(shares, teeth, right=True)[order]


def resampled(candidates: Tensor, log_weights: Tensor, n: int, rng: torch.Generator) -> Tensor:
    """Draws from a weighted distribution, selected from candidates of another, in their unit.

    candidates[i_1], …, candidates[i_n] with the indices of `resampling_indices`, which states the accuracy.

    With the weights (det g)^α, codes from N(0, I) become draws of N(z; 0, I)·(det g(z))^α, normalised. The normalising
    constant need not be known.

    Args:
        candidates: Draws from the first distribution, shape (candidates, *event).
        log_weights: Logarithms of the ratio of the densities, up to a constant, shape (candidates,).
        n: How many to take.
        rng: Source of the randomness.

    Returns:
        Shape (n, *event): candidates, repeated according to their weights.

    Raises:
        ValueError: If there is not one weight for each candidate.

    Examples:
        >>> log_weights = torch.tensor([0.0, float("-inf")])
        >>> resampled(torch.tensor([[1.0], [2.0]]), log_weights, 2, torch.Generator().manual_seed(0))
        tensor([[1.],
                [1.]])
    """
    if candidates.shape[:1] != log_weights.shape:
        raise ValueError(f"each candidate has one weight: got shapes {candidates.shape} and {log_weights.shape}")
    return candidates[resampling_indices(log_weights, n, rng)]


def _normalised(log_weights: Tensor) -> Tensor:
    """Weights that sum to one, in double precision: sums over a million candidates stay accurate."""
    if log_weights.ndim != 1 or not log_weights.numel():
        raise ValueError(f"weights are one row, one for each candidate, got shape {tuple(log_weights.shape)}")
    if bool((torch.isnan(log_weights) | torch.isposinf(log_weights)).any()):
        raise Undefined("a weight is infinite or not a number")
    if bool(torch.isneginf(log_weights).all()):
        raise Undefined("no candidate has a positive weight")
    return torch.softmax(log_weights.double(), 0)
