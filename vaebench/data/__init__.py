"""Data sets: each module here without a leading underscore is one, found by its file name.

A data set's module defines ``VERSION`` (raised whenever a number it yields changes) and ``load() -> Dataset``; its
docstring's first line is what ``vaebench list`` shows. One that comes in sizes defines ``SIZES`` too, the first being
the default, and takes ``load(size)``: `sprites` is asked for as ``sprites``, ``sprites16`` or ``sprites64``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Split:
    """One part of a data set, wholly in memory.

    Attributes:
        x: Examples, float32, shape (n, *shape).
        labels: Class of each example, int64, shape (n,); None where there are no classes.
        factors: Index of each generating factor, int64, shape (n, factors); None where they are unknown.
    """

    x: Tensor
    labels: Tensor | None = None
    factors: Tensor | None = None

    def __post_init__(self) -> None:
        if not torch.isfinite(self.x).all():
            raise ValueError("the data contain a value that is not finite")

    def to(self, device: torch.device | str) -> "Split":
        """Copy to a device."""
        labels = None if self.labels is None else self.labels.to(device)
        factors = None if self.factors is None else self.factors.to(device)
        return Split(self.x.to(device), labels, factors)


@dataclass(frozen=True)
class Truth:
    """What is known exactly about data drawn from a known law on an m-dimensional manifold.

    Attributes:
        log_density: Maps x of shape (n, *shape) to log p(x) in nats, shape (n,), with respect to the
            m-dimensional volume of the manifold.
        source_variances: Variance of each of the m independent sources, largest first.
        gaussian: Whether every source is normal, so that a linear VAE's closed form is exact.
        basis: Orthonormal embedding of the sources, shape (m, *shape), in the order of `source_variances`; None
            where the manifold is not flat.
    """

    log_density: Callable[[Tensor], Tensor]
    source_variances: tuple[float, ...]
    gaussian: bool
    basis: Tensor | None


@dataclass(frozen=True)
class Dataset:
    """A data set: its splits, and its truth where mathematics knows one.

    Attributes:
        name: The name it is asked for by.
        version: Raised whenever a number it yields changes.
        train: What models are fitted to.
        held_out: What they are measured on.
        truth: Its exact law, or None.
    """

    name: str
    version: int
    train: Split
    held_out: Split
    truth: Truth | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return tuple(self.train.x.shape[1:])

    def to(self, device: torch.device | str) -> "Dataset":
        """Copy both splits to a device."""
        return replace(self, train=self.train.to(device), held_out=self.held_out.to(device))
