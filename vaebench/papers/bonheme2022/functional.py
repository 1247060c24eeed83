"""Which side is useful first: each is frozen at every snapshot, and a fresh other side is trained beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vaebench.claims import Measurement, declined
from vaebench.claims.measurements import Cause
from vaebench.kernels.estimate import Undefined
from vaebench.measures.declared import gives
from vaebench.measures.model_view import held_out
from vaebench.measures.probe import Cohort, Placed
from vaebench.papers.bonheme2022.code_free import code_free_loss, data_scale
from vaebench.papers.bonheme2022.readable import NoReading, bench_of
from vaebench.papers.bonheme2022.retraining import Bench, Side, Weights, negative_elbos, retrained
from vaebench.papers.bonheme2022.usefulness import area_lead, time_reached, usefulness
from vaebench.training.fit import Trained
from vaebench.training.sides import sides_of

ARMS = ("trained", "slow_encoder", "slow_decoder", "slow_both")
"""Arms that are read: the judged model, and plants of it."""

SIDES: tuple[Side, Side] = ("encoder", "decoder")

DOUBLINGS = 3
"""How often the training of fresh sides is doubled, at most."""

LAG = 0.05
"""Share of what a model gains that a fresh side at its end may lag behind the model's own."""

LEAST = 0.1
"""Share of what a plain VAE gains, below which a model has too little for a lead."""

TOGETHER = 0.1
"""Lead in decades up to which the sides count as learned together: twice the resolution over seeds and budgets."""

CONVOLUTIONAL = 1.5
"""How many times longer fresh convolutional encoders train: at equal steps they lag behind decoders."""


@gives(
    "functional_{lead,t50_lead,t90_lead,lead_untrained_zero}",
    "functional_{gain,lag,steps}_{encoder,decoder}",
    "functional_first_share",
)
def functional_lead(cohort: Cohort) -> tuple[Placed, ...]:
    """Measure by how much the encoder is useful before the decoder, in decades of training.

    L_enc(t) is the held-out −ELBO of the encoder of step t, frozen, with a fresh decoder that was trained beside it;
    L_dec(t) likewise. L₀ is the loss of the best code-free output. L* is the least loss over snapshots and sides.

    A(t) = clip((L₀ − L(t))/(L₀ − L*), 0, 1), its running maximum; lead = ∫(A_enc − A_dec) d log₁₀(1 + t).

    Fresh sides start from the first weights of the ``redrawn`` model, and minimise the model's own objective at its
    last step. They train for `retraining_steps`, doubled until they lag by `LAG` at most at the last snapshot. A
    variant with several strengths is read at the middle one.

    Args:
        cohort: Models by arm and strength, with snapshots. ``redrawn`` and ``other_objective`` are used. At most
            ``points`` held-out examples are.

    Returns:
        For the judged model and each of `ARMS` that there is, ``functional_lead``; ``…_t50_lead`` and ``…_t90_lead``,
        log-ratios of the steps at which A reaches .5 and .9; ``…_lead_untrained_zero``, with each side's own loss at
        step 0 in place of L₀, so that learning the mean image counts; ``…_gain_…``, L₀ − L(T) in nats; ``…_lag_…``,
        (L(T) − own loss)/|L₀ − own loss|; ``…_steps_…``, for how long fresh sides were trained. For the judged model
        ``functional_first_share``, 1 if the lead is above `TOGETHER` and else 0; a claim counts none without a lead. If
        L₀ − L* is under `LEAST` of what ``other_objective`` gains, or of the data's own scale without it, there is no
        lead. If a side never reaches .5 or .9, its time does not exist, and the lead does.
    """
    middle = next((knob for arm, knob in cohort.models if arm == "redrawn"), None)
    x = held_out(cohort.data, cohort.budget.points)
    seed = int(torch.randint(2**62, (), generator=cohort.rng, device=cohort.rng.device))
    found: list[Placed] = []
    for arm in ARMS:
        if (arm, middle) not in cohort.models:
            continue
        measurements = _measured(cohort, cohort.models[arm, middle], x, seed)
        found += [(middle, measurement, arm) for measurement in measurements]
        if arm == "trained":
            found.append((None, _first(next(m for m in measurements if m.name == "functional_lead"))))
    return tuple(found)


@dataclass(frozen=True)
class _Curves:
    """What retraining found.

    Attributes:
        losses: Held-out loss by snapshot, of each side.
        zero: L₀.
        own: Loss of the model itself at its end.
        steps: How long the fresh sides of each were trained.
    """

    losses: Mapping[Side, Sequence[float]]
    zero: float
    own: float
    steps: Mapping[Side, int]


def _measured(cohort: Cohort, trained: Trained, x: Tensor, seed: int) -> list[Measurement]:
    try:
        bench = bench_of(cohort, trained, x, seed)
        curves = _curves(bench, cohort)
    except Undefined as reason:
        return _none(str(reason), "setting")
    except NoReading as reason:
        return _none(str(reason), reason.cause)
    return list(_leads([step for step, _ in trained.snapshots], curves, len(x)))


def _none(reason: str, cause: Cause) -> list[Measurement]:
    names = functional_lead.gives  # type: ignore[attr-defined]
    return [declined(name, reason, cause) for name in names if name != "functional_first_share"]


