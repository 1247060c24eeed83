"""Log-sum-exp potentials over the components of a mixture, and their metrics in closed form.

F(z) = log Σ_k exp φ_k(z) with φ_k(z) = τ·(z − m_k)ᴴ·diag(p_k)·(z − m_k) + c_k. A function is plurisubharmonic (PSH) if
∂∂̄ is nowhere negative. With p ≥ 0 and τ ≥ 0 every φ_k is PSH, and so is F. With τ = −1 and p = 1/s², F is the log
density of a complex normal mixture. It is not PSH.

Results are computed in double precision and returned in that of the codes. Sums over components are matrix products of
moments, (batch, k)·(k, d²), which makes them cheap. This requires expanding the squares, which costs digits:
10⁻¹⁶·τ·p·(|z| + |m|)² in φ. Single precision would lose all of them.
"""

import math

import torch
from torch import Tensor

from vaebench.kernels.complex_normal import parts
from vaebench.kernels.lengths import factored


def potential(z: Tensor, means: Tensor, weights: Tensor, offsets: Tensor, tau: float = 1.0) -> Tensor:
    """Log-sum-exp of quadratics centred at a mixture's components, in nats.

    F(z) = log Σ_k exp(τ·Σ_j p_kj·|z_j − m_kj|² + c_k).

    The largest exponent is taken out first, so nothing overflows. Arguments of mismatched shapes raise `ValueError`,
    here and in the metrics.

    Args:
        z: Complex, shape (batch, d).
        means: m, complex, shape (k, d).
        weights: p, real, shape (k, d): the diagonal of each quadratic, for example a posterior's precision 1/s².
        offsets: c, real, shape (k,).
        tau: τ, of either sign.

    Returns:
        F, real, shape (batch,), in the precision of `z`. Exact up to roundings.

    Examples:
        >>> z, means = torch.tensor([[2.0 + 0.0j]]), torch.tensor([[0.0j], [0.0j]])
        >>> potential(z, means, torch.ones(2, 1), torch.zeros(2))
        tensor([4.6931])
    """
    return torch.logsumexp(_exponents(z, means, weights, offsets, tau), 1).to(z.real.dtype)


def potential_metric(z: Tensor, means: Tensor, weights: Tensor, offsets: Tensor, tau: float = 1.0) -> Tensor:
    """Complex Hessian of the potential: a Hermitian metric, in nats per squared code unit.

    ∂_i∂̄_j F = τ·E_w[p_i]·δ_ij + τ²·Cov_w(conj(v_i), v_j),  v_k = p_k·(z − m_k),  w = softmax_k φ_k(z).

    Closed form: the law of total covariance, ∂∂̄F = E_w[∂∂̄φ] + Cov_w(∂φ, ∂̄φ). There ∂̄φ_k = τ·v_k, ∂φ_k is its
    conjugate, and ∂_i∂̄_jφ_k = τ·p_ki·δ_ij. v is linear in z, so its covariance follows from that of p and p·m.

    Args:
        z: Complex, shape (batch, d).
        means: m, complex, shape (k, d).
        weights: p, real, shape (k, d).
        offsets: c, real, shape (k,).
        tau: τ, of either sign. If τ and the weights are not negative, the metric is positive semidefinite.

    Returns:
        Metric, complex, shape (batch, d, d), [b, i, j] = ∂_i∂̄_jF as in `decoder_metric`, in the precision of `z`.
        Exact up to roundings. Costs about batch·k·9d²/2 multiplications. Differentiable.

    Examples:
        >>> z, means = torch.tensor([[5.0 + 0.0j]]), torch.tensor([[0.0j]])
        >>> potential_metric(z, means, torch.tensor([[3.0]]), torch.zeros(1), tau=2.0)
        tensor([[[6.+0.j]]])
    """
    share = torch.softmax(_exponents(z, means, weights, offsets, tau), 1)
    d, codes = z.shape[1], z.to(torch.complex128)
    p, centres = weights.double(), parts(means).double()
    statistics = torch.cat((p, p * centres[..., 0], p * centres[..., 1]), 1)
    averages, covariances = _averages_and_covariances(share, statistics)
    # v is the image of these statistics under (diag z, −I, −i·I), and its covariance likewise.
    identity = torch.eye(d, dtype=codes.dtype, device=z.device).expand(len(z), d, d)
    v = torch.cat((torch.diag_embed(codes), -identity, -1j * identity), 2)
    spread = v.conj() @ covariances.to(codes.dtype) @ v.mT
    metric = tau * torch.diag_embed(averages[:, :d]) + tau**2 * (spread + spread.mH) / 2
    return metric.to(z.dtype)


