"""Centred kernel alignment: similarity of two layers on one sample, whatever their widths and axes.

X and Y are activations, centred over the sample. K = X·Xᵀ and L = Y·Yᵀ are their Gram matrices, shape (n, n).
"""

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from vaebench.kernels.estimate import Estimate, Undefined, mean_estimate
from vaebench.kernels.representation import each_once, normalised, normalised_pair, require_same_examples, shuffled_rows

# A debiased norm is a difference of two sums. A result below this share of them is rounding error.
NOTHING_LEFT = 1e-12


def linear_cka(x: Tensor, y: Tensor) -> Tensor:
    """Biased linear alignment of two representations, in [0, 1].

    CKA = ‖Xᵀ·Y‖_F²/(‖Xᵀ·X‖_F·‖Yᵀ·Y‖_F) = ⟨K, L⟩/(‖K‖_F·‖L‖_F).

    Source: Kornblith et al. 2019, arXiv 1905.00414, the linear case. The two forms are equal and the cheaper is
    computed: features for narrow layers, Grams for wide ones.

    Args:
        x: Activations, shape (n, *features).
        y: Activations for the same examples, shape (n, *other features).

    Returns:
        The alignment, a scalar in double precision. Exact for the sample. As an estimate for the population it is
        biased upwards O(width/n), so wide independent layers look alike (`chance_cka`).

    Examples:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [4.0]])
        >>> round(float(linear_cka(x, 2 - 5 * x)), 6)
        1.0
    """
    products = _squared_products(*normalised_pair(x, y))
    return products[2] / torch.sqrt(products[0] * products[1])


def debiased_cka(x: Tensor, y: Tensor) -> Tensor:
    """Linear alignment without the bias of width, in [−1, 1].

    CKA = ⟨K̃, L̃⟩/(‖K̃‖_F·‖L̃‖_F). K̃ and L̃ are the Grams after U-centring: zero diagonal, zero row sums.

    ⟨K̃, L̃⟩ = ‖Xᵀ·Y‖_F² − n/(n−2)·Σ_i k_i·l_i + Σ_i k_i·Σ_i l_i/((n−1)(n−2)),  k_i = ‖X_i‖², l_i = ‖Y_i‖².

    Closed form: ⟨K̃, L̃⟩/(n(n−3)) is the unbiased estimate of the Hilbert–Schmidt independence criterion. The formula
    uses that the rows of K sum to zero. Narrow layers need no Gram.

    Args:
        x: Activations, shape (n, *features).
        y: Activations for the same examples, shape (n, *other features).

    Returns:
        The alignment, a scalar in double precision. Exact for the sample. As an estimate for the population, each of
        the three products is unbiased and their ratio biased O(1/n). Values slightly below 0 occur.

    Raises:
        Undefined: If there are fewer than four examples, or nothing of a Gram is left after U-centring: all examples
            are equally far from each other, or all but one are the same.

    Examples:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [4.0]])
        >>> round(float(debiased_cka(x, 2 - 5 * x)), 6)
        1.0
    """
    _require_four(x.shape[0])
    x, y = normalised_pair(x, y)
    n = x.shape[0]
    k, l = x.square().sum(1), y.square().sum(1)  # noqa: E741 - the paper's letter
    diagonal = torch.stack([k @ k, l @ l, k @ l])
    products = _squared_products(x, y)
    # The norms are 1, hence Σ_i k_i = Σ_i l_i = 1.
    left = products - n / (n - 2) * diagonal + 1 / ((n - 1) * (n - 2))
    if (left[:2] <= NOTHING_LEFT * products[:2]).any():
        raise Undefined("nothing of the representation is left after U-centring")
    return left[2] / torch.sqrt(left[0] * left[1])


def chance_cka(x: Tensor, y: Tensor) -> Tensor:
    """Biased alignment that two representations reach by width alone, in [0, 1].

    E_π linear_cka(x, y_π) = tr K·tr L/((n−1)·‖K‖_F·‖L‖_F), the mean over all n! orders π of the examples.

    Closed form: a permuted, centred L has the mean tr L/(n−1)·(I − 11ᵀ/n). Its product with K is tr L·tr K/(n−1). Let d
    = (tr S)²/tr S² for the *population's* covariance S. Then (tr K)²/‖K‖_F² ≈ n·d/(n + d). To first order this floor is
    √(d_x/(n + d_x)·d_y/(n + d_y)). The sample's d must not be used there, because it never exceeds n − 1. The floor of
    wide layers would come out near ½ instead of near 1. The mean of `debiased_cka` over all orders is 0.

    Args:
        x: Activations, shape (n, *features).
        y: Activations for the same examples, shape (n, *other features).

    Returns:
        The floor, a scalar in double precision. Exact for permutations of this sample.

    Examples:
        >>> round(float(chance_cka(torch.eye(5), torch.eye(5))), 6)
        1.0
    """
    x, y = normalised_pair(x, y)
    return 1 / ((x.shape[0] - 1) * _norm_of_gram(x) * _norm_of_gram(y))


def shuffled_cka(x: Tensor, y: Tensor, rng: torch.Generator, draws: int, debiased: bool = True) -> Estimate:
    """Alignment after the examples of one representation are permuted, in [−1, 1].

    E_π CKA(x, y_π), π uniform over the orders of the examples.

    The exact mean is 0 if debiased, else `chance_cka`. Drawing adds the spread: stderr·√draws is the standard deviation
    of the index under independence.

    Args:
        x: Activations, shape (n, *features).
        y: Activations for the same examples, shape (n, *other features).
        rng: Source of the randomness.
        draws: Number of permutations, at least two.
        debiased: Whether the debiased alignment is taken, or the biased one.

    Returns:
        Mean over the draws with its standard error, scalars. Unbiased.

    Examples:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [4.0]])
        >>> shuffled_cka(x, x, torch.Generator().manual_seed(0), 8).n
        8
    """
    require_same_examples(x, y)
    k, l = _unit_gram(x, debiased), _unit_gram(y, debiased)  # noqa: E741 - the paper's letter
    orders = (shuffled_rows(l, rng) for _ in range(draws))
    return mean_estimate(torch.stack([(k * l[order][:, order]).sum() for order in orders]))


