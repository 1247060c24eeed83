"""Noise stability: how much of a function of Gaussian codes is lost when the code is only partly known.

Write g as Hermite polynomials of z ~ N(0, I), and W_k for the energy of those of degree k, so that
E‖g‖² = Σ_k W_k and W₀ = ‖E g‖². Degree is the frequency of this basis, and a pair of codes with correlation ρ sees it:

    S(ρ) = E⟨g(z), g(z_ρ)⟩ = Σ_k ρᵏ·W_k,   z_ρ = ρ·z + √(1 − ρ²)·z′.

No grid is laid and no dimension is singled out, so the cost does not grow with the number of latents.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.kernels.estimate import Estimate, ratio_estimate
from vaebench.kernels.lengths import squared_norms
from vaebench.kernels.normal import standard_normal
from vaebench.kernels.variation import mean_output, require_variation


def high_frequency_share(
    function: Callable[[Tensor], Tensor],
    latent: int,
    rho: float,
    samples: int,
    rng: torch.Generator,
    *,
    chunk: int = 1024,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Estimate:
    """Share of a function's non-constant energy that a ρ-correlated pair of codes loses, a number in [0, 1].

    share(ρ) = 1 − (S(ρ) − W₀)/(S(1) − W₀) = Σ_{k≥1} (1 − ρᵏ)·W_k / Σ_{k≥1} W_k
             = ½·E‖g(z) − g(z_ρ)‖² / E‖g(z) − E g‖².

    Closed form: z and z_ρ have one law, so ½·E‖g(z) − g(z_ρ)‖² = S(1) − S(ρ). Degree k loses exactly 1 − ρᵏ, an
    affine function 1 − ρ, and no function less. Scaling or shifting the outputs and turning the latent space change
    nothing. The last line is what is estimated: differences are taken before squares, so a large mean does no harm.

    `Undefined` where the function is constant, gives a value that is not finite, or gets fewer than two pairs.

    Args:
        function: (batch, latent) -> (batch, *event), example by example.
        latent: Number of latent dimensions.
        rho: ρ, in [0, 1). The nearer to 1, the longer the memory of high degrees: 1 − ρᵏ passes ½ at k = log ½/log ρ,
            about 7 for ρ = .9.
        samples: Number of pairs.
        rng: Source of the pairs.
        chunk: Pairs evaluated at a time; memory grows with it, the result does not change.
        dtype: Of the codes; torch's default unless given.
        device: Of the codes; the generator's own unless given.

    Returns:
        The share, a scalar in double precision, biased O(1/samples), with its delta-method standard error. The centre
        E g is estimated from the same pairs, which moves share and error in second order only.

    Raises:
        ValueError: If `rho` is outside [0, 1).

    Examples:
        >>> rng = torch.Generator().manual_seed(0)
        >>> share = high_frequency_share(lambda z: z**2 - 1, latent=3, rho=0.9, samples=4096, rng=rng)
        >>> abs(float(share.value) - (1 - 0.9**2)) < 3 * float(share.stderr)
        True
    """
    if not 0 <= rho < 1:
        raise ValueError(f"rho must lie in [0, 1), got {rho}")
    with torch.no_grad():
        z, other = standard_normal((2, samples, latent), rng, dtype=dtype, device=device)
        partner = rho * z + math.sqrt(1 - rho**2) * other
        centre = mean_output(function, z, chunk)
        lost, energy = [], []
        for part, partner_part in zip(torch.split(z, chunk), torch.split(partner, chunk), strict=True):
            here, there = function(part), function(partner_part)
            lost.append(squared_norms(here - there) / 2)
            energy.append((squared_norms(here - centre) + squared_norms(there - centre)) / 2)
        return ratio_estimate(torch.cat(lost), require_variation(torch.cat(energy), centre))
