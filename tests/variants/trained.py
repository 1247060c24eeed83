"""What the tests of variants share: a small data set of images, and one training on it."""

import torch

from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.training.fit import fit

SHAPE = (1, 8, 8)


def images(n=160):
    """Blobs of two places and a width: smooth images with three factors, in [0, 1]."""
    across, down, width = torch.rand(3, n, 1, 1, generator=torch.Generator().manual_seed(0))
    grid = torch.linspace(0, 1, 8)
    apart = (grid[None, None, :] - across) ** 2 + (grid[None, :, None] - down) ** 2
    return torch.exp(-apart / (0.02 + 0.1 * width)).unsqueeze(1)


def trained(variant, steps, latent=4, arch="mlp", interventions=None, seed=0, x=None, learning_rate=3e-3):
    x = images() if x is None else x
    data = Dataset("blobs", 1, Split(x), Split(x[:40]))
    training = TrainingConfig(steps=steps, batch=32, learning_rate=learning_rate)
    interventions = interventions or Interventions()
    return fit(variant, data, arch=arch, latent=latent, training=training, interventions=interventions, seed=seed)
