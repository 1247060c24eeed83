"""How a training runs: chosen by what was measured, and the same model whichever way."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ways:
    """Ways of a training.

    Attributes:
        stack: Whether the models along a knob are trained as one.
    """

    stack: bool


STACKED = {("cuda", "mlp")}
"""Devices and networks on which a stack is faster. No GPU was measured by this project yet."""


def ways(device: str, arch: str) -> Ways:
    """Choose how to train.

    Args:
        device: Where; ``cuda`` may have a number.
        arch: Name of the architecture.

    Returns:
        The way.
    """
    return Ways(stack=(device.partition(":")[0], arch) in STACKED)
