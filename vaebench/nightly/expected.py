"""Which cells a night has: every variant once, every network once, and one longer training a task."""

from collections.abc import Iterable

from vaebench import catalog
from vaebench.nightly.cells import Asked

PLAIN = "vae"
"""The variant that is also trained with the other networks, with two seeds, and for longer."""

ARCH = "mlp"

TWINS = 4
"""Rounding twins of each cell of the reference."""


def suite_cells() -> tuple[Asked, ...]:
    """List the cells of the suite's own night, the ones that span most first.

    Every variant with `mlp` and the plain VAE with every other network, on every task and data set, with the preset
    ``nightly``. The plain VAE with `mlp` has a second seed, which guards against a change that a seed does not meet. It
    also has a training of the ``quick`` preset on each task's first data set, for what acts late.

    Returns:
        The cells; some of them may not fit each other, which is known when they are planned.
    """
    first, second, rest = [], [], []
    for name in catalog.task_names():
        task = catalog.task(name)
        for dataset in task.datasets:
            first.append(Asked(name, PLAIN, ARCH, dataset, "nightly", 0))
            second.append(Asked(name, PLAIN, ARCH, dataset, "nightly", 1))
            rest += [Asked(name, v, ARCH, dataset, "nightly", 0) for v in catalog.variant_names() if v != PLAIN]
            rest += [Asked(name, PLAIN, arch, dataset, "nightly", 0) for arch in catalog.arch_names() if arch != ARCH]
        late = next((one for one in task.datasets if one == "digits"), task.datasets[0])
        second.append(Asked(name, PLAIN, ARCH, late, "quick", 0))
    return (*first, *second, *rest)


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
