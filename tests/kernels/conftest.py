"""Small networks with known weights, drawn from a generator so that no test touches the global randomness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Mlp:
    """A fully connected net that shows its weights."""

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]
    activation: Callable[[Tensor], Tensor]

    def __call__(self, x: Tensor) -> Tensor:
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = self.activation(functional.linear(x, weight, bias))
        return functional.linear(x, self.weights[-1], self.biases[-1])

    def lipschitz_bound(self) -> float:
        """Product of the layers' norms, an upper bound where the activation is 1-Lipschitz."""
        return float(torch.stack([torch.linalg.matrix_norm(weight, 2) for weight in self.weights]).prod())


@dataclass(frozen=True)
class Decoder:
    """Codes of 3 to images of (2, 8, 8), through a transposed convolution."""

    dense: Tensor
    kernel: Tensor

    def __call__(self, z: Tensor) -> Tensor:
        hidden = functional.silu(functional.linear(z, self.dense)).unflatten(1, (4, 4, 4))
        return functional.conv_transpose2d(hidden, self.kernel, stride=2, padding=1)


@dataclass(frozen=True)
class Encoder:
    """Images of (2, 8, 8) to codes of 3, through a convolution."""

    kernel: Tensor
    dense: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        hidden = functional.silu(functional.conv2d(x, self.kernel, stride=2, padding=1))
        return functional.linear(hidden.flatten(1), self.dense)


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def draw(rng: torch.Generator) -> Callable[..., Tensor]:
    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    return normal


@pytest.fixture
def mlp(draw: Callable[..., Tensor]) -> Callable[..., Mlp]:
    def build(widths: Sequence[int], activation: Callable[[Tensor], Tensor] = torch.tanh, gain: float = 1.5) -> Mlp:
        pairs = list(pairwise(widths))
        weights = tuple(gain * draw(after, before) / before**0.5 for before, after in pairs)
        return Mlp(weights, tuple(0.5 * draw(after) for _, after in pairs), activation)

    return build


@pytest.fixture
def decoder(draw: Callable[..., Tensor]) -> Decoder:
    return Decoder(draw(64, 3), draw(4, 2, 4, 4) / 4)


@pytest.fixture
def encoder(draw: Callable[..., Tensor]) -> Encoder:
    return Encoder(draw(4, 2, 4, 4) / 4, draw(3, 64) / 8)


@pytest.fixture(scope="session")
def nodes() -> tuple[Tensor, Tensor]:
    """Gauss–Hermite nodes and weights: Σ w·f(node) = E f(ε), ε ~ N(0, 1), the road beside sampling."""
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    return torch.from_numpy(points), torch.from_numpy(weights / weights.sum())
