"""Likeness of each layer of a model to its end, by snapshot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from vaebench.kernels.cka import cka_direction
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.procrustes import procrustes_similarity
from vaebench.papers.bonheme2022.layers import Layers, decoded, representations, snapshots
from vaebench.training.fit import Trained

PROCRUSTES_POINTS = 256
"""Examples for Procrustes similarity. Its cost is cubic in them."""

Prepared = Mapping[str, Tensor | str]
"""What enters the comparisons of layers, by label. A layer that cannot be read has the reason in its place."""

Likeness = dict[str, list[float] | str]
"""By label, one number a snapshot. A layer that cannot be read at some snapshot has the reason in their place."""


class Index(NamedTuple):
    """A measure of how alike two layers are.

    Attributes:
        prepared: Maps a layer, shape (n, features), to what enters a comparison. This part of the work is done once.
        compared: How alike two prepared layers are.
    """

    prepared: Callable[[Tensor], Tensor]
    compared: Callable[[Tensor, Tensor], Tensor]

    def __call__(self, one: Prepared, another: Prepared) -> dict[str, float | str]:
        """Compare the prepared layers that have one label. Where one cannot be read, give the reason."""
        return {label: _likeness(self, layer, another[label]) for label, layer in one.items() if label in another}

    def prepare(self, layers: Mapping[str, Tensor]) -> dict[str, Tensor | str]:
        """Prepare layers by their labels. A layer that cannot be read costs the others nothing."""
        return {label: _prepared(self, layer) for label, layer in layers.items()}


def _prepared(index: Index, layer: Tensor) -> Tensor | str:
    try:
        return index.prepared(layer)
    except Undefined as reason:
        return str(reason)


def _likeness(index: Index, one: Tensor | str, another: Tensor | str) -> float | str:
    if isinstance(one, str):
        return one
    if isinstance(another, str):
        return another
    try:
        return float(index.compared(one, another))
    except Undefined as reason:
        return str(reason)


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
        The course. A layer that does not vary over the examples has the reason in place of its numbers, such as a head
        whose weights start at 0. The other layers have theirs.

    Raises:
        Undefined: A module is no layer: it is not called exactly once, or gives no batch of numbers.
    """  # noqa: DOC502 - raised by `representations`
    end, codes = representations(trained.model, layers, x)
    ends = {ending: index.prepare(end) for ending, index in INDICES.items()}
    course = Course(tuple(step for step, _ in trained.snapshots), {e: {} for e in INDICES}, {e: {} for e in INDICES})
    for _, model in snapshots(trained):
        now, fed = representations(model, layers, x)[0], decoded(model, layers, codes)
        for ending, index in INDICES.items():
            for found, of_now in ((course.own[ending], now), (course.fed[ending], fed)):
                for label, likeness in index(index.prepare(of_now), ends[ending]).items():
                    _follow(found, label, likeness)
    return course


def _follow(found: Likeness, label: str, likeness: float | str) -> None:
    """Add a snapshot's number to a layer's. The first reason why there is none replaces them all."""
    before = found.setdefault(label, [])
    if isinstance(before, str):
        return
    if isinstance(likeness, str):
        found[label] = likeness
    else:
        before.append(likeness)
