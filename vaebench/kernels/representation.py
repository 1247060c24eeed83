"""Shared by the similarity indices: activations as centred matrices of unit norm."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined, require_finite


def normalised(x: Tensor) -> Tensor:
    """Activations as a matrix with centred columns and Frobenius norm 1, without unit.

    X = X₀/‖X₀‖_F, where X₀ = x − mean over the sample, with features flattened.

    Linear similarity indices do not depend on translation and scale. Products of normalised matrices neither overflow
    nor cancel. Complex features count as pairs of real ones, which turns unitary maps into orthogonal ones.

    Args:
        x: Activations, shape (n, *features).

    Returns:
        X in double precision, shape (n, width). Exact up to rounding. No gradient flows back to x.

    Raises:
        Undefined: If there are fewer than two examples, an activation is not finite, or no feature varies by more than
            the rounding of its dtype, as in a dead layer.

    Examples:
        >>> normalised(torch.tensor([[1.0], [3.0]])).square()
        tensor([[0.5000],
                [0.5000]], dtype=torch.float64)
    """
    n = x.shape[0]
    if n < 2:
        raise Undefined(f"similarity of representations needs at least two examples, got {n}")
    if x.is_complex():
        x = torch.view_as_real(x.resolve_conj())
    # A feature's mean is rounded, so constant doubles do not centre to exact zeros.
    rounding = 8 * torch.finfo(torch.float64).eps + (torch.finfo(x.dtype).eps if x.is_floating_point() else 0.0)
    given = require_finite(x.detach(), "the representation").reshape(n, x[0].numel())
    features = given.to(torch.float64, copy=True)  # one copy, changed in place: memory takes most of the time
    size = torch.linalg.vector_norm(features)
    features -= features.mean(0)
    left = torch.linalg.vector_norm(features)
    # What varies as a whole varies in some feature. What does not may still, beside large constants.
    if not left > rounding * size:
        varies = features.square().sum(0) > rounding**2 * given.double().square().sum(0)
        if not varies.any():
            raise Undefined("the representation does not vary over the sample")
    features /= left
    return features


def require_same_examples(*layers: Tensor) -> None:
    """Raise if representations cannot be of the same sample.

    Args:
        *layers: Activations, each of shape (n, *features of its own).

    Raises:
        ValueError: If the numbers of examples differ.

    Examples:
        >>> require_same_examples(torch.eye(3), torch.ones(3, 1))
    """
    counts = sorted({layer.shape[0] for layer in layers})
    if len(counts) > 1:
        raise ValueError(f"representations are compared on the same examples: got {' and '.join(map(str, counts))}")


def normalised_pair(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Normalise two representations of the same sample.

    X = normalised(x), Y = normalised(y).

    Row i of both belongs to example i. Widths may differ.

    Args:
        x: Activations, shape (n, *features).
        y: Activations for the same examples, shape (n, *other features).

    Returns:
        X and Y in double precision, shapes (n, width of x) and (n, width of y). Exact up to rounding.

    Examples:
        >>> x, y = normalised_pair(torch.eye(3), torch.eye(3)[:, :2])
        >>> x.shape, y.shape
        (torch.Size([3, 3]), torch.Size([3, 2]))
    """
    require_same_examples(x, y)
    return normalised(x), normalised(y)


def each_once(
    layers_a: Iterable[Tensor], layers_b: Iterable[Tensor], reduced: Callable[[Tensor], Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """Reduce every layer of two lists once, before the layers are compared.

    A tensor that occurs several times, in one list or in both, is reduced once.

    Args:
        layers_a: Activations, each of shape (n, *features of its own).
        layers_b: Activations for the same examples, likewise.
        reduced: The reduction r.

    Returns:
        The reduced layers of both lists, in their order.

    Raises:
        ValueError: If a list is empty.

    Examples:
        >>> x = torch.eye(3)
        >>> (once,), (again,) = each_once([x], [x], torch.clone)
        >>> once is again
        True
    """
    a, b = tuple(layers_a), tuple(layers_b)
    if not a or not b:
        raise ValueError("a matrix of similarities needs at least one layer on each side")
    require_same_examples(*a, *b)
    by_identity = {id(layer): layer for layer in (*a, *b)}
    results = {identity: reduced(layer) for identity, layer in by_identity.items()}
    return [results[id(layer)] for layer in a], [results[id(layer)] for layer in b]


def shuffled_rows(y: Tensor, rng: torch.Generator) -> Tensor:
    """Draw an order of the examples, uniform over all orders.

    P(π) = 1/n!.

    Permuting the rows of a representation keeps its spectrum and breaks its pairing with another. Similarity indices
    are compared with such draws of independence.

    Args:
        y: The representation to permute, shape (n, ...).
        rng: Source of the randomness.

    Returns:
        The indices π, shape (n,), on the device of `y`.

    Examples:
        >>> shuffled_rows(torch.eye(3), torch.Generator().manual_seed(0)).sort().values
        tensor([0, 1, 2])
    """
    return torch.randperm(y.shape[0], generator=rng, device=rng.device).to(y.device)
