"""What an experiment is made of, as plain values: training, interventions, knob, arms and budgets; no torch."""

import math
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Literal, get_args

Preset = Literal["nightly", "quick", "standard", "paper"]
PRESETS: tuple[Preset, ...] = ("nightly", "quick", "standard", "paper")

UNJUDGED: tuple[Preset, ...] = ("nightly", "quick")
"""Presets whose models are hardly trained: their verdicts are no results."""

Schedule = Literal["cosine", "constant"]
Target = Literal["clean", "noisy"]
Division = Literal["fixed", "by_seed"]


@dataclass(frozen=True)
class TrainingConfig:
    """How long and how fast to train.

    Attributes:
        steps: Number of optimiser steps.
        batch: Examples a step.
        learning_rate: Adam's, at the start.
        schedule: ``cosine`` lets it fall to zero at the last step, so that the weights settle at a stationary point,
            which the exact relations speak of; ``constant`` keeps it.
        snapshots: Steps before which the weights are kept; ``steps`` itself means after the last.
    """

    steps: int
    batch: int = 128
    learning_rate: float = 1e-3
    schedule: Schedule = "cosine"
    snapshots: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1 or not 0 < self.learning_rate < math.inf:
            raise ValueError(f"a recipe needs steps, batch and a finite learning rate above 0: {self}")
        if self.schedule not in get_args(Schedule):
            raise ValueError(f"unknown schedule {self.schedule!r}; there are: {', '.join(get_args(Schedule))}")
        if any(not 0 <= step <= self.steps for step in self.snapshots):
            raise ValueError(f"snapshots lie between 0 and {self.steps}: {self.snapshots}")

    def rate(self, step: int) -> float:
        """Learning rate of a step.

        Args:
            step: From 0.

        Returns:
            The rate; with ``cosine``, learning_rate·(1 + cos(π·step/steps))/2.
        """
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * step / self.steps)) / 2


@dataclass(frozen=True)
class EvaluationBudget:
    """How much an instrument may spend.

    Attributes:
        samples: Draws from the prior for Monte-Carlo means.
        points: Held-out examples, at most, for means over data.
        attacked: Held-out examples, at most, that are attacked.
        attack_steps: Ascent steps of an attack.
        attack_restarts: Random starts of an attack.
        retraining_steps: Steps for which a fresh encoder or decoder is trained beside a frozen other side.
        posterior_nodes: Gauss–Hermite nodes along each latent unit for means over the posterior, where there are three
            units at most. 0 draws ``samples`` from the posterior, whatever their number.
        neighbours_among: Training examples, at most, that neighbours are sought among. 0 seeks among all.
    """

    samples: int = 8192
    points: int = 1024
    attacked: int = 128
    attack_steps: int = 30
    attack_restarts: int = 4
    retraining_steps: int = 300
    posterior_nodes: int = 0
    neighbours_among: int = 0


@dataclass(frozen=True)
class Interventions:
    """What the suite does to a variant while it trains and while it is measured.

    Attributes:
        posterior_scale: Fixes the posterior's standard deviation, whatever the encoder says; None leaves it.
        input_noise: Standard deviation of normal noise added to the encoder's input in training.
        likelihood_variance: Fixes the variance of a Gaussian likelihood, unless the variant learns it; None leaves it.
        target: What the decoder has to explain under input noise: the ``clean`` examples, or the ``noisy`` ones.
        likelihood: ``bernoulli`` reads a Gaussian decoder's mean as log odds, for data in [0, 1], and leaves one that
            is Bernoulli; ``own`` leaves any.
        pixels: Number of values that the ``bernoulli`` likelihood counts an example as: with fewer in it, each counts
            so much more often, as when an image is shown larger. None counts what there is.
        encoder_rate: Factor on the learning rate of the encoder's weights, its heads included; 0 freezes them.
        decoder_rate: The same of the decoder's weights.
    """

    posterior_scale: float | None = None
    input_noise: float = 0.0
    likelihood_variance: float | None = None
    target: Target = "clean"
    likelihood: Literal["own", "bernoulli"] = "own"
    pixels: int | None = None
    encoder_rate: float = 1.0
    decoder_rate: float = 1.0

    def __post_init__(self) -> None:
        if self.target not in get_args(Target):
            raise ValueError(f"unknown target {self.target!r}; there are: {', '.join(get_args(Target))}")
        if self.likelihood not in {"own", "bernoulli"}:
            raise ValueError(f"unknown likelihood {self.likelihood!r}; there are: own, bernoulli")
        if self.pixels is not None and (self.pixels < 1 or self.likelihood != "bernoulli"):
            raise ValueError(f"pixels is 1 or more, and of the suite's Bernoulli likelihood: {self}")
        for name in ("posterior_scale", "likelihood_variance"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name} is above 0 or None, not {value}")
        for name in ("input_noise", "encoder_rate", "decoder_rate"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} is 0 or above, not {getattr(self, name)}")

    def beta(self, kl_weight: float | None) -> float | None:
        """Weight of the KL beside a *sum of squared errors*: β = 2·variance·kl_weight.

        Args:
            kl_weight: Weight of the KL beside −log p(x|z), or None where a variant declares none.

        Returns:
            β in squared units of x, or None where either is not fixed, or where no error is squared.
        """
        if kl_weight is None or self.likelihood_variance is None or self.likelihood == "bernoulli":
            return None
        return 2 * self.likelihood_variance * kl_weight


