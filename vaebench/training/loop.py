"""The one training loop: of one model, or of several that are stacked."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Crew:
    """Models of one seed, before their first step, and what they learn.

    Attributes:
        members: The models.
        data: What to train on.
        setup: How, and of which seed.
    """

    members: Sequence[Started]
    data: Dataset
    setup: Setup

    def inputs(self) -> Inputs:
        """Their inputs, from the start."""
        first, x = self.members[0], self.data.train.x
        device = next(first.model.parameters()).device
        labels = None if first.label is None or self.data.train.labels is None else self.data.train.labels.to(device)
        noisy = any(one.interventions.input_noise > 0 for one in self.members)
        return Inputs(x.to(device), labels, self.setup.latent, first.training.batch, noisy, self.setup.seed)


def train(crews: Sequence[Crew], began: float, stack: Stack | None = None) -> list[Trained | Diverged]:
    """Train one model, or a stack of them, which has the time of all its members.

    Args:
        crews: The models of each seed; without a stack one of one.
        began: When it began, of `time.perf_counter`.
        stack: The stack of them all.

    Returns:
        The models in order, or what became of them.

    Raises:
        OutOfTime: It takes longer than the setup allows for so many.
    """
    members, every = [one for crew in crews for one in crew.members], [crew.inputs() for crew in crews]
    first, setup = members[0], crews[0].setup
    training, x = first.training, every[0].x
    allowed = math.inf if setup.seconds is None else setup.seconds * len(members)
    slowed = [paces_of(one.model.model, one.interventions, x) for one in members]
    weights = [trained_weights(first.model)] if stack is None else stack.rows
    adversaries = with_weights(first.model, first.variant.adversaries)
    paces = [paces for paces, _ in slowed]
    teams = teams_of(weights, paces, adversaries, training, None if stack is None else stack.weights)
    alone = step_of(first, crews[0].data)
    whole = first.model.model.state_dict
    weights_of = (lambda _: whole()) if stack is None else stack.weights_of
    watch = Watch(weights_of, teams, len(members), x[0].numel(), training.steps)

    def step() -> Tensor:
        losses = alone(*arguments(every[0])) if stack is None else stack.losses(every)
        move(teams, losses)
        return losses[0].detach()

    once = Once(step, [one.own for one in every], captures=x.is_cuda)
    for number in range(training.steps):
        if number in training.snapshots:
            watch.snap(number)
        for inputs in every:
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
