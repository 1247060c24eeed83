"""How far an attack on the input moves the reconstruction."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.kernels import attack
from vaebench.measures.declared import gives
from vaebench.measures.model_view import held_out, of_sample, reconstructed, total_variance
from vaebench.measures.probe import Probe
from vaebench.measures.reconstruction import unexplained

RADII = {"small": 0.05, "medium": 0.1, "large": 0.2}
"""Radius of the L2 ball, in standard deviations of the data (root of the total variance)."""

COLLAPSED = 1e-4
"""Share of the data's standard deviation below which all reconstructions count as the same."""


@gives("damage_{small,medium,large}{_per_data,}", "attack_gain", "unexplained_variance")
def robustness(probe: Probe) -> tuple[Measurement, ...]:
    """Measure the damage of an attack at each radius, max over ‖δ‖₂ ≤ r of ‖r(x+δ) − r(x)‖₂, r the reconstruction.

    It is in standard deviations of the data, and in those of the reconstructions. An attack may miss the maximum, so
    damage is a lower bound. Its error holds what the second half of the restarts added, beside the spread over
    examples.

    Source: Camuto et al. 2020 (arXiv 2007.07365).

    Args:
        probe: At most ``attacked`` examples are attacked, with ``attack_steps`` and ``attack_restarts``.

    Returns:
        ``damage_small_per_data``, ``damage_medium_per_data`` and ``damage_large_per_data`` in standard deviations of
        the data. ``damage_small``, ``damage_medium`` and ``damage_large`` in those of the reconstructions; declined
        where these do not vary. ``attack_gain`` is the largest share of a radius' mean damage that the second half of
        the restarts added; declined with a single one. ``unexplained_variance`` is the share of the data's variance
        that reconstructions leave.
    """
    data, budget = probe.data, probe.budget
    function, everything = reconstructed(probe.trained), held_out(data, budget.points, least=2)
    with torch.no_grad():
        reconstructions = function(everything)
    sd = float(reconstructions.flatten(1).double().var(0).sum().sqrt())
    data_sd, x = float(total_variance(data).sqrt()), held_out(data, budget.attacked)
    found = {name: _attacked(probe, x, share * data_sd) for name, share in RADII.items()}
    per_data = [_short_of(f"damage_{name}_per_data", damage, data_sd) for name, damage in found.items()]
    if sd < COLLAPSED * data_sd:
        reason = "reconstructions do not vary: damage has no such scale"
        per_reconstruction = [declined(f"damage_{name}", reason, "model") for name in RADII]
    else:
        per_reconstruction = [_short_of(f"damage_{name}", damage, sd) for name, damage in found.items()]
    shares = [float(gain.mean() / damage.mean()) for damage, gain in found.values() if damage.any()]
    shortfall = Measurement("attack_gain", max(shares, default=0.0), 0.0, len(x))
    if budget.attack_restarts < 2:
        shortfall = declined("attack_gain", "a single restart has no second half")
    return (*per_data, *per_reconstruction, shortfall, unexplained(everything, reconstructions, data))


def _attacked(probe: Probe, x: Tensor, radius: float) -> attack.Damage:
    """Damage and gain of each example, in double precision; a single restart gains nothing that could be told."""
    function, budget = reconstructed(probe.trained), probe.budget
    if budget.attack_restarts < 2:
        found = attack.maximum_damage(function, x, radius, budget.attack_steps, 1, probe.rng).double()
        return attack.Damage(found, torch.zeros_like(found))
    both = attack.damage_and_gain(function, x, radius, budget.attack_steps, budget.attack_restarts, probe.rng)
    return attack.Damage(both.found.double(), both.gain.double())


def _short_of(name: str, damage: attack.Damage, sd: float) -> Measurement:
    """Mean damage, with the mean gain of the second half of the restarts in its error."""
    found = of_sample(name, damage.found / sd)
    return replace(found, stderr=math.hypot(found.stderr, float(damage.gain.mean()) / sd))
