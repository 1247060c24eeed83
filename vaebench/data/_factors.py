"""Tables of generating factors: all combinations of their values in one fixed order."""

import math
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from vaebench.seeds import seed_for

_INTEGERS = {torch.int64, torch.int32, torch.int16, torch.uint8, torch.int8}


@dataclass(frozen=True)
class FactorTable:
    """All combinations of some factors' values; the last factor varies fastest.

    Attributes:
        names: Name of each factor.
        sizes: Number of values of each factor.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def total(self) -> int:
        """Number of combinations."""
        return math.prod(self.sizes)

    def at(self, index: Tensor) -> Tensor:
        """Return the combinations at some places.

        Args:
            index: Places in [0, total), integers, shape (n,).

        Returns:
            Index of each factor, int64, shape (n, factors); exact.

        Raises:
            ValueError: If a place is not an integer in [0, total).

        Examples:
            >>> FactorTable(("hue", "size"), (10, 3)).at(torch.tensor([0, 4])).tolist()
            [[0, 0], [1, 1]]
        """
        if index.dtype not in _INTEGERS:
            raise ValueError(f"places must be integers, got {index.dtype}")
        if index.numel() and (index.min() < 0 or index.max() >= self.total):
            raise ValueError(f"places must lie in [0, {self.total}), got {index.min()} to {index.max()}")
        rest, columns = index.long(), []
        for size in reversed(self.sizes):
            columns.append(rest % size)
            rest = rest // size
        return torch.stack(columns[::-1], dim=-1)

    def place(self, factors: Tensor) -> Tensor:
        """Return the places of some combinations: the inverse of `at`.

        Args:
            factors: Index of each factor, valid for `check`, shape (n, factors).

        Returns:
            Places in [0, total), int64, shape (n,); exact.

        Examples:
            >>> FactorTable(("hue", "size"), (10, 3)).place(torch.tensor([[1, 1]])).item()
            4
        """
        self.check(factors)
        index = factors.new_zeros(len(factors), dtype=torch.int64)
        for column, size in enumerate(self.sizes):
            index = index * size + factors[:, column]
        return index

    def check(self, factors: Tensor) -> None:
        """Raise on an invalid table of these factors.

        Args:
            factors: Should be integers of shape (n, factors), each inside its factor's range.

        Raises:
            ValueError: They are not.
        """
        if factors.dtype not in _INTEGERS or factors.ndim != 2 or factors.shape[1] != len(self.sizes):
            shape = f"(n, {len(self.sizes)})"
            raise ValueError(
                f"factors must be integers of shape {shape}, got {factors.dtype} of shape {tuple(factors.shape)}"
            )
        for column, (name, size) in enumerate(zip(self.names, self.sizes, strict=True)):
            values = factors[:, column]
            outside = values[(values < 0) | (values >= size)]
            if outside.numel():
                raise ValueError(f"the factor {name!r} has no value {outside[0].item()}; known: 0 to {size - 1}")

    def subset(self, stream: str, n: int) -> Tensor:
        """Draw n distinct combinations uniformly, from hashes of 0, 1, 2 and so on.

        Args:
            stream: Name in the hashes; each name gives another subset.
            n: Number of combinations. Longer subsets begin with the shorter ones.

        Returns:
            Index of each factor, int64, shape (n, factors), the same on every machine.

        Raises:
            ValueError: If there are fewer combinations.

        Examples:
            >>> len(FactorTable(("hue", "size"), (10, 3)).subset("some", 30).unique(dim=0))
            30
        """
        if n > self.total:
            raise ValueError(f"there are {self.total} combinations, not {n}")
        drawn: dict[int, None] = {}
        for number in count():
            if len(drawn) == n:
                break
            drawn[seed_for(stream, "subset", number) % self.total] = None
        return self.at(torch.tensor(list(drawn), dtype=torch.int64))
