"""Which encoder layers are alike across strengths and objectives, compared with two seeds of one setting."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.claims.measurements import Cause
from vaebench.kernels.estimate import Undefined
from vaebench.measures.declared import gives
from vaebench.measures.model_view import held_out
from vaebench.measures.probe import Cohort, Placed
from vaebench.models.layers import HEADS
from vaebench.papers.bonheme2022.layers import Layers, encoded, layers_of, require_code, snapshots
from vaebench.papers.bonheme2022.trajectory import INDICES, OF_RECORD, Prepared
from vaebench.training.fit import Trained
from vaebench.training.intervened import Intervened
from vaebench.training.step import TrainingStep

Encoder = Mapping[str, Prepared]
"""What enters the comparisons of an encoder's layers, by ending of the index."""

Alike = Mapping[tuple[str, str], float | str]
"""Likeness of two encoders, or the reason why there is none, by part of the encoder and ending of the index."""

DIFFERENCES = {
    "hidden": "shared_hidden",
    "last_hidden": "shared_last_hidden",
    **{head: f"exception_{head}" for head in HEADS},
}
"""Names of the differences between two settings and two seeds, by part of the encoder."""

OTHER = "_other_objective"

ALIKE = tuple(
    f"alike_{pair}_{part}"
    for pair in ("across_strengths", "across_objectives", "untrained")
    for part in ("hidden", "last_hidden")
)
"""Alignments that claims compare with each other."""

SAME_LOSS = 1e-5
"""Relative difference of two losses, of one model and the same draws, below which the objective is one."""


@gives(
    "{shared_hidden,shared_last_hidden,exception_mean,exception_log_scale}{,_other_objective}{,_biased,_procrustes}",
    "alike_{across_seeds,across_strengths,across_objectives}_{hidden,last_hidden,mean,log_scale}{,_biased,_procrustes}",
    "alike_untrained_{hidden,last_hidden,mean,log_scale}{,_biased,_procrustes}",
)
def shared_encoders(cohort: Cohort) -> tuple[Placed, ...]:
    """Measure how much less alike encoders of two settings are than encoders of two seeds.

    Two settings are the model at a strength and the redrawn one at the middle strength. Or they are the model at the
    middle strength and a redrawn plain VAE. Two seeds are the model and the redrawn one, both at the middle strength.
    The difference is that of their debiased alignments. It is taken at the end of training, on held-out examples. Every
    pair differs in its seed, because common initial weights make encoders alike.

    Args:
        cohort: Models by arm and strength: ``trained``, ``redrawn`` and ``other_objective``. At most ``points``
            examples are used.

    Returns:
        For every strength but the middle one four differences. ``shared_hidden`` is the mean over the encoder's hidden
        layers, and ``shared_last_hidden`` that of the last. ``exception_mean`` and ``exception_log_scale`` are those of
        the heads. For all strengths together the same with ``_other_objective``. ``alike_…`` are the alignments
        themselves, also of two seeds at step 0, before training. Other indices have ``_biased`` or ``_procrustes``
        behind the name. A layer that does not vary over the examples declines what it enters, and no more.
    """
    models, x = cohort.models, held_out(cohort.data, cohort.budget.points)
    middle = next(knob for arm, knob in models if arm == "redrawn")
    ours, twin, other = models["trained", middle], models["redrawn", middle], models.get(("other_objective", None))
    pairs = {knob: (trained, twin) for (arm, knob), trained in models.items() if arm == "trained" and knob != middle}
    found = [] if pairs else _declined("the variant has no other strength", None)
    if other is None or _same_objective(twin, other, x):
        found += _declined("the variant is the plain VAE itself", None, OTHER)
        other = None
    try:
        seeds = _alike(_prepared(ours, x), _prepared(twin, x))
    except Undefined as reason:
        cause: Cause = "setting" if _unlike(ours, twin) else "model"
        found += _declined_untrained(str(reason), cause if pairs or other else "setting")
        found += [declined for knob in pairs for declined in _declined(str(reason), knob, "", cause)]
        return (*found, *(_declined(str(reason), None, OTHER, cause) if other else ()))
    # Where nothing is compared with the seeds, no claim applies, whatever training made of them.
    cause = "model" if pairs or other else "setting"
    found += [*_levels("across_seeds", seeds, len(x), None, cause), *_untrained(ours, twin, x, cause)]
    for knob, pair in pairs.items():
        found += _compared("across_strengths", pair, seeds, x, knob)
    return (*found, *(_compared("across_objectives", (ours, other), seeds, x, None, OTHER) if other else ()))


