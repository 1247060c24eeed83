"""What the trainings along a knob share."""

from dataclasses import dataclass

from vaebench.experiment import TrainingConfig


@dataclass(frozen=True)
class Setup:
    """What the trainings along a knob share.

    Attributes:
        arch: Name of the architecture.
        latent: Number of latent units.
        training: How long and how fast.
        seed: Of the initial weights, the batches and the noise.
        device: Where to train.
        seconds: Time limit of one training; None for no limit.
        ulp: Number of a rounding twin, see `training.nudge`; 0 for none.
        looks: Whether the first step is checked.
    """

    arch: str
    latent: int
    training: TrainingConfig
    seed: int
    device: str = "cpu"
    seconds: float | None = None
    ulp: int = 0
    looks: bool = True
