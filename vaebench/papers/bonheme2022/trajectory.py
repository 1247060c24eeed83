"""Likeness of each layer of a model to its end, by snapshot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from vaebench.kernels.cka import cka_direction
from vaebench.kernels.procrustes import procrustes_similarity
from vaebench.papers.bonheme2022.layers import Layers, decoded, representations, snapshots
from vaebench.training.fit import Trained

PROCRUSTES_POINTS = 256
"""Examples for Procrustes similarity. Its cost is cubic in them."""

Likeness = dict[str, list[float]]
"""By label, one number a snapshot."""


class Index(NamedTuple):
    """A measure of how alike two layers are.

    Attributes:
        prepared: Maps a layer, shape (n, features), to what enters a comparison. This part of the work is done once.
        compared: How alike two prepared layers are.
    """

    prepared: Callable[[Tensor], Tensor]
    compared: Callable[[Tensor, Tensor], Tensor]

    def __call__(self, one: Mapping[str, Tensor], another: Mapping[str, Tensor]) -> dict[str, float]:
        """Compare the prepared layers that have one label."""
        return {label: float(self.compared(layer, another[label])) for label, layer in one.items() if label in another}

    def prepare(self, layers: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Prepare layers by their labels."""
        return {label: self.prepared(layer) for label, layer in layers.items()}


OF_RECORD = ""

INDICES = {
    OF_RECORD: Index(cka_direction, torch.dot),
    "_biased": Index(partial(cka_direction, debiased=False), torch.dot),
    "_procrustes": Index(lambda layer: layer[:PROCRUSTES_POINTS], procrustes_similarity),
}
"""Indices by the ending of their measurements. Debiased alignment, which is judged, has none."""


@dataclass(frozen=True)
class Course:
    """Likeness of a model's layers to their ends, by snapshot, under each index.

    Attributes:
        steps: Steps of the snapshots.
        own: By ending of the index, every layer.
        fed: By ending of the index, the decoder's layers when it gets the final codes at every snapshot.
    """

    steps: tuple[int, ...]
    own: dict[str, Likeness]
    fed: dict[str, Likeness]


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
    ends = {ending: index.prepare(end) for ending, index in INDICES.items()}
    course = Course(tuple(step for step, _ in trained.snapshots), {e: {} for e in INDICES}, {e: {} for e in INDICES})
    for _, model in snapshots(trained):
        now, fed = representations(model, layers, x)[0], decoded(model, layers, codes)
        for ending, index in INDICES.items():
            for found, of_now in ((course.own[ending], now), (course.fed[ending], fed)):
                for label, likeness in index(index.prepare(of_now), ends[ending]).items():
                    found.setdefault(label, []).append(likeness)
    return course
