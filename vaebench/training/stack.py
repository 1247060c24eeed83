"""Models along a knob, of one seed or several, trained as one: their weights are stacked, and a step moves them all."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from vaebench.mistakes import first_line
from vaebench.models import Objective
from vaebench.training.inputs import Inputs
from vaebench.training.step import TrainingStep
from vaebench.training.teams import trained_weights

PREFIX = "model.model."
"""Of the names of a variant's weights in a `TrainingStep`."""

AGREES = 1e-4
"""Relative difference of a first loss from what the model gives alone, above which a stack is not used."""


class Unstacked(Exception):  # noqa: N818 - a reason, caught by whoever trains
    """These models cannot be trained as one; the message says why."""


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


class Stack:
    """Models with equal structure, whose training step runs all of them in one call.

    Those of one seed see the same batch and the same noise, as they do one by one. What differs between them is
    stacked: weights, buffers with the suite's interventions, and the strength of an objective. Each seed has inputs of
    its own, drawn outside. So a model or an objective that draws for itself is not stacked over seeds.

    Source: https://pytorch.org/tutorials/intermediate/ensembling.html

    Args:
        steps: The training step of each, on the device: those of the first seed, those of the next, as many of each.
        objective_at: Makes the objective for a strength, where that is what differs.
        strengths: The strength of each; empty where another thing differs.

    Attributes:
        weights: Weights that are trained, each with the members in front, by their name in the variant's model.
        rows: The same of each member, as parts of `weights`.

    Raises:
        Unstacked: The models differ in structure, or cannot be copied.
    """

    def __init__(
        self,
        steps: Sequence[TrainingStep],
        objective_at: Callable[[Any], Objective] | None = None,
        strengths: Sequence[float] = (),
    ) -> None:
        self._steps = steps
        first = steps[0]
        names = [{n: t.shape for n, t in _state(step).items()} for step in steps]
        if any(other != names[0] for other in names):
            raise Unstacked("they differ in the shapes of their weights")
        trained = {f"{PREFIX}{name}" for name in trained_weights(first.model)}
        whole = {name: torch.stack([_state(step)[name].detach() for step in steps]) for name in names[0]}
        self.weights = {n.removeprefix(PREFIX): whole[n].requires_grad_() for n in whole if n in trained}
        self._others = {n: tensor for n, tensor in whole.items() if n not in trained}
        self.rows = [
            {name: weight.detach()[member] for name, weight in self.weights.items()} for member in range(len(steps))
        ]
        try:
            self._skeleton = copy.deepcopy(first).to("meta")
        except Exception as error:  # a model of somebody else's may keep what has no copy, such as its last codes
            raise Unstacked(_said(error)) from None
        self._objective_at = objective_at
        device = next(iter(whole.values())).device
        self._strengths = torch.tensor(strengths, device=device) if strengths else None

    def losses(self, inputs: Sequence[Inputs]) -> tuple[Tensor, ...]:
        """The loss of each objective, shape (members,), from the inputs of each seed."""
        return self._called(self._others, inputs)

    def _called(self, others: Mapping[str, Tensor], inputs: Sequence[Inputs]) -> tuple[Tensor, ...]:
        skeleton, objectives = self._skeleton, self._skeleton.objectives

        def call(
            own: dict[str, Tensor], state: dict[str, Tensor], strength: Tensor | None, given: tuple[Any, ...]
        ) -> tuple[Tensor, ...]:
            if strength is not None and self._objective_at is not None:
                skeleton.objectives = (self._objective_at(strength), *objectives[1:])
            tensors = {**{f"{PREFIX}{name}": weight for name, weight in own.items()}, **state}
            found: tuple[Tensor, ...] = functional_call(skeleton, tensors, given)
            return found

        given, dims = _given(inputs, len(self._steps) // len(inputs))
        strengths = None if self._strengths is None else 0
        # A generator that all seeds share would not give each its own draws, so with several a draw is an error.
        randomness = "same" if len(inputs) == 1 else "error"
        try:
            run = vmap(call, in_dims=(0, 0, strengths, dims), randomness=randomness)
            found: tuple[Tensor, ...] = run(self.weights, dict(others), self._strengths, given)
            return found
        except RuntimeError as error:
            if len(inputs) > 1 and "random operation" in str(error):
                raise Unstacked("its objective or a layer draws for itself, and each seed has its own draws") from None
            raise
        finally:
            skeleton.objectives = objectives

    def check(self, inputs: Sequence[Inputs], number: int = 0) -> None:
        """Try a step, and hold its losses against those that each model gives alone. Nothing is changed but `inputs`.

        Args:
            inputs: Of seeds like the training's. Their generators are used up.
            number: Of the step.

        Raises:
            Unstacked: The step cannot run stacked, or gives something else.
        """
        for of_seed in inputs:
            of_seed.fill(number)
        states = [of_seed.own.get_state() for of_seed in inputs]
        try:
            kept = {name: tensor.clone() for name, tensor in self._others.items()}
            with torch.random.fork_rng(devices=[inputs[0].x.device] if inputs[0].x.is_cuda else []):
                together = self._called(kept, inputs)
                torch.autograd.grad(together[0].sum(), list(self.weights.values()), allow_unused=True)
        except Unstacked:
            raise
        except Exception as error:
            raise Unstacked(_said(error)) from None
        for member, step in enumerate(self._steps):
            seed = member * len(inputs) // len(self._steps)
            inputs[seed].own.set_state(states[seed])
            for one, all_of_them in zip(_alone(step, inputs[seed]), together, strict=True):
                its = all_of_them[member].detach()
                if not torch.isclose(one, its, rtol=AGREES, atol=AGREES, equal_nan=True):
                    raise Unstacked(f"member {member} has a loss of {float(its):g}, not {float(one):g}")

    def unstack(self) -> None:
        """Give each model its own trained weights and buffers."""
        with torch.no_grad():
            for member, step in enumerate(self._steps):
                for name, tensor in _state(step).items():
                    short = name.removeprefix(PREFIX)
                    source = self.weights[short] if short in self.weights else self._others[name]
                    tensor.copy_(source[member])

    def weights_of(self, member: int) -> dict[str, Tensor]:
        """Copies of one member's weights and buffers as they are now, by their name in the variant's model."""
        names = self._steps[member].model.model.state_dict()
        return {
            name: (self.weights[name] if name in self.weights else self._others[f"{PREFIX}{name}"])[member]
            .detach()
            .clone()
            for name in names
        }


def arguments(inputs: Inputs) -> tuple[Any, ...]:
    """What a `TrainingStep` is called with."""
    return inputs.x, inputs.code_noise, inputs.input_noise, inputs.step, inputs.own, inputs.labels


def _given(inputs: Sequence[Inputs], knobs: int) -> tuple[tuple[Any, ...], tuple[int | None, ...] | None]:
    """What a step is called with; of several seeds each member's own, and which parts have the members in front."""
    x, codes, noise, step, own, labels = arguments(inputs[0])
    if len(inputs) == 1:
        return (x, codes, noise, step, own, labels), None
    x, codes, noise, labels = (
        None if first is None else torch.stack([arguments(one)[at] for one in inputs]).repeat_interleave(knobs, 0)
        for at, first in ((0, x), (1, codes), (2, noise), (5, labels))
    )
    dims = tuple(
        0 if isinstance(part, Tensor) and part is not step else None for part in (x, codes, noise, step, own, labels)
    )
    return (x, codes, noise, step, own, labels), dims


def _state(step: nn.Module) -> dict[str, Tensor]:
    return dict(step.named_parameters()) | dict(step.named_buffers())


def _alone(step: TrainingStep, inputs: Inputs) -> tuple[Tensor, ...]:
    """What a model's own step gives, which is left as it was."""
    devices = [inputs.x.device] if inputs.x.is_cuda else []
    buffers = {name: buffer.clone() for name, buffer in step.named_buffers()}
    with torch.no_grad(), torch.random.fork_rng(devices=devices):
        found: tuple[Tensor, ...] = functional_call(step, buffers, arguments(inputs))
    return tuple(loss.detach() for loss in found)
