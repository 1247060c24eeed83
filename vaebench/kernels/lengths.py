"""Lengths and directions of arrays, each example of a batch taken as one vector."""

import torch
from torch import Tensor


def squared_norms(outputs: Tensor) -> Tensor:
    """Squared Euclidean length of each example, in the squared unit of the outputs.

    ‖y_i‖² = Σ over all axes but the first.

    Closed form: the definition.

    Args:
        outputs: Shape (batch, *event).

    Returns:
        Shape (batch,). Exact.

    Examples:
        >>> squared_norms(torch.ones(2, 3, 4))
        tensor([12., 12.])
    """
    return outputs.reshape(outputs.shape[0], -1).square().sum(1)


def unit_vectors(vectors: Tensor) -> Tensor:
    """Direction of each example, a vector of length 1 without unit.

    v_i/‖v_i‖, and 0 where v_i = 0.

    Closed form: the definition.

    Args:
        vectors: Shape (batch, *shape).

    Returns:
        The shape of `vectors`. Exact.

    Examples:
        >>> unit_vectors(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    lengths: Tensor = torch.linalg.vector_norm(vectors.reshape(vectors.shape[0], -1), dim=1)
    floor = torch.finfo(vectors.dtype).tiny
    return vectors / lengths.clamp_min(floor).reshape(-1, *[1] * (vectors.ndim - 1))
