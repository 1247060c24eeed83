"""Diversity of samples, their coverage of the real data, and thresholds for outliers.

Standard errors assume independent samples, and independent real data where those are used. Resampled samples are not
independent: they repeat and share candidates.
"""

import math

import numpy as np
import torch
from torch import Tensor

from vaebench.kernels.estimate import Estimate, Undefined, mean_estimate, require_finite
from vaebench.kernels.neighbours import Neighbours, distances_in_parts, nearest


def class_entropy(probabilities: Tensor) -> Estimate:
    """Entropy of the classes that samples fall into, in nats.

    H = −Σ_c p̄_c·log p̄_c,  p̄ the mean of the samples' class probabilities.

    Closed form: the error is the delta method's, with the influence −Σ_c p_ic·log p̄_c of each sample. At a uniform p̄,
    where H is maximal, the first-order error is 0.

    `Undefined` where there are fewer than two samples, or a probability is not finite.

    Args:
        probabilities: p_ic, a classifier's output for each sample, with rows that sum to 1, shape (n, classes).

    Returns:
        H in [0, log classes]. Biased low by Σ_c Var(p_c)/(2n·p̄_c), at most (classes − 1)/(2n), plus O(1/n²).

    Raises:
        ValueError: If a row is not a distribution.

    Examples:
        >>> round(float(class_entropy(torch.tensor([[1.0, 0.0], [0.0, 1.0]])).value), 4)
        0.6931
    """
    require_finite(probabilities, "the class probabilities")
    tolerance = torch.finfo(probabilities.dtype).eps ** 0.5
    if bool((probabilities < 0).any() | ((probabilities.sum(1) - 1).abs() > tolerance).any()):
        raise ValueError("class probabilities are not negative and sum to 1 in each row")
    mean = probabilities.mean(0)
    # An empty class has the influence 0·log 0 = 0.
    influence = -torch.special.xlogy(probabilities, mean.where(mean > 0, 1)).sum(1)
    return mean_estimate(influence)._replace(value=torch.special.entr(mean).sum())


def mean_pairwise_distance(x: Tensor, *, chunk: int = 1024) -> Estimate:
    """Mean Euclidean distance between two samples, in the unit of the samples.

    value = 2/(n(n − 1))·Σ_{i<j} ‖x_i − x_j‖,  stderr² = 4(n − 1)/(n(n − 2)²)·Σ_i (h_i − value)²,

    where h_i is the mean distance of sample i to the others.

    Closed form: a U-statistic of degree 2 with the jackknife's standard error. That includes the dependence of pairs
    that share a sample. It is too large, by a relative O(1/n).

    Args:
        x: Independent samples, shape (n, *event).
        chunk: Samples at a time; memory is chunk × n.

    Returns:
        The mean distance, unbiased, its standard error, and the number of samples (not of pairs).

    Raises:
        Undefined: If there are fewer than three samples, or one is not finite.

    Examples:
        >>> distance = mean_pairwise_distance(torch.tensor([[0.0], [1.0], [2.0]]))
        >>> round(float(distance.value), 4), distance.n
        (1.3333, 3)
    """
    n = x.shape[0]
    if n < 3:
        raise Undefined(f"the error of a mean over pairs needs at least three samples, got {n}")
    to_others = torch.cat([part.sum(1) for part in distances_in_parts(x, x, chunk)]) / (n - 1)
    value = to_others.mean()
    variance = 4 * (n - 1) / (n * (n - 2) ** 2) * (to_others - value).square().sum()
    return Estimate(value.to(x.dtype), variance.sqrt().to(x.dtype), n)


