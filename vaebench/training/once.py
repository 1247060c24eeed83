"""One training step as a function without arguments: run as it is, or captured on a GPU and replayed."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from vaebench.mistakes import first_line

WARM = 3
"""Steps before the capture. They are steps of the training, and let libraries choose their algorithms."""


class Once:
    """A training step that launches its many small kernels at once, where it can.

    A small model's step is limited by launches. A CUDA graph launches all of them together. The first `WARM` steps run
    as they are, the next one is captured, and every later one replays it. On a CPU all run as they are.

    Source: https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs

    Args:
        step: Does one step and returns what is watched: the loss, detached. Whatever changes between steps it reads
            from tensors that its caller fills.
        rngs: Generators that it draws from.
        captures: Whether to capture. It needs a GPU.

    Attributes:
        captured: Whether steps are replayed.
        note: Why they are not, where that was asked; else empty.
    """

    def __init__(self, step: Callable[[], Tensor], rngs: Sequence[torch.Generator], captures: bool) -> None:
        self._step, self._rngs, self._captures = step, rngs, captures
        self._done = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._watched: Tensor | None = None
        self.note = ""

    @property
    def captured(self) -> bool:
        """Whether steps are replayed."""
        return self._graph is not None

    def __call__(self) -> Tensor:
        """Do one step.

        Returns:
            What the step returns. A replay overwrites it.
        """
        if self._captures and self._graph is None and self._done >= WARM:
            self._capture()
        self._done += 1
        if self._graph is not None and self._watched is not None:
            self._graph.replay()
            return self._watched
        return self._beside() if self._captures else self._step()

    def _beside(self) -> Tensor:
        """A step on another stream, as a capture needs before it."""
        here, beside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            watched = self._step()
        here.wait_stream(beside)
        return watched

    def _capture(self) -> None:
        """Capture a step, which does not run it. Code that asks the device for a number cannot be captured."""
        graph = torch.cuda.CUDAGraph()
        for rng in self._rngs:
            graph.register_generator_state(rng)
        try:
            with torch.cuda.graph(graph):
                self._watched = self._step()
        except RuntimeError as error:
            torch.cuda.synchronize()
            self._captures = False
            self.note = f"trained without a CUDA graph: {first_line(error)}"
            return
        self._graph = graph
