"""What instruments are given: a model or all models of a cell, data, what may be spent, and the draws."""

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
        data: What it is measured on, on the model's device.
        budget: How much may be spent.
        rng: Of all draws; the same for every model of a cell.
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
        data: What they are compared on, on their device.
        budget: How much may be spent.
        rng: Of all draws.
    """

    models: Mapping[tuple[str, float | None], Trained]
    data: Dataset
    budget: EvaluationBudget
    rng: torch.Generator


Instrument = Callable[[Probe], tuple[Measurement, ...]]

Placed = tuple[float | None, Measurement]
"""What a comparison found, with the knob value of the judged model that it belongs to; None for all of them."""

Comparison = Callable[[Cohort], tuple[Placed, ...]]
