"""Lengths and directions of arrays; each example of a batch is one vector.

In single precision, squares overflow for lengths above 10¹⁹ and vanish below 10⁻¹⁹. Such an example is first divided by
a power of two, and the result is multiplied back. This is exact.
"""

import torch
from torch import Tensor

from vaebench.kernels.estimate import require_finite


def norms(outputs: Tensor) -> Tensor:
    """Euclidean length of each example, in the unit of the outputs.

    ‖y_i‖ = √(Σ |y|²), over all axes but the first.

    y_i is divided by a power of two where its squares would overflow or vanish.

    Args:
        outputs: Real or complex, shape (batch, *event).

    Returns:
        Real, shape (batch,), in the precision of the outputs. Exact up to rounding at every size. Not finite where an
        entry is not finite.

    Examples:
        >>> norms(torch.tensor([[3e30, 4e30], [3e-30, 4e-30]]))
        tensor([5.0000e+30, 5.0000e-30])
    """
    each = _real(outputs).reshape(outputs.shape[0], -1)
    plain: Tensor = torch.linalg.vector_norm(each, dim=1)
    if squares_in_range(plain):
        return plain
    each, unit = _split(each)
    lengths: Tensor = torch.linalg.vector_norm(each, dim=1) * unit
    return lengths


def squared_norms(outputs: Tensor) -> Tensor:
    """Squared Euclidean length of each example, in the squared unit of the outputs.

    ‖y_i‖² = Σ |y|² over all axes but the first.

    Computed like `norms`.

    Args:
        outputs: Real or complex, shape (batch, *event).

    Returns:
        Real, shape (batch,), in double precision, which holds the square of every single-precision number. Exact up to
        rounding in the precision of the outputs.

    Examples:
        >>> squared_norms(torch.ones(2, 3, 4))
        tensor([12., 12.], dtype=torch.float64)
    """
    each = _real(outputs).reshape(outputs.shape[0], -1)
    plain = each.square().sum(1)
    if squares_in_range(plain.sqrt()):
        return plain.double()
    each, unit = _split(each)
    return each.square().sum(1).double() * unit.double().square()


def unit_vectors(vectors: Tensor) -> Tensor:
    """Direction of each example: a vector of length 1, without unit.

    v_i/‖v_i‖, and 0 where v_i = 0.

    Args:
        vectors: Shape (batch, *shape).

    Returns:
        The shape of `vectors`. Exact up to rounding at every size.

    Examples:
        >>> unit_vectors(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    return polar(vectors)[1]


def polar(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Length and direction of each example, as in `norms` and `unit_vectors`.

    ‖v_i‖ and v_i/‖v_i‖.

    Args:
        vectors: Shape (batch, *shape).

    Returns:
        Lengths in the unit of the vectors, shape (batch,), and directions without unit, the shape of `vectors`, 0 where
        v_i = 0. Exact up to rounding.

    Examples:
        >>> polar(torch.tensor([[3.0, 4.0]]))
        (tensor([5.]), tensor([[0.6000, 0.8000]]))
    """
    lengths = norms(vectors)
    floor = torch.finfo(vectors.dtype).tiny
    return lengths, vectors / lengths.clamp_min(floor).reshape(-1, *[1] * (vectors.ndim - 1))


def factored(examples: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Factor each example into a power of two and numbers that can be squared.

    x_i = u_i·y_i with 1 ≤ max |y_i| < 2. If no example needs it, u_i = 1 for all.

    A quantity that is homogeneous of degree k is computed from y and multiplied by uᵏ. It has the digits that x would
    give in a precision of wider range.

    Args:
        examples: x, real or complex, shape (batch, *shape).
        name: Their name in the error message.

    Returns:
        y, without unit, the shape of x; and u, in the unit of x, real, shape (batch,). Exact.

    Raises:
        Undefined: If an entry is not finite.

    Examples:
        >>> y, u = factored(torch.tensor([[3e30, 4e30]]), "the Jacobian")
        >>> bool(y.max() < 2), y * u
        (True, tensor([[3.0000e+30, 4.0000e+30]]))
    """  # noqa: DOC502 - raised by what it calls
    real = _real(examples)
    lengths = torch.linalg.vector_norm(real, dim=tuple(range(1, real.ndim)))
    if squares_in_range(lengths):
        return examples, torch.ones_like(lengths)
    return _split(require_finite(examples, name))


def squares_in_range(lengths: Tensor) -> bool:
    """Whether squares of lengths, and their relevant parts, are within range.

    min^¼ < l < min^−¼ for all l, where min is the smallest normal number. In single precision that is 10⁻¹⁰ to 10¹⁰.

    A part whose square has vanished is then less than 10⁻⁹ of the length.

    Args:
        lengths: l, any shape.

    Returns:
        True if they are. False if a length is 0 or not finite.

    Examples:
        >>> squares_in_range(torch.ones(2)), squares_in_range(torch.tensor([1e20]))
        (True, False)
    """
    if not lengths.numel():
        return True
    low: float = torch.finfo(lengths.dtype).tiny ** 0.25
    shortest, longest = torch.aminmax(lengths)
    return low < shortest.item() and longest.item() < 1 / low


def power_of_two(sizes: Tensor) -> Tensor:
    """Power of two at or below each size, in its unit.

    2^⌊log₂ s⌋, limited to the normal numbers.

    Closed form: s/(2m), m the binary mantissa in [½, 1). The quotient is exact.

    Args:
        sizes: s, not negative, any shape.

    Returns:
        The shape of `sizes`. Exact.

    Examples:
        >>> power_of_two(torch.tensor([5.0, 0.3]))
        tensor([4.0000, 0.2500])
    """
    limits = torch.finfo(sizes.dtype)
    inside = sizes.clamp(limits.tiny, limits.max)
    return inside / (2 * torch.frexp(inside).mantissa)


def _real(values: Tensor) -> Tensor:
    """Complex values as pairs of real ones."""
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values


def _split(examples: Tensor) -> tuple[Tensor, Tensor]:
    """Each example divided by its power of two, and those powers, shape (batch,)."""
    real = _real(examples).detach().abs()
    unit = power_of_two(real.amax(tuple(range(1, real.ndim))))
    return examples / unit.reshape(-1, *[1] * (examples.ndim - 1)), unit
