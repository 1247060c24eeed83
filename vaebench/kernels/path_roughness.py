"""How far paths of outputs are from straight lines walked at an even pace."""

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined, require_finite

# A path whose length is this many roundings of its points, each, is taken for a point.
_ROUNDINGS = 16


def path_roughness(points: Tensor) -> Tensor:
    """Bending and change of pace along each path, free of the outputs' scale: for an even arc, its angle² in radians².

    R = n⁴·mean_t ‖x_{t+1} − 2x_t + x_{t−1}‖² / (Σ_t ‖x_{t+1} − x_t‖)²,  n the number of segments: the discrete form of

        ∫₀¹ ‖x″(u)‖² du / (∫₀¹ ‖x′(u)‖ du)².

    Closed form: on an arc of angle θ, walked evenly, R = (2n·sin(θ/2n))² → θ². On a straight line R is 0 if walked
    evenly, and else the squared change of pace over the squared mean pace: 4 for x(u) = u². Moving, turning or scaling
    the outputs changes nothing, nor does walking backwards.

    On a twice differentiable path R tends to its limit with an error of O(1/n), on an arc O(1/n²). It has no limit
    where the path has a kink, as under ReLU, and grows like n there, or like n³ where it jumps. So compare paths of
    equal n only.

    Args:
        points: Outputs at evenly spaced parameters, such as along a line of codes, shape (paths, n + 1, *event).

    Returns:
        R, shape (paths,), in the dtype of `points`. Exact but for their rounding, which adds at
        most 6·(n²·eps·‖x‖/length)².

    Raises:
        ValueError: If a path has fewer than three points.
        Undefined: If a path stands still, as under a collapsed decoder, which is no smoothness, or is not finite.

    Examples:
        >>> path_roughness(torch.tensor([[0.0, 1.0, 2.0], [0.0, 1.0, 4.0]]).unsqueeze(-1))
        tensor([0., 4.])
    """
    if points.ndim < 2 or points.shape[1] < 3:
        raise ValueError(f"a path has at least three points, (paths, points, *event), got shape {tuple(points.shape)}")
    # Differences of rounded numbers are exact in double precision; in single they would be rounded again.
    x = require_finite(points, "the path").double().reshape(*points.shape[:2], -1)
    segments = x.diff(dim=1)
    lengths = torch.linalg.vector_norm(segments, dim=2).sum(1)
    n = segments.shape[1]
    farthest = torch.linalg.vector_norm(x, dim=2).amax(1)
    if bool((lengths <= _ROUNDINGS * torch.finfo(points.dtype).eps * n * farthest).any()):
        raise Undefined("a path stands still: it has no length to divide by")
    bends = segments.diff(dim=1).square().sum(2).mean(1)
    roughness: Tensor = n**4 * bends / lengths.square()
    return roughness.to(points.dtype)
