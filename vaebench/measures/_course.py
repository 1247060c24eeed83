"""How like its own end each layer of a model is, by snapshot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vaebench.kernels.cka import cka_direction
from vaebench.kernels.procrustes import procrustes_similarity
from vaebench.measures._layers import Layers, decoded, representations, snapshots
from vaebench.training.fit import Trained

PROCRUSTES_POINTS = 256
"""Examples for Procrustes similarity: singular values cost the cube of them."""

Likeness = dict[str, list[float]]
"""By label, one number a snapshot."""


@dataclass(frozen=True)
class Course:
    """Likeness of a model's layers to themselves at the end, by snapshot, under each index.

    Attributes:
        steps: Steps of the snapshots.
        debiased: By debiased alignment, every layer.
        fed: By debiased alignment, the decoder's layers when it is given the final codes at every snapshot.
        biased: By biased alignment, every layer.
        procrustes: By Procrustes similarity, every layer.
    """

    steps: tuple[int, ...]
    debiased: Likeness
    fed: Likeness
    biased: Likeness
    procrustes: Likeness


class _Index:
    """Likeness of layers to their ends, whose part of the work is done once."""

    def __init__(
        self,
        end: Mapping[str, Tensor],
        prepared: Callable[[Tensor], Tensor],
        compared: Callable[[Tensor, Tensor], Tensor],
    ) -> None:
        self.end = {label: prepared(layer) for label, layer in end.items()}
        self.prepared, self.compared = prepared, compared

    def follow(self, found: dict[str, list[float]], layers: Mapping[str, Tensor]) -> None:
        """Add the likeness of each layer now."""
        for label, layer in layers.items():
            likeness = float(self.compared(self.end[label], self.prepared(layer)))
            found.setdefault(label, []).append(likeness)


def course_of(trained: Trained, layers: Layers, x: Tensor) -> Course:
    """Follow a model through its snapshots.

    Args:
        trained: The model, with two snapshots or more, the last of them at the end.
        layers: Its layers.
        x: Examples, shape (n, *shape).

    Returns:
        The course.

    Raises:
        Undefined: A layer does not vary over the examples.
    """  # noqa: DOC502 - raised by the indices
    end, codes = representations(trained.model, layers, x)
    alignment = _Index(end, cka_direction, torch.dot)
    biased = _Index(end, partial(cka_direction, debiased=False), torch.dot)
    rotation = _Index(end, lambda layer: layer[:PROCRUSTES_POINTS], procrustes_similarity)
    course = Course(tuple(step for step, _ in trained.snapshots), {}, {}, {}, {})
    for _, model in snapshots(trained):
        now, _ = representations(model, layers, x)
        for index, found in ((alignment, course.debiased), (biased, course.biased), (rotation, course.procrustes)):
            index.follow(found, now)
        alignment.follow(course.fed, decoded(model, layers, codes))
    return course
