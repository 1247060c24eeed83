"""Parts of a data set without a picture in common: examples that look alike are held out together or not at all."""

import torch
from torch import Tensor

from vaebench.seeds import seed_for


def apart(groups: Tensor, held_out: int, *names: str | int) -> Tensor:
    """Hold out whole groups of examples.

    Groups are sorted by hashes, and each is held out if it still fits. So a group's size does not decide whether it is
    held out, save for the last few.

    Args:
        groups: Group of each example, int64, shape (n,).
        held_out: Number of examples to hold out.
        names: Name of the stream of hashes.

    Returns:
        Whether each example is held out, booleans, shape (n,), the same on every machine.

    Raises:
        ValueError: No whole groups come to that number.

    Examples:
        >>> apart(torch.tensor([7, 8, 7, 9, 9]), 2, "some").sum().item()
        2
    """
    found, place, sizes = torch.unique(groups, return_inverse=True, return_counts=True)
    order = sorted(range(len(found)), key=lambda number: seed_for(*names, "apart", int(found[number])))
    chosen, room = torch.zeros(len(found), dtype=torch.bool), held_out
    for number in order:
        if sizes[number] <= room:
            chosen[number] = True
            room -= int(sizes[number])
    if room:
        raise ValueError(f"no whole groups come to {held_out} of {len(groups)} examples")
    return chosen.to(groups.device)[place]
