"""Evaluations of one training step without side effects, under other weights, draws or interventions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parameter import is_lazy

from vaebench.experiment import Interventions
from vaebench.models import Model, Step, Terms, Variant
from vaebench.models.likelihoods import Bernoulli, Likelihood
from vaebench.seeds import seed_for
from vaebench.training.intervened import Intervened
from vaebench.training.seeding import seed_layers
from vaebench.training.step import TrainingStep

ROWS = 64
"""Most examples in an evaluation."""


class Shifted(Intervened):
    """A model whose decoder's means or log odds are shifted by 0.1."""

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        """Likelihood at each code, shape (batch, *shape), shifted."""
        said = super().decode(z, labels)
        if isinstance(said, Bernoulli):
            return replace(said, logits=said.logits + 0.1)
        return replace(said, mean=said.mean + 0.1)


class Blurred(Intervened):
    """A model whose likelihood is half as precise."""

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        """Likelihood at each code, shape (batch, *shape), with twice the variance or half the repeats."""
        said = super().decode(z, labels)
        if isinstance(said, Bernoulli):
            return replace(said, repeats=said.repeats / 2)
        return replace(said, variance=said.variance * 2)


class Silent(Intervened):
    """A model whose likelihood is so blurred that it has no effect."""

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        """Likelihood at each code, shape (batch, *shape), with a huge variance or hardly any repeats."""
        said = super().decode(z, labels)
        return replace(said, repeats=1e-8) if isinstance(said, Bernoulli) else said.with_variance(1e8)


@dataclass(frozen=True)
class Seen:
    """Result of one evaluation.

    Attributes:
        losses: The losses of the variant and its adversaries, scalars in nats per example.
        step: The step that the objective received.
        decoded: Codes that the objective decoded itself, by ``step.decode``.
        divergence: Mean KL in nats under the weights of this evaluation, a scalar; None unless it was asked for. The
            step's own ``kl()`` is not that: after the evaluation a prior or a flow has the model's own weights again.
    """

    losses: tuple[Tensor, ...]
    step: Step
    decoded: tuple[Tensor, ...]
    divergence: Tensor | None


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode, then restore each layer's own mode."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


@contextmanager
def kept(model: nn.Module) -> Iterator[None]:
    """Restore weights and buffers at the end of the block."""
    buffers = [(module, dict(module._buffers)) for module in model.modules()]
    tensors = [tensor for tensor in (*model.parameters(), *model.buffers()) if not is_lazy(tensor)]
    values = [tensor.detach().clone() for tensor in tensors]
    try:
        yield
    finally:
        for module, own in buffers:
            module._buffers.update(own)
        with torch.no_grad():
            for tensor, value in zip(tensors, values, strict=True):
                if not torch.equal(tensor, value):
                    tensor.copy_(value)


@dataclass(frozen=True)
class Probe:
    """One variant's step, to be evaluated repeatedly.

    Attributes:
        variant: The variant.
        model: Its model under the task's interventions.
        x: The examples of an evaluation, shape (rows, *shape).
        latent: Number of latent units.
        steps: Number of steps of the whole training.
        examples: Number of examples trained on.
        seed: Seed of all draws.
    """

    variant: Variant
    model: Intervened
    x: Tensor
    latent: int
    steps: int
    examples: int
    seed: int

    def generator(self, *purpose: str | int) -> torch.Generator:
        """Generator for one purpose, on the model's device."""
        return torch.Generator(self.x.device).manual_seed(seed_for(self.seed, "first step", *purpose))

    def code_noise(self, draw: int = 0) -> Tensor:
        """Standard normal draws, shape (rows, latent)."""
        return torch.randn(len(self.x), self.latent, generator=self.generator("codes", draw), device=self.x.device)

    def input_noise(self, draw: int) -> Tensor:
        """Standard normal draws, shape (rows, *shape)."""
        return torch.randn(self.x.shape, generator=self.generator("inputs", draw), device=self.x.device)

    def weights(self, draw: int, size: float) -> dict[str, Tensor]:
        """The model's weights plus normal noise of `size` times (0.1 + their root mean square)."""
        rng = self.generator("weights", draw)
        moved = {}
        for name, weight in self.model.model.named_parameters():
            spread = size * (0.1 + weight.detach().square().mean().sqrt())
            noise = torch.randn(weight.shape, generator=rng, device=weight.device, dtype=weight.dtype)
            moved[name] = (weight.detach() + spread * noise).requires_grad_(weight.requires_grad)
        return moved

    def look(
        self,
        by: Interventions | None = None,
        *,
        weights: Mapping[str, Tensor] | None = None,
        code_noise: Tensor | None = None,
        input_noise: Tensor | None = None,
        step: int = 0,
        draw: int = 0,
        kind: type[Intervened] = Intervened,
        divergence: bool = False,
    ) -> Seen:
        """Evaluate one step's losses, with gradients enabled.

        Args:
            by: Interventions in place of the task's.
            weights: By name, in place of the model's own.
            code_noise: Shape (rows, latent), in place of the first draw.
            input_noise: Shape (rows, *shape); None for none.
            step: Number of the step.
            draw: Number of the draws made by layers and the objective themselves.
            kind: The wrapper of the model.
            divergence: Whether the mean KL is wanted.

        Returns:
            The result.
        """
        handed: list[Step] = []
        divergences: list[Tensor] = []
        decoded: list[Tensor] = []

        def watched(taken: Step) -> Terms:
            handed.append(taken)

            def decode(z: Tensor) -> Likelihood:
                decoded.append(z.detach())
                return taken.decode(z)

            terms = self.variant.objective(replace(taken, decode=decode))
            if divergence:
                divergences.append(taken.kl().mean().detach())  # last, so that the loss has had its draws
            return terms

        model = kind(cast("Model", self.model.model), by or self.model.interventions).to(self.x.device)
        objectives = (watched, *(adversary.objective for adversary in self.variant.adversaries))
        step_of = TrainingStep(model, objectives, self.steps, self.examples)
        state = {name: buffer.clone() for name, buffer in step_of.named_buffers()}
        state |= {f"model.model.{name}": weight for name, weight in (weights or {}).items()}
        noise = self.code_noise() if code_noise is None else code_noise
        seed_layers(seed_for(self.seed, "first step", "layers", draw), self.x.device)
        arguments = (self.x, noise, input_noise, step, self.generator("objective", draw))
        with torch.enable_grad():  # an objective may take gradients of its own
            losses = functional_call(step_of, state, arguments)
        return Seen(losses, handed[0], tuple(decoded), divergences[0] if divergence else None)
