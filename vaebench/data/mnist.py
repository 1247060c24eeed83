"""Grey handwritten digits at 32×32, MNIST's 60,000 and 10,000; needs a download (12 MB)."""

from pathlib import Path

from torch.nn.functional import pad

from vaebench.data import Dataset, Split
from vaebench.data._torchvision import as_split, load_files

VERSION = 1
FILES = tuple(f"MNIST/raw/{part}-{what}-ubyte" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))


def load(root: Path, download: bool = False) -> Dataset:
    """Read MNIST, with its 28×28 images padded by two black pixels, so that sides halve down to 2.

    Args:
        root: Folder with ``MNIST/raw``.
        download: Whether to download missing files.

    Returns:
        The data set, x of shape (n, 1, 32, 32) in [0, 1], labels the digit; no factors, no truth.

    Raises:
        Unavailable: The files are absent, damaged or cannot be downloaded.

    Examples:
        >>> load(Path("nowhere"))
        Traceback (most recent call last):
        ...
        vaebench.data.Unavailable: mnist is not under nowhere: there is no MNIST/raw/train-images-idx3-ubyte; add ...
    """  # noqa: DOC502 - raised by load_files

    def read(train: bool) -> Split:
        from torchvision.datasets import MNIST

        part = MNIST(root, train=train, download=download)
        split = as_split(part.data[:, None], part.targets, (1, 28, 28))
        return Split(pad(split.x, (2, 2, 2, 2)), split.labels)

    return load_files("mnist", VERSION, FILES, root, download, read)
