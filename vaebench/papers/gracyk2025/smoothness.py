"""Whether a variant's decoder is smoother than its twin's: paths between codes, and how much volume varies."""

from dataclasses import replace

import torch

from vaebench.claims import Measurement, declined
from vaebench.data import Dataset
from vaebench.kernels.complex_normal import standard_complex_normal
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.fisher_metric import log_volume
from vaebench.kernels.path_roughness import path_roughness
from vaebench.measures.declared import gives
from vaebench.measures.model_view import decoded_mean, held_out, of_sample, real_posterior
from vaebench.measures.probe import Cohort, Placed, Probe
from vaebench.papers.gracyk2025.complex_view import active_pairs, cause_in, metric_at, prior_pairs
from vaebench.training.fit import Trained

SEGMENTS = 16
"""Steps of a path between two codes."""


@gives("{path_roughness,log_volume_variance}{,_twin}")
def against_twin(cohort: Cohort) -> tuple[Placed, ...]:
    """Measure path roughness and the variance of log det g, of a variant and its twin.

    Both get the same draws. Paths are straight lines between posterior means of successive held-out examples. Volumes
    of two models are compared only if both have the same number of active units. Fewer units vary less.

    Args:
        cohort: The ``trained`` arm, and the ``twin`` arm of a variant that declares one. ``points`` held-out examples
            are the ends of paths. Volumes are taken at a quarter of ``samples`` codes from the prior.

    Returns:
        ``path_roughness`` in radians², ``log_volume_variance`` in nats², and both with ``_twin`` after them. A variant
        without a twin declines the latter.
    """
    data, rng, state = cohort.data, cohort.rng, cohort.rng.get_state()
    trained, twin = cohort.models["trained", None], cohort.models.get(("twin", None))
    found = _smoothness("", Probe(trained, data, cohort.budget, rng))
    if twin is None:
        # With nothing to be compared with, a collapse is not this claim's to judge.
        found = [replace(one, cause="setting") if one.value is None else one for one in found]
        beside = [declined(f"{one.name}_twin", "the variant declares no twin") for one in found]
    else:
        rng.set_state(state)
        beside = _smoothness("_twin", Probe(twin, data, cohort.budget, rng))
        units, others = _active_units(trained, data), _active_units(twin, data)
        if units != others:
            reason = f"{units} active complex units and the twin's {others} make volumes of different dimensions"
            # What has more units than its twin has destroyed nothing: the two are not comparable.
            found[1] = declined("log_volume_variance", reason, "model" if units < others else "setting")
    return tuple((None, measurement) for measurement in (*found, *beside))


def _smoothness(suffix: str, probe: Probe) -> list[Measurement]:
    return [_roughness(f"path_roughness{suffix}", probe), _unevenness(f"log_volume_variance{suffix}", probe)]


def _active_units(trained: Trained, data: Dataset) -> int:
    try:
        return int(active_pairs(trained, data).sum())
    except Undefined:
        return 0


def _roughness(name: str, probe: Probe) -> Measurement:
    x = held_out(probe.data, probe.budget.points, least=2)
    with torch.no_grad():
        codes = real_posterior(probe.trained, x).mean
        shares = torch.linspace(0, 1, SEGMENTS + 1, device=x.device).view(1, -1, 1)
        paths = torch.lerp(codes[:-1].unsqueeze(1), codes[1:].unsqueeze(1), shares)
        decoded = decoded_mean(probe.trained)(paths.flatten(0, 1))
    try:
        return of_sample(name, path_roughness(decoded.reshape(*paths.shape[:2], *decoded.shape[1:])), "rad²")
    except Undefined as reason:
        return declined(name, str(reason), "model")


def _unevenness(name: str, probe: Probe) -> Measurement:
    trained, x = probe.trained, probe.data.train.x
    shape = (probe.budget.samples // 4, trained.latent // 2)
    z = standard_complex_normal(shape, probe.rng, dtype=x.dtype.to_complex())
    try:
        active = active_pairs(trained, probe.data)
        volumes = log_volume(metric_at(trained, prior_pairs(trained, z.to(x.device)), active)).double()
    except Undefined as reason:
        return declined(name, str(reason), cause_in(trained, reason))
    return of_sample(name, (volumes - volumes.mean()).square(), "nats²")
