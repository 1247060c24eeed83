"""What instruments get: one model or all models of a cell, data, an evaluation budget, and a generator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from vaebench.claims import Measurement
from vaebench.data import Dataset
from vaebench.experiment import EvaluationBudget
from vaebench.training.fit import Trained


@dataclass(frozen=True)
class Probe:
    """One model to be measured.

    Attributes:
        trained: The model.
        data: The data, on the model's device.
        budget: How much may be spent.
        rng: Generator of all draws, the same for every model of a cell.
    """

    trained: Trained
    data: Dataset
    budget: EvaluationBudget
    rng: torch.Generator


@dataclass(frozen=True)
class Cohort:
    """All models of a cell, to be compared.

    Attributes:
        models: By arm and knob value.
        data: The data, on the models' device.
        budget: How much may be spent.
        rng: Generator of all draws.
    """

    models: Mapping[tuple[str, float | None], Trained]
    data: Dataset
    budget: EvaluationBudget
    rng: torch.Generator


Instrument = Callable[[Probe], tuple[Measurement, ...]]

Placed = tuple[float | None, Measurement] | tuple[float | None, Measurement, str]
"""A comparison's measurement, with the knob value of its model; None if it belongs to all judged models.

The model is the judged one, or that of the arm named behind the measurement.
"""

Comparison = Callable[[Cohort], tuple[Placed, ...]]
