"""Train models: one by itself, those of one seed along a knob, or those of several seeds."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from vaebench.data import Dataset
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import Variant
from vaebench.seeds import seed_for
from vaebench.training import around
from vaebench.training.loop import Crew, OutOfTime, step_of, train
from vaebench.training.seeding import layers_seeded
from vaebench.training.setup import Setup
from vaebench.training.stack import Stack, Unstacked
from vaebench.training.start import Started, build, start
from vaebench.training.trained import Trained
from vaebench.training.watch import Diverged

__all__ = ["Diverged", "OutOfTime", "Trained", "build", "fit", "fit_along", "fit_seeds"]

STACKED = {("cuda", "mlp")}
"""Kinds of device and networks whose models along a knob are trained as one. No GPU was measured yet. A CPU trains an
mlp as fast one by one (``benchmarks/device.cpu.md``), and many processors round a stack otherwise than each alone."""


def fit(
    variant: Variant,
    data: Dataset,
    *,
    arch: str,
    latent: int,
    training: TrainingConfig,
    interventions: Interventions,
    seed: int,
    device: str = "cpu",
    seconds: float | None = None,
    ulp: int = 0,
    looks: bool = True,
) -> Trained:
    """Train one model.

    Calls with the same seed draw the same initial weights, batches and noise under all interventions. So along a knob,
    only the knob differs.

    Args:
        variant: What to train.
        data: What to train on. All of it is moved to the device.
        arch: Name of the architecture.
        latent: Number of latent units.
        training: How long and how fast.
        interventions: The suite's interventions.
        seed: Of the initial weights, the batches and the noise.
        device: Where to train.
        seconds: Time limit; None for no limit.
        ulp: Number of a rounding twin, whose initial weights are one rounding off, see `training.nudge`; 0 for none.
        looks: Whether the first step is checked; False for a variant whose first step was checked already.

    Returns:
        The trained model.

    Raises:
        Unfit: Variant, architecture and data do not fit each other, or instruments cannot measure such a model.
        Refused: The variant breaks the protocol, see `training.first_step`.
        Diverged: The loss became not finite, or is unbounded below.
        OutOfTime: It took longer than `seconds`.
    """  # noqa: DOC502 - raised by what it calls
    return _fit(variant, data, interventions, Setup(arch, latent, training, seed, device, seconds, ulp, looks))


def fit_along(
    variants: Sequence[Variant],
    data: Dataset,
    *,
    arch: str,
    latent: int,
    training: TrainingConfig,
    interventions: Sequence[Interventions],
    seed: int,
    strengths: Sequence[float] = (),
    device: str = "cpu",
    seconds: float | None = None,
    ulp: int = 0,
    stacked: bool | None = None,
) -> Iterator[Trained]:
    """Train the models of one seed along a knob, as one where that is expected to be faster.

    Each is what `fit` makes of it alone: bit for bit if trained one by one, up to the order of sums if stacked.

    Args:
        variants: What to train at each value of the knob: the same variant, or its objective of another strength.
        data: What to train on.
        arch: Name of the architecture.
        latent: Number of latent units.
        training: How long and how fast.
        interventions: The suite's interventions at each value.
        seed: Of the initial weights, the batches and the noise, which all share.
        strengths: The strength at each value, where that is the knob.
        device: Where to train.
        seconds: Time limit of one training; None for no limit. A stack may take as often as much as it has members.
        ulp: Number of a rounding twin; 0 for none.
        stacked: Whether to train as one; None for what `STACKED` says.

    Yields:
        The models in order. Their notes say if they were stacked, or why they could not be.

    Raises:
        Unfit: As `fit`, at the model that it is raised for, like all others.
        Refused: Likewise.
        Diverged: Likewise. The models before and beside it are not touched.
        OutOfTime: Likewise.
    """  # noqa: DOC502 - raised by what it calls
    setup = Setup(arch, latent, training, seed, device, seconds, ulp)
    pairs = list(zip(variants, interventions, strict=True))
    wanted = (device.partition(":")[0], arch) in STACKED if stacked is None else stacked
    note = ""
    if wanted and len(pairs) > 1 and not variants[0].trained:
        try:
            together = _together(pairs, [(data, setup)], strengths)
        except Unstacked as reason:
            note = f"trained one by one: {reason}"
        else:
            yield from (_noted(_or_raised(one), f"stacked: {len(pairs)}") for one in together)
            return
    yield from (_noted(_fit(variant, data, acting, setup), note) for variant, acting in pairs)


def fit_seeds(
    variants: Sequence[Variant],
    data: Sequence[Dataset],
    *,
    arch: str,
    latent: int,
    training: TrainingConfig,
    interventions: Sequence[Interventions],
    seeds: Sequence[int],
    strengths: Sequence[float] = (),
    device: str = "cpu",
    seconds: float | None = None,
) -> list[list[Trained | Diverged]]:
    """Train the models of several seeds along a knob as one.

    Each is what `fit` makes of it alone, up to the order of sums. Batches and noise are drawn outside, each seed's from
    the seed. A model or an objective that draws for itself is therefore trained seed by seed, and so are data of
    unequal numbers of examples; notes say so.

    Args:
        variants: As `fit_along`.
        data: What each seed is trained on.
        arch: Name of the architecture.
        latent: Number of latent units.
        training: How long and how fast.
        interventions: The suite's interventions at each value of the knob.
        seeds: Of the initial weights, the batches and the noise.
        strengths: As `fit_along`.
        device: Where to train.
        seconds: Time limit of one training; None for no limit. The stack may take as often as much as it has members.

    Returns:
        For each seed the models in order, or what became of one: a model that diverges touches no other.

    Raises:
        Unfit: As `fit`.
        Refused: Likewise.
        OutOfTime: Likewise.
    """  # noqa: DOC502 - raised by what it calls
    pairs = list(zip(variants, interventions, strict=True))
    setups = [Setup(arch, latent, training, seed, device, seconds) for seed in seeds]
    if not pairs or not setups:
        return [[] for _ in setups]
    try:
        if variants[0].trained:
            raise Unstacked("it is a checkpoint")
        together = _together(pairs, list(zip(data, setups, strict=True)), strengths)
        note = f"stacked: {len(together)}"
    except Unstacked as reason:
        apart = zip(data, setups, strict=True)
        together = [_kept(pair, its, setup) for its, setup in apart for pair in pairs]
        note = f"trained one by one: {reason}"
    noted = [one if isinstance(one, Diverged) else _noted(one, note) for one in together]
    return [noted[at : at + len(pairs)] for at in range(0, len(noted), len(pairs))]


def _kept(pair: tuple[Variant, Interventions], data: Dataset, setup: Setup) -> Trained | Diverged:
    try:
        return _fit(pair[0], data, pair[1], setup)
    except Diverged as reason:
        return reason


def _noted(one: Trained, note: str) -> Trained:
    return replace(one, notes=(*one.notes, note)) if note else one


def _fit(variant: Variant, data: Dataset, interventions: Interventions, setup: Setup) -> Trained:
    with around.training(1), _layers_seeded(setup):
        began = time.perf_counter()
        one = start(variant, data, interventions, setup)
        if variant.trained:
            return Trained(
                one.model.eval().requires_grad_(False),
                setup.latent,
                variant.kl_weight,
                one.seen.complex_codes,
                notes=one.seen.notes,
                label=one.label,
                frozen=True,
            )
        (trained,) = train([Crew([one], data, setup)], began)
    return _or_raised(trained)


def _or_raised(found: Trained | Diverged) -> Trained:
    if isinstance(found, Diverged):
        raise found
    return found


def _layers_seeded(setup: Setup) -> AbstractContextManager[None]:
    return layers_seeded(seed_for(setup.seed, "layers"), setup.device)


def _together(
    pairs: Sequence[tuple[Variant, Interventions]], seeds: Sequence[tuple[Dataset, Setup]], strengths: Sequence[float]
) -> list[Trained | Diverged]:
    """Train models as one, those of each seed after the others'; `Unstacked` where that cannot be."""
    plain = {replace(acting, posterior_scale=None, input_noise=0.0) for _, acting in pairs}
    if len(plain) > 1:
        raise Unstacked("the interventions differ in more than the posterior's scale and the input noise")
    if len({data.train.x.shape for data, _ in seeds}) > 1:
        raise Unstacked("the seeds differ in the number of their examples")
    began = time.perf_counter()
    with around.training(len(pairs) * len(seeds)), _layers_seeded(seeds[0][1]):
        crews = [Crew(_started(pairs, data, setup), data, setup) for data, setup in seeds]
        steps = [step_of(one, crew.data) for crew in crews for one in crew.members]
        objective_at = pairs[0][0].objective_at if strengths else None
        stack = Stack(steps, objective_at, [*strengths] * len(seeds))
        stack.check([crew.inputs() for crew in crews])
        if len(seeds) > 1:  # what a model keeps beside its weights is the first seed's, and a late term shows it late
            stack.check([crew.inputs() for crew in crews], seeds[0][1].training.steps - 1)
        return train(crews, began, stack)


def _started(pairs: Sequence[tuple[Variant, Interventions]], data: Dataset, setup: Setup) -> list[Started]:
    started = []
    for variant, acting in pairs:
        with _layers_seeded(setup):  # each looks at its first step as it does alone
            started.append(start(variant, data, acting, setup))
    return started
