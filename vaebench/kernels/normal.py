"""Diagonal normal distributions: their divergence from the prior, their density and their draws."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

# Below this the difference expm1(x) − x has lost a digit, and nine terms of its series reach 2·10⁻¹³.
_SERIES_RADIUS = 0.25
_SERIES = tuple(1 / math.factorial(power) for power in range(2, 11))


def exp_excess(x: Tensor) -> Tensor:
    """How far the exponential lies above its tangent at 0: φ(x) = eˣ − 1 − x, a pure number.

    Closed form: φ(x) = x²/2! + x³/3! + …, of which the first nine terms are summed where |x| < ¼; elsewhere
    expm1(x) − x. The difference alone would lose all digits of φ near 0, where φ is x²/2, and so would its gradient
    eˣ − 1 as automatic differentiation writes it, (expm1(x) + 1) − 1.

    Args:
        x: Any shape.

    Returns:
        φ(x), never negative, the shape of `x`. Relative error of the value and of the gradient: a few roundings, or
        2·10⁻¹³ where that is more; the second derivative is good to 10⁻¹⁰.

    Examples:
        >>> exp_excess(torch.tensor([0.0, 1e-4, 1.0]))
        tensor([0.0000e+00, 5.0002e-09, 7.1828e-01])
    """
    near = x.clamp(-_SERIES_RADIUS, _SERIES_RADIUS)
    series = torch.full_like(near, _SERIES[-1])
    for coefficient in reversed(_SERIES[:-1]):
        series = series * near + coefficient
    return torch.where(x.abs() < _SERIES_RADIUS, near.square() * series, torch.expm1(x) - x)


def normal_kl(mean: Tensor, log_scale: Tensor) -> Tensor:
    """Divergence of a diagonal normal from the standard normal, in nats.

    KL(N(μ, diag σ²) ‖ N(0, I)) = ½·Σ_j (μ_j² + φ(2·log σ_j)),  φ(x) = eˣ − 1 − x.

    Closed form: the usual ½·Σ(μ² + σ² − 1 − log σ²) with the two parts that cancel taken together. A collapsed unit
    has σ → 1, where the usual form subtracts numbers near 1 to find one near 0, and may turn negative.

    Args:
        mean: μ, shape (..., latent).
        log_scale: log σ, shape (..., latent). Not σ: near collapse σ itself rounds to 1.

    Returns:
        The divergence, shape (...). Exact up to a few roundings, value and gradient alike; never negative.

    Examples:
        >>> normal_kl(torch.zeros(1, 2), torch.zeros(1, 2))
        tensor([0.])
        >>> normal_kl(torch.zeros(1, 1), torch.full((1, 1), 1e-5))
        tensor([1.0000e-10])
    """
    return 0.5 * (mean.square() + exp_excess(2 * log_scale)).sum(-1)


def normal_log_density(z: Tensor, mean: Tensor | float = 0.0, scale: Tensor | float = 1.0) -> Tensor:
    """Log density of a diagonal normal, in nats.

    log N(z; μ, diag σ²) = −½·Σ_j ( ((z_j − μ_j)/σ_j)² + log(2π·σ_j²) ).

    Closed form: the definition. The density is with respect to the volume of the space of z.

    Args:
        z: Where it is evaluated, shape (..., latent).
        mean: μ, broadcast against `z`; the prior's 0 unless given.
        scale: σ, a standard deviation, broadcast against `z`; the prior's 1 unless given.

    Returns:
        The log density, shape (...). Exact.

    Examples:
        >>> normal_log_density(torch.zeros(1, 2))
        tensor([-1.8379])
    """
    deviation = torch.as_tensor(scale, dtype=z.dtype, device=z.device)
    each = -0.5 * (((z - mean) / deviation).square() + math.log(2 * math.pi)) - torch.log(deviation)
    return each.sum(-1)


def standard_normal(
    shape: Sequence[int],
    rng: torch.Generator,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Draw from N(0, I), on the generator's device, and hand the draws over where they are wanted.

    Closed form: none needed. Drawing on the generator's own device gives one stream of numbers to models on every
    device.

    Args:
        shape: Shape of the result.
        rng: Source of the randomness.
        dtype: Of the result; torch's default unless given.
        device: Of the result; the generator's own unless given.

    Returns:
        Independent standard normal draws of that shape.

    Examples:
        >>> standard_normal((2, 3), torch.Generator().manual_seed(0)).shape
        torch.Size([2, 3])
    """
    return torch.randn(tuple(shape), generator=rng, dtype=dtype, device=rng.device).to(device or rng.device)
