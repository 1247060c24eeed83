"""How much of the data a model explains."""

import torch
from torch import Tensor

from vaebench.claims import Measurement
from vaebench.data import Dataset
from vaebench.measures.declared import gives
from vaebench.measures.model_view import held_out, of_sample, reconstructed, total_variance
from vaebench.measures.probe import Probe


@gives("unexplained_variance")
def unexplained_variance(probe: Probe) -> tuple[Measurement, ...]:
    """Measure the share of the data's variance that reconstructions leave, over held-out data.

    Args:
        probe: At most ``points`` examples are reconstructed.

    Returns:
        ``unexplained_variance``: 0 for perfect reconstructions, 1 for the data's mean.
    """
    x = held_out(probe.data, probe.budget.points)
    with torch.no_grad():
        return (unexplained(x, reconstructed(probe.trained)(x), probe.data),)


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
