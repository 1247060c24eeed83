"""Histograms of oriented edges: features on which a convex classifier of real grey images is strong."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

DIRECTIONS = 8
"""Directions of a gradient that are told apart."""

CELL = 4
"""Side of a cell, in pixels, over which edges are averaged."""

FLAT = 1e-3
"""Added to the length of an image's histogram, so that an image without edges has features of 0."""

AT_ONCE = 256
"""Images whose gradients are held at a time: a dozen copies of them."""


def edge_histograms(x: Tensor) -> Tensor:
    """Edges of an image by place and direction: h_cd = √(mean over cell c of |∇x|·w_d / (‖·‖ + 0.001)).

    ∇x is the central difference, with the border repeated. The weight w_d falls linearly from 1 in direction d to 0 in
    its neighbours. Contrast cancels in the norm, so a faint image has the features of a strong one.

    Source: Dalal & Triggs 2005, Histograms of Oriented Gradients; without their blocks, and with the square root.

    Args:
        x: Images, shape (n, channels, height, width), with sides that are multiples of `CELL`. Channels are averaged.

    Returns:
        Pure numbers, shape (n, DIRECTIONS·height·width/CELL²), in the dtype of x.

    Examples:
        >>> upright = torch.zeros(1, 1, 8, 8)
        >>> upright[..., 4:] = 1
        >>> edge_histograms(upright).reshape(DIRECTIONS, 4).sum(1).nonzero().flatten().tolist()
        [0]
    """
    grey = x.mean(1, keepdim=True)
    across, down = pad(grey, (1, 1, 0, 0), mode="replicate"), pad(grey, (0, 0, 1, 1), mode="replicate")
    right, lower = across[..., 2:] - across[..., :-2], down[..., 2:, :] - down[..., :-2, :]
    strength = torch.hypot(right, lower)
    turn = torch.atan2(lower, right) * (DIRECTIONS / (2 * math.pi))
    half = DIRECTIONS / 2
    away = (((turn - d + half) % DIRECTIONS - half).abs() for d in range(DIRECTIONS))
    cells = torch.cat([avg_pool2d(strength * (1 - one).clamp_min(0), CELL) for one in away], 1).flatten(1)
    found: Tensor = (cells / (cells.norm(dim=1, keepdim=True) + FLAT)).sqrt()
    return found


def of_rows(rows: np.ndarray) -> np.ndarray:
    """The histograms of square grey images that are given as rows, (n, side²) to (n, features)."""
    side = math.isqrt(rows.shape[1])
    images = torch.from_numpy(rows).reshape(-1, 1, side, side)
    return torch.cat([edge_histograms(part) for part in torch.split(images, AT_ONCE)]).numpy()