def coverage(
    real: Tensor, samples: Tensor, k: int, *, chunk: int = 1024, among_real: Neighbours | None = None
) -> Estimate:
    """Share of real examples with a sample within their k-th nearest-neighbour radius, in [0, 1].

    (1/N)·Σ_i 1[min_j ‖x_i − y_j‖ ≤ r_i],  r_i the distance of x_i to its k-th nearest other real example.

    Source: Naeem et al. 2020, arXiv 2002.09797. Their balls are open and ours are closed, which differs only for ties:
    a repeated real example is then covered by its own copy. Samples that are all alike cover little, however good they
    are. `expected_coverage` is the value for samples of the data's own distribution; it depends on both sample sizes.

    The error is the jackknife's, over real examples and over samples. Without a sample, examples that only it covered
    are uncovered. Without a real example, the balls that it bounded grow. By the inequality of Efron and Stein the
    error is an upper bound; it is 1.5 to 2.5 times the true error. For independent examples the error would be √(c(1 −
    c)/N). That is too small, by up to 1.6 times, because neighbouring balls are covered together.

    `Undefined` where an example or a sample is not finite. `ValueError` where the events differ in shape.

    Args:
        real: x, held-out real examples, shape (N, *event).
        samples: y, shape (M, *event).
        k: Rank of the real neighbour that sets the radius.
        chunk: Real examples at a time; memory is chunk × the larger of N and M.
        among_real: ``nearest(real, real, k + 2)``, where it is known already.

    Returns:
        The share, its standard error, and N. Exact for these sets. The error is 0 where no single example or sample
        matters, as at a share of 0 far from the data.

    Raises:
        ValueError: If k is below 1, or there are fewer than k + 2 real examples or two samples.

    Examples:
        >>> real = torch.arange(8.0).unsqueeze(1)
        >>> float(coverage(real, real + 0.5, k=1).value), float(coverage(real, torch.zeros(8, 1), k=1).value)
        (1.0, 0.25)
    """
    n, m = real.shape[0], samples.shape[0]
    if k < 1 or n < k + 2 or m < 2:
        raise ValueError(
            f"coverage needs k of at least 1, k + 2 real examples and two samples, got k = {k}, {n} and {m}"
        )
    neighbours, inner = nearest(real, real, k + 2, chunk=chunk) if among_real is None else among_real
    radius, wider = neighbours[:, k], neighbours[:, k + 1]
    to_samples, which = nearest(real, samples, 2, chunk=chunk)
    first, second = to_samples.unbind(1)
    covered = first <= radius
    alone = which[:, 0][covered & (second > radius)].bincount(minlength=m).double()
    freed = inner[~covered & (first <= wider), 1 : k + 1].flatten().bincount(minlength=n).double()
    left_out = covered.double() - freed
    variance = left_out.var() / n + alone.var() * (m - 1) ** 2 / (m * n**2)
    return Estimate(covered.to(real.dtype).mean(), variance.sqrt().to(real.dtype), n)


def expected_coverage(n_real: int, n_samples: int, k: int) -> float:
    """Expected coverage for samples of the real data's own distribution, in [0, 1].

    1 − ∏_{i=1}^{k} (N − i)/(N + M − i).

    Closed form: x_i has N − 1 other real examples and M samples as neighbours. It is not covered if the k nearest are
    all real. If all have one distribution, every order is equally likely. The result does not depend on that
    distribution or its dimension.

    Args:
        n_real: N, at least k + 1.
        n_samples: M.
        k: Rank of the real neighbour that sets the radius.

    Returns:
        The expectation of `coverage`. Exact where distances do not tie.

    Raises:
        ValueError: If a number is too small.

    Examples:
        >>> expected_coverage(2, 1, 1)
        0.5
    """
    if k < 1 or n_real <= k or n_samples < 1:
        raise ValueError(f"expected coverage needs k ≥ 1, N > k and M ≥ 1, got k = {k}, {n_real} and {n_samples}")
    return 1 - math.prod((n_real - i) / (n_real + n_samples - i) for i in range(1, k + 1))


def quantile_threshold(values: Tensor, share: float) -> Tensor:
    """Value below which a new draw falls with the given probability, in their unit.

    The order statistic v_(share·(n + 1)), interpolated linearly between its neighbours.

    Closed form: for a continuous distribution, all n + 1 ranks of a new draw are equally likely. It falls below the
    i-th smallest value with probability i/(n + 1). `torch.quantile` uses rank 1 + share·(n − 1) instead. With 20 values
    it finds 9 outliers among a hundred real examples where 5 are intended.

    Args:
        values: Of held-out real data, such as a classifier's confidence or a neighbour distance, shape (n,).
        share: Probability of falling below, in (0, 1).

    Returns:
        The threshold, a scalar. Averaged over samples of `values`, its share is exact, up to the interpolation between
        order statistics. For one such sample the share deviates by about √(share·(1 − share)/n).

    Raises:
        ValueError: If `share` is not between 0 and 1, or the values are not one row.
        Undefined: If there are too few values to bound such a share, fewer than 1/share − 1 or 1/(1 − share) − 1, or
            one is not finite.

    Examples:
        >>> quantile_threshold(torch.arange(1.0, 20.0), 0.05)
        tensor(1.)
    """
    if values.ndim != 1 or not 0 < share < 1:
        raise ValueError(f"a threshold cuts a share in (0, 1) off one row, got {share} of shape {tuple(values.shape)}")
    n = values.shape[0]
    # A share such as .95 is not exact in binary, but 19 values are enough for it.
    place = round(share * (n + 1), 9)
    if not 1 <= place <= n:
        raise Undefined(f"{n} values are too few to bound a share of {share:g}")
    found = np.quantile(require_finite(values, "the held-out values").cpu(), share, method="weibull")
    return torch.as_tensor(found, dtype=values.dtype, device=values.device)
