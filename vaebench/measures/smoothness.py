"""Whether a variant's decoder is smoother than its twin's: paths between codes, and how evenly volume is spread."""

import torch

from vaebench.claims import Declined, Reading
from vaebench.data import Dataset
from vaebench.kernels.complex_normal import standard_complex_normal
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.fisher_metric import log_volume
from vaebench.kernels.path_roughness import path_roughness
from vaebench.measures import Effort
from vaebench.measures._complex import metric_at, posterior_mixture
from vaebench.measures._subject import Models, decoded_mean, held_out, of_sample, real_posterior
from vaebench.training.fit import Trained

SEGMENTS = 16
"""Steps of a path between two codes."""

NAMES = ("path_roughness", "log_volume_variance")


def against_twin(
    models: Models, data: Dataset, effort: Effort, rng: torch.Generator
) -> tuple[tuple[float | None, Reading | Declined], ...]:
    """Read path roughness and the variance of log det g of the variant and of its twin, with the same draws.

    Paths are straight lines between the posterior means of neighbours in a list of held-out examples.

    Args:
        models: The ``trained`` arm, and the ``twin`` arm where the variant declares one.
        data: Its held-out part gives the ends of paths.
        effort: ``points`` examples; a quarter of ``samples`` codes from the prior.
        rng: Of the codes.

    Returns:
        ``path_roughness`` in radians², ``log_volume_variance`` in nats², and both with ``_twin`` after them; declined
        for a variant without a twin.
    """
    state = rng.get_state()
    found: list[Reading | Declined] = []
    for suffix, model in (("", models["trained", None]), ("_twin", models.get(("twin", None)))):
        rng.set_state(state)
        if model is None:
            found += [Declined(name + suffix, "the variant declares no twin") for name in NAMES]
        else:
            found += _smoothness(model, data, effort, rng, suffix)
    return tuple((None, reading) for reading in found)


def _smoothness(
    trained: Trained, data: Dataset, effort: Effort, rng: torch.Generator, suffix: str
) -> list[Reading | Declined]:
    roughness, variance = (name + suffix for name in NAMES)
    x = held_out(data, effort.points)
    try:
        with torch.no_grad():
            codes = real_posterior(trained, x).mean
            shares = torch.linspace(0, 1, SEGMENTS + 1, device=x.device).view(1, -1, 1)
            paths = torch.lerp(codes[:-1].unsqueeze(1), codes[1:].unsqueeze(1), shares)
            decoded = decoded_mean(trained)(paths.flatten(0, 1))
            outputs = decoded.reshape(*paths.shape[:2], *decoded.shape[1:])
        found: list[Reading | Declined] = [of_sample(roughness, path_roughness(outputs), "rad²")]
    except Undefined as reason:
        found = [Declined(roughness, str(reason), "model")]
    if trained.latent % 2:
        return [*found, Declined(variance, "an odd number of latent units cannot be paired")]
    try:
        z = standard_complex_normal((effort.samples // 4, trained.latent // 2), rng, dtype=x.dtype.to_complex()).to(
            x.device
        )
        volumes = log_volume(metric_at(trained, z, posterior_mixture(trained, x).active)).double()
        squares = (volumes - volumes.mean()).square()
        return [*found, of_sample(variance, squares, "nats²")]
    except Undefined as reason:
        return [*found, Declined(variance, str(reason), "model")]
