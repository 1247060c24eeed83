"""The linear VAE in closed form: the optimum when encoder and decoder are matrices.

The loss per example is L = ‖x − x̂‖² + β·KL. The data are centred and have principal variances λ. The optimum acts on
each principal axis separately, so all formulas are one-dimensional: μ = α·x (encoder gain α), x̂ = w·z (decoder gain
w). With a fixed isotropic scale the latent axes may be rotated; the gains are then the singular values of the two
matrices. A latent space smaller than the data keeps the directions of largest variance.
"""

from typing import NamedTuple, get_args

import torch
from torch import Tensor

from vaebench.experiment import Target


class FixedScaleGains(NamedTuple):
    """The optimum for a posterior scale held at σ: shapes (directions,), zero where a direction is inactive.

    Attributes:
        encoder_gain: α ≥ 0, code units per data unit.
        decoder_gain: w ≥ 0, data units per code unit.
        end_to_end_gain: w·α, the factor by which a reconstruction shrinks.
        mean_variance: Var μ = m², in squared code units.
    """

    encoder_gain: Tensor
    decoder_gain: Tensor
    end_to_end_gain: Tensor
    mean_variance: Tensor


class LearnedScaleSolution(NamedTuple):
    """The optimum for a learned posterior scale, all of shape (directions,).

    Attributes:
        encoder_gain: α ≥ 0, code units per data unit; 0 where collapsed.
        decoder_gain: w ≥ 0, data units per code unit; 0 where collapsed.
        scale: σ, a standard deviation; 1 where collapsed.
    """

    encoder_gain: Tensor
    decoder_gain: Tensor
    scale: Tensor


def fixed_scale_gains(
    eigenvalues: Tensor,
    scale: float,
    beta: float,
    input_noise: float = 0.0,
    target: Target = "clean",
    *,
    latent: int | None = None,
) -> FixedScaleGains:
    """Gains of the optimal linear VAE whose posterior scale is held at σ.

    Let a = λ + s² be the variance of the noisy input. Let e be the variance predictable from it: e = λ²/a for a clean
    target, e = a for a noisy one. Both are λ where s = 0.

        q = (√(2e/β)/σ − 1)₊,  m² = σ²·q,  α = √(m²/a),  w = √(β·q/2),  w·α = r·q/(1 + q),

    r = λ/a for a clean target, 1 for a noisy one. A direction is active iff √e > σ·√(β/2).

    Closed form: given α, regression gives w. The remaining loss is e·σ²/(m² + σ²) + (β/2)·m², stationary where m² + σ²
    = σ·√(2e/β). The decoder gain falls in σ. The encoder gain rises until σ = ½·√(2e/β), half way to collapse, and then
    falls. So judge an encoder by a number free of output scale. Input noise lowers the encoder gain for a clean target.
    For a noisy target it makes inactive directions active.

    Args:
        eigenvalues: λ, variances of the clean data along their principal axes, in any order, shape (directions,).
        scale: σ, a standard deviation.
        beta: β, the weight of the KL relative to a sum of squared errors.
        input_noise: s, standard deviation of the noise added to the encoder's input.
        target: What is reconstructed: the data without the noise (`clean`) or with it (`noisy`).
        latent: Number of latent units; the directions of largest λ get them. Default: as many as directions.

    Returns:
        The gains, in the units of `FixedScaleGains`. Exact.

    Raises:
        ValueError: If an eigenvalue or `input_noise` is negative, `scale` or `beta` not positive, or `target` unknown.

    Examples:
        >>> gains = fixed_scale_gains(torch.tensor([2.0, 0.1]), scale=0.5, beta=1.0)
        >>> gains.decoder_gain
        tensor([1.2247, 0.0000])
        >>> gains.end_to_end_gain
        tensor([0.7500, 0.0000])
    """
    _require_spectrum(eigenvalues, beta)
    if scale <= 0 or input_noise < 0:
        raise ValueError(f"scale must be positive and input_noise not negative, got {scale} and {input_noise}")
    if target not in get_args(Target):
        raise ValueError(f"unknown target {target!r}; known: {', '.join(get_args(Target))}")
    seen = (eigenvalues + input_noise**2).clamp_min(torch.finfo(eigenvalues.dtype).tiny)
    reach = eigenvalues / seen if target == "clean" else torch.ones_like(eigenvalues)
    told_apart = eigenvalues * reach if target == "clean" else seen
    excess = ((2 * told_apart / beta).sqrt() / scale - 1).clamp_min(0) * _largest(eigenvalues, latent)
    mean_variance = scale**2 * excess
    return FixedScaleGains(
        encoder_gain=(mean_variance / seen).sqrt(),
        decoder_gain=(beta / 2 * excess).sqrt(),
        end_to_end_gain=reach * excess / (1 + excess),
        mean_variance=mean_variance,
    )


def learned_scale_solution(eigenvalues: Tensor, beta: float, *, latent: int | None = None) -> LearnedScaleSolution:
    """Gains and scales of the optimal linear VAE with a learned diagonal posterior.

    w = √(λ − β/2)₊,  σ² = min(1, β/(2λ)),  α = w/λ.  Collapsed iff λ ≤ β/2.

    Closed form: up to a constant, −L/β is the evidence bound of probabilistic PCA with noise variance β/2. The bound is
    tight: if the decoder's columns are orthogonal, the exact posterior is diagonal. So the optimum is the maximum of
    PPCA's likelihood. Diagonal scales also fix the latent axes, up to sign and order.

    Invalid eigenvalues and weights raise `ValueError`, as in `fixed_scale_gains`.

    Args:
        eigenvalues: λ, variances of the data along their principal axes, in any order, shape (directions,).
        beta: β, the weight of the KL relative to a sum of squared errors.
        latent: Number of latent units; the directions of largest λ get them. Default: as many as directions.

    Returns:
        The solution, in the units of `LearnedScaleSolution`. Exact.

    Examples:
        >>> solution = learned_scale_solution(torch.tensor([2.0, 0.1]), beta=1.0)
        >>> solution.scale
        tensor([0.5000, 1.0000])
    """
    _require_spectrum(eigenvalues, beta)
    active = (eigenvalues > beta / 2) & _largest(eigenvalues, latent)
    safe = torch.where(active, eigenvalues, 1.0)
    decoder_gain = torch.where(active, eigenvalues - beta / 2, 0.0).sqrt()
    return LearnedScaleSolution(
        encoder_gain=decoder_gain / safe,
        decoder_gain=decoder_gain,
        scale=torch.where(active, beta / (2 * safe), 1.0).sqrt(),
    )


def _require_spectrum(eigenvalues: Tensor, beta: float) -> None:
    """Raise if an eigenvalue is negative or the weight is not positive."""
    if (eigenvalues < 0).any():
        raise ValueError("eigenvalues are variances and cannot be negative")
    if beta <= 0:
        raise ValueError(f"beta must be positive, got {beta}")


def _largest(eigenvalues: Tensor, latent: int | None) -> Tensor:
    """Mask of the `latent` largest eigenvalues."""
    kept = torch.zeros_like(eigenvalues, dtype=torch.bool)
    count = eigenvalues.shape[0] if latent is None else min(latent, eigenvalues.shape[0])
    kept[eigenvalues.topk(count).indices] = True
    return kept
