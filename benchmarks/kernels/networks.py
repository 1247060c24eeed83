"""Networks of the sizes that the suite measures, and how far single precision strays on them."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

LATENT, WIDTH, BATCH, PIXELS = 8, 256, 256, 784
SINGLE, DOUBLE = torch.float32, torch.float64

Function = Callable[[Tensor], Tensor]


def generator(seed: int = 0) -> torch.Generator:
    """A fresh stream, the same each time; and one thread, for every setup passes here."""
    torch.set_num_threads(1)
    return torch.Generator().manual_seed(seed)


def draw(*shape: int, seed: int = 1, dtype: torch.dtype = SINGLE) -> Tensor:
    """Standard normal numbers, the same in both precisions up to rounding."""
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE).to(dtype)


def fully_connected(*widths: int, dtype: torch.dtype = SINGLE) -> Function:
    """Layers of these widths with SiLU in between."""
    weights = [
        draw(after, before, seed=seed, dtype=dtype) * (1.5 / before**0.5)
        for seed, (before, after) in enumerate(pairwise(widths))
    ]

    def forward(x: Tensor) -> Tensor:
        for weight in weights[:-1]:
            x = functional.silu(functional.linear(x, weight))
        return functional.linear(x, weights[-1])

    return forward


def decoder(width: int = WIDTH, dtype: torch.dtype = SINGLE) -> Function:
    """Codes to 28×28 pixels through two hidden layers."""
    return fully_connected(LATENT, width, width, PIXELS, dtype=dtype)


def encoder(width: int = WIDTH, dtype: torch.dtype = SINGLE) -> Function:
    """28×28 pixels to codes through two hidden layers."""
    return fully_connected(PIXELS, width, width, LATENT, dtype=dtype)


def relative_error(single: Tensor, double: Tensor) -> float:
    """Largest difference of a float32 result from its float64 twin, relative to the largest entry."""
    return float((single.to(DOUBLE) - double).abs().max() / double.abs().max())
