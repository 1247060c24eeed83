"""Rounding twins: the same model with weights one rounding off, which tell a change of the code from arithmetic."""

import torch
from torch import nn

from vaebench.seeds import seed_for

ULP = 2.0**-23
"""Spacing of single-precision numbers above 1."""


def nudge(model: nn.Module, seed: int, ulp: int) -> None:
    """Multiply each weight by 1 ± 2⁻²³, in place.

    Another processor or another order of a sum rounds each number by about as much. What this does to a measurement is
    therefore the scale of honest differences.

    Args:
        model: An untrained model, or one that mathematics knows. Its weights are changed.
        seed: Of the model.
        ulp: Number of the twin, from 1, which has its own signs; 0 leaves the model as it is.
    """
    if not ulp:
        return
    rng = torch.Generator().manual_seed(seed_for(seed, "ulp", ulp))
    with torch.no_grad():
        for weight in model.parameters():
            signs = torch.randint(2, weight.shape, generator=rng) * 2 - 1
            weight.mul_(1 + signs.to(weight.device) * ULP)
