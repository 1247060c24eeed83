"""Whether a latent unit's importance is the variance of the source that it codes."""

import torch

from vaebench.claims import Declined, Reading
from vaebench.data import Dataset
from vaebench.kernels import isometry
from vaebench.measures import Effort
from vaebench.measures._subject import held_out, kl_weight_in_squares
from vaebench.training.fit import Trained


def importance(
    trained: Trained,
    data: Dataset,
    effort: Effort,
    rng: torch.Generator,
) -> tuple[Reading | Declined, ...]:
    """Read (β/2)·E σ_j⁻² of the active units, largest first, against the variances of the data's sources.

    Args:
        trained: The model.
        data: Its truth gives the variances.
        effort: At most ``points`` examples.
        rng: Unused.

    Returns:
        ``importance_1``, ``importance_2`` … in squared units of x, one for each source, 0 for a source that no active
        unit is left for; and ``importance_worst_error``, the largest size of a relative error.
    """
    beta = kl_weight_in_squares(trained, data.held_out.x)
    if data.truth is None or beta is None:
        reason = "the data's source variances are not known" if data.truth is None else "β is not known"
        return (Declined("importance_worst_error", reason),)
    with torch.no_grad():
        scale = trained.model.encode(held_out(data, effort.points)).scale.double()
    of_unit = isometry.importance(scale, beta)[isometry.active_units(scale)].sort(descending=True).values
    truth = torch.tensor(data.truth.source_variances, dtype=torch.float64)
    found = torch.zeros_like(truth)
    found[: len(of_unit)] = of_unit[: len(truth)].cpu()
    errors = found / truth - 1
    return (
        *(Reading(f"importance_{j}", float(value), 0.0, len(scale), "x²") for j, value in enumerate(found, start=1)),
        Reading("importance_worst_error", float(errors.abs().max()), 0.0, len(scale)),
    )
