"""torch's own generators, which layers with randomness of their own draw from."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def seed_layers(seed: int, device: torch.device) -> None:
    """Seed torch's own generator of the CPU, and those of CUDA where a model is there.

    ``torch.manual_seed`` keeps a formatted stack at each call as long as CUDA was never used. A check of a first step
    makes hundreds.

    Args:
        seed: The seed.
        device: Where the model is.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


@contextmanager
def layers_seeded(seed: int, device: str = "cpu") -> Iterator[None]:
    """Seed torch's own generators within the block, and restore them after it.

    Args:
        seed: The seed.
        device: Where the model is.
    """
    where = torch.device(device)
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        seed_layers(seed, where)
        yield
