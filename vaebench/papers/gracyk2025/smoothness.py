"""Whether a variant's decoder is smoother than its twin's: paths between codes, and how evenly volume is spread."""

from dataclasses import replace

import torch

from vaebench.claims import Measurement, declined
from vaebench.data import Dataset
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.complex_normal import standard_complex_normal
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.fisher_metric import log_volume
from vaebench.kernels.path_roughness import path_roughness
from vaebench.measures.model_view import Models, Placed, decoded_mean, held_out, of_sample, reads, real_posterior
from vaebench.papers.gracyk2025.complex_view import metric_at, posterior_mixture, refused
from vaebench.training.fit import Trained

SEGMENTS = 16
"""Steps of a path between two codes."""

NAMES = ("path_roughness", "log_volume_variance")


@reads(*NAMES, *(f"{name}_twin" for name in NAMES))
def against_twin(
    models: Models, data: Dataset, evaluation: EvaluationBudget, rng: torch.Generator
) -> tuple[Placed, ...]:
    """Read path roughness and the variance of log det g of the variant and of its twin, with the same draws.

    Paths are straight lines between the posterior means of neighbours in a list of held-out examples. Volumes of two
    models are held against each other only where both have as many active units: fewer of them vary less.

    Args:
        models: The ``trained`` arm, and the ``twin`` arm where the variant declares one.
        data: Its held-out part gives the ends of paths, its training part says which units are active.
        evaluation: ``points`` examples; a quarter of ``samples`` codes from the prior.
        rng: Of the codes.

    Returns:
        ``path_roughness`` in radians², ``log_volume_variance`` in nats², and both with ``_twin`` after them, declined
        for a variant without a twin.
    """
    trained, twin = models["trained", None], models.get(("twin", None))
    state = rng.get_state()
    found = _smoothness("", trained, data, evaluation, rng)
    if twin is None:
        # With nothing to be compared with, a collapse is not this claim's to judge.
        found = [replace(one, cause="setting") if one.value is None else one for one in found]
        beside: list[Measurement] = [declined(f"{n}_twin", "the variant declares no twin") for n in NAMES]
    else:
        rng.set_state(state)
        beside = _smoothness("_twin", twin, data, evaluation, rng)
        units, others = _active_units(trained, data), _active_units(twin, data)
        if units != others:
            reason = f"{units} active complex units and the twin's {others} make volumes of different dimensions"
            # What has more units than its twin has destroyed nothing: the two are not comparable.
            found[1] = declined("log_volume_variance", reason, "model" if units < others else "setting")
    return tuple((None, measurement) for measurement in (*found, *beside))


def _smoothness(
    suffix: str, trained: Trained, data: Dataset, evaluation: EvaluationBudget, rng: torch.Generator
) -> list[Measurement]:
    roughness, unevenness = (f"{name}{suffix}" for name in NAMES)
    return [_roughness(roughness, trained, data, evaluation), _unevenness(unevenness, trained, data, evaluation, rng)]


def _active_units(trained: Trained, data: Dataset) -> int:
    try:
        return int(posterior_mixture(trained, data).active.sum())
    except Undefined:
        return 0


def _roughness(name: str, trained: Trained, data: Dataset, evaluation: EvaluationBudget) -> Measurement:
    x = held_out(data, evaluation.points, least=2)
    with torch.no_grad():
        codes = real_posterior(trained, x).mean
        shares = torch.linspace(0, 1, SEGMENTS + 1, device=x.device).view(1, -1, 1)
        paths = torch.lerp(codes[:-1].unsqueeze(1), codes[1:].unsqueeze(1), shares)
        decoded = decoded_mean(trained)(paths.flatten(0, 1))
    try:
        return of_sample(name, path_roughness(decoded.reshape(*paths.shape[:2], *decoded.shape[1:])), "rad²")
    except Undefined as reason:
        return declined(name, str(reason), "model")


def _unevenness(
    name: str, trained: Trained, data: Dataset, evaluation: EvaluationBudget, rng: torch.Generator
) -> Measurement:
    x = data.train.x
    z = standard_complex_normal((evaluation.samples // 4, trained.latent // 2), rng, dtype=x.dtype.to_complex())
    try:
        volumes = log_volume(metric_at(trained, z.to(x.device), posterior_mixture(trained, data).active)).double()
    except Undefined as reason:
        return refused([name], trained, reason)[0]
    return of_sample(name, (volumes - volumes.mean()).square(), "nats²")
