"""What the laws of size are made of: inputs at any gain, and the kernels that no gain can be put to."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vaebench.kernels.complex_normal import unpaired

WITHOUT_SIZE = {
    "require_finite": "lets its argument pass",
    "active_units": "a yes or no against the scale of the prior",
    "squares_in_range": "a yes or no about the range itself",
    "chance_procrustes": "a function of counts",
    "expected_coverage": "a function of counts",
    "class_entropy": "probabilities sum to 1",
    "exp_excess": "the argument of an exponential",
    "standard_normal": "draws of variance 1",
    "standard_complex_normal": "draws of variance 1",
    "require_same_examples": "looks at shapes alone",
    "shuffled_rows": "an order",
    "each_once": "applies what its caller gives it",
}
"""Public kernels that no gain can be put to, and why."""


class Numbers:
    """Inputs that single precision holds exactly, in the precision asked for."""

    def __init__(self, dtype: torch.dtype) -> None:
        rng = torch.Generator().manual_seed(0)
        draw = lambda *shape: torch.randn(*shape, generator=rng).to(dtype)  # noqa: E731
        self.dtype, self.weight = dtype, draw(3, 6)
        self.x, self.y, self.wide = draw(12, 3), draw(12, 3), draw(12, 5)
        self.scale, self.wave = draw(12, 3).exp() / 4, draw(6, 7)
        self.columns, self.root, self.paths = draw(3, 12, 2, 4), draw(3, 3), draw(4, 9, 3)
        self.codes, self.means = torch.complex(draw(12, 3), draw(12, 3)), torch.complex(draw(4, 3), draw(4, 3))
        square = torch.complex(draw(4, 3, 3), draw(4, 3, 3))
        self.matrices = square @ square.mH + torch.eye(3, dtype=dtype)
        self.row, self.offsets, self.mix = draw(60), draw(4), draw(7, 5)

    def net(self, z: Tensor) -> Tensor:
        """A curved function of three numbers, around 0."""
        return torch.sin(z @ self.weight) - torch.tanh(z @ self.weight) / 2

    def complex_net(self, codes: Tensor) -> Tensor:
        return torch.tanh(torch.sin(unpaired(codes) @ self.wave) @ self.mix)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(7)


@dataclass(frozen=True)
class Law:
    """How a kernel's results go with a gain: each as gᵏ, or where ``log`` is set, as itself plus k·log g."""

    kernel: Callable[..., object]
    degrees: tuple[float, ...]
    call: Callable[[Numbers, float], object]
    log: bool = False
    decades: int = 20
    drawn: bool = False
    """Whether its draws are other ones in double precision, so that the truth is had in single precision at gain 1."""


def whole(y: Tensor, unit: Tensor) -> Tensor:
    return y * unit.reshape(-1, *[1] * (y.ndim - 1))