def mixture_log_density_hessian(z: Tensor, means: Tensor, scales: Tensor, log_weights: Tensor) -> Tensor:
    """Complex Hessian of a complex normal mixture's log density, in nats per squared code unit.

    ∂_i∂̄_j log Σ_k π_k·CN(z; m_k, diag s_k²) = −E_w[1/s_i²]·δ_ij + Cov_w(conj(v_i), v_j),  v_k = (z − m_k)/s_k²,
    w the posterior of the components.

    Closed form: `potential_metric` with τ = −1 and p = 1/s². It is the negative control of the potential. The Hessian
    is −1/s² near a mode. Midway between two unit modes at ±m it is |m|² − 1 along m. So for |m| > 1 neither the log
    density nor its negative is plurisubharmonic.

    Args:
        z: Complex, shape (batch, d).
        means: m, complex, shape (k, d).
        scales: s, real, shape (k, d).
        log_weights: log π, real, shape (k,); a constant added to all of them changes nothing.

    Returns:
        Hessian, complex, shape (batch, d, d), Hermitian, of no definite sign. Exact up to roundings.

    Examples:
        >>> z, means = torch.tensor([[0.0j]]), torch.tensor([[2.0 + 0.0j], [-2.0 + 0.0j]])
        >>> mixture_log_density_hessian(z, means, torch.ones(2, 1), torch.zeros(2))
        tensor([[[3.+0.j]]])
    """
    _require_fit(z, means, scales, log_weights)
    wide = scales.double()
    offsets = log_weights.double() - (2 * wide.log() + math.log(math.pi)).sum(-1)
    return potential_metric(z, means, wide.square().reciprocal(), offsets, tau=-1.0)


def smallest_eigenvalue(metric: Tensor) -> Tensor:
    """Smallest eigenvalue of each Hermitian matrix, in its unit.

    λ_min(g) = min over unit v of vᴴ·g·v.

    It is negative where a potential is not plurisubharmonic. `Undefined` where an entry is not finite.

    Args:
        metric: Complex, Hermitian, shape (..., d, d). Only its lower triangle is used.

    Returns:
        Real, shape (...). Exact up to a few roundings of the *largest* eigenvalue, at every size.

    Examples:
        >>> smallest_eigenvalue(torch.tensor([[2.0, 1.0j], [-1.0j, 2.0]]))
        tensor(1.)
    """
    matrices, unit = factored(metric.reshape(-1, *metric.shape[-2:]), "the metric")
    eigenvalues: Tensor = torch.linalg.eigvalsh(matrices)[:, 0] * unit
    return eigenvalues.reshape(metric.shape[:-2])


def _exponents(z: Tensor, means: Tensor, weights: Tensor, offsets: Tensor, tau: float) -> Tensor:
    """All φ_k at all codes, shape (batch, k), in double precision."""
    _require_fit(z, means, weights, offsets)
    codes, centres, p = parts(z).double(), parts(means).double(), weights.double()
    towards = -2 * p.unsqueeze(2) * centres
    features = torch.cat((codes.square().sum(2), codes.flatten(1)), 1)
    table = torch.cat((p, towards.flatten(1)), 1)
    constants = tau * (p * centres.square().sum(2)).sum(1) + offsets.double()
    exponents: Tensor = torch.addmm(constants, features, table.T, alpha=tau)
    return exponents


def _require_fit(z: Tensor, means: Tensor, each: Tensor, offsets: Tensor) -> None:
    """Raise on shapes that do not match, which broadcasting would accept."""
    fit = z.ndim == means.ndim == 2 and z.shape[1] == means.shape[1]
    if not fit or each.shape != means.shape or offsets.shape != means.shape[:1]:
        shapes = ", ".join(str(tuple(argument.shape)) for argument in (z, means, each, offsets))
        raise ValueError(f"codes (batch, d), two (k, d) and one (k,) were expected for a mixture, got {shapes}")


def _averages_and_covariances(share: Tensor, statistics: Tensor) -> tuple[Tensor, Tensor]:
    """Means and covariances of n real component statistics under each row of shares."""
    n = statistics.shape[1]
    rows, columns = torch.triu_indices(n, n, device=share.device)
    place = torch.empty(n, n, dtype=torch.long, device=share.device)
    place[rows, columns] = place[columns, rows] = n + torch.arange(len(rows), device=share.device)
    moments = share @ torch.cat((statistics, statistics[:, rows] * statistics[:, columns]), 1)
    averages = moments[:, :n]
    return averages, moments[:, place] - averages.unsqueeze(2) * averages.unsqueeze(1)
