"""One cell, from its names to its outcome: build, train, measure every arm, and catch what goes wrong as a status."""

import sysconfig
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from vaebench import catalog
from vaebench.claims import Column, Measurement, NotFinite, column
from vaebench.data import Dataset, Split, _by_seed
from vaebench.environment import environment
from vaebench.experiment import Arm, Budget, Division, Interventions
from vaebench.kernels.estimate import Undefined
from vaebench.measures.declared import is_among
from vaebench.measures.model_view import DataUndefined, kl_weight_in_squares, none_of
from vaebench.measures.probe import Cohort, Placed, Probe
from vaebench.mistakes import Mistake, first_line
from vaebench.models import Refused, Unfit, Variant, exact
from vaebench.models.attention import plain_attention
from vaebench.papers import Task
from vaebench.provenance import changed, now
from vaebench.results.record import CellOutcome, Status, Subject
from vaebench.seeds import seed_for
from vaebench.training.fit import Diverged, OutOfTime, Trained, fit_along
from vaebench.training.intervened import Intervened
from vaebench.training.nudge import nudge

UNREADABLE = (Undefined, NotFinite, torch.linalg.LinAlgError)  # type: ignore[attr-defined]
"""What instruments meet in degenerate models: numbers that do not exist, are not finite, or have no factorisation."""


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
        data_root: Folder of the data sets that have to be downloaded; no part of `id`.
        code: Hashes of the suite's code that decides its numbers, by room, as they were when it was planned.
        commit: Of the suite's checkout then, where it is in one.
        ulp: Number of a rounding twin, see `training.nudge`; 0 for the cell itself.
    """

    id: str
    subject: Subject
    reference: str
    dataset: str
    seed: int
    seconds: float | None = None
    data_root: Path = catalog.DATA_ROOT
    code: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None
    ulp: int = 0


@lru_cache(maxsize=4)
def dataset_of(name: str, root: Path) -> Dataset:
    """Load a data set once a process; nothing is downloaded."""
    return catalog.dataset(name, root)


_drawn = lru_cache(maxsize=4)(_by_seed.load)


def dataset_of_seed(name: str, root: Path, seed: int) -> tuple[Dataset, Division]:
    """Load a data set as one seed sees it, where the budget asks for that.

    Args:
        name: The data set's name.
        root: Folder of the data sets that have to be downloaded.
        seed: The seed.

    Returns:
        The data set, and who divided it. One with an official split keeps it.
    """
    page, size = catalog.check_dataset(name)
    if page in _by_seed.PAGES:
        return _drawn(page, size, seed), "by_seed"
    return dataset_of(name, root), "fixed"


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
    # Convolutions on a GPU would else round their products to ten bits, whatever the tensors' type.
    torch.backends.cudnn.allow_tf32 = False
    ran_on = environment(cell.subject.device, cell.code, cell.commit)
    parameters, measured, seconds = 0, [], {"train": 0.0, "measure": 0.0}
    contents: str | None = None
    split: Division = "fixed"
    notes: dict[str, None] = {}
    status: Status = "ok"
    reason = ""
    try:
        task, budget, variant, whole, split = _resolved(cell)
        contents, data = whole.contents, whole.to(cell.subject.device)
        models: dict[tuple[str, float | None], Trained] = {}
        seen = data
        for place, trained in arms(task, budget, variant, data, cell):
            start = time.perf_counter()
            if place.arm == JUDGED.name:
                seen = of_class(data, trained.label)
            if place.read:
                with plain_attention():
                    measured += read(task, budget, trained, seen, place, cell.seed)
            if task.comparisons:
                models[place.arm, place.knob] = trained
            seconds["measure"] += time.perf_counter() - start
            seconds["train"] += trained.seconds
            notes |= dict.fromkeys(_placed(note, place) for note in trained.notes)
            if place.arm == "trained":
                parameters = sum(p.numel() for p in trained.model.parameters())
        start = time.perf_counter()
        with plain_attention():
            measured += compare(task, budget, models, seen, cell.seed)
        seconds["measure"] += time.perf_counter() - start
    except Unfit as error:
        status, reason = "declined", str(error)
    except Refused as error:
        status, reason = "refused", str(error)
    except Diverged as error:
        status, reason = "diverged", str(error)
    except OutOfTime as error:
        status, reason = "timeout", str(error)
    except Mistake as error:
        status, reason = "error", str(error)
    except (Exception, SystemExit) as error:
        status, reason = _ending(error, cell.subject.device)
    return CellOutcome(
        id=cell.id,
        subject=cell.subject,
        seed=cell.seed,
        status=status,
        reason=_text(reason),
        notes=tuple(map(_text, notes)),
        parameters=parameters,
        measurements=tuple(measured) if status == "ok" else (),
        seconds={name: round(value, 3) for name, value in seconds.items()},
        environment=ran_on,
        date=now(),
        data=contents,
        split=split,
    )


def _resolved(cell: Cell) -> tuple[Task, Budget, Variant, Dataset, Division]:
    """What the names of a cell mean, where they mean what they did when it was planned."""
    if rooms := changed(cell.code):
        raise Mistake(f"the suite's {', '.join(rooms)} has changed since the run began; run it again")
    brought = catalog.variant(cell.reference)
    if brought.code_hash != cell.subject.variant.code_hash:
        raise Mistake(f"{cell.reference} has changed since the run began; run it again")
    task = catalog.task(cell.subject.task.name)
    budget = task.budget(cell.subject.preset, cell.subject.dataset.name)
    data, split = _data_of(cell, budget)
    if cell.subject.dataset.files not in {None, catalog.dataset_files(cell.dataset, cell.data_root)}:
        raise Mistake(f"the files of {cell.dataset} have changed since the run began; run it again")
    return task, budget, brought.variant, data, split


def _data_of(cell: Cell, budget: Budget) -> tuple[Dataset, Division]:
    if budget.split == "by_seed":
        return dataset_of_seed(cell.dataset, cell.data_root, cell.seed)
    return dataset_of(cell.dataset, cell.data_root), "fixed"


def _text(said: str) -> str:
    """What code of others says, as a record can hold it: half a surrogate pair is no text."""
    return said.encode("utf-8", "backslashreplace").decode()[:2000]


def _ending(error: BaseException, device: str) -> tuple[Status, str]:
    """What an unforeseen error makes of a cell, and why."""
    said = first_line(error)
    # On the CPU, torch says in words alone that there is no memory left.
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in said:
        return "oom", said
    # The same code does the same again on a CPU; a disk, a network or a GPU may not.
    mended = isinstance(error, OSError) or (device == "cuda" and isinstance(error, RuntimeError))
    return "error" if mended else "broken", explained(error)


def explained(error: BaseException) -> str:
    """Say in one line what an error of a variant's own code is, and where it belongs.

    Args:
        error: As it was caught.

    Returns:
        Its type, its first line, and the innermost line of code that no package wrote.
    """
    return f"{type(error).__name__}: {first_line(error)} ({_where(error)})"


def _where(error: BaseException) -> str:
    """Where an error belongs: the innermost line that no package wrote, and the layer that it ran."""
    frames = list(traceback.walk_tb(error.__traceback__))
    installed = (torch.__path__[0], str(catalog.PACKAGE), sysconfig.get_paths()["purelib"])
    own = [at for at in frames if not at[0].f_code.co_filename.startswith(installed)]
    frame, line = (own or frames)[-1]
    where = f"{Path(frame.f_code.co_filename).name}, line {line}"
    ran = [at.f_locals.get("self") for at, _ in frames[frames.index((frame, line)) + 1 :]]
    layers = [type(layer).__name__ for layer in ran if isinstance(layer, torch.nn.Module)]
    return f"{where}, in {layers[0]}" if layers else where


def _placed(note: str, place: "Place") -> str:
    """A note of the judged models as it is, another's with its arm."""
    return note if place.arm == JUDGED.name else f"{place.arm} arm: {note}"