def _first(lead: Measurement) -> Measurement:
    """Whether the encoder is first. A model that learned too little does not show it."""
    if lead.value is None and lead.cause == "setting":
        return declined("functional_first_share", lead.reason)
    return Measurement("functional_first_share", float(lead.value is not None and lead.value > TOGETHER), 0.0, 1)


def _curves(bench: Bench, cohort: Cohort) -> _Curves:
    """Losses of frozen sides, at a budget that is enough."""
    states = [weights for _, weights in bench.trained.snapshots]
    zero = code_free_loss(bench.trained.model, bench.x, bench.held_out)
    own = _own_loss(bench, states[-1])
    least = LEAST * _scale(bench, cohort, zero)
    room = max(abs(zero - own), least)
    steps: dict[Side, int] = {}
    ends = {"own": own}
    for side in SIDES:
        steps[side], ends[side] = _enough(bench, side, states[-1], own + LAG * room, _start(bench, cohort, side))
    if zero - min(ends.values()) >= least:
        for side in SIDES:
            if ends[side] > own + LAG * room:
                share = (ends[side] - own) / room
                raise NoReading(
                    f"a fresh side beside the trained {side} lags by {share:.2f} of what the model gains, after "
                    f"{steps[side]} steps",
                    "model",
                )
    losses = {side: retrained(bench, side, states, steps[side]) for side in SIDES}
    if not zero - min(map(min, losses.values())) >= least:
        raise NoReading(f"it gains less than {least:.3g} nats over the best output that ignores the code", "model")
    return _Curves(losses, zero, own, steps)


def _own_loss(bench: Bench, weights: Weights) -> float:
    names = (*bench.sides.encoder, *bench.sides.decoder)
    return negative_elbos(bench, {name: weights[name].unsqueeze(0) for name in names})[0]


def _scale(bench: Bench, cohort: Cohort, zero: float) -> float:
    """What a plain VAE gains, in nats; the data's own scale where none was trained or it gains nothing."""
    plain = cohort.models.get(("other_objective", None))
    if plain is not None and plain.objective is not None:
        beside = Bench(plain, sides_of(plain.model.model, bench.x[:2]), {}, bench.x, bench.held_out, bench.seed)
        gain = zero - _own_loss(beside, dict(plain.model.model.named_parameters()))
        if gain > 0:
            return gain
    return data_scale(bench.trained.model, bench.x, bench.held_out)


def _start(bench: Bench, cohort: Cohort, frozen: Side) -> int:
    """For how long fresh sides are trained at first."""
    steps = cohort.budget.retraining_steps
    convolving = any(isinstance(module, nn.modules.conv._ConvNd) for module in bench.trained.model.modules())
    return round(CONVOLUTIONAL * steps) if convolving and frozen == "decoder" else steps


def _enough(bench: Bench, frozen: Side, end: Weights, most: float, steps: int) -> tuple[int, float]:
    """Double the training until the fresh side beside the model's end has a loss of `most` at most, or give up."""
    loss = retrained(bench, frozen, [end], steps)[0]
    for _ in range(DOUBLINGS):
        if loss <= most:
            break
        steps *= 2
        loss = retrained(bench, frozen, [end], steps)[0]
    return steps, loss


def _leads(steps: Sequence[int], curves: _Curves, n: int) -> Iterator[Measurement]:
    target = min(map(min, curves.losses.values()))
    encoder, decoder = (usefulness(curves.losses[side], curves.zero, target) for side in SIDES)
    yield Measurement("functional_lead", area_lead(steps, encoder, decoder), 0.0, n, "decade")
    for level in (50, 90):
        yield _crossing_lead(steps, encoder, decoder, level, n)
    yield _untrained_zero(steps, curves, target, n)
    for side in SIDES:
        end = curves.losses[side][-1]
        yield Measurement(f"functional_gain_{side}", curves.zero - end, 0.0, n, "nat")
        room = abs(curves.zero - curves.own)
        yield Measurement(f"functional_lag_{side}", (end - curves.own) / room if room else 0.0, 0.0, n)
        yield Measurement(f"functional_steps_{side}", float(curves.steps[side]), 0.0, 1, "step")


def _crossing_lead(
    steps: Sequence[int], encoder: Sequence[float], decoder: Sequence[float], level: int, n: int
) -> Measurement:
    name, times = f"functional_t{level}_lead", [time_reached(steps, side, level / 100) for side in (encoder, decoder)]
    for side, time in zip(SIDES, times, strict=True):
        if time is None:
            return declined(name, f"never reached: the {side} stays below {level} % of what is gained", "model")
    early, late = (time or 0.0 for time in times)
    return Measurement(name, late - early, 0.0, n, "decade")


def _untrained_zero(steps: Sequence[int], curves: _Curves, target: float, n: int) -> Measurement:
    name = "functional_lead_untrained_zero"
    for side, losses in curves.losses.items():
        if steps[0] != 0 or not losses[0] - target > LEAST * (curves.zero - target):
            return declined(name, f"the {side} starts where it ends", "model")
    sides = [usefulness(curves.losses[side], curves.losses[side][0], target) for side in SIDES]
    return Measurement(name, area_lead(steps, *sides), 0.0, n, "decade")
