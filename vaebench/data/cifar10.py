"""Photographs of ten kinds of thing at 32×32, in colour: CIFAR-10's 50,000 and 10,000; needs a download (170 MB)."""

from pathlib import Path

import torch

from vaebench.data import Dataset, Split
from vaebench.data._torchvision import as_split, load_files

VERSION = 1
FILES = tuple(
    f"cifar-10-batches-py/{file}"
    for file in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")
)


def load(root: Path, download: bool = False) -> Dataset:
    """Read CIFAR-10.

    Its files are pickles, and a pickle can run code. torchvision unpickles one only after its MD5 has been found equal
    to the published file's: a file made to do harm would need that very digest, for which no practical method is known.
    So the check stays on, and a file that does not pass is not opened.

    Args:
        root: Folder that holds ``cifar-10-batches-py``.
        download: Whether to fetch it where it is not there.

    Returns:
        The data set, x of shape (n, 3, 32, 32) in [0, 1], labels the kind; no factors, no truth.

    Raises:
        Unavailable: The files are absent, damaged or cannot be downloaded.

    Examples:
        >>> load(Path("nowhere"))
        Traceback (most recent call last):
        ...
        vaebench.data.Unavailable: cifar10 is not under nowhere: there is no cifar-10-batches-py/data_batch_1; add ...
    """  # noqa: DOC502 - raised by load_files

    def read(train: bool) -> Split:
        from torchvision.datasets import CIFAR10

        part = CIFAR10(root, train=train, download=download)
        return as_split(torch.tensor(part.data).permute(0, 3, 1, 2), torch.tensor(part.targets), (3, 32, 32))

    return load_files("cifar10", VERSION, FILES, root, download, read)
