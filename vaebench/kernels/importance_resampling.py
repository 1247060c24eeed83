"""Sampling importance resampling: draws of one distribution turned into draws of another by weight."""

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined


def effective_sample_size(log_weights: Tensor) -> Tensor:
    """Number of equally weighted candidates that would estimate a mean as well as these, a count in [1, candidates].

    ESS = (Σ_i w_i)² / Σ_i w_i² = 1/Σ_i w̄_i²,  w̄ the weights over their sum.

    Closed form: Kish's, the variance of a weighted mean of numbers that do not depend on their weights. Over the number
    of candidates it is a share. It sees the candidates that there are: where none has fallen into the region that
    matters it is large and wrong, so it can say that the resampling is bad, never that it is good.

    `Undefined` where `resampling_indices` is.

    Args:
        log_weights: Logarithms of the weights up to a common constant, shape (candidates,); −∞ is a weight of 0.

    Returns:
        The count, a scalar in double precision. Exact for these weights; as an estimate of the limit
        candidates·(E w)²/E w² biased upwards, for rare large weights are missing from small samples. Where E w² is
        infinite, as for weights that grow like exp(|z|²/4) under N(0, I), the share falls to 0 as candidates are added.

    Examples:
        >>> effective_sample_size(torch.zeros(4))
        tensor(4., dtype=torch.float64)
        >>> effective_sample_size(torch.tensor([5.0, float("-inf"), float("-inf")]))
        tensor(1., dtype=torch.float64)
    """
    return 1 / _normalised(log_weights).square().sum()


def resampling_indices(log_weights: Tensor, n: int, rng: torch.Generator) -> Tensor:
    """Which candidates to take, and how often, so that the taken ones follow the weights; indices without unit.

    Candidate i is taken ⌊n·w̄_i⌋ or ⌈n·w̄_i⌉ times, n·w̄_i in the mean: systematic resampling. A comb of n teeth, 1/n
    apart and shifted by one uniform number, falls on the candidates' shares of [0, 1]. The order is then shuffled, so
    that any part of the result is a fair sample too.

    Closed form: each tooth is uniform on [0, 1], so counts are unbiased, as in multinomial resampling. Independent
    teeth would hit a candidate twice by chance alone, a pair of identical samples that lowers every measure of
    variation. The comb repeats a candidate only where it carries more than 1/n of the weight. Taking each candidate at
    most once instead would flatten the weights: at n = candidates it gives the unweighted candidates back.

    `Undefined` where a weight is infinite or not a number, or none is positive.

    Args:
        log_weights: Logarithms of the weights up to a common constant, shape (candidates,); −∞ is a weight of 0.
        n: How many to take. More than the effective sample size of them repeat each other.
        rng: Source of the shift and of the shuffle.

    Returns:
        Indices, shape (n,), on the device of the weights. For candidates from p and weights p*/p, the taken ones follow
        p* in the limit of many candidates, with a bias of O(1/candidates) towards p: one candidate alone is a draw from
        p, whatever it weighs. A mean over them has at most about the variance that independent draws would give it,
        plus that of the weighted mean over the candidates, Var/ESS, which no n removes.

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
    # Rounding may put the last tooth on the end itself, where no candidate lies.
    teeth = torch.minimum(teeth, torch.nextafter(shares[-1], torch.zeros_like(shares[-1])))
    order = torch.randperm(n, generator=rng, device=rng.device).to(shares.device)
    return torch.searchsorted(shares, teeth, right=True)[order]


def resampled(candidates: Tensor, log_weights: Tensor, n: int, rng: torch.Generator) -> Tensor:
    """Draws from a weighted distribution, taken from candidates of another, in the unit of the candidates.

    candidates[i_1], …, candidates[i_n] with the indices of `resampling_indices`, which says how exact this is.

    Closed form: the definition. Codes from N(0, I) with the weights (det g)^α become draws of N(z; 0, I)·(det g(z))^α
    over its integral, which need not be known.

    Args:
        candidates: Draws from the first distribution, shape (candidates, *event).
        log_weights: Logarithms of the ratio of the densities, up to a constant, shape (candidates,).
        n: How many to take.
        rng: Source of the randomness.

    Returns:
        Shape (n, *event): some of the candidates, repeated where their weight asks for it.

    Raises:
        ValueError: If candidates and weights do not pair up.

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
    """Weights that sum to one, in double precision, where a sum over a million candidates is still exact enough."""
    if log_weights.ndim != 1 or not log_weights.numel():
        raise ValueError(f"weights are one row, one for each candidate, got shape {tuple(log_weights.shape)}")
    if bool((torch.isnan(log_weights) | torch.isposinf(log_weights)).any()):
        raise Undefined("a weight is infinite or not a number")
    if bool(torch.isneginf(log_weights).all()):
        raise Undefined("no candidate has a positive weight")
    return torch.softmax(log_weights.double(), 0)
