"""The one training loop: of one model, or of several that are stacked."""

import math
import time
from collections.abc import Sequence

from torch import Tensor

from vaebench.data import Dataset
from vaebench.training.inputs import Inputs
from vaebench.training.once import Once
from vaebench.training.setup import Setup
from vaebench.training.stack import Stack, arguments
from vaebench.training.start import Started
from vaebench.training.step import TrainingStep
from vaebench.training.teams import move, pace, paces_of, teams_of, trained_weights, with_weights
from vaebench.training.trained import Trained
from vaebench.training.watch import CHECK_EVERY, Diverged, Watch


class OutOfTime(RuntimeError):  # noqa: N818 - a status of the cell, caught by whoever runs it
    """Training exceeded its time limit."""


def step_of(one: Started, data: Dataset) -> TrainingStep:
    """The training step of a model, with the objectives of the variant and of its adversaries."""
    objectives = (one.variant.objective, *(adversary.objective for adversary in one.variant.adversaries))
    return TrainingStep(one.model, objectives, one.training.steps, len(data.train.x))


def inputs_of(members: Sequence[Started], data: Dataset, setup: Setup) -> Inputs:
    """The inputs of models that share a seed, from their start."""
    device = next(members[0].model.parameters()).device
    labels = None if members[0].label is None or data.train.labels is None else data.train.labels.to(device)
    noisy = any(one.interventions.input_noise > 0 for one in members)
    return Inputs(data.train.x.to(device), labels, setup.latent, members[0].training.batch, noisy, setup.seed)


def train(
    members: Sequence[Started], data: Dataset, setup: Setup, began: float, stack: Stack | None = None
) -> list[Trained | Diverged]:
    """Train one model, or a stack of them, which has the time of all its members."""
    training, inputs = members[0].training, inputs_of(members, data, setup)
    allowed = math.inf if setup.seconds is None else setup.seconds * len(members)
    slowed = [paces_of(one.model.model, one.interventions, inputs.x) for one in members]
    weights = [trained_weights(members[0].model)] if stack is None else stack.rows
    adversaries = with_weights(members[0].model, members[0].variant.adversaries)
    paces = [paces for paces, _ in slowed]
    teams = teams_of(weights, paces, adversaries, training, None if stack is None else stack.weights)
    alone = step_of(members[0], data)
    whole = members[0].model.model.state_dict
    weights_of = (lambda _: whole()) if stack is None else stack.weights_of
    watch = Watch(weights_of, teams, len(members), inputs.x[0].numel(), training.steps)

    def step() -> Tensor:
        losses = alone(*arguments(inputs)) if stack is None else stack.losses(inputs)
        move(teams, losses)
        return losses[0].detach()

    once = Once(step, (inputs.own,), captures=inputs.x.is_cuda)
    for number in range(training.steps):
        if number in training.snapshots:
            watch.snap(number)
        inputs.fill(number)
        pace(teams, number)
        loss = once()
        if number % CHECK_EVERY == 0 or number == training.steps - 1:
            watch.check(loss, number)
            if watch.over:
                return [watch.diverged[member] for member in range(len(members))]
            if time.perf_counter() - began > allowed:
                raise OutOfTime(f"training was at step {number} of {training.steps} after {allowed:g} s")
    watch.end()
    if training.steps in training.snapshots:
        watch.snap(training.steps)
    notes = tuple(filter(None, (once.note, *(remark for _, remarks in slowed[:1] for remark in remarks))))
    if stack is not None:
        stack.unstack()
    seconds = (time.perf_counter() - began) / len(members)
    return [
        watch.diverged.get(number)
        or Trained(
            one.model.eval().requires_grad_(False),
            setup.latent,
            one.variant.kl_weight,
            one.seen.complex_codes,
            tuple(watch.history[number]),
            tuple(watch.snapshots[number]),
            seconds,
            one.variant.objective,
            (*one.seen.notes, *notes),
            one.label,
        )
        for number, one in enumerate(members)
    ]
