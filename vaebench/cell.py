"""One cell, from its names to its outcome: build, train, measure every arm, and catch what goes wrong as a status."""

import platform
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from vaebench import catalog
from vaebench.claims import Observation
from vaebench.data import Dataset
from vaebench.models import Unfit, Variant, exact
from vaebench.results.record import CellOutcome, Environment, Status, Subject
from vaebench.seeds import seed_for
from vaebench.tasks import Protocol, Task
from vaebench.training import Interventions
from vaebench.training.fit import Diverged, OutOfTime, Trained, fit
from vaebench.training.intervened import Intervened


@dataclass(frozen=True)
class Cell:
    """The unit of work: everything a worker needs to know, as plain values.

    Attributes:
        id: Hash of what the outcome depends on.
        subject: Task, data set, variant, architecture, preset and device class.
        reference: How the variant was asked for: a name, a file, or ``package.module:NAME``.
        dataset: How the data set was asked for.
        seed: The seed.
        seconds: Most that one training may take, or None.
    """

    id: str
    subject: Subject
    reference: str
    dataset: str
    seed: int
    seconds: float | None = None


def processor_name() -> str:
    """Model of the processor, as the system names it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def environment(device: str) -> Environment:
    """What this process computes on.

    Args:
        device: ``cpu`` or ``cuda``.

    Returns:
        The environment.
    """
    cuda = device == "cuda"
    return Environment(
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda if cuda else None,
        processor=torch.cuda.get_device_name() if cuda else processor_name(),
        device="cuda" if cuda else "cpu",
        precision="float32",
        deterministic=not cuda,
        threads=torch.get_num_threads(),
    )


@lru_cache(maxsize=4)
def dataset_of(name: str) -> Dataset:
    """Load a data set once a process."""
    return catalog.dataset(name)


def run_cell(cell: Cell) -> CellOutcome:
    """Run one cell.

    Args:
        cell: What to run.

    Returns:
        Its outcome. A divergence, a model that does not fit, a lack of memory or time and any error in a variant's own
        code are statuses with a reason; the cells beside it go on.
    """
    # A small model gains nothing from a second thread, and sums in another order with it.
    torch.set_num_threads(1)
    parameters, observations, seconds = 0, [], {"train": 0.0, "measure": 0.0}
    status: Status = "ok"
    reason = ""
    try:
        task = catalog.task(cell.subject.task.name)
        protocol = task.protocols[cell.subject.preset]
        variant = catalog.variant(cell.reference).variant
        data = dataset_of(cell.dataset).to(cell.subject.device)
        for arm, knob, trained in arms(task, protocol, variant, data, cell):
            start = time.perf_counter()
            observations += read(task, protocol, trained, data, arm, knob, cell.seed)
            seconds["measure"] += time.perf_counter() - start
            seconds["train"] += trained.seconds
            if arm == "trained":
                parameters = sum(p.numel() for p in trained.model.parameters())
    except Unfit as error:
        status, reason = "declined", str(error)
    except Diverged as error:
        status, reason = "diverged", str(error)
    except OutOfTime as error:
        status, reason = "timeout", str(error)
    except (torch.OutOfMemoryError, MemoryError) as error:
        status, reason = "oom", str(error).partition("\n")[0]
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = str(error).partition("\n")[0]
        status, reason = "error", f"{type(error).__name__}: {said} ({Path(last.filename).name}, line {last.lineno})"
    return CellOutcome(
        id=cell.id,
        subject=cell.subject,
        seed=cell.seed,
        status=status,
        reason=reason[:2000],
        parameters=parameters,
        observations=tuple(observations) if status == "ok" else (),
        seconds={name: round(value, 3) for name, value in seconds.items()},
        environment=environment(cell.subject.device),
    )


def arms(
    task: Task, protocol: Protocol, variant: Variant, data: Dataset, cell: Cell
) -> Iterator[tuple[str, float | None, Trained]]:
    """Yield every model of a cell: at each knob value the trained one, and the one that mathematics knows.

    Args:
        task: The task.
        protocol: Its budget.
        variant: What is trained.
        data: On the cell's device.
        cell: The cell.

    Yields:
        Arm, knob value, and the model. A knob value without a closed form yields no ``known`` model.
    """
    # Named after neither variant nor knob: along the knob, and between variants, only what is compared differs.
    seed = seed_for(task.name, data.name, cell.seed)
    for knob in protocol.knob_values or (None,):
        interventions = task.interventions if knob is None else _turned(task, knob)
        trained = fit(
            variant,
            data,
            arch=cell.subject.arch,
            latent=protocol.latent,
            recipe=protocol.recipe,
            interventions=interventions,
            seed=seed,
            device=cell.subject.device,
            seconds=cell.seconds,
        )
        yield "trained", knob, trained
        known = known_model(task, data, protocol.latent, interventions, variant.kl_weight)
        if known is not None:
            yield "known", knob, known


def _turned(task: Task, knob: float) -> Interventions:
    assert task.knob is not None
    return replace(task.interventions, **{task.knob.name: knob})


def known_model(
    task: Task, data: Dataset, latent: int, interventions: Interventions, kl_weight: float | None
) -> Trained | None:
    """The task's closed form for this data, as a model that instruments can read.

    Args:
        task: The task.
        data: The data set.
        latent: Number of latent units.
        interventions: Of the arm beside it.
        kl_weight: The variant's; 1 where it declares none.

    Returns:
        The model, or None where there is no closed form.
    """
    weight = 1.0 if kl_weight is None else kl_weight
    beta = interventions.beta(weight)
    if beta is None:
        return None
    try:
        model = getattr(exact, task.known)(data.to("cpu"), latent, interventions.posterior_scale, beta)
    except Unfit:
        return None
    wrapped = Intervened(model, interventions).to(data.train.x.device)
    return Trained(wrapped.eval().requires_grad_(False), latent, weight)


def read(
    task: Task, protocol: Protocol, trained: Trained, data: Dataset, arm: str, knob: float | None, seed: int
) -> list[Observation]:
    """Read every instrument of a task off one model.

    Args:
        task: The task.
        protocol: Its budget.
        trained: The model.
        data: Where it is read.
        arm: For the observations.
        knob: Likewise.
        seed: Likewise, and of the instruments' draws, which are the same along the knob.

    Returns:
        The observations.
    """
    observations = []
    for name in task.instruments:
        rng = torch.Generator(data.train.x.device).manual_seed(seed_for(task.name, data.name, seed, name))
        readings = catalog.instrument(name)(trained, data, protocol.effort, rng)
        observations += [Observation(arm, knob, seed, reading) for reading in readings]
    return observations
