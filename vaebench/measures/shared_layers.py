"""Which layers of an encoder are alike whatever the strength or the objective, beside how alike two seeds are."""

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from vaebench.claims import Declined, Reading
from vaebench.data import Dataset
from vaebench.kernels.cka import cka_direction
from vaebench.kernels.estimate import Undefined
from vaebench.measures import Effort
from vaebench.measures._layers import Layers, encoded, layers_of, require_code, snapshots
from vaebench.measures._subject import Models, Placed, held_out
from vaebench.models.layers import HEADS
from vaebench.training.fit import Trained
from vaebench.training.intervened import Intervened
from vaebench.training.step import TrainingStep

Cause = Literal["setting", "model"]

DIFFERENCES = {
    "hidden": "shared_hidden",
    "last_hidden": "shared_last_hidden",
    **{head: f"exception_{head}" for head in HEADS},
}
"""What the difference of an alignment from that of two seeds is called, by part of the encoder."""

OTHER = "_other_objective"

SAME_LOSS = 1e-5
"""Relative difference of two losses of one model, of the same draws, below which both are of one objective."""


def shared_encoders(models: Models, data: Dataset, effort: Effort, rng: torch.Generator) -> tuple[Placed, ...]:
    """Read how much less alike encoders of two settings are than encoders of two seeds.

    Debiased alignment of the model at a strength with the redrawn one at the middle strength, or of the model at the
    middle strength with a redrawn plain VAE; minus that of the model and the redrawn one, both at the middle strength.
    Every pair differs in its seed, so that common initial weights make no two settings alike. At the end of training,
    on held-out examples.

    Args:
        models: By arm and strength: ``trained``, ``redrawn`` and ``other_objective``.
        data: Where they are read.
        effort: At most ``points`` examples.
        rng: Unused.

    Returns:
        For every strength but the middle one ``shared_hidden``, the mean difference over the encoder's hidden layers,
        ``shared_last_hidden``, that of the last of them, and ``exception_mean``, ``exception_log_scale``, those of the
        heads; for all together the same with ``_other_objective``. And ``alike_…``, the alignments themselves, with
        those of two seeds at step 0, which no training made.
    """
    x = held_out(data, effort.points)
    middle = next(knob for arm, knob in models if arm == "redrawn")
    ours, twin, other = models["trained", middle], models["redrawn", middle], models.get(("other_objective", None))
    pairs = {knob: (trained, twin) for (arm, knob), trained in models.items() if arm == "trained" and knob != middle}
    found = [] if pairs else _declined("the variant has no other strength", None)
    if other is None or _same_objective(twin, other, x):
        found += _declined("the variant is the plain VAE itself", None, OTHER)
        other = None
    try:
        seeds = _alike(_directions(ours, x), _directions(twin, x))
    except Undefined as reason:
        cause: Cause = "setting" if _unlike(ours, twin) else "model"
        found += [declined for knob in pairs for declined in _declined(str(reason), knob, "", cause)]
        return (*found, *(_declined(str(reason), None, OTHER, cause) if other else ()))
    found += [*_levels("across_seeds", seeds, len(x), None), *_untrained(ours, twin, x)]
    for knob, pair in pairs.items():
        found += _compared("across_strengths", pair, seeds, x, knob)
    return (*found, *(_compared("across_objectives", (ours, other), seeds, x, None, OTHER) if other else ()))


def _compared(
    name: str, pair: tuple[Trained, Trained], seeds: Mapping[str, float], x: Tensor, knob: float | None, end: str = ""
) -> list[Placed]:
    """Alignments across settings, and how far they are from those across seeds."""
    if reason := _unlike(*pair):
        return _declined(reason, knob, end)
    try:
        one, another = (_directions(trained, x) for trained in pair)
        alike = _alike(one, another)
    except Undefined as undefined:
        return _declined(str(undefined), knob, end, "model")
    found = _levels(name, alike, len(x), knob)
    for part, difference in DIFFERENCES.items():
        if part in alike and part in seeds:
            found.append((knob, Reading(difference + end, alike[part] - seeds[part], 0.0, len(x))))
        else:
            found.append((knob, Declined(difference + end, f"not both encoders have a head named {part}")))
    return found


def _unlike(one: Trained, another: Trained) -> str:
    """Why two encoders cannot be compared layer by layer; nothing where they can."""
    try:
        same = len(layers_of(one).encoder) == len(layers_of(another).encoder)
    except Undefined as reason:
        return str(reason)
    return "" if same else "the two encoders have not as many hidden layers"


def _directions(trained: Trained, x: Tensor) -> dict[str, Tensor]:
    """What of each layer of an encoder that has learned something enters its alignments."""
    require_code(trained, x)
    return _directions_of(trained.model, layers_of(trained), x)


def _directions_of(model: Intervened, layers: Layers, x: Tensor) -> dict[str, Tensor]:
    return {label: cka_direction(layer) for label, layer in encoded(model, layers, x)[0].items()}


def _alike(one: Mapping[str, Tensor], another: Mapping[str, Tensor]) -> dict[str, float]:
    """Alignment of two encoders: of their hidden layers on average, of the last of them, and of their heads."""
    hidden = [label for label in one if label not in HEADS]
    found = {label: float(direction @ another[label]) for label, direction in one.items() if label in another}
    levels = {"hidden": sum(found[label] for label in hidden) / len(hidden), "last_hidden": found[hidden[-1]]}
    return levels | {head: found[head] for head in HEADS if head in found}


def _levels(name: str, alike: Mapping[str, float], n: int, knob: float | None) -> list[Placed]:
    return [(knob, Reading(f"alike_{name}_{part}", alignment, 0.0, n)) for part, alignment in alike.items()]


def _untrained(ours: Trained, twin: Trained, x: Tensor) -> list[Placed]:
    """Alignments of two seeds at their first snapshots."""
    if not (ours.snapshots and twin.snapshots):
        return []
    first = [_directions_of(next(snapshots(trained))[1], layers_of(trained), x) for trained in (ours, twin)]
    return _levels("untrained", _alike(*first), len(x), None)


def _same_objective(twin: Trained, other: Trained, x: Tensor) -> bool:
    """Whether both minimised the same: a trained model, not one at its start, tells a total correlation from none."""
    if twin.objective is None or other.objective is None:
        return False
    rng = torch.Generator(x.device).manual_seed(0)
    step = TrainingStep(twin.model, (twin.objective, other.objective), 1, len(x))
    one, another = step(x, torch.randn(len(x), twin.latent, generator=rng, device=x.device), None, 0, rng)
    return math.isclose(float(one), float(another), rel_tol=SAME_LOSS)


def _declined(reason: str, knob: float | None, end: str = "", cause: Cause = "setting") -> list[Placed]:
    return [(knob, Declined(name + end, reason, cause)) for name in DIFFERENCES.values()]
