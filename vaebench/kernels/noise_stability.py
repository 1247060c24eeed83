"""Noise stability: how much of a function of Gaussian codes is lost under code noise.

Expand g in Hermite polynomials of z ~ N(0, I). Let W_k be the energy of those of degree k. Then E‖g‖² = Σ_k W_k and W₀
= ‖E g‖². The degree is the frequency in this basis. A pair of codes with correlation ρ measures it:

    S(ρ) = E⟨g(z), g(z_ρ)⟩ = Σ_k ρᵏ·W_k,   z_ρ = ρ·z + √(1 − ρ²)·z′.

This needs no grid and treats all dimensions alike. The cost does not grow with the number of latents.
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
    """Share of non-constant energy that a ρ-correlated pair of codes loses, in [0, 1].

    share(ρ) = 1 − (S(ρ) − W₀)/(S(1) − W₀) = Σ_{k≥1} (1 − ρᵏ)·W_k / Σ_{k≥1} W_k
             = ½·E‖g(z) − g(z_ρ)‖² / E‖g(z) − E g‖².

    Closed form: z and z_ρ have the same distribution, so ½·E‖g(z) − g(z_ρ)‖² = S(1) − S(ρ). Degree k loses exactly 1 −
    ρᵏ. An affine function loses 1 − ρ, the minimum. Scaling or shifting the outputs and rotating the latent space
    change nothing. The second line is what is estimated. It takes differences before squares, so a large mean costs no
    accuracy.

    `Undefined` if the function is constant or not finite, or there are fewer than two pairs.

    Args:
        function: (batch, latent) -> (batch, *event), example by example.
        latent: Number of latent dimensions.
        rho: ρ, in [0, 1). Values nearer to 1 are sensitive to higher degrees: 1 − ρᵏ passes ½ at k = log ½/log ρ, about
            7 for ρ = .9.
        samples: Number of pairs.
        rng: Source of the pairs.
        chunk: Pairs evaluated at a time. It affects memory, not the result.
        dtype: Of the codes; torch's default unless given.
        device: Of the codes; the generator's own unless given.

    Returns:
        The share, a scalar in double precision, biased O(1/samples), with its delta-method standard error. The centre E
        g is estimated from the same pairs, which changes share and error in second order only.

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
