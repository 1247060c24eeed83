"""How well the posterior mixture's potential follows the decoder's Fisher metric, and what both cost."""

import math
import time
from collections.abc import Callable

import torch
from scipy.stats import spearmanr
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.kernels.complex_normal import squared_moduli, standard_complex_normal
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.fisher_metric import closedness_defect, log_volume
from vaebench.kernels.lengths import norms
from vaebench.kernels.mixture_potential import mixture_log_density_hessian, potential_metric, smallest_eigenvalue
from vaebench.measures.declared import gives
from vaebench.measures.model_view import of_sample
from vaebench.measures.probe import Probe
from vaebench.papers.gracyk2025.complex_view import (
    Mixture,
    at_a_time,
    metric_at,
    posterior_mixture,
    prior_pairs,
    refused,
    standardised_decoder,
)
from vaebench.training.fit import Trained

TAU = 1.0
"""Weight of the quadratic forms in the exponents. With 1 each is a divergence between posteriors, in nats."""

CLOSEDNESS_CODES = 64
"""Codes at which closedness is measured. Its cost is quadratic in the number of units."""

AT_ONCE = 256
"""Codes whose distances from all posteriors are held at a time, as complex numbers."""

REPEATS = 5
"""Timings of each of the two, alternating."""

ROUNDING = 1e-9
"""Share of a metric's largest eigenvalue that counts as 0."""

EVEN = 1e-4
"""Spread of log det, in nats, below which it is rounding."""


def _potential(mixture: Mixture, z: Tensor) -> Tensor:
    weights = mixture.precisions()[:, mixture.active]
    offsets = torch.zeros(len(weights), device=z.device)
    return potential_metric(z[:, mixture.active], mixture.means[:, mixture.active], weights, offsets, TAU)


def _nearby_precision(mixture: Mixture, z: Tensor) -> Tensor:
    """Log ∏ of the posteriors' precisions at z, averaged by responsibility for z. It belongs to no potential."""
    means, scales = mixture.means[:, mixture.active], mixture.scales[:, mixture.active].double()
    found = []
    for part in torch.split(z[:, mixture.active], AT_ONCE):
        apart = squared_moduli((part[:, None] - means).to(torch.complex128))
        responsible = torch.softmax(-(apart / scales.square() + 2 * scales.log()).sum(2), 1)
        found.append((responsible @ scales.square().reciprocal()).log().sum(1))
    return torch.cat(found)


def _prepared(probe: Probe, n: int) -> tuple[Mixture, Tensor]:
    """The posterior mixture and codes from the prior."""
    x, units = probe.data.train.x, probe.trained.latent // 2
    codes = standard_complex_normal((n, units), probe.rng, dtype=x.dtype.to_complex()).to(x.device)
    return posterior_mixture(probe.trained, probe.data), prior_pairs(probe.trained, codes)


