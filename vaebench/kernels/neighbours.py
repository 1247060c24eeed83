"""Euclidean distances between two sets of examples, and nearest neighbours."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from vaebench.kernels.estimate import require_finite

DISTANCES = 2**23
"""Most distances in one block, 64 MiB. A few such blocks are held at a time, plus the reference in double precision."""

SPARE = 3
"""How many more candidates a search takes than it was asked for neighbours."""

CHECKED = 64
"""Examples at a time whose candidates are measured by differences. They fit a processor's cache."""


class Neighbours(NamedTuple):
    """The nearest reference examples of each example, nearest first.

    Attributes:
        distances: Shape (batch, k), in the unit of the examples and in their dtype, ascending.
        indices: Their positions in the reference, shape (batch, k).
    """

    distances: Tensor
    indices: Tensor


def distances_in_parts(x: Tensor, reference: Tensor, chunk: int) -> Iterator[Tensor]:
    """Euclidean distances from all examples to all reference examples, in their unit, in blocks of rows.

    d_ij = √(‖x_i − r̄‖² + ‖y_j − r̄‖² − 2·⟨x_i − r̄, y_j − r̄⟩), r̄ the mean of the reference, in double precision.

    The matrix product makes this thirty times as fast on images as taking differences. It leaves rounding error where
    two examples are equal. Values within rounding are set to 0.

    Args:
        x: Shape (batch, *event).
        reference: y, shape (references, *event).
        chunk: Rows at a time. Fewer where chunk × references would exceed `DISTANCES`.

    Yields:
        Distances, shape (up to chunk, references), in double precision. The absolute error is about 10⁻¹⁶·‖y − r̄‖²/d.
        Distances up to 10⁻⁷·‖y − r̄‖ come out as 0.

    Raises:
        ValueError: If the events differ in shape.

    Examples:
        >>> next(distances_in_parts(torch.zeros(1, 2), torch.tensor([[3.0, 4.0], [0.0, 0.0]]), chunk=8))
        tensor([[5., 0.]], dtype=torch.float64)
    """
    if x.shape[1:] != reference.shape[1:]:
        raise ValueError(f"examples of one shape are compared: got {tuple(x.shape)} and {tuple(reference.shape)}")
    y = require_finite(reference, "the reference").flatten(1).to(torch.float64, copy=True)
    centre = y.mean(0)
    y -= centre
    y_squares = torch.cat([part.square().sum(1) for part in torch.split(y, chunk)])
    rows_at_once = max(1, min(chunk, DISTANCES // max(1, len(y))))
    for part in torch.split(require_finite(x, "the sample"), rows_at_once):
        rows = part.double().flatten(1) - centre
        squares = rows.square().sum(1, keepdim=True) + y_squares
        rounding = (16 + y.shape[1]) * torch.finfo(torch.float64).eps * squares
        squared = squares - 2 * rows @ y.T
        yield torch.where(squared > rounding, squared, 0).sqrt()


def nearest(x: Tensor, reference: Tensor, k: int, *, chunk: int = 1024) -> Neighbours:
    """Find the k nearest reference examples of each example, with distances in their unit.

    The k smallest of d_ij = ‖x_i − y_j‖₂ over j.

    The search is exhaustive. An example that is in the reference finds itself, at distance 0.

    On a CPU, scikit-learn's brute force finds k + `SPARE` candidates; it is three times as fast as
    `distances_in_parts`, which finds them elsewhere. Both use products, which leave rounding error where two examples
    are equal. So the distances of the candidates are taken again by differences.

    `Undefined` where an example is not finite.

    Args:
        x: Shape (batch, *event).
        reference: y, shape (references, *event).
        k: Number of neighbours.
        chunk: Most examples at a time, where scikit-learn does not decide.

    Returns:
        Distances and indices, shapes (batch, k). Distances are exact up to the rounding of their dtype. A neighbour may
        be another than the true one if their distances agree to 10⁻⁷·‖y − r̄‖.

    Raises:
        ValueError: If k is below 1 or above the number of reference examples, or the events differ in shape.

    Examples:
        >>> nearest(torch.zeros(1, 1), torch.tensor([[3.0], [1.0], [-2.0]]), 2)
        Neighbours(distances=tensor([[1., 2.]]), indices=tensor([[1, 2]]))
    """
    if x.shape[1:] != reference.shape[1:]:
        raise ValueError(f"examples of one shape are compared: got {tuple(x.shape)} and {tuple(reference.shape)}")
    if not 1 <= k <= reference.shape[0]:
        raise ValueError(f"k is at least 1 and at most the {reference.shape[0]} reference examples, got {k}")
    _require_finite_parts(x, "the sample")
    _require_finite_parts(reference, "the reference")
    rows, y = x.detach().flatten(1), reference.detach().flatten(1)
    candidates = _candidates(rows, y, min(k + SPARE, len(y)), chunk)
    parts = zip(torch.split(rows, CHECKED), torch.split(candidates, CHECKED), strict=True)
    squares = torch.empty(candidates.shape, dtype=torch.float64, device=x.device)
    at = 0
    for part, which in parts:  # into one place: small results between large ones would keep memory from being freed
        squares[at : at + len(part)] = (y[which].double() - part[:, None].double()).square_().sum(2)
        at += len(part)
    found = squares.sort(stable=True, dim=1)
    indices = candidates.gather(1, found.indices[:, :k])
    return Neighbours(found.values[:, :k].sqrt().to(x.dtype), indices)


def _require_finite_parts(values: Tensor, name: str) -> None:
    """As `require_finite`, which makes two copies: of a part at a time."""
    for part in torch.split(values, 1024):
        require_finite(part, name)


def _candidates(x: Tensor, y: Tensor, m: int, chunk: int) -> Tensor:
    """Indices of the m references that are nearest by a matrix product, shape (batch, m)."""
    if y.is_cuda or not len(x):
        found = [part.topk(m, largest=False).indices for part in distances_in_parts(x, y, chunk)]
        return torch.cat(found) if found else torch.zeros(0, m, dtype=torch.int64, device=x.device)
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    dtype = torch.promote_types(x.dtype, y.dtype)
    # NumPy casts a buffer at a time, and torch would copy the whole reference.
    centre = torch.from_numpy(y.numpy().mean(0, dtype="float64")).to(dtype)
    search = NearestNeighbors(n_neighbors=m, algorithm="brute").fit((y - centre).numpy())
    with threadpool_limits(torch.get_num_threads()):  # cells have one thread each, and scikit-learn would take all
        return torch.from_numpy(search.kneighbors((x - centre).numpy(), return_distance=False))


def neighbour_distance(x: Tensor, reference: Tensor, k: int, *, chunk: int = 1024) -> Tensor:
    """Distance of each example to its k-th nearest reference example, in their unit.

    The k-th smallest of ‖x_i − y_j‖₂ over j.

    It is large where the reference is sparse, and so for an outlier. Within one set, each example is its own nearest
    neighbour. The k-th nearest *other* example is then the (k + 1)-th.

    `Undefined` where an example is not finite. `ValueError` where there are fewer than k reference examples.

    Args:
        x: Shape (batch, *event).
        reference: y, shape (references, *event).
        k: Which neighbour, from 1.
        chunk: Most examples at a time; see `distances_in_parts`.

    Returns:
        Shape (batch,). Exact up to rounding.

    Examples:
        >>> neighbour_distance(torch.zeros(1, 1), torch.tensor([[3.0], [1.0], [-2.0]]), 2)
        tensor([2.])
    """
    return nearest(x, reference, k, chunk=chunk).distances[:, -1]
