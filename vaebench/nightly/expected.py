"""Which cells a night has: every variant, network and data set once a task, and one longer training a task."""

from collections.abc import Iterable
from functools import cache

from vaebench import catalog
from vaebench.nightly.cells import Asked
from vaebench.papers import Task

PLAIN = "vae"
"""The variant that is also trained with the other networks, on every data set, with two seeds, and for longer."""

ARCH = "mlp"

TWINS = 4
"""Rounding twins of each cell of the reference."""


@cache
def suite_cells() -> tuple[Asked, ...]:
    """List the cells of the suite's own night, the ones that span most first.

    Every variant with `mlp` on each task's first data set that it fits, with the preset ``nightly``. The plain VAE
    also on every other data set, and with every other network on the first that takes it. With `mlp` it has a second
    seed, which guards against a change that a seed does not meet. It also has a training of the ``quick`` preset a
    task, on digits where the task has them, for what acts late.

    Returns:
        The cells. A variant or network that fits no data set of a task has none there.
    """
    first, second, rest = [], [], []
    for name in catalog.task_names():
        task = catalog.task(name)
        for dataset in task.datasets:
            first.append(Asked(name, PLAIN, ARCH, dataset, "nightly", 0))
            second.append(Asked(name, PLAIN, ARCH, dataset, "nightly", 1))
        others = [(variant, ARCH) for variant in catalog.variant_names() if variant != PLAIN]
        others += [(PLAIN, arch) for arch in catalog.arch_names() if arch != ARCH]
        for variant, arch in others:
            fit = next((one for one in task.datasets if _fits(task, variant, arch, one)), None)
            rest += [Asked(name, variant, arch, fit, "nightly", 0)] if fit else []
        late = next((one for one in task.datasets if one == "digits"), task.datasets[0])
        second.append(Asked(name, PLAIN, ARCH, late, "quick", 0))
    return (*first, *second, *rest)


def _fits(task: Task, variant: str, arch: str, dataset: str) -> bool:
    """Whether a variant can be built with a network on a data set."""
    from vaebench.cell import dataset_of, latent_units
    from vaebench.engines.worker import unfit
    from vaebench.models import Unfit

    data = dataset_of(dataset, catalog.DATA_ROOT)
    try:
        latent = catalog.variant(variant).variant.units(latent_units(task.budget("nightly", dataset), data), data.shape)
    except Unfit:
        return False
    return not unfit(variant, data.shape, latent, arch)


def with_twins(asked: Iterable[Asked], twins: int = TWINS) -> tuple[Asked, ...]:
    """Add the rounding twins of cells.

    Args:
        asked: The cells.
        twins: How many each.

    Returns:
        The twins alone, cell by cell.
    """
    return tuple(
        Asked(one.task, one.variant, one.arch, one.dataset, one.preset, one.seed, k)
        for one in asked
        for k in range(1, twins + 1)
    )
