"""The one training loop."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vaebench.data import Dataset
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import Model, Objective, Refused, Unfit, Variant
from vaebench.models.conditional import conditioned, most_frequent
from vaebench.seeds import seed_for
from vaebench.training.checkpoint import load_weights
from vaebench.training.first_step import look
from vaebench.training.intervened import Intervened
from vaebench.training.nudge import nudge
from vaebench.training.sides import sides_of
from vaebench.training.step import TrainingStep

CHECK_EVERY = 100
"""Steps between two checks of the loss; each check waits for the device."""


LOWEST = -50.0
"""Lower limit of a loss, in nats per value of an example: −log p of the narrowest Gaussian in single precision."""


class Diverged(RuntimeError):  # noqa: N818 - a status of the cell, caught by whoever runs it
    """The loss is not finite, or is unbounded below; the message says since which step."""


class OutOfTime(RuntimeError):  # noqa: N818 - likewise
    """Training exceeded its time limit."""


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
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = variant.build(shape, latent, arch)
    if not isinstance(model, nn.Module):
        raise Refused(f"{variant.name} built a {type(model).__name__}, not a torch module with encode and decode")
    if lacks := [part for part in ("encode", "decode") if not hasattr(model, part)]:
        raise Refused(f"{variant.name} built a {type(model).__name__} without {' and '.join(lacks)}: a model has both")
    if empty := [name for name, weight in model.named_parameters() if weight.is_meta]:
        raise Refused(f"{variant.name} built weights without values, {empty[0]} first: they are on the meta device")
    return model if variant.labels is None else conditioned(model, 0)


def batches(n: int, size: int, rng: torch.Generator) -> Iterator[Tensor]:
    """Draw batches of row numbers without end: each epoch in a new order, without the remainder.

    Args:
        n: Number of rows.
        size: Rows per batch; at most n.
        rng: Source of the order, on the device of the rows.

    Yields:
        Row numbers, shape (min(size, n),).
    """
    size = min(size, n)
    while True:
        order = torch.randperm(n, generator=rng, device=rng.device)
        yield from torch.split(order[: n - n % size], size)


def fit(
    variant: Variant,
    data: Dataset,
    *,
    arch: str,
    latent: int,
    training: TrainingConfig,
    interventions: Interventions,
    seed: int,
    device: str = "cpu",
    seconds: float | None = None,
    ulp: int = 0,
) -> Trained:
    """Train one model.

    Calls with the same seed draw the same initial weights, batches and noise under all interventions. So along a knob,
    only the knob differs.

    Args:
        variant: What to train.
        data: What to train on. All of it is moved to the device.
        arch: Name of the architecture.
        latent: Number of latent units.
        training: How long and how fast.
        interventions: The suite's interventions.
        seed: Of the initial weights, the batches and the noise.
        device: Where to train.
        seconds: Time limit; None for no limit.
        ulp: Number of a rounding twin, whose initial weights are one rounding off, see `training.nudge`; 0 for none.

    Returns:
        The trained model.

    Raises:
        Unfit: Variant, architecture and data do not fit each other, or instruments cannot measure such a model.
        Refused: The variant breaks the protocol, see `training.first_step`.
        Diverged: The loss became not finite, or is unbounded below.
        OutOfTime: It took longer than `seconds`.
    """  # noqa: DOC502 - raised by what it calls
    # A layer with its own randomness, such as dropout, uses torch's generators. They are seeded here and restored
    # after.
    cuda = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed_for(seed, "layers"))
        return _fit(variant, data, arch, latent, training, interventions, seed, device, seconds, ulp)


def _fit(
    variant: Variant,
    data: Dataset,
    arch: str,
    latent: int,
    training: TrainingConfig,
    interventions: Interventions,
    seed: int,
    device: str,
    seconds: float | None,
    ulp: int,
) -> Trained:
    start = time.perf_counter()
    if variant.learning_rate is not None:
        training = replace(training, learning_rate=variant.learning_rate)
    if variant.trained:
        interventions = _of_checkpoint(variant, interventions)
    model = Intervened(build(variant, data.shape, latent, arch, seed_for(seed, "weights")), interventions)
    nudge(model, seed, ulp)
    model = model.to(device)
    x = data.train.x.to(device)
    label = _read_at(variant, model, data)
    if variant.trained:
        _load(variant, model)
    seen = look(variant, model, x, latent=latent, steps=training.steps, seed=seed_for(seed, "first step"))
    if variant.trained:
        whole = model.eval().requires_grad_(False)
        return Trained(whole, latent, variant.kl_weight, seen.complex_codes, notes=seen.notes, label=label, frozen=True)
    labels = None if label is None or data.train.labels is None else data.train.labels.to(device)
    objectives = (variant.objective, *(adversary.objective for adversary in variant.adversaries))
    step_of = TrainingStep(model, objectives, training.steps, len(x))
    paces, unpaced = _paces(model, interventions, x)
    teams = _teams(model, variant, training, paces)
    order, noise, more, own = (
        torch.Generator(device).manual_seed(seed_for(seed, purpose))
        for purpose in ("batches", "noise", "input noise", "objective")
    )
    rows = batches(len(x), training.batch, order)
    history: list[tuple[int, float]] = []
    snapshots: list[tuple[int, dict[str, Tensor]]] = []
    noisy = interventions.input_noise > 0
    for step in range(training.steps):
        if step in training.snapshots:
            snapshots.append((step, _weights(model)))
        chosen = next(rows)
        batch = x[chosen]
        code_noise = torch.randn(len(batch), latent, generator=noise, device=device)
        input_noise = torch.randn(batch.shape, generator=more, device=device) if noisy else None
        classes = None if labels is None else labels[chosen]
        losses = step_of(batch, code_noise, input_noise, step, own, classes)
        _move(teams, losses, step)
        if step % CHECK_EVERY == 0 or step == training.steps - 1:
            history.append((step, float(losses[0].detach())))
            _check_loss(history[-1][1], x[0].numel(), step, training.steps)
            if seconds is not None and time.perf_counter() - start > seconds:
                raise OutOfTime(f"training was at step {step} of {training.steps} after {seconds:g} s")
    if not all(torch.isfinite(p).all() for p in model.parameters()):
        raise Diverged(f"a weight is not finite after step {training.steps}")
    if training.steps in training.snapshots:
        snapshots.append((training.steps, _weights(model)))
    return Trained(
        model.eval().requires_grad_(False),
        latent,
        variant.kl_weight,
        seen.complex_codes,
        tuple(history),
        tuple(snapshots),
        time.perf_counter() - start,
        variant.objective,
        (*seen.notes, *unpaced),
        label,
    )


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


def _check_loss(loss: float, values: int, step: int, steps: int) -> None:
    if not math.isfinite(loss):
        raise Diverged(f"the loss was {loss} at step {step} of {steps}")
    if loss < LOWEST * values:
        raise Diverged(f"the loss fell to {loss:.3g} at step {step} of {steps}: it is unbounded below")


@dataclass(frozen=True)
class _Team:
    """Weights with one optimiser: those of no adversary, or those of one adversary."""

    weights: list[nn.Parameter]
    optimiser: torch.optim.Optimizer
    training: TrainingConfig


Paces = Mapping[nn.Parameter, float]
"""Factors on the learning rate, of weights whose factor is not 1."""


def _paces(model: Intervened, interventions: Interventions, x: Tensor) -> tuple[Paces, tuple[str, ...]]:
    """The weights that are slowed by an intervention, and a remark where a weight is of both sides."""
    factors = {"encoder": interventions.encoder_rate, "decoder": interventions.decoder_rate}
    if set(factors.values()) == {1.0}:
        return {}, ()
    sides, weights = sides_of(model.model, x[:2]), dict(model.model.named_parameters())
    paces = {weights[name]: factor for side, factor in factors.items() for name in getattr(sides, side)}
    if not sides.shared:
        return paces, ()
    kept = {weight: factor for weight, factor in paces.items() if weight not in {weights[n] for n in sides.shared}}
    return kept, (f"encoder and decoder share {sides.shared[0]}: its learning rate is the plain one",)


def _teams(model: Intervened, variant: Variant, training: TrainingConfig, paces: Paces) -> list[_Team]:
    """The variant's own weights first, then each adversary's."""
    theirs = [list(model.model.get_submodule(each.module).parameters()) for each in variant.adversaries]
    taken = {id(weight) for weights in theirs for weight in weights}
    own = [weight for weight in model.parameters() if weight.requires_grad and id(weight) not in taken]
    teams = [_Team(own, _adam(_by_pace(own, paces), training.learning_rate), training)]
    for adversary, weights in zip(variant.adversaries, theirs, strict=True):
        pace = replace(training, learning_rate=adversary.learning_rate or training.learning_rate)
        teams.append(_Team(weights, _adam(_by_pace(weights, paces), pace.learning_rate, adversary.betas), pace))
    return teams


def _by_pace(weights: list[nn.Parameter], paces: Paces) -> list[dict[str, Any]]:
    """An optimiser's groups: weights with one factor on their learning rate."""
    groups: dict[float, list[nn.Parameter]] = {}
    for weight in weights:
        groups.setdefault(paces.get(weight, 1.0), []).append(weight)
    return [{"params": group, "pace": pace} for pace, group in groups.items()]


