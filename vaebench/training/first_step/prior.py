"""Whether a model's own prior can be used: shapes, and draws that have the density it says.

The density p is held against the draws by a known normal r, as wide as the draws or wider. For bounded functions h

    E_prior h(z)·min(1, C·r(z)/p(z))  =  E_r h(z)·min(p(z)/r(z), C).

Both sides are ∫ h·min(p, C·r). No weight is above C, so few rare draws decide neither side, whatever the prior's tails
and modes. The left side comes from ``prior_sample`` and the right one from ``prior_log_prob``. The functions are 1 and
smooth steps along units and their squares, and in random directions. Complex codes are compared as their real and
imaginary parts: their density is per volume of those.
"""

import math

import torch
from torch import Tensor, nn

from vaebench.kernels.normal import normal_log_density
from vaebench.models import Refused
from vaebench.models.priors import Density, Sampling

DRAWS = 20_000
"""Draws of either side."""

WIDER = 1.3
"""How many times wider than the draws r is."""

MOST = 10.0
"""C, the largest weight."""

DIRECTIONS = 8
"""Number of smooth steps."""

SURE = 200.0
"""Sum of weights on either side below which the two hardly overlap, and nothing is decided."""

SIGMAS = 6.0
"""Standard errors at which a difference is one."""

SLACK = 0.005
"""Difference in a mean of numbers about 1 that is tolerated besides."""


def check_prior(model: nn.Module, latent: int, complex_codes: bool, rng: torch.Generator) -> None:
    """Draw from a model's prior, and hold its density, if it has one, against the draws.

    Args:
        model: With ``prior_sample``.
        latent: Number of real latent units.
        complex_codes: Whether its codes are complex, and half as many.
        rng: Source of the draws.

    Raises:
        Refused: A shape is wrong, a number is not finite, all draws are one, or the density is not that of the draws.
    """
    assert isinstance(model, Sampling)
    noise = torch.randn(DRAWS, latent, generator=rng, device=rng.device)
    with torch.no_grad():
        codes = model.prior_sample(noise)
        expected = (DRAWS, latent // 2 if complex_codes else latent)
        if codes.shape != expected or codes.is_complex() != complex_codes:
            raise Refused(f"prior_sample should give codes of shape {expected}, gave {tuple(codes.shape)}")
        if not torch.isfinite(codes).all():
            raise Refused("prior_sample gives codes that are not finite")
        if not (codes.std(0) > 0).all():
            raise Refused("prior_sample gives one code for all noise: it has to depend on the noise")
        if not torch.equal(codes, model.prior_sample(noise)):
            raise Refused("prior_sample gives two results for the same noise")
        if isinstance(model, Density):
            _check_density(model, codes, rng)


def _check_density(model: Density, drawn_codes: Tensor, rng: torch.Generator) -> None:
    said = model.prior_log_prob(drawn_codes[:8])
    if said.shape != (len(drawn_codes[:8]),):
        raise Refused(f"prior_log_prob should give shape ({len(drawn_codes[:8])},), gave {tuple(said.shape)}")
    codes = _parts(drawn_codes)
    if not (codes.std(0) > 0).all():
        raise Refused("a real or an imaginary part of prior_sample's codes never varies: such codes have no density")
    centre, width = codes.mean(0), WIDER * codes.std(0)
    known = centre + width * torch.randn(codes.shape, generator=rng, device=codes.device)
    known_codes = torch.view_as_complex(known.reshape(len(known), -1, 2)) if drawn_codes.is_complex() else known
    at_known = (model.prior_log_prob(known_codes) - normal_log_density(known, centre, width)).double()
    at_drawn = (model.prior_log_prob(drawn_codes) - normal_log_density(codes, centre, width)).double()
    if torch.isnan(at_known).any() or torch.isnan(at_drawn).any():
        raise Refused("prior_log_prob gives numbers that do not exist")
    weights = (math.log(MOST) - at_drawn).clamp(max=0).exp(), at_known.clamp(max=math.log(MOST)).exp()
    if max(float(one.sum()) for one in weights) < SURE:
        return
    ways = torch.randn(codes.shape[1], DIRECTIONS, generator=rng, device=codes.device)
    drawn, weighed = (
        _steps(z, centre, width, ways) * one.unsqueeze(1) for z, one in zip((codes, known), weights, strict=True)
    )
    error = ((drawn.var(0) + weighed.var(0)) / len(codes)).sqrt()
    apart = (drawn.mean(0) - weighed.mean(0)).abs()
    if bool((apart > SIGMAS * error + SLACK).any()):
        of_draws, of_density = (float(one.mean()) for one in weights)
        raise Refused(
            f"prior_log_prob is not the density of prior_sample: a part that holds {of_draws:.3g} of the draws has "
            f"{of_density:.3g} of the density, and means under the two differ by up to {float(apart.max()):.2g}"
        )


def _parts(z: Tensor) -> Tensor:
    """Real codes as they are, complex ones as real and imaginary parts, shape (n, real units)."""
    return torch.view_as_real(z.resolve_conj()).flatten(1) if z.is_complex() else z


def _steps(z: Tensor, centre: Tensor, width: Tensor, ways: Tensor) -> Tensor:
    """The constant 1 and smooth steps, shape (n, functions)."""
    units = (z - centre) / width
    steps = torch.sigmoid(2 * torch.cat([units, 2 * (units.square() - 0.5), units @ ways], 1)).double()
    return torch.cat([torch.ones(len(z), 1, device=z.device, dtype=steps.dtype), steps], 1)
