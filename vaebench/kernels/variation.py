"""Spread of a function's outputs about their mean, computed in parts to save memory."""

from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined, require_finite

# A spread of at most this many roundings, relative to the outputs, is treated as rounding.
_ROUNDINGS = 16


def mean_output(function: Callable[[Tensor], Tensor], inputs: Tensor, chunk: int) -> Tensor:
    """Mean of a function's outputs over a batch, in the unit of the outputs.

    ȳ = (1/n)·Σ_i function(inputs_i).

    Memory does not grow with n, only with `chunk`.

    Args:
        function: (batch, *shape) -> (batch, *event), example by example.
        inputs: Shape (n, *shape).
        chunk: Examples evaluated at a time.

    Returns:
        Shape (*event). Exact for this batch; unbiased for the distribution it was drawn from.

    Examples:
        >>> mean_output(torch.exp, torch.zeros(5, 2), chunk=2)
        tensor([1., 1.])
    """
    parts = [function(part).sum(0) for part in torch.split(inputs, chunk)]
    return torch.stack(parts).sum(0) / inputs.shape[0]


def require_variation(spreads: Tensor, centre: Tensor, name: str = "the function") -> Tensor:
    """Return squared distances from the mean if they are more than rounding.

    The mean of ‖y_i − ȳ‖² has to exceed (16·eps·‖ȳ‖)², eps the rounding of the centre's dtype. Below that the outputs
    are constant up to rounding. Dividing by their variance would give noise.

    Closed form: a difference of numbers of size ‖ȳ‖ carries an error of a few eps·‖ȳ‖.

    Args:
        spreads: ‖y_i − ȳ‖², shape (n,), as from `squared_norms`.
        centre: ȳ, shape (*event).
        name: What varies, for the error message.

    Returns:
        `spreads` itself.

    Raises:
        Undefined: If there are fewer than two, one is not finite, or they are only rounding.

    Examples:
        >>> require_variation(torch.tensor([1.0, 2.0]), torch.zeros(3))
        tensor([1., 2.])
    """
    n = spreads.shape[0]
    if n < 2:
        raise Undefined(f"a variance needs at least two examples, got {n}")
    require_finite(spreads, name)
    rounding = (_ROUNDINGS * torch.finfo(centre.dtype).eps) ** 2 * centre.double().square().sum()
    if spreads.mean() <= rounding:
        raise Undefined(f"{name} is constant: there is no variance to divide by")
    return spreads