@gives("potential_spearman", "potential_relative_error", "precision_spearman", "kahler_defect")
def potential_fidelity(probe: Probe) -> tuple[Measurement, ...]:
    """Measure how the potential's metric follows the decoder's Fisher metric over the prior.

    The potential is log Σ_k exp((ζ − m_k)ᴴ P_k (ζ − m_k)). CN(m_k, P_k⁻¹) are posteriors of training examples.

    Args:
        probe: Latent units are read in pairs, at a quarter of ``samples`` codes. The training part gives the mixture.

    Returns:
        ``potential_spearman`` is the rank correlation of log det of both metrics. ``potential_relative_error`` is the
        median of ‖H − g‖/‖g‖. ``precision_spearman`` is the rank correlation with the posteriors' mean precision at ζ,
        which is no potential's. ``kahler_defect`` says how far the decoder's own metric is from Kähler.
    """
    trained = probe.trained
    try:
        mixture, z = _prepared(probe, probe.budget.samples // 4)
    except Undefined as reason:
        return refused(potential_fidelity, trained, reason)
    defect = _defect(trained, z[:CLOSEDNESS_CODES])
    try:
        return (*_fidelity(trained, mixture, z), defect)
    except Undefined as reason:
        return refused(potential_fidelity, trained, reason, (defect,))


def _fidelity(trained: Trained, mixture: Mixture, z: Tensor) -> tuple[Measurement, ...]:
    fisher, proxy = metric_at(trained, z, mixture.active), _potential(mixture, z)
    volume, proxied = log_volume(fisher), log_volume(proxy)
    error = norms(proxy - fisher) / norms(fisher)
    # Of n errors √n/2 is one standard deviation of how many lie below the true median.
    share = 0.5 + torch.tensor([-0.5, 0.0, 0.5], device=z.device) / len(z) ** 0.5
    low, median, high = torch.quantile(error, share.to(error.dtype)).tolist()
    return (
        _correlation("potential_spearman", proxied, volume),
        Measurement("potential_relative_error", median, (high - low) / 2, len(z)),
        _correlation("precision_spearman", _nearby_precision(mixture, z), volume),
    )


def _defect(trained: Trained, z: Tensor) -> Measurement:
    copies = (2 * z.shape[1]) ** 2  # second derivatives by two real parts of each unit
    parts = torch.split(z, at_a_time(trained, z, len(z), times=4 / copies, least=1))
    try:
        found = [closedness_defect(standardised_decoder(trained), part) for part in parts]
        return of_sample("kahler_defect", torch.cat(found))
    except Undefined as reason:
        return declined("kahler_defect", str(reason), "setting" if z.shape[1] == 1 else "model")


def _correlation(name: str, proxied: Tensor, volume: Tensor) -> Measurement:
    """Spearman's rank correlation with its large-sample standard error, (1 − r²)/√(n − 1) times Fieller's 1.03."""
    for whose, values in (("decoder's", volume), ("proxy's", proxied)):
        if float(values.double().std()) < EVEN:
            return declined(name, f"the {whose} volume is the same everywhere: there is no order to follow", "model")
    found = float(spearmanr(proxied.cpu().double(), volume.cpu().double()).statistic)
    return Measurement(name, found, 1.03 * (1 - found**2) / (len(volume) - 1) ** 0.5, len(volume), "1", "higher")


@gives("{potential,mixture}_psh_share", "{potential,mixture}_smallest_eigenvalue")
def plurisubharmonic(probe: Probe) -> tuple[Measurement, ...]:
    """Measure where the potential's metric is positive over the prior.

    The negative control is that of the mixture's log density.

    Args:
        probe: Latent units are read in pairs, at a quarter of ``samples`` codes. The training part gives the mixture.

    Returns:
        ``potential_psh_share`` and ``mixture_psh_share``, shares of codes without a negative eigenvalue.
        ``potential_smallest_eigenvalue`` and ``mixture_smallest_eigenvalue`` are the smallest over all codes, as a
        share of the largest in size at its code.
    """
    try:
        mixture, codes = _prepared(probe, probe.budget.samples // 4)
        # The metrics are returned in the precision of the codes, and single is too coarse for `ROUNDING`.
        z, kept = codes.to(torch.complex128), mixture.active
        means, scales = mixture.means[:, kept], mixture.scales[:, kept]
        control = mixture_log_density_hessian(z[:, kept], means, scales, torch.zeros(len(means), device=z.device))
        metrics = {"potential": _potential(mixture, z), "mixture": control}
        relative = {name: _relative_smallest(metric) for name, metric in metrics.items()}
    except Undefined as reason:
        return refused(plurisubharmonic, probe.trained, reason)
    return (
        *(of_sample(f"{name}_psh_share", (low >= -ROUNDING).double()) for name, low in relative.items()),
        *(Measurement(f"{name}_smallest_eigenvalue", float(low.min()), 0.0, len(z)) for name, low in relative.items()),
    )


def _relative_smallest(metric: Tensor) -> Tensor:
    """Smallest eigenvalue of each matrix, divided by the largest in size."""
    sizes: Tensor = torch.linalg.matrix_norm(metric, 2)
    return smallest_eigenvalue(metric) / sizes.clamp_min(1e-300)


@gives("metric_log10_time_ratio")
def cost(probe: Probe) -> tuple[Measurement, ...]:
    """Measure how many times longer the decoder's Fisher metric takes than the potential's.

    Both are timed on the same codes.

    Args:
        probe: As above, with an eighth of ``samples`` codes.

    Returns:
        ``metric_log10_time_ratio``, the median over repeats of the ratio's decimal logarithm.
    """
    trained = probe.trained
    try:
        mixture, z = _prepared(probe, probe.budget.samples // 8)
    except Undefined as reason:
        return refused(cost, trained, reason)
    ratios = torch.empty(REPEATS + 1)
    for repeat in range(len(ratios)):
        fisher = _seconds(lambda: metric_at(trained, z, mixture.active), z.device)
        ratios[repeat] = math.log10(fisher / _seconds(lambda: _potential(mixture, z), z.device))
    kept = ratios[1:]  # the first of either warms up
    error = float(kept.std()) / REPEATS**0.5
    return (Measurement("metric_log10_time_ratio", float(kept.median()), error, REPEATS, "1", "higher"),)


def _seconds(call: Callable[[], Tensor], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start
