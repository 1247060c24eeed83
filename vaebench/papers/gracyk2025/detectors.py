"""Do the detectors of outliers find planted ones, and leave held-out reconstructions alone?"""

import torch
from torch import Tensor

from vaebench.claims import Measurement, declined
from vaebench.measures.declared import gives
from vaebench.measures.model_view import DataUndefined, decoded_mean, posterior_codes
from vaebench.measures.probe import Probe
from vaebench.papers.gracyk2025.kept import FLOORS, Facts, facts
from vaebench.papers.gracyk2025.ratings import CLASSLESS, calibrated, rated


@gives(
    "{classifier,neighbour}_auroc_{real,reconstructions,midpoints,halves,decoded_halves,mean_image}",
    "classifier_accuracy",
    "classifier_above_floor",
)
def detectors(probe: Probe) -> tuple[Measurement, ...]:
    """Measure how well the detectors tell planted outliers from reconstructions of held-out data.

    Each number is the probability that a planted image is odder than a reconstruction: ½ where they are alike, 1 where
    every one is found. A reconstruction is the likelihood's mean at a draw from the posterior.

    Args:
        probe: Up to ``points`` held-out examples are reconstructed, and as many outliers are planted.

    Returns:
        ``<detector>_auroc_…`` of ``midpoints``, decoded half-way between codes of two classes; ``halves``, one image
        above and one of another class below; ``decoded_halves``, the same of reconstructions, which are as smooth as
        samples; ``real``, the held-out examples themselves; ``mean_image``, the mean of the training data, which looks
        like nothing and lies amid everything; and ``reconstructions``, of one half of the examples against the other
        half. Further ``classifier_accuracy`` on held-out data, and ``classifier_above_floor``: how far it is above what
        the data's classifier has to pass, as a share of what there is above that.
    """
    trained, data, rng = probe.trained, probe.data, probe.rng
    known = facts(data, probe.budget.points, probe.budget.neighbours_among)
    x = known.real
    codes = posterior_codes(trained, x, rng)
    with torch.no_grad():
        rebuilt = decoded_mean(trained)(codes)
    one, other = _of_two_classes(data.held_out.labels, len(x), rng)
    with torch.no_grad():
        midpoints = decoded_mean(trained)((codes[one] + codes[other]) / 2)
    planted = {
        "real": x,
        "midpoints": midpoints,
        "halves": halved(x[one], x[other]),
        "decoded_halves": halved(rebuilt[one], rebuilt[other]),
        "mean_image": known.mean[None],
    }
    found = rated(rebuilt, known)
    judge = calibrated(found, known)
    measured = [m for way, each in planted.items() for m in judge.read(way, rated(each, known))]
    half = torch.randperm(len(x), generator=rng, device=rng.device).to(x.device)
    first, second = found.at(half[: len(x) // 2]), found.at(half[len(x) // 2 :])
    measured += calibrated(first, known).read("reconstructions", second)
    return (*(m for m in measured if "_auroc_" in m.name), *_accuracies(data.name, known))


def _of_two_classes(labels: Tensor | None, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Indices of pairs of different classes; of any two where there are no classes."""
    order = torch.randperm(n, generator=rng, device=rng.device)
    moved = order.roll(1)
    if labels is None:
        return order, moved
    apart = labels[order] != labels[moved]
    if not apart.any():
        raise DataUndefined("no two held-out examples are of different classes")
    return order[apart], moved[apart]


def halved(upper: Tensor, lower: Tensor) -> Tensor:
    """The first half of the rows of one image, and the second half of another's; of entries where there are no rows."""
    axis = -2 if upper.ndim > 3 else -1
    middle = upper.shape[axis] // 2
    return torch.cat([upper.narrow(axis, 0, middle), lower.narrow(axis, middle, upper.shape[axis] - middle)], axis)


def _accuracies(name: str, known: Facts) -> list[Measurement]:
    names = ("classifier_accuracy", "classifier_above_floor")
    if known.classifier is None:
        return [declined(each, CLASSLESS) for each in names]
    # Over all held-out examples, of which `known.real` are at most ``points``.
    accuracy, n = known.classifier.accuracy, known.classifier.n
    error = (accuracy * (1 - accuracy) / n) ** 0.5
    measured = [Measurement(names[0], accuracy, error, n, "1", "higher")]
    if name not in FLOORS:
        return [*measured, declined(names[1], f"no accuracy is asked of a classifier of {name}")]
    floor = FLOORS[name]
    above = (accuracy - floor) / (1 - floor)
    return [*measured, Measurement(names[1], above, error / (1 - floor), n, "1", "higher")]
