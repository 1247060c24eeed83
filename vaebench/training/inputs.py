"""What a training step reads: a batch, its noise, and the number of the step."""

from collections.abc import Iterator

import torch
from torch import Tensor

from vaebench.seeds import seed_for


def batches(n: int, size: int, rng: torch.Generator) -> Iterator[Tensor]:
    """Draw batches of row numbers without end: each epoch in a new order, without the remainder.

    Args:
        n: Number of rows.
        size: Rows per batch; at most n.
        rng: Source of the order, on the device of the rows.

    Yields:
        Row numbers, shape (min(size, n),).
    """
    size = min(size, n)
    while True:
        order = torch.randperm(n, generator=rng, device=rng.device)
        yield from torch.split(order[: n - n % size], size)


class Inputs:
    """The inputs of one training, drawn from its seed alone: models that share a seed share them.

    On a GPU a step is captured once and replayed. It reads these tensors, which are filled anew. So whatever changes
    from step to step is in them, and is no number of Python's.

    Args:
        x: The training examples, shape (n, *shape), on the device.
        labels: Their classes, or None.
        latent: Number of latent units.
        batch: Examples per step.
        noisy: Whether noise is added to what is encoded.
        seed: Of batches and noise.

    Attributes:
        x: The batch, shape (batch, *shape).
        code_noise: Standard normal draws, shape (batch, latent).
        input_noise: The same of the batch's shape, or None.
        labels: Classes of the batch, or None.
        step: Number of the step, from 0. On a GPU a tensor without axes, in double precision.
        own: Source of an objective's own randomness.
    """

    def __init__(self, x: Tensor, labels: Tensor | None, latent: int, batch: int, noisy: bool, seed: int) -> None:
        order, self._noise, self._more, self.own = (
            torch.Generator(x.device).manual_seed(seed_for(seed, purpose))
            for purpose in ("batches", "noise", "input noise", "objective")
        )
        self._all, self._classes = x, labels
        self._rows = batches(len(x), batch, order)
        self._size, self._latent, self._noisy = min(batch, len(x)), latent, noisy
        self.step: int | Tensor = torch.zeros((), dtype=torch.float64, device=x.device) if x.is_cuda else 0
        self._empty()

    def _empty(self) -> None:
        x, labels = self._all, self._classes
        self.x = x.new_empty(self._size, *x.shape[1:])
        self.code_noise = torch.empty(self._size, self._latent, device=x.device)
        self.input_noise = torch.empty(self._size, *x.shape[1:], device=x.device) if self._noisy else None
        self.labels = None if labels is None else labels.new_empty(self._size)

    def fill(self, step: int) -> None:
        """Draw the inputs of a step.

        Args:
            step: Its number.
        """
        if not self._all.is_cuda:
            self._empty()  # an objective may keep what it was given
        chosen = next(self._rows)
        torch.index_select(self._all, 0, chosen, out=self.x)
        self.code_noise.normal_(generator=self._noise)
        if self.input_noise is not None:
            self.input_noise.normal_(generator=self._more)
        if self.labels is not None and self._classes is not None:
            torch.index_select(self._classes, 0, chosen, out=self.labels)
        if isinstance(self.step, Tensor):
            self.step.fill_(step)
        else:
            self.step = step
