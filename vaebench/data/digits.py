"""1,797 handwritten digits, 8×8 pixels (scikit-learn's copy of the UCI set); no download."""

import torch
from torch import Tensor

from vaebench.data import Dataset, Split
from vaebench.seeds import seed_for

VERSION = 1


def load() -> Dataset:
    """Load the digits as images in [0, 1]: four fifths for training, one fifth held out.

    Pixels are the set's counts, 0 to 16, divided by 16, which is exact in float32. The split is stratified: of a class
    of n digits, the integer nearest to n/5 are held out. They are chosen by sorting hashes of their positions. So the
    split needs no random generator and is the same on every machine.

    Returns:
        The data set, x of shape (n, 1, 8, 8), labels the digit; no factors, no truth.

    Examples:
        >>> data = load()
        >>> data.shape, len(data.train.x) + len(data.held_out.x)
        ((1, 8, 8), 1797)
    """
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    x = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    labels = torch.tensor(digits, dtype=torch.int64)
    held_out = _stratified_fifth(labels)
    return Dataset(
        name="digits",
        version=VERSION,
        train=Split(x[~held_out], labels[~held_out]),
        held_out=Split(x[held_out], labels[held_out]),
    )


def _stratified_fifth(labels: Tensor) -> Tensor:
    """A fixed fifth of every class, as a boolean mask of the shape of `labels`."""
    chosen = torch.zeros_like(labels, dtype=torch.bool)
    for label in sorted(set(labels.tolist())):
        members = (labels == label).nonzero().flatten().tolist()
        members.sort(key=lambda position: seed_for("digits", "split", position))
        chosen[members[: (len(members) + 2) // 5]] = True
    return chosen