class Place(NamedTuple):
    """Where a model of a cell stands: its arm, its knob value, and whether instruments read it."""

    arm: str
    knob: float | None
    read: bool = True


JUDGED = Arm("trained")
"""The models that the claims are about."""


def arms(task: Task, budget: Budget, variant: Variant, data: Dataset, cell: Cell) -> Iterator[tuple[Place, Trained]]:
    """Yield every model of a cell: on each arm and at each knob value the trained one, and the one mathematics knows.

    Args:
        task: The task.
        budget: Its budget.
        variant: What is judged.
        data: On the cell's device.
        cell: The cell.

    Yields:
        Place and model. A place without a closed form yields no ``analytic`` model.

    Raises:
        Unfit: The task reads the likelihood as Bernoulli, and the data are not in [0, 1].
    """
    latent = variant.units(latent_units(budget, data), data.shape)
    if variant.trained and task.knob is not None:
        raise Unfit(f"{variant.name}: its weights are a checkpoint, and the knob of this task acts in training")
    in_unit_interval = data.train.x.min() >= 0 and data.train.x.max() <= 1
    for arm in (JUDGED, *task.arms):
        ours = _variant_of(arm, variant)
        interventions = arm.interventions or task.interventions
        if interventions.likelihood == "bernoulli" and not in_unit_interval:
            if arm is JUDGED:
                raise Unfit("a Bernoulli likelihood needs data in [0, 1]")
            continue
        if ours is None or (ours.trained and (arm.redrawn or arm.interventions)):
            continue
        # Named after neither variant nor knob: along the knob, and between variants, only what is compared differs.
        seed = seed_for(task.name, data.name, cell.seed, *(["redrawn"] if arm.redrawn else []))
        knobs = _knob_values(task, budget, ours, arm)
        turned = [_turned(task, ours, interventions, knob) for knob in knobs]
        by_strength = task.knob is not None and task.knob.name == "strength"
        models = fit_along(
            [each for each, _ in turned],
            data,
            arch=cell.subject.arch,
            latent=latent,
            training=arm.recipe(budget.training),
            interventions=[acting for _, acting in turned],
            strengths=[knob for knob in knobs if knob is not None] if by_strength else (),
            seed=seed,
            device=cell.subject.device,
            seconds=cell.seconds,
            ulp=cell.ulp,
        )
        for knob, trained in zip(knobs, models, strict=True):
            yield Place(arm.name, knob, arm.read), trained
            if arm is JUDGED or arm.interventions:
                solved = analytic_model(task, data, latent, trained)
                if solved is not None:
                    nudge(solved.model, seed, cell.ulp)
                    yield Place("analytic" if arm is JUDGED else f"analytic_{arm.name}", knob, arm.read), solved


