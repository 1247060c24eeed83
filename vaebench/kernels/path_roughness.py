"""Distance of paths of outputs from straight lines traversed at constant speed."""

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined, require_finite

AT_ONCE = 2**20
"""Numbers of paths that are held at a time: half a dozen copies of them in double precision."""

# A path is treated as a point if its length is at most this many roundings of each of its points.
_ROUNDINGS = 16


def path_roughness(points: Tensor) -> Tensor:
    """Bending and change of speed along each path, free of the outputs' scale; in radians² on an arc.

    R = n⁴·mean_t ‖x_{t+1} − 2x_t + x_{t−1}‖² / (Σ_t ‖x_{t+1} − x_t‖)²,  n segments; discrete form of

        ∫₀¹ ‖x″(u)‖² du / (∫₀¹ ‖x′(u)‖ du)².

    Closed form: on an arc of angle θ at constant speed, R = (2n·sin(θ/2n))² → θ². On a straight line R is the squared
    change of speed over the squared mean speed: 0 at constant speed, 4 for x(u) = u². Translating, rotating, scaling or
    reversing the path changes nothing.

    On a twice differentiable path the error of R is O(1/n), on an arc O(1/n²). At a kink, as under ReLU, it has no
    limit and grows like n. At a jump it grows like n³. So compare paths of equal n only.

    Args:
        points: Outputs at evenly spaced parameters, such as along a line of codes, shape (paths, n + 1, *event).

    Returns:
        R, shape (paths,), in the dtype of `points`. Exact up to their rounding, which adds at most
        6·(n²·eps·‖x‖/length)².

    Raises:
        ValueError: If a path has fewer than three points.
        Undefined: If a path is not finite, or has no length, as under a collapsed decoder. That is not smoothness.

    Examples:
        >>> path_roughness(torch.tensor([[0.0, 1.0, 2.0], [0.0, 1.0, 4.0]]).unsqueeze(-1))
        tensor([0., 4.])
    """  # noqa: DOC502 - raised by what it calls
    if points.ndim < 2 or points.shape[1] < 3:
        raise ValueError(f"a path has at least three points, (paths, points, *event), got shape {tuple(points.shape)}")
    parts = torch.split(require_finite(points, "the path"), max(1, AT_ONCE // max(1, points.shape[1:].numel())))
    return torch.cat([_of_some(part) for part in parts])


def _of_some(points: Tensor) -> Tensor:
    # In double precision, differences of single-precision numbers are exact; in single precision they would be rounded
    # again.
    x = points.double().reshape(*points.shape[:2], -1)
    segments = x.diff(dim=1)
    lengths = torch.linalg.vector_norm(segments, dim=2).sum(1)
    n = segments.shape[1]
    farthest = torch.linalg.vector_norm(x, dim=2).amax(1)
    if bool((lengths <= _ROUNDINGS * torch.finfo(points.dtype).eps * n * farthest).any()):
        raise Undefined("a path stands still: it has no length to divide by")
    bends = segments.diff(dim=1).square().sum(2).mean(1)
    roughness: Tensor = n**4 * bends / lengths.square()
    return roughness.to(points.dtype)
