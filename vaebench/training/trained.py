"""What training makes, and instruments receive."""

from dataclasses import dataclass

from torch import Tensor

from vaebench.models import Objective
from vaebench.training.intervened import Intervened


@dataclass(frozen=True)
class Trained:
    """What instruments receive: a model with its interventions, and how it was trained.

    Attributes:
        model: The model to measure, with interventions, in evaluation mode.
        latent: Number of real latent units; a complex posterior has half as many units.
        kl_weight: The variant's declared weight of the KL, or None.
        complex_codes: Whether the model's codes are complex.
        history: (step, loss) at every check, in nats per example.
        snapshots: (step, weights) at the steps of the training configuration.
        seconds: Duration of the training.
        objective: What was minimised; None for an untrained model.
        notes: Remarks for the record, one line each.
        label: The class that a conditional model is read at, on the examples of that class; else None.
        frozen: Whether its weights are a checkpoint. Its likelihood has its own variance, whatever the task fixes.
    """

    model: Intervened
    latent: int
    kl_weight: float | None
    complex_codes: bool = False
    history: tuple[tuple[int, float], ...] = ()
    snapshots: tuple[tuple[int, dict[str, Tensor]], ...] = ()
    seconds: float = 0.0
    objective: Objective | None = None
    notes: tuple[str, ...] = ()
    label: int | None = None
    frozen: bool = False
