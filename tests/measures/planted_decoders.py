"""Decoders of known volume, and data on which their faults are known."""

import torch
from measures.known import Known, generator, trained
from torch import Tensor

from vaebench.data import Dataset, Split
from vaebench.training.fit import Trained

REACH, WIDTH = 3.0, 0.15


def model_of(decode, latent: int = 4, scale: float = 0.1, encode=None) -> Trained:
    """A model of a decoder, all of its units active."""
    return trained(Known(encode or (lambda x: x.flatten(1)[:, :latent]), decode, scale), latent)


def split_of(x: Tensor, labels: Tensor | None = None) -> Dataset:
    """The first three quarters to train on, the rest held out."""
    n = 3 * len(x) // 4
    parts = [Split(x[rows], None if labels is None else labels[rows]) for rows in (slice(n), slice(n, None))]
    return Dataset("planted", 1, *parts)


def between_corners(z: Tensor) -> Tensor:
    """Corners of a cube, joined by steep ways: slopes 1 + (REACH/WIDTH)²·sech⁴(z/WIDTH) squared, largest at 0."""
    return torch.cat([z, REACH * torch.tanh(z / WIDTH)], 1)


def corners(n: int = 2400, labelled: bool = True) -> Dataset:
    """What `between_corners` makes of codes none of which is near 0: what lies between corners is an outlier."""
    z = torch.randn(40 * n, 4, generator=generator(1))
    x = between_corners(z[z.abs().amin(1) > 2 * WIDTH][:n])
    assert len(x) == n
    return split_of(x, (x[:, 4] > 0).long() + 2 * (x[:, 5] > 0).long() if labelled else None)


def steep_beside_the_rim(z: Tensor) -> Tensor:
    """Steeper where the first pair of codes is large; the second pair is only scaled."""
    steep, plain = z[:, :2], z[:, 2:]
    return torch.cat([2 * (steep + steep**3 / 10), 1.5 * plain], 1)


def disc(n: int = 4000) -> Dataset:
    """As good wherever the first pair of codes goes, and bad where the second is far out."""
    rng = generator(2)
    steep = 24 * torch.rand(n, 2, generator=rng) - 12
    angle, radius = torch.rand(2, n, generator=rng)
    plain = 2.25 * radius.sqrt() * torch.stack([torch.cos(6.2832 * angle), torch.sin(6.2832 * angle)])
    return split_of(torch.cat([steep, plain.T], 1))


def spiral(z: Tensor, pace: float = 1.25) -> Tensor:
    """e^(pace·z₀)·(cos z₁, sin z₁) and two plain codes: det g goes like e^(2·pace·z₀), z₀ moves by −2·pace."""
    turned = torch.stack([torch.cos(z[:, 1]), torch.sin(z[:, 1])], 1)
    return torch.cat([torch.exp(pace * z[:, :1]) * turned, z[:, 2:]], 1)
