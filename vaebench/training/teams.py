"""Who moves which weights: a variant's own and each adversary's, every team by its own loss and its own Adam."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import Adversary
from vaebench.training.intervened import Intervened
from vaebench.training.sides import sides_of

Paces = Mapping[str, float]
"""Factors on the learning rate, by the name of a weight in the variant's model, where it is not 1."""


STOPPED = "found_inf"
"""Attribute of a fused optimiser, a tensor: where it is 1, a step changes nothing. Reading it asks no device."""


@dataclass(frozen=True)
class Part:
    """Weights of one model with one optimiser.

    Attributes:
        weights: What the optimiser moves.
        optimiser: Adam.
    """

    weights: Sequence[Tensor]
    optimiser: torch.optim.Adam

    def stop(self) -> None:
        """Move these weights no more, where they are of a stack whose other members go on."""
        stopped = getattr(self.optimiser, STOPPED, None)
        if stopped is not None:
            stopped.fill_(1.0)


@dataclass(frozen=True)
class Team:
    """Weights that one loss moves: those of no adversary, or those of one adversary.

    Attributes:
        weights: What gradients are taken of; of a stack, each with the members in front.
        parts: Who moves them: one model, or each member of a stack its own rows.
        training: Its learning rate and schedule.
    """

    weights: Sequence[Tensor]
    parts: Sequence[Part]
    training: TrainingConfig


def paces_of(model: nn.Module, interventions: Interventions, x: Tensor) -> tuple[Paces, tuple[str, ...]]:
    """Find the weights that an intervention slows.

    Args:
        model: The variant's model, without interventions.
        interventions: With factors on the learning rate by side.
        x: Some examples.

    Returns:
        The factors, and a remark where a weight is of both sides.
    """
    factors = {"encoder": interventions.encoder_rate, "decoder": interventions.decoder_rate}
    if set(factors.values()) == {1.0}:
        return {}, ()
    sides = sides_of(model, x[:2])
    paces = {name: factor for side, factor in factors.items() for name in getattr(sides, side)}
    if not sides.shared:
        return paces, ()
    kept = {name: factor for name, factor in paces.items() if name not in sides.shared}
    return kept, (f"encoder and decoder share {sides.shared[0]}: its learning rate is the plain one",)


def teams_of(
    members: Sequence[Mapping[str, Tensor]],
    paces: Sequence[Paces],
    adversaries: Sequence[tuple[Adversary, Sequence[str]]],
    training: TrainingConfig,
    whole: Mapping[str, Tensor] | None = None,
) -> list[Team]:
    """Divide weights into teams: the variant's own first, then each adversary's.

    Args:
        members: Weights that are trained, by their name in the variant's model: of one model, or of each of a stack.
        paces: Factors on the learning rate, of each.
        adversaries: The variant's, each with the names of its weights.
        training: How fast.
        whole: The stacked weights of which the members' are rows; None for one model.

    Returns:
        The teams.
    """
    of_whole = members[0] if whole is None else whole
    taken = {name for _, names in adversaries for name in names}
    own = [name for name in of_whole if name not in taken]
    plans: list[tuple[Sequence[str], TrainingConfig, tuple[float, float]]] = [(own, training, (0.9, 0.999))]
    for adversary, names in adversaries:
        rate = adversary.learning_rate or training.learning_rate
        plans.append((names, replace(training, learning_rate=rate), adversary.betas))
    return [
        Team(
            [of_whole[name] for name in names],
            [
                Part(
                    [weights[name] for name in names],
                    _adam(weights, names, slowed, pace.learning_rate, betas, whole is not None),
                )
                for weights, slowed in zip(members, paces, strict=True)
            ],
            pace,
        )
        for names, pace, betas in plans
    ]


def trained_weights(model: Intervened) -> dict[str, nn.Parameter]:
    """The weights that are trained, by their name in the variant's model."""
    return {name: weight for name, weight in model.model.named_parameters() if weight.requires_grad}


def with_weights(model: Intervened, adversaries: Sequence[Adversary]) -> list[tuple[Adversary, list[str]]]:
    """Find the names of each adversary's weights, as in `trained_weights`."""
    theirs = [{id(weight) for weight in model.model.get_submodule(each.module).parameters()} for each in adversaries]
    weights = trained_weights(model)
    return [
        (each, [name for name, weight in weights.items() if id(weight) in ids])
        for each, ids in zip(adversaries, theirs, strict=True)
    ]


def _adam(
    weights: Mapping[str, Tensor],
    names: Sequence[str],
    paces: Paces,
    rate: float,
    betas: tuple[float, float],
    stops: bool,
) -> torch.optim.Adam:
    """Adam, fused unless a CPU tensor has gaps in memory: the fused one would update those too.

    On a GPU its rate is a tensor, so that a step that was captured reads what `pace` writes.
    """
    groups: dict[float, list[Tensor]] = {}
    for name in names:
        groups.setdefault(paces.get(name, 1.0), []).append(weights[name])
    chosen = [weights[name] for name in names]
    whole = all(torch.empty_like(weight, device="meta").stride() == weight.stride() for weight in chosen)
    on_gpu = any(weight.is_cuda for weight in chosen)
    adam = torch.optim.Adam(
        [
            {"params": group, "pace": pace, "lr": torch.tensor(rate, device=group[0].device) if on_gpu else rate}
            for pace, group in groups.items()
        ],
        lr=rate,
        betas=betas,
        fused=whole,
        capturable=on_gpu,
    )
    if whole and stops:
        setattr(adam, STOPPED, torch.zeros((), device=chosen[0].device))
    return adam


def pace(teams: Sequence[Team], step: int) -> None:
    """Set every learning rate for a step.

    Args:
        teams: The teams.
        step: The step, from 0.
    """
    for team in teams:
        rate = team.training.rate(step)
        for part in team.parts:
            for group in part.optimiser.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(group["pace"] * rate)
                else:
                    group["lr"] = group["pace"] * rate


def move(teams: Sequence[Team], losses: Sequence[Tensor]) -> None:
    """Update every team by its own loss, all from the same state.

    Args:
        teams: The teams.
        losses: The loss of each: a scalar, or one of each member of a stack.
    """
    for i, (team, loss) in enumerate(zip(teams, losses, strict=True)):
        found = torch.autograd.grad(loss.sum(), team.weights, retain_graph=i + 1 < len(teams), allow_unused=True)
        for part, rows in zip(team.parts, _rows(found, loss), strict=True):
            for weight, gradient in zip(part.weights, rows, strict=True):
                weight.grad = None if gradient is None else _laid_out_as(weight, gradient)
    for team in teams:
        for part in team.parts:
            part.optimiser.step()


def _rows(found: Sequence[Tensor | None], loss: Tensor) -> list[list[Tensor | None]]:
    """Gradients of the one model, or of each member."""
    if loss.ndim == 0:
        return [list(found)]
    return [[None if gradient is None else gradient[member] for gradient in found] for member in range(len(loss))]


def _laid_out_as(weight: Tensor, gradient: Tensor) -> Tensor:
    """The gradient in its weight's memory layout, because fused Adam walks both in memory order."""
    return gradient if gradient.stride() == weight.stride() else torch.empty_like(weight).copy_(gradient)
