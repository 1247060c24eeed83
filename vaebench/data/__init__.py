"""Data sets: each module here without a leading underscore is one, named like its file.

A data set's module defines ``VERSION``, which increases whenever one of its numbers changes, and ``load() -> Dataset``.
The first line of its docstring is shown by ``vaebench list``. A data set with sizes also defines ``SIZES``, the default
first, and takes ``load(size)``: `sprites` is available as ``sprites``, ``sprites16`` or ``sprites64``. A data set with
a download defines ``FILES``, its files under the user's data folder, and takes ``load(root, download)``.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from vaebench.mistakes import Mistake


class Unavailable(Mistake):
    """A data set's files are absent, damaged or cannot be downloaded; the message says in one line what to do."""


@dataclass(frozen=True)
class Split:
    """One part of a data set, entirely in memory.

    Attributes:
        x: Examples, float32, shape (n, *shape).
        labels: Class of each example, int64, shape (n,); None without classes.
        factors: Index of each generating factor, int64, shape (n, factors); None if unknown.
    """

    x: Tensor
    labels: Tensor | None = None
    factors: Tensor | None = None

    def __post_init__(self) -> None:
        # In parts, because the question makes copies of what it is asked about.
        if not all(bool(torch.isfinite(part).all()) for part in torch.split(self.x, 4096)):
            raise ValueError("the data contain a value that is not finite")

    def to(self, device: torch.device | str) -> "Split":
        """Copy to a device."""
        labels = None if self.labels is None else self.labels.to(device)
        factors = None if self.factors is None else self.factors.to(device)
        return Split(self.x.to(device), labels, factors)


@dataclass(frozen=True)
class Truth:
    """Exact facts about data of a known distribution on an m-dimensional manifold.

    Attributes:
        log_density: Maps x of shape (n, *shape) to log p(x) in nats, shape (n,), per m-dimensional volume of the
            manifold.
        source_variances: Variance of each of the m independent sources, largest first. None for a curved manifold,
            whose coordinates have no variances in squared units of x.
        gaussian: Whether every source is normal, so that a linear VAE's closed form is exact.
        basis: Orthonormal embedding of the sources, shape (m, *shape), in the order of `source_variances`. None for a
            curved manifold.
        dimension: m. Optional with sources, which have one dimension each.

    Raises:
        ValueError: If the parts do not fit together.
    """

    log_density: Callable[[Tensor], Tensor]
    source_variances: tuple[float, ...] | None
    gaussian: bool
    basis: Tensor | None
    dimension: int = 0

    def __post_init__(self) -> None:
        if (self.source_variances is None) != (self.basis is None):
            raise ValueError("sources have variances and a basis, a curved manifold has neither")
        if self.source_variances is not None and self.basis is not None:
            if len(self.source_variances) != len(self.basis):
                raise ValueError(f"{len(self.source_variances)} variances do not fit a basis of {len(self.basis)}")
            if self.dimension not in {0, len(self.basis)}:
                raise ValueError(f"{len(self.basis)} sources do not make a {self.dimension}-dimensional manifold")
            object.__setattr__(self, "dimension", len(self.basis))
        elif self.gaussian:
            raise ValueError("a curved manifold has no normal sources")
        elif self.dimension < 1:
            raise ValueError(f"a curved manifold states its dimension, at least 1, got {self.dimension}")


@dataclass(frozen=True)
class Dataset:
    """A data set: its splits, and its truth if it is known.

    Attributes:
        name: Its name.
        version: Increases whenever one of its numbers changes.
        train: The part for training.
        held_out: The part for measurements.
        truth: Its exact distribution, or None.
    """

    name: str
    version: int
    train: Split
    held_out: Split
    truth: Truth | None = None

    @cached_property
    def contents(self) -> str:
        """Hash of every example, label and factor of both splits, with their types and shapes.

        16 hexadecimal digits, the same in every process and on every device. Computed on first use.
        """
        digest = hashlib.sha256()
        for split in (self.train, self.held_out):
            for part in (split.x, split.labels, split.factors):
                digest.update(b"none\0" if part is None else f"{part.dtype} {tuple(part.shape)}\0".encode())
                if part is not None:
                    digest.update(part.detach().cpu().contiguous().numpy().data)
        return digest.hexdigest()[:16]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return tuple(self.train.x.shape[1:])

    def to(self, device: torch.device | str) -> "Dataset":
        """Copy both splits to a device."""
        return replace(self, train=self.train.to(device), held_out=self.held_out.to(device))