def _adam(groups: list[dict[str, Any]], rate: float, betas: tuple[float, float] = (0.9, 0.999)) -> torch.optim.Adam:
    """Adam, fused unless a CPU tensor has gaps in memory: the fused one would update those too."""
    weights = [weight for group in groups for weight in group["params"]]
    whole = all(torch.empty_like(weight, device="meta").stride() == weight.stride() for weight in weights)
    return torch.optim.Adam(groups, lr=rate, betas=betas, fused=whole)


def _move(teams: list[_Team], losses: tuple[Tensor, ...], step: int) -> None:
    """Update every team by its own loss, all from the same state."""
    for i, (team, loss) in enumerate(zip(teams, losses, strict=True)):
        found = torch.autograd.grad(loss, team.weights, retain_graph=i + 1 < len(teams), allow_unused=True)
        for weight, gradient in zip(team.weights, found, strict=True):
            weight.grad = None if gradient is None else _laid_out_as(weight, gradient)
    for team in teams:
        for group in team.optimiser.param_groups:
            group["lr"] = group["pace"] * team.training.rate(step)
        team.optimiser.step()


def _laid_out_as(weight: Tensor, gradient: Tensor) -> Tensor:
    """The gradient in its weight's memory layout, because fused Adam walks both in memory order."""
    return gradient if gradient.stride() == weight.stride() else torch.empty_like(weight).copy_(gradient)


def _weights(model: Intervened) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in model.model.state_dict().items()}