def _compared(
    name: str, pair: tuple[Trained, Trained], seeds: Alike, x: Tensor, knob: float | None, end: str = ""
) -> list[Placed]:
    """Alignments across settings, and their differences from those across seeds."""
    if reason := _unlike(*pair):
        return _declined(reason, knob, end)
    try:
        one, another = (_prepared(trained, x) for trained in pair)
        alike = _alike(one, another)
    except Undefined as undefined:
        return _declined(str(undefined), knob, end, "model")
    found = _levels(name, alike, len(x), knob)
    for part, difference in DIFFERENCES.items():
        if (part, OF_RECORD) not in alike or (part, OF_RECORD) not in seeds:
            found.append((knob, declined(difference + end, f"not both encoders have a head named {part}")))
            continue
        for ending in INDICES:
            level, of_seeds = alike[part, ending], seeds[part, ending]
            apart = _first_reason(level, of_seeds) or float(level) - float(of_seeds)
            found.append((knob, _read(difference + end + ending, apart, len(x))))
    return found


def _unlike(one: Trained, another: Trained) -> str:
    """Why two encoders cannot be compared layer by layer, or an empty text."""
    try:
        same = len(layers_of(one).encoder) == len(layers_of(another).encoder)
    except Undefined as reason:
        return str(reason)
    return "" if same else "the two encoders have not as many hidden layers"


def _prepared(trained: Trained, x: Tensor) -> Encoder:
    """Prepare the layers of an encoder that has learned something."""
    require_code(trained, x)
    return _prepared_of(trained.model, layers_of(trained), x)


def _prepared_of(model: Intervened, layers: Layers, x: Tensor) -> Encoder:
    found = encoded(model, layers, x)[0]
    return {ending: index.prepare(found) for ending, index in INDICES.items()}


def _alike(one: Encoder, another: Encoder) -> Alike:
    """Likeness of two encoders: of their hidden layers on average, of the last of them, and of their heads."""
    alike: dict[tuple[str, str], float | str] = {}
    for ending, index in INDICES.items():
        found = index(one[ending], another[ending])
        hidden = [likeness for label, likeness in found.items() if label not in HEADS]
        parts = {"hidden": _first_reason(*hidden) or sum(map(float, hidden)) / len(hidden), "last_hidden": hidden[-1]}
        parts |= {head: found[head] for head in HEADS if head in found}
        alike |= {(part, ending): likeness for part, likeness in parts.items()}
    return alike


def _first_reason(*likeness: float | str) -> str:
    """Why one of them is no number, or an empty text."""
    return next((one for one in likeness if isinstance(one, str)), "")


def _read(name: str, likeness: float | str, n: int, cause: Cause = "model") -> Measurement:
    return declined(name, likeness, cause) if isinstance(likeness, str) else Measurement(name, likeness, 0.0, n)


def _levels(name: str, alike: Alike, n: int, knob: float | None, cause: Cause = "model") -> list[Placed]:
    return [
        (knob, _read(f"alike_{name}_{part}{ending}", likeness, n, cause)) for (part, ending), likeness in alike.items()
    ]


def _untrained(ours: Trained, twin: Trained, x: Tensor, cause: Cause) -> list[Placed]:
    """Alignments of two seeds at their first snapshots."""
    if not (ours.snapshots and twin.snapshots):
        return _declined_untrained("no snapshot was kept in training")
    first = [_prepared_of(next(snapshots(trained))[1], layers_of(trained), x) for trained in (ours, twin)]
    return _levels("untrained", _alike(*first), len(x), None, cause)


def _same_objective(twin: Trained, other: Trained, x: Tensor) -> bool:
    """Whether both minimised the same loss. Only a trained model shows it: at the start no total correlation does."""
    if twin.objective is None or other.objective is None:
        return False
    rng = torch.Generator(x.device).manual_seed(0)
    step = TrainingStep(twin.model, (twin.objective, other.objective), 1, len(x))
    one, another = step(x, torch.randn(len(x), twin.latent, generator=rng, device=x.device), None, 0, rng)
    return math.isclose(float(one), float(another), rel_tol=SAME_LOSS)


def _declined(reason: str, knob: float | None, end: str = "", cause: Cause = "setting") -> list[Placed]:
    alike = [name for name in ALIKE if ("objectives" if end else "strengths") in name]
    return [(knob, declined(name, reason, cause)) for name in (*(d + end for d in DIFFERENCES.values()), *alike)]


def _declined_untrained(reason: str, cause: Cause = "setting") -> list[Placed]:
    return [(None, declined(name, reason, cause)) for name in ALIKE if "untrained" in name]
