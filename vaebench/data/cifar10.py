"""Colour photographs of ten classes at 32×32, CIFAR-10's 50,000 and 10,000; needs a download (170 MB)."""

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

    Its files are pickles, which can run code. torchvision unpickles a file only if its MD5 equals the published one. A
    malicious file would need that same digest, and no practical method for this is known. So the check stays on, and a
    file that fails it is not opened.

    Args:
        root: Folder with ``cifar-10-batches-py``.
        download: Whether to download missing files.

    Returns:
        The data set, x of shape (n, 3, 32, 32) in [0, 1], labels the class; no factors, no truth.

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
        return as_split(
            torch.tensor(part.data).permute(0, 3, 1, 2), torch.tensor(part.targets), (3, 32, 32), classes=10
        )

    return load_files("cifar10", VERSION, FILES, root, download, read)
