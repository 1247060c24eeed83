"""Procrustes similarity: how well a rotation maps one layer's activations onto another's."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vaebench.kernels.estimate import Estimate, Undefined, mean_estimate
from vaebench.kernels.representation import each_once, normalised, normalised_pair, shuffled_rows


def procrustes_similarity(x: Tensor, y: Tensor) -> Tensor:
    """Overlap of two representations after the best orthogonal map, a number in [0, 1].

    s = ‖Xᵀ·Y‖_* (sum of singular values), X and Y centred, of Frobenius norm 1. The narrower is padded with zeros. Then
    min over orthogonal Q of ‖X·Q − Y‖_F² = 2 − 2·s.

    Closed form: the orthogonal Procrustes problem. For a layer wider than the sample, Xᵀ = Q·R is decomposed: Rᵀ has
    the same Gram and n columns. Roots of the Gram would halve the digits of the small singular values.

    Args:
        x: Activations, shape (n, *features).
        y: Activations for the same examples, shape (n, *other features).

    Returns:
        The similarity, a scalar in double precision. Exact for the sample. As an estimate for the population it is
        biased upwards O(√(width/n)) (`chance_procrustes`, `shuffled_procrustes`).

    Examples:
        >>> x = torch.tensor([[0.0, 1.0], [1.0, 0.0], [3.0, 2.0]])
        >>> round(float(procrustes_similarity(x, 4 * x.flip(1))), 6)
        1.0
    """
    x, y = normalised_pair(x, y)
    return _overlap(_narrowed(x), _narrowed(y))


def procrustes_matrix(layers_a: Sequence[Tensor], layers_b: Sequence[Tensor]) -> Tensor:
    """Procrustes similarity of each layer of one list with each of another, in [0, 1].

    S_ij = procrustes_similarity(a_i, b_j).

    Each layer is centred and narrowed to at most n columns once. The singular values, O(min(n, width)³), are computed
    for each pair. They dominate the cost for large n.

    Args:
        layers_a: Activations, each of shape (n, *features of its own).
        layers_b: Activations for the same examples, likewise.

    Returns:
        S in double precision, shape (layers in a, layers in b), on the device of the layers.

    Examples:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [4.0]])
        >>> procrustes_matrix([x, x.square()], [x]).shape
        torch.Size([2, 1])
    """
    narrow_a, narrow_b = each_once(layers_a, layers_b, lambda layer: _narrowed(normalised(layer)))
    return torch.stack([torch.stack([_overlap(a, b) for b in narrow_b]) for a in narrow_a])


def chance_procrustes(n: int, p: int) -> float:
    """Procrustes similarity that two independent representations reach by chance, in [0, 1].

    s ≈ (8/(3π))·√(p/n) for two isotropic representations of the same width p ≪ n.

    Closed form: Xᵀ·Y then has independent entries of variance 1/(p²·n). The p singular values fill a quarter circle of
    radius 2/√(p·n). Its mean is 4/(3π) radii. Fewer wide directions lower the floor. For layers that are not isotropic,
    estimate it with `shuffled_procrustes`.

    Args:
        n: Number of examples.
        p: Width of both representations.

    Returns:
        The floor. Asymptotic: for normal features too high by 6 % at p = 1, and by 1 to 2 % for 10 ≤ p ≤ n/10.

    Raises:
        ValueError: If p is not positive.
        Undefined: If p exceeds n/10, where the entries of Xᵀ·Y are no longer independent.

    Examples:
        >>> round(chance_procrustes(1000, 10), 4)
        0.0849
    """
    if p < 1:
        raise ValueError(f"a representation has at least one feature, got {p}")
    if 10 * p > n:
        raise Undefined(f"the closed form of the floor holds for p ≤ n/10, got p = {p} and n = {n}: draw it instead")
    return 8 / (3 * math.pi) * math.sqrt(p / n)


def shuffled_procrustes(x: Tensor, y: Tensor, rng: torch.Generator, draws: int) -> Estimate:
    """Procrustes similarity after the examples of one representation are permuted, in [0, 1].

    E_π procrustes_similarity(x, y_π), π uniform over the orders of the examples.

    stderr·√draws is the standard deviation of the index under independence.

    Args:
        x: Activations, shape (n, *features).
        y: Activations for the same examples, shape (n, *other features).
        rng: Source of the randomness.
        draws: Number of permutations, at least two.

    Returns:
        Mean over the draws with its standard error, scalars. Unbiased.

    Examples:
        >>> shuffled_procrustes(torch.eye(3), torch.eye(3), torch.Generator().manual_seed(0), 8).n
        8
    """
    x, y = (_narrowed(each) for each in normalised_pair(x, y))
    orders = (shuffled_rows(y, rng) for _ in range(draws))
    return mean_estimate(torch.stack([_overlap(x, y[order]) for order in orders]))


def _narrowed(x: Tensor) -> Tensor:
    """A matrix of at most n columns with the same Gram as X."""
    n, width = x.shape
    return x if width <= n else torch.linalg.qr(x.T, mode="r").R.T


def _overlap(x: Tensor, y: Tensor) -> Tensor:
    singular_values: Tensor = torch.linalg.svdvals(x.T @ y)
    return singular_values.sum()