def latent_units(budget: Budget, data: Dataset) -> int:
    """Number of latent units: the protocol's, or the dimension of the data's manifold where that is more."""
    return max(budget.latent, data.truth.dimension if data.truth else 0)


def of_class(data: Dataset, label: int | None) -> Dataset:
    """The examples of one class, on which a conditional model is read.

    Args:
        data: The data set.
        label: The class; None for all.

    Returns:
        The data set of these examples alone. Its density is not known, because that of all is not that of a class.
    """
    if label is None:
        return data
    return replace(data, train=_of_class(data.train, label), held_out=_of_class(data.held_out, label), truth=None)


def _of_class(split: Split, label: int) -> Split:
    assert split.labels is not None
    chosen = split.labels == label
    return Split(split.x[chosen], split.labels[chosen], None if split.factors is None else split.factors[chosen])


def trainings(task: Task, budget: Budget, variant: Variant) -> int:
    """Count the models that a cell trains, where its data are in [0, 1].

    Args:
        task: The task.
        budget: Its budget.
        variant: What is judged.

    Returns:
        The number over all arms and knob values.
    """
    each = ((arm, _variant_of(arm, variant)) for arm in (JUDGED, *task.arms))
    return sum(len(_knob_values(task, budget, ours, arm)) for arm, ours in each if ours is not None)


def _variant_of(arm: Arm, variant: Variant) -> Variant | None:
    if arm.variant == "own":
        return variant
    name = variant.twin if arm.variant == "twin" else arm.variant
    return None if name is None else catalog.variant(name).variant


