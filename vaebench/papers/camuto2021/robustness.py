"""How far an attack on the input moves the reconstruction."""

import torch

from vaebench.claims import Measurement, declined
from vaebench.data import Dataset
from vaebench.experiment import EvaluationBudget
from vaebench.kernels import attack
from vaebench.measures.model_view import held_out, of_sample, reads, reconstructed, total_variance
from vaebench.measures.reconstruction import unexplained
from vaebench.training.fit import Trained

RADII = {"small": 0.05, "medium": 0.1, "large": 0.2}
"""Radius of the L2 ball, in standard deviations of the data (root of the total variance)."""

DAMAGES = tuple(f"damage_{name}" for name in (*RADII, "medium_per_data"))

COLLAPSED = 1e-4
"""Share of the data's standard deviation below which reconstructions count as one and the same."""


@reads(*DAMAGES, "unexplained_variance")
def maximum_damage(
    trained: Trained, data: Dataset, evaluation: EvaluationBudget, rng: torch.Generator
) -> tuple[Measurement, ...]:
    """Read the damage of a maximum-damage attack: max over ‖δ‖₂ ≤ r of ‖r(x+δ) − r(x)‖₂ / sd(r), r the reconstruction.

    Source: the attack of Camuto et al. 2020 (arXiv 2007.07365), with the largest change of the reconstruction as its
    aim; damage is in standard deviations of the reconstructions over held-out data.

    Args:
        trained: The model.
        data: What is attacked.
        evaluation: At most ``attacked`` examples, with ``attack_steps`` and ``attack_restarts``.
        rng: Of the random starts.

    Returns:
        ``damage_small``, ``damage_medium``, ``damage_large`` (lower bounds: an attack may miss), of which
        ``damage_medium_per_data`` is the middle one in standard deviations of the data instead; and
        ``unexplained_variance``, the share of the data's variance that reconstructions leave.
    """
    function, everything = reconstructed(trained), held_out(data, evaluation.points, least=2)
    with torch.no_grad():
        reconstructions = function(everything)
    sd = float(reconstructions.flatten(1).double().var(0).sum().sqrt())
    data_sd = float(total_variance(data).sqrt())
    left = unexplained(everything, reconstructions, data)
    if sd < COLLAPSED * data_sd:
        reason = "reconstructions do not vary: damage has no scale"
        return (*(declined(name, reason, "model") for name in DAMAGES), left)
    x = held_out(data, evaluation.attacked)
    damage = {
        name: attack.maximum_damage(
            function, x, share * data_sd, evaluation.attack_steps, evaluation.attack_restarts, rng
        ).double()
        for name, share in RADII.items()
    }
    return (
        *(of_sample(f"damage_{name}", found / sd) for name, found in damage.items()),
        of_sample("damage_medium_per_data", damage["medium"] / data_sd),
        left,
    )
