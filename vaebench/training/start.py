"""A model before its first step: built, loaded if it is a checkpoint, and looked at."""

from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from vaebench.data import Dataset
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import Model, Refused, Unfit, Variant
from vaebench.models.conditional import conditioned, most_frequent
from vaebench.seeds import seed_for
from vaebench.training.checkpoint import load_weights
from vaebench.training.first_step import FirstLook, glance, look
from vaebench.training.intervened import Intervened
from vaebench.training.nudge import nudge
from vaebench.training.seeding import layers_seeded
from vaebench.training.setup import Setup


def build(variant: Variant, shape: tuple[int, ...], latent: int, arch: str, seed: int) -> Model:
    """Build a variant's model with initial weights from a seed; torch's own generator is unchanged.

    Args:
        variant: What to build.
        shape: Shape of one example.
        latent: Number of latent units.
        arch: Name of the architecture.
        seed: Of the initial weights.

    Returns:
        The model, on the CPU.

    Raises:
        Unfit: The variant does not support this architecture, or the architecture does not support this shape.
        Refused: The result is not a module with ``encode`` and ``decode``.
    """
    if variant.archs is not None and arch not in variant.archs:
        raise Unfit(f"{variant.name} is built with {', '.join(variant.archs)}, not {arch}")
    with layers_seeded(seed):
        model = variant.build(shape, latent, arch)
    if not isinstance(model, nn.Module):
        raise Refused(f"{variant.name} built a {type(model).__name__}, not a torch module with encode and decode")
    if lacks := [part for part in ("encode", "decode") if not hasattr(model, part)]:
        raise Refused(f"{variant.name} built a {type(model).__name__} without {' and '.join(lacks)}: a model has both")
    if empty := [name for name, weight in model.named_parameters() if weight.is_meta]:
        raise Refused(f"{variant.name} built weights without values, {empty[0]} first: they are on the meta device")
    return model if variant.labels is None else conditioned(model, 0)


@dataclass(frozen=True)
class Started:
    """A model before its first step."""

    variant: Variant
    model: Intervened
    training: TrainingConfig
    interventions: Interventions
    seen: FirstLook
    label: int | None


def start(variant: Variant, data: Dataset, interventions: Interventions, setup: Setup) -> Started:
    """Build a model, and check its first step.

    Args:
        variant: What to train.
        data: What to train on.
        interventions: The suite's interventions.
        setup: How; a variant may have its own learning rate.

    Returns:
        The model with what is known of it.

    Raises:
        Unfit: Variant, architecture and data do not fit each other, or instruments cannot measure such a model.
        Refused: The variant breaks the protocol.
    """  # noqa: DOC502 - raised by what it calls
    training, seed = setup.training, setup.seed
    if variant.learning_rate is not None:
        training = replace(training, learning_rate=variant.learning_rate)
    if variant.trained:
        interventions = _of_checkpoint(variant, interventions)
    model = Intervened(build(variant, data.shape, setup.latent, setup.arch, seed_for(seed, "weights")), interventions)
    nudge(model, seed, setup.ulp)
    model = model.to(setup.device)
    label = _read_at(variant, model, data)
    if variant.trained:
        _load(variant, model)
    x = data.train.x.to(setup.device)
    if setup.looks:
        seen = look(variant, model, x, latent=setup.latent, steps=training.steps, seed=seed_for(seed, "first step"))
    else:
        seen = glance(model, x)
    return Started(variant, model, training, interventions, seen, label)


def _read_at(variant: Variant, model: Intervened, data: Dataset) -> int | None:
    """The class that a conditional model is read at: the most frequent one."""
    if variant.labels is None:
        return None
    labels = data.train.labels
    if labels is None or int(labels.max()) >= variant.labels:
        found = "no classes" if labels is None else f"{int(labels.max()) + 1} classes"
        raise Unfit(f"{variant.name} takes labels of {variant.labels} classes, and {data.name} has {found}")
    label = most_frequent(labels)
    module = model.model
    module.label.fill_(label)  # type: ignore[operator]
    return label


def _of_checkpoint(variant: Variant, interventions: Interventions) -> Interventions:
    """What a task may do to a checkpoint: nothing that acts in training. Its likelihood keeps its own variance."""
    if interventions.posterior_scale is not None or interventions.input_noise or interventions.likelihood != "own":
        raise Unfit(f"{variant.name}: its weights are a checkpoint, and what this task varies acts in training")
    return replace(interventions, likelihood_variance=None)


def _load(variant: Variant, model: Intervened) -> None:
    assert variant.weights is not None
    try:
        load_weights(model.model, Path(variant.weights))
    except (Refused, Unfit) as error:
        raise type(error)(f"{variant.name}: {error}") from None
