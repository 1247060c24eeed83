"""When layers settle: a comparison of the judged models of a cell, one for each strength."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined, map_entry_name
from vaebench.claims.measurements import Cause
from vaebench.kernels.cka import cka_matrix, shuffled_cka
from vaebench.kernels.estimate import Estimate, Undefined
from vaebench.kernels.procrustes import shuffled_procrustes
from vaebench.measures.declared import gives
from vaebench.measures.model_view import held_out
from vaebench.measures.probe import Cohort, Placed
from vaebench.papers.bonheme2022.layers import Layers, layers_of, representations, require_code
from vaebench.papers.bonheme2022.settling import corrected_lead, lead, least_lead, settling_time
from vaebench.papers.bonheme2022.trajectory import INDICES, OF_RECORD, PROCRUSTES_POINTS, Course, Likeness, course_of
from vaebench.training.fit import Trained

LEADS = ("lead_raw", "lead_corrected", "lead_fed_final", "lead_depth_matched")
"""The encoder is first where all of these are above 0."""

DRAWS = 4
"""Orders of the examples, from which a chance level is drawn."""


@gives(
    "lead_{raw,corrected,fed_final,depth_matched}{,_biased,_procrustes}",
    "encoder_first_share",
    "settling_step_{encoder,decoder,mean,log_scale,output}",
    "null_{debiased_cka,biased_cka,procrustes}",
    "to_the_end__*__*",
    "across_seeds__*__*",
)
def encoder_first(cohort: Cohort) -> tuple[Placed, ...]:
    """Measure when each layer settles, and how far the encoder's hidden layers lead the decoder's.

    A layer settles when its debiased alignment with its end is at least 0.9 for good. Held-out examples are used. A
    lead is the mean of log₁₀(1 + step) over the decoder's hidden layers minus the encoder's. Its unit is a decade of
    training. It is above 0 where the encoder is first.

    Args:
        cohort: Models by arm and strength, with snapshots. The strength of ``redrawn`` is the one that maps show. At
            most ``points`` examples are used.

    Returns:
        For each strength the four leads and the steps. ``lead_raw`` is as above. ``lead_corrected`` counts the way
        since step 0, each layer weighted by its whole way. For ``lead_fed_final`` the decoder gets the final codes at
        every snapshot. ``lead_depth_matched`` is that of the worst pair at equal depth. Other indices have ``_biased``
        or ``_procrustes`` behind the name. For all strengths ``encoder_first_share``, the share of those where all of
        `LEADS` are above 0. For one strength ``null_…``, the largest chance level of a hidden layer, and the maps
        ``to_the_end`` (step, layer) and ``across_seeds`` (layer, layer of the other seed).
    """
    models, x = cohort.models, held_out(cohort.data, cohort.budget.points)
    shown = next((place for place in models if place[0] == "redrawn"), None)
    found: list[Placed] = []
    first: list[bool] = []
    for (arm, knob), trained in models.items():
        if arm != "trained":
            continue
        measurements = followed(trained, x, mapped=shown == ("redrawn", knob))
        found += [(knob, measurement) for measurement in measurements]
        leads = {measurement.name: measurement for measurement in measurements if measurement.name in LEADS}
        if all(measurement.value is not None or measurement.cause == "model" for measurement in leads.values()):
            first.append(all(measurement.value is not None and measurement.value > 0 for measurement in leads.values()))
    if first:
        found.append((None, Measurement("encoder_first_share", sum(first) / len(first), 0.0, len(first))))
    else:
        found.append((None, declined("encoder_first_share", "there is no strength at which a lead can be read")))
    if shown:
        pair = models["trained", shown[1]], models[shown]
        found += [(shown[1], measurement) for measurement in _across_seeds(*pair, x, cohort.rng)]
    return tuple(found)


def followed(trained: Trained, x: Tensor, mapped: bool = False) -> list[Measurement]:
    """Take the leads and the settling steps of one model.

    Args:
        trained: The model, with its snapshots.
        x: Held-out examples, shape (n, *shape).
        mapped: Whether likeness to the end is listed by step and layer.

    Returns:
        What there is. If there is none, all leads have the reason. A layer that cannot be read declines what it
        enters: a hidden layer leads, and a head its settling step alone.
    """
    if len(trained.snapshots) < 2:
        return _no_leads("fewer than two snapshots were kept in training", "setting")
    try:
        layers = layers_of(trained)
    except Undefined as reason:
        return _no_leads(str(reason), "setting")
    try:
        require_code(trained, x)
        course = course_of(trained, layers, x)
    except Undefined as reason:
        return _no_leads(str(reason), "model")
    measurements = [*_leads(course, layers, len(x)), *_steps(course, layers, len(x))]
    return [*measurements, *_to_the_end(course, len(x))] if mapped else measurements


def _no_leads(reason: str, cause: Cause) -> list[Measurement]:
    """Decline every lead, by every index: some claim judges each."""
    return [declined(name + ending, reason, cause) for ending in INDICES for name in LEADS]


def _leads(course: Course, layers: Layers, n: int) -> Iterator[Measurement]:
    for ending in INDICES:
        for name, decades in _ways(course, layers, ending).items():
            yield _read(name + ending, decades, n, "decade")


def _ways(course: Course, layers: Layers, ending: str) -> dict[str, Callable[[], float]]:
    """The four leads by one index, each to be taken by itself: it is declined if a layer that enters it is not read."""
    own, fed, steps = course.own[ending], course.fed[ending], course.steps

    def encoder() -> list[float]:
        return _times(steps, own, layers.encoder)

    def decoder(by: Likeness = own) -> list[float]:
        return _times(steps, by, layers.decoder)

    return {
        "lead_raw": lambda: lead(encoder(), decoder()),
        "lead_fed_final": lambda: lead(encoder(), decoder(fed)),
        "lead_depth_matched": lambda: least_lead(encoder(), decoder()),
        "lead_corrected": lambda: corrected_lead(steps, _numbers(own, layers.encoder), _numbers(own, layers.decoder)),
    }


def _read(name: str, number: Callable[[], float], n: int, unit: str) -> Measurement:
    try:
        return Measurement(name, number(), 0.0, n, unit)
    except Undefined as reason:
        return declined(name, str(reason), "model")


def _numbers(likeness: Likeness, labels: Iterable[str]) -> list[list[float]]:
    """Likeness of some layers by snapshot. All of them have to be read."""
    found = []
    for label in labels:
        numbers = likeness[label]
        if isinstance(numbers, str):
            raise Undefined(numbers)
        found.append(numbers)
    return found


def _times(steps: tuple[int, ...], likeness: Likeness, labels: Iterable[str]) -> list[float]:
    return [settling_time(steps, values) for values in _numbers(likeness, labels)]


def _steps(course: Course, layers: Layers, n: int) -> Iterator[Measurement]:
    parts = {"encoder": layers.encoder, "decoder": layers.decoder, **{head: {head: ""} for head in layers.heads}}
    for name, labels in (parts | {"output": layers.output}).items():
        yield _read(f"settling_step_{name}", partial(_step, course, labels), n, "step")


def _step(course: Course, labels: Iterable[str]) -> float:
    # The geometric mean of a side's, so that the ratio of two is their lead.
    decades = _times(course.steps, course.own[OF_RECORD], labels)
    return float(10 ** (sum(decades) / len(decades)) - 1)


def _to_the_end(course: Course, n: int) -> Iterator[Measurement]:
    for place, step in enumerate(course.steps):
        for label, likeness in course.own[OF_RECORD].items():
            if not isinstance(likeness, str):
                yield _entry("to_the_end", str(step), label, likeness[place], n)


def _entry(name: str, row: str, column: str, value: float, n: int) -> Measurement:
    # Maps are looked at: more digits would be most of a record.
    return Measurement(map_entry_name(name, row, column), round(value, 3), 0.0, n)


def _across_seeds(trained: Trained, redrawn: Trained, x: Tensor, rng: torch.Generator) -> Iterator[Measurement]:
    # The map of layers against those of another seed, and the floors that chance alone reaches there.
    try:
        layers, others = layers_of(trained), layers_of(redrawn)
        ours, theirs = representations(trained.model, layers, x)[0], representations(redrawn.model, others, x)[0]
    except Undefined:
        return  # no layers are found: the leads of the same model say so
    yield from _floors([(ours[label], theirs[label]) for label in (*layers.encoder, *layers.decoder)], rng)
    ours, theirs = _readable(ours), _readable(theirs)
    if not (ours and theirs):
        return
    alignments = cka_matrix(list(ours.values()), list(theirs.values()))
    for i, row in enumerate(ours):
        for j, column in enumerate(theirs):
            yield _entry("across_seeds", row, column, float(alignments[i, j]), len(x))


def _floors(hidden: list[tuple[Tensor, Tensor]], rng: torch.Generator) -> Iterator[Measurement]:
    floors: dict[str, Callable[[Tensor, Tensor], Estimate]] = {
        "null_debiased_cka": lambda a, b: shuffled_cka(a, b, rng, DRAWS),
        "null_biased_cka": lambda a, b: shuffled_cka(a, b, rng, DRAWS, debiased=False),
        "null_procrustes": lambda a, b: shuffled_procrustes(a[:PROCRUSTES_POINTS], b[:PROCRUSTES_POINTS], rng, DRAWS),
    }
    for name, floor in floors.items():
        try:
            largest = max((floor(a, b) for a, b in hidden), key=lambda estimate: float(estimate.value))
        except Undefined as reason:
            yield declined(name, str(reason), "model")
        else:
            yield Measurement(name, float(largest.value), float(largest.stderr), DRAWS)


def _readable(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The layers that vary over the examples: others are aligned with nothing."""
    prepared = INDICES[OF_RECORD].prepare(found)
    return {label: layer for label, layer in found.items() if not isinstance(prepared[label], str)}
