"""How much of the data a model explains."""

import torch
from torch import Tensor

from vaebench.claims import Measurement
from vaebench.data import Dataset
from vaebench.experiment import EvaluationBudget
from vaebench.measures.model_view import held_out, of_sample, reads, reconstructed, total_variance
from vaebench.training.fit import Trained


@reads("unexplained_variance")
def unexplained_variance(
    trained: Trained,
    data: Dataset,
    evaluation: EvaluationBudget,
    rng: torch.Generator,
) -> tuple[Measurement, ...]:
    """Read the share of the data's variance that reconstructions leave, over held-out data.

    Args:
        trained: The model.
        data: What is reconstructed.
        evaluation: At most ``points`` examples.
        rng: Unused.

    Returns:
        ``unexplained_variance``: 0 for perfect reconstructions, 1 for the data's mean.
    """
    x = held_out(data, evaluation.points)
    with torch.no_grad():
        return (unexplained(x, reconstructed(trained)(x), data),)


def unexplained(x: Tensor, reconstructions: Tensor, data: Dataset) -> Measurement:
    """The share of the data's variance that reconstructions of x leave.

    Args:
        x: Shape (n, *shape).
        reconstructions: Likewise.
        data: Its training part gives the variance.

    Returns:
        ``unexplained_variance``, a mean over x.
    """
    error = (x - reconstructions).flatten(1).double().square().sum(1)
    return of_sample("unexplained_variance", error / total_variance(data))