def _knob_values(task: Task, budget: Budget, variant: Variant, arm: Arm) -> tuple[float | None, ...]:
    values = variant.strengths if task.knob and task.knob.name == "strength" else budget.knob_values
    if arm.knob == "off" or not values:
        return (None,)
    return values if arm.knob == "every" else (values[len(values) // 2],)


def _turned(
    task: Task, variant: Variant, interventions: Interventions, knob: float | None
) -> tuple[Variant, Interventions]:
    """Turn the task's knob, on the suite's side or on the variant's."""
    if knob is None:
        return variant, interventions
    assert task.knob is not None
    if task.knob.name == "strength":
        assert variant.objective_at is not None
        return replace(variant, objective=variant.objective_at(knob), kl_weight=None), interventions
    if task.knob.name == "input_noise":
        return variant, replace(interventions, input_noise=knob)
    return variant, replace(interventions, posterior_scale=knob)


def analytic_model(task: Task, data: Dataset, latent: int, beside: Trained) -> Trained | None:
    """The task's closed form for this data, as a model that instruments can read.

    Its β is that of the model beside it. Where that one learns the likelihood's variance, the known model keeps the
    suite's variance, and the KL has the weight that makes the same β.

    Args:
        task: The task.
        data: The data set.
        latent: Number of latent units.
        beside: The trained model, with its interventions. Its KL has the weight 1 where it declares none.

    Returns:
        The model, or None where there is no closed form.
    """
    interventions = beside.model.interventions
    weight = 1.0 if beside.kl_weight is None else beside.kl_weight
    plain, unit = interventions.beta(weight), interventions.beta(1.0)
    if task.analytic is None or plain is None or unit is None:
        return None
    beta = kl_weight_in_squares(replace(beside, kl_weight=weight), data.train.x)
    if beta is None:
        return None
    weight = weight if beta == plain else beta / unit
    noise, target = interventions.input_noise, interventions.target
    try:
        model = getattr(exact, task.analytic)(
            data.to("cpu"), latent, interventions.posterior_scale, beta, noise, target
        )
    except Unfit:
        return None
    wrapped = Intervened(model, interventions).to(data.train.x.device)
    return Trained(wrapped.eval().requires_grad_(False), latent, weight)


def _rng(task: Task, data: Dataset, seed: int, name: str) -> torch.Generator:
    """Draws of an instrument: the same at every place of a cell."""
    return torch.Generator(data.train.x.device).manual_seed(seed_for(task.name, data.name, seed, name))


def read(task: Task, budget: Budget, trained: Trained, data: Dataset, place: Place, seed: int) -> list[Column]:
    """Read every instrument of a task off one model.

    Args:
        task: The task.
        budget: Its budget.
        trained: The model.
        data: Where it is read.
        place: Where the model stands.
        seed: Of the cell, and of the instruments' draws.

    Returns:
        What was measured, in its place.
    """
    found: list[Column] = []
    for name in task.instruments:
        instrument = catalog.instrument(task.paper, name)
        try:
            measurements = instrument(Probe(trained, data, budget.evaluation, _rng(task, data, seed, name)))
        except UNREADABLE as reason:
            measurements = _none_of(instrument, reason)
        found += [_column(instrument, place.arm, place.knob, seed, measurement) for measurement in measurements]
    return found


def _none_of(instrument: Callable[..., Any], reason: Exception) -> tuple[Measurement, ...]:
    """Decline all that an instrument gives: what it met in model or data costs its own measurements alone."""
    line = f"{instrument.__name__}: {first_line(reason)}"
    return none_of(instrument, line[:2000], "setting" if isinstance(reason, DataUndefined) else "model")


def _column(
    instrument: Callable[..., Any], arm: str, knob: float | None, seed: int, measurement: Measurement
) -> Column:
    """Place a measurement, which its instrument has to have declared."""
    if not is_among(measurement.name, instrument.gives):  # type: ignore[attr-defined]
        raise LookupError(f"{instrument.__name__} gives {measurement.name} and does not declare it")
    return column(arm, knob, seed, measurement)


def compare(
    task: Task, budget: Budget, models: Mapping[tuple[str, float | None], Trained], data: Dataset, seed: int
) -> list[Column]:
    """Read a task's comparisons off all models of a cell.

    What they find belongs to the models judged, unless they name another arm.

    Args:
        task: The task.
        budget: Its budget.
        models: By arm and knob value.
        data: Where they are read.
        seed: Of the cell, and of the draws.

    Returns:
        What was measured, in its place.
    """
    found: list[Column] = []
    for name in task.comparisons:
        instrument = catalog.instrument(task.paper, name)
        try:
            placed = instrument(Cohort(models, data, budget.evaluation, _rng(task, data, seed, name)))
        except UNREADABLE as reason:
            placed = tuple((None, none) for none in _none_of(instrument, reason))
        found += [_column(instrument, _arm_of(one), one[0], seed, one[1]) for one in placed]
    return found


def _arm_of(placed: Placed) -> str:
    return placed[2] if len(placed) == 3 else JUDGED.name