def cka_direction(x: Tensor, debiased: bool = True) -> Tensor:
    """Unit vector whose inner products are the alignments with other layers.

    u(x) = (K_ii, √2·K_ij for i < j)/‖K‖_F, K replaced by K̃ where debiased;  CKA(x, y) = u(x)·u(y).

    Closed form: ⟨K, L⟩ over the upper triangle, with each off-diagonal pair counted twice. A layer of any width is kept
    as n(n+1)/2 numbers. It is centred and multiplied once, not once per partner.

    Args:
        x: Activations, shape (n, *features).
        debiased: Whether the inner products give the debiased alignment or the biased one.

    Returns:
        u(x), without unit, in double precision, shape (n(n+1)/2,). Exact up to rounding.

    Examples:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [4.0]])
        >>> u = cka_direction(x)
        >>> u.shape, round(float(u @ u), 6)
        (torch.Size([10]), 1.0)
    """
    return _direction(x, debiased, *_upper_triangle(x.shape[0], x.device))


def cka_matrix(
    layers_a: Sequence[Tensor], layers_b: Sequence[Tensor], debiased: bool = True, single: bool = False
) -> Tensor:
    """Alignment of each layer of one list with each of another.

    C_ij = CKA(a_i, b_j) = u(a_i)·u(b_j), u from `cka_direction`.

    Each layer is processed once, even if it is in both lists. All sums are in double precision, unless ``single`` is
    asked for: products of layers are then in single precision, which saves a third of the time of wide layers. No
    entry is then off by more than w·2⁻²²·(1/‖K̃‖_F + 1/‖L̃‖_F) for layers of width w at most, X and Y of norm 1; of ours
    none is by 10⁻⁷. That holds where no coarser matrix product is enabled.

    The bound: a product of w terms is off by (w + 2)·2⁻²⁴·‖x_i‖·‖x_j‖ at most, so K by (w + 2)·2⁻²⁴·‖X‖_F² in norm.
    U-centring is an orthogonal projection. A unit vector is off by twice what its vector is, over its length.

    Args:
        layers_a: Activations, each of shape (n, *features of its own).
        layers_b: Activations for the same examples, likewise.
        debiased: Whether the alignment is the debiased or the biased one.
        single: Whether layers are multiplied in single precision.

    Returns:
        C in double precision, shape (layers in a, layers in b), on the device of the layers.

    Examples:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [4.0]])
        >>> cka_matrix([x, x.square()], [x]).shape
        torch.Size([2, 1])
    """
    triangle = cache(_upper_triangle)  # once for all layers
    a, b = each_once(layers_a, layers_b, lambda x: _direction(x, debiased, *triangle(x.shape[0], x.device), single))
    return torch.stack(a) @ torch.stack(b).T


def _upper_triangle(n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Where the upper triangle lies in a flat (n, n) matrix, and 1 on the diagonal and √2 elsewhere."""
    row, column = torch.triu_indices(n, n, device=device)
    return row * n + column, torch.where(row == column, 1.0, 2.0).double().sqrt()


def _direction(x: Tensor, debiased: bool, index: Tensor, weights: Tensor, single: bool = False) -> Tensor:
    return _unit_gram(x, debiased, single).flatten().index_select(0, index) * weights


def _require_four(n: int) -> None:
    if n < 4:
        raise Undefined(f"debiased alignment needs at least four examples, got {n}")


def _squared_products(x: Tensor, y: Tensor) -> Tensor:
    """‖Xᵀ·X‖_F², ‖Yᵀ·Y‖_F² and ‖Xᵀ·Y‖_F², from products of features or from Grams, whichever multiplies less."""
    n, p, q = *x.shape, y.shape[1]
    if p * p + q * q + p * q <= n * (p + q):
        return torch.stack([product.square().sum() for product in (x.T @ x, y.T @ y, x.T @ y)])
    k, l = x @ x.T, y @ y.T  # noqa: E741 - the paper's letter
    return torch.stack([(one * other).sum() for one, other in ((k, k), (l, l), (k, l))])


def _norm_of_gram(x: Tensor) -> Tensor:
    return _norm(x.T @ x if x.shape[1] <= x.shape[0] else x @ x.T)


def _norm(matrix: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(matrix)
    return norm


def _unit_gram(x: Tensor, debiased: bool, single: bool = False) -> Tensor:
    """K/‖K‖_F, or the same of the U-centred K̃."""
    x = normalised(x)
    if single:
        x = x.float()
    gram = (x @ x.T).double()
    if not debiased:
        return gram / _norm(gram)
    n, norm = gram.shape[0], _norm(gram)
    _require_four(n)
    gram.fill_diagonal_(0)
    means = gram.sum(1) / (n - 2)
    means -= means.sum() / (2 * (n - 1))
    gram.sub_(means).sub_(means.unsqueeze(1)).fill_diagonal_(0)
    left = _norm(gram)
    if left.square() <= NOTHING_LEFT * norm.square():
        raise Undefined("nothing of the representation is left after U-centring")
    return gram.div_(left)
