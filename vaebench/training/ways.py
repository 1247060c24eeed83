"""How trainings along a knob run: as one where that was measured to be faster, and the same models whichever way."""

from collections.abc import Sequence

from vaebench.experiment import Interventions
from vaebench.models import Variant
from vaebench.training.setup import Setup

FASTER = {("cuda", "mlp"), ("cpu", "mlp")}
"""Devices and networks on which a stack is faster, see ``benchmarks/device.cpu.md``. No GPU was measured yet."""


def stacks(device: str, arch: str, same_bits: bool) -> bool:
    """Whether to train the models along a knob as one: where that is faster, and on a CPU only for the same bits.

    Args:
        device: Where; ``cuda`` may have a number.
        arch: Name of the architecture.
        same_bits: Whether a stack gives the same bits, see `same_bits`.

    Returns:
        Whether to try it.
    """
    kind = device.partition(":")[0]
    return (kind, arch) in FASTER and (kind != "cpu" or same_bits)


def same_bits(
    setup: Setup, variant: Variant, interventions: Sequence[Interventions], strengths: Sequence[float]
) -> bool:
    """Whether a stack gives the bits that each model gives alone, as far as the suite's own variants show.

    Convolutions, several gradients of one weight, a Bernoulli likelihood, a strength that is a tensor, and products
    with a single latent unit or example are rounded otherwise.

    Args:
        setup: What the trainings share.
        variant: What to train.
        interventions: The suite's interventions at each value of the knob.
        strengths: The strength at each value, where that is the knob; else empty.

    Returns:
        Whether no note has to say that it was stacked.
    """
    if setup.device.partition(":")[0] != "cpu" or setup.arch != "mlp" or strengths or variant.adversaries:
        return False
    if min(setup.latent, setup.training.batch) == 1:
        return False
    return all(acting.likelihood != "bernoulli" for acting in interventions)
