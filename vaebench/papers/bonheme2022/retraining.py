"""Frozen sides of a model, each with a fresh other side: a few snapshots are retrained at once, stacked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from vaebench.experiment import TrainingConfig
from vaebench.kernels.estimate import Undefined
from vaebench.mistakes import first_line
from vaebench.models.priors import divergence
from vaebench.training.fit import Trained
from vaebench.training.inputs import batches
from vaebench.training.intervened import Intervened
from vaebench.training.sides import Sides
from vaebench.training.step import TrainingStep

Side = Literal["encoder", "decoder"]
Weights = Mapping[str, Tensor]

BATCH = 128
RATE = 3e-3
"""Adam's rate for fresh sides. It falls to 0 by a cosine."""

AT_ONCE = 5
"""A CPU stacks so many snapshots, and up to as many again where they do not part evenly. What more of them compute
leaves its caches: 20 networks of convolutions take twice as long on images of 16×16, and 20 of any kind need half a GiB
more on images of 32×32. Fewer are rounded otherwise. A GPU stacks all."""

DRAWS = 8
"""Draws of the codes of each held-out example, the same for all models."""


@dataclass(frozen=True)
class Bench:
    """What all retrainings of one model share.

    Attributes:
        trained: The model. Its objective is what fresh sides minimise, as it is at the last step.
        sides: Its weights by side.
        fresh: First weights of another seed: a fresh side starts from its part of them.
        x: Training examples, shape (n, *shape).
        held_out: Held-out examples, shape (m, *shape).
        seed: Of batches and noise.
    """

    trained: Trained
    sides: Sides
    fresh: Weights
    x: Tensor
    held_out: Tensor
    seed: int


def negative_elbos(bench: Bench, stacked: Weights) -> list[float]:
    """Held-out −ELBO of models, in nats per example: −log p(x|z) + KL, whatever the objective.

    Args:
        bench: What they share.
        stacked: Weights of all models, each with a first axis of models.

    Returns:
        The means over held-out examples and `DRAWS` draws of the codes, unbiased. A loss that is no number is infinite.
    """
    bound = _NegativeElbo(bench.trained.model)
    x, latent, rng = bench.held_out, bench.trained.latent, _generator(bench, 0)
    total = torch.zeros((), device=x.device)
    with torch.no_grad():
        for _ in range(DRAWS):
            noise = torch.randn(len(x), latent, generator=rng, device=x.device)
            total = total + _over_models(bound, "model.model.", stacked, {}, (x, noise)) / DRAWS
    return torch.nan_to_num(total.double(), nan=torch.inf).tolist()


def retrained(bench: Bench, frozen: Side, snapshots: Sequence[Weights], steps: int) -> list[float]:
    """Freeze one side of each snapshot, train a fresh other side, and read the held-out −ELBO.

    Adam at `RATE` with a cosine to 0, in batches of `BATCH`. Fresh sides of all snapshots start from the same weights
    and see the same batches and noise.

    Args:
        bench: What the snapshots share.
        frozen: The side that is kept.
        snapshots: Weights of the model by snapshot.
        steps: Number of training steps.

    Returns:
        By snapshot, as `negative_elbos`.

    Raises:
        Undefined: The model cannot be stacked.
    """  # noqa: DOC502 - raised by _stacked_losses
    parts = max(1, len(snapshots) // AT_ONCE) if bench.x.device.type == "cpu" else 1
    ends = [part * len(snapshots) // parts for part in range(parts + 1)]
    return [loss for a, b in pairwise(ends) for loss in _retrained(bench, frozen, snapshots[a:b], steps)]


def _retrained(bench: Bench, frozen: Side, snapshots: Sequence[Weights], steps: int) -> list[float]:
    """Retrain a stack. Each has the same batches and noise, because generators begin anew."""
    names = {"encoder": bench.sides.encoder, "decoder": bench.sides.decoder}
    kept = {name: torch.stack([weights[name] for weights in snapshots]) for name in names[frozen]}
    free = names["decoder" if frozen == "encoder" else "encoder"]
    moving = {name: torch.stack([bench.fresh[name]] * len(snapshots)).requires_grad_() for name in free}
    with torch.enable_grad():
        _train(bench, moving, kept, steps)
    return negative_elbos(bench, kept | {name: weight.detach() for name, weight in moving.items()})


def _train(bench: Bench, moving: dict[str, Tensor], kept: Weights, steps: int) -> None:
    trained, x = bench.trained, bench.x
    assert trained.objective is not None
    whole = trained.snapshots[-1][0]
    step_of = _Loss(TrainingStep(trained.model, (trained.objective,), whole, len(x)), whole - 1)
    pace = TrainingConfig(steps=steps, learning_rate=RATE, schedule="cosine")
    weights = list(moving.values())
    optimiser = torch.optim.Adam(weights, lr=RATE, fused=True)
    order, noise, own = (_generator(bench, purpose) for purpose in (1, 2, 3))
    rows = batches(len(x), BATCH, order)
    noisy = trained.model.interventions.input_noise > 0
    for step in range(steps):
        batch = x[next(rows)]
        codes = torch.randn(len(batch), trained.latent, generator=noise, device=x.device)
        inputs = torch.randn(batch.shape, generator=noise, device=x.device) if noisy else None
        given = (batch, codes, inputs, own)
        losses = _stacked_losses(step_of, moving, kept, given, first=step == 0)
        slopes = torch.autograd.grad(losses.sum(), weights, allow_unused=True)
        for weight, slope in zip(weights, slopes, strict=True):
            # Fused Adam walks both in memory order.
            weight.grad = None if slope is None else slope.contiguous()
        optimiser.param_groups[0]["lr"] = pace.rate(step)
        optimiser.step()


def _stacked_losses(step_of: "_Loss", moving: Weights, kept: Weights, given: tuple[object, ...], first: bool) -> Tensor:
    try:
        return _over_models(step_of, "step.model.model.", moving, kept, given)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        if not first:
            raise
        raise Undefined(f"snapshots cannot be trained together: {first_line(error)}") from error


def _over_models(module: nn.Module, prefix: str, one: Weights, more: Weights, given: tuple[object, ...]) -> Tensor:
    """Call a module once for all models, whose weights are stacked."""

    def call(own: Weights, beside: Weights) -> Tensor:
        weights = {prefix + name: weight for name, weight in {**own, **beside}.items()}
        found: Tensor = functional_call(module, weights, given)
        return found

    over: Tensor = (
        vmap(call, randomness="same")(dict(one), dict(more))
        if more
        else vmap(lambda own: call(own, {}), randomness="same")(dict(one))
    )
    return over


class _Loss(nn.Module):
    """The objective at one step of training."""

    def __init__(self, step: TrainingStep, number: int) -> None:
        super().__init__()
        self.step = step
        self.number = number

    def forward(self, x: Tensor, codes: Tensor, inputs: Tensor | None, rng: torch.Generator) -> Tensor:
        loss: Tensor = self.step(x, codes, inputs, self.number, rng)[0]
        return loss


class _NegativeElbo(nn.Module):
    """The bound of a whole batch, for one draw of each code."""

    def __init__(self, model: Intervened) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        posterior = self.model.encode(x)
        return (
            divergence(self.model.model, posterior, noise) - self.model.decode(posterior.sample(noise)).log_prob(x)
        ).mean()


def _generator(bench: Bench, purpose: int) -> torch.Generator:
    return torch.Generator(bench.x.device).manual_seed(bench.seed + purpose)
