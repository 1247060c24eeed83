"""Colour house numbers at 32×32, SVHN's 73,257 and 26,032 cropped digits; needs a download (250 MB)."""

from pathlib import Path

import torch

from vaebench.data import Dataset, Split
from vaebench.data._torchvision import as_split, load_files

VERSION = 1
FILES = ("train_32x32.mat", "test_32x32.mat")


def load(root: Path, download: bool = False) -> Dataset:
    """Read the Street View House Numbers, format 2, without its extra part.

    Args:
        root: Folder with ``train_32x32.mat`` and ``test_32x32.mat``.
        download: Whether to download missing files.

    Returns:
        The data set, x of shape (n, 3, 32, 32) in [0, 1], labels the digit in the middle; no factors, no truth.

    Raises:
        Unavailable: The files are absent, damaged or cannot be downloaded.

    Examples:
        >>> load(Path("nowhere"))
        Traceback (most recent call last):
        ...
        vaebench.data.Unavailable: svhn is not under nowhere: there is no train_32x32.mat; add --download, or point ...
    """  # noqa: DOC502 - raised by load_files

    def read(train: bool) -> Split:
        from torchvision.datasets import SVHN

        part = SVHN(root, split="train" if train else "test", download=download)
        return as_split(torch.tensor(part.data), torch.tensor(part.labels), (3, 32, 32), classes=10)

    return load_files("svhn", VERSION, FILES, root, download, read)