@dataclass(frozen=True)
class Knob:
    """The intervention that a task turns.

    Attributes:
        name: A field of `Interventions`; or ``strength``, the variant's own knob, at the strengths it declares.
        symbol: How papers write it.
    """

    name: Literal["posterior_scale", "input_noise", "strength"]
    symbol: str


@dataclass(frozen=True)
class Arm:
    """Models that every cell trains beside those that are judged: a control, or the same under another convention.

    Attributes:
        name: Its name in the record.
        interventions: In place of the task's; None for the task's.
        variant: What is trained: the cell's ``own`` variant, the ``twin`` it declares (no arm where it has none), or
            one of the suite's variants by name.
        redrawn: Whether weights, batches and noise are drawn anew; else they are those of the models judged.
        knob: At ``every`` value of the knob, at the ``middle`` one, or ``off``, without it.
        read: Whether the task's instruments read it; else only its comparisons do.
        kept: Which of the budget's snapshots are kept: ``all``, or those at the ``ends`` of training, where comparisons
            need no other. It changes no number.
    """

    name: str
    interventions: Interventions | None = None
    variant: str = "own"
    redrawn: bool = False
    knob: Literal["every", "middle", "off"] = "every"
    read: bool = True
    kept: Literal["all", "ends"] = field(default="all", metadata={"hashed": False})

    def recipe(self, training: TrainingConfig) -> TrainingConfig:
        """How its models are trained.

        Args:
            training: The budget's.

        Returns:
            The same, with the snapshots that are kept.
        """
        if self.kept == "all":
            return training
        return replace(training, snapshots=tuple(step for step in training.snapshots if step in {0, training.steps}))


@dataclass(frozen=True)
class Budget:
    """What one preset spends.

    Attributes:
        seeds: Number of cells for each (variant, architecture, data set).
        latent: Number of latent units; more where the data's manifold is known to have more dimensions.
        training: How each model is trained.
        evaluation: How much each instrument spends.
        knob_values: Where the knob is set, rising; empty for a task without one, or whose knob is the variant's.
        split: ``by_seed`` gives each seed data of its own, where the data set has no official split.
    """

    seeds: int
    latent: int
    training: TrainingConfig
    evaluation: EvaluationBudget = field(default_factory=EvaluationBudget)
    knob_values: tuple[float, ...] = ()
    split: Division = "fixed"

    def __post_init__(self) -> None:
        if self.split not in get_args(Division):
            raise ValueError(f"unknown split {self.split!r}; there are: {', '.join(get_args(Division))}")
        if any(low >= high for low, high in pairwise(self.knob_values)):
            raise ValueError(f"knob values rise strictly: {self.knob_values}")


NIGHT_STEPS = 30
"""Optimiser steps of the preset `nightly`: rounding has no time to grow, and a change of the code shows."""

NIGHT_EFFORT = EvaluationBudget(
    samples=512, points=64, attacked=16, attack_steps=10, attack_restarts=2, retraining_steps=1
)
"""Most that an instrument may spend in a night."""


def nightly(quick: Budget) -> Budget:
    """Derive what a night spends on a task from its preset ``quick``: one rule for all tasks.

    A night compares numbers with themselves and judges nothing. So a short training and a small effort will do.

    Args:
        quick: The task's quick budget.

    Returns:
        One seed, at most `NIGHT_STEPS` steps, every second snapshot and the last, at the same shares of the steps, and
        no part of the effort above `NIGHT_EFFORT`. Nodes of an exact mean stay as they are, and so does the number of
        examples that neighbours are sought among, where 0 means all.
    """
    training, effort = quick.training, quick.evaluation
    steps = min(training.steps, NIGHT_STEPS)
    kept = {*training.snapshots[::2], *training.snapshots[-1:]}
    snapshots = tuple(sorted({round(at * steps / training.steps) for at in kept}))
    least = {
        part.name: min(getattr(effort, part.name), getattr(NIGHT_EFFORT, part.name))
        for part in fields(effort)
        if part.name not in {"posterior_nodes", "neighbours_among"}
    }
    return replace(
        quick,
        seeds=1,
        training=replace(training, steps=steps, snapshots=snapshots),
        evaluation=replace(effort, **least),
    )
