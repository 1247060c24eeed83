"""The settings in which a variant is checked: each network on the data of each task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from vaebench import catalog
from vaebench.cell import dataset_of, explained, latent_units
from vaebench.check.findings import Line
from vaebench.data import Dataset
from vaebench.experiment import Budget, Interventions, Preset
from vaebench.models import Model, Refused, Unfit, Variant
from vaebench.papers import Task
from vaebench.seeds import seed_for
from vaebench.training.first_step.probe import ROWS, Probe
from vaebench.training.fit import build
from vaebench.training.intervened import Intervened

PRESET: Preset = "standard"
"""The preset whose sizes and number of steps are checked."""


@dataclass(frozen=True)
class Setting:
    """A network on one data set of a task.

    Attributes:
        arch: The network.
        task: The task.
        dataset: The data set's name.
        data: The data set.
        budget: What the task spends there.
        latent: Number of latent units.
    """

    arch: str
    task: Task
    dataset: str
    data: Dataset
    budget: Budget
    latent: int

    def model(self, variant: Variant) -> Model:
        """Build the variant's model with initial weights."""
        return build(variant, self.data.shape, self.latent, self.arch, seed_for("check", "weights"))

    def probe(self, variant: Variant, interventions: Interventions | None = None) -> Probe:
        """Build the variant's first step.

        Args:
            variant: The variant.
            interventions: In place of the task's.

        Returns:
            The step, of an untrained model.
        """
        model = Intervened(self.model(variant), interventions or self.task.interventions)
        x = self.data.train.x
        steps = self.budget.training.steps
        return Probe(variant, model, x[:ROWS], self.latent, steps, len(x), seed_for("check"))


def settings(archs: Sequence[str]) -> tuple[Setting, ...]:
    """List every network on every data set of every task.

    Args:
        archs: The networks.

    Returns:
        Settings, in the order of networks and tasks.
    """
    tasks = [catalog.task(name) for name in catalog.task_names()]
    data = {
        name: dataset_of(name, catalog.DATA_ROOT)
        for name in dict.fromkeys(name for task in tasks for name in task.datasets)
    }
    found = []
    for arch, task in product(archs, tasks):
        for name in task.datasets:
            budget = task.budget(PRESET, name)
            found.append(Setting(arch, task, name, data[name], budget, latent_units(budget, data[name])))
    return tuple(found)


def built(variant: Variant, every: Sequence[Setting]) -> tuple[list[Setting], list[Line]]:
    """Build a variant in every setting, one of each shape and number of latent units.

    Args:
        variant: The variant.
        every: The settings.

    Returns:
        The settings that fit, and a line for each network.
    """
    fitting: list[Setting] = []
    lines: list[Line] = []
    sizes: dict[str, list[int]] = {}
    for arch in dict.fromkeys(one.arch for one in every):
        of_arch = [_with_units(variant, one) for one in every if one.arch == arch]
        outcome = {(one.data.shape, one.latent): _built(variant, one) for one in reversed(of_arch)}
        fits = [one for one in of_arch if isinstance(outcome[one.data.shape, one.latent], int)]
        fitting += fits
        sizes[arch] = [size for size in outcome.values() if isinstance(size, int)]
        lines.append(_line_of(arch, sizes[arch], [line for line in outcome.values() if isinstance(line, Line)]))
    if not fitting:
        lines = [replace(line, word="refuse", says=line.says.removeprefix("declined: ")) for line in lines]
    return fitting, [*lines, *_same_networks(sizes)]


def _with_units(variant: Variant, setting: Setting) -> Setting:
    """Give a setting the variant's own number of latent units, where it has one; `_built` says why it has none."""
    try:
        return replace(setting, latent=variant.units(setting.latent, setting.data.shape))
    except (Exception, SystemExit):
        return setting


def _line_of(arch: str, sizes: Sequence[int], objections: Sequence[Line]) -> Line:
    """Sum up how a network was built."""
    if refused := [line for line in objections if line.word == "refuse"]:
        return replace(refused[0], where=arch)
    if not sizes:
        return Line("builds", "warn", f"declined: it fits no data set: {objections[0].says}", arch)
    left = f"; left out: {objections[0].says}" if objections else ""
    return Line("builds", "pass", f"{min(sizes)} to {max(sizes)} weights{left}", arch)


def _built(variant: Variant, setting: Setting) -> Line | int:
    """Count the weights of a model; or say why there is none."""
    try:
        variant.units(setting.latent, setting.data.shape)
    except Unfit as reason:
        return Line("builds", "warn", str(reason))
    except (Exception, SystemExit) as error:
        return Line("builds", "refuse", f"latent{(setting.data.shape,)} raises {explained(error)}")
    try:
        model: object = setting.model(variant)
    except Unfit as reason:
        return Line("builds", "warn", str(reason))
    except Refused as reason:
        return Line("builds", "refuse", str(reason))
    except (Exception, SystemExit) as error:
        return Line(
            "builds", "refuse", f"build{setting.data.shape, setting.latent, setting.arch} raises {explained(error)}"
        )
    return sum(weight.numel() for weight in model.parameters())  # type: ignore[attr-defined]


def _same_networks(sizes: Mapping[str, Sequence[int]]) -> Iterator[Line]:
    """Warn of networks that are the same: ``build`` seems not to look at the architecture.

    Yields:
        One line at most.
    """
    if len(sizes) > 1 and len(set(map(tuple, sizes.values()))) == 1:
        says = f'{", ".join(sizes)} have the same sizes: if build does not use arch, declare archs=("mlp",)'
        yield Line("networks", "warn", says)
