"""Grey clothes at 32×32, Fashion-MNIST's 60,000 and 10,000; installed by make data (30 MB)."""

from pathlib import Path

from torch.nn.functional import pad

from vaebench.data import Dataset, Split
from vaebench.data._torchvision import as_split, load_files

VERSION = 1
SHA256 = {
    "FashionMNIST/raw/train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "FashionMNIST/raw/train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "FashionMNIST/raw/t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "FashionMNIST/raw/t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""Of the uncompressed files that were published. A file with another sum is refused."""

FILES = tuple(SHA256)


def load(root: Path, download: bool = False) -> Dataset:
    """Read Fashion-MNIST, with its 28×28 images padded by two black pixels, so that sides halve down to 2.

    Args:
        root: Folder with ``FashionMNIST/raw``.
        download: Whether to download missing files.

    Returns:
        The data set, x of shape (n, 1, 32, 32) in [0, 1], labels the kind of garment; no factors, no truth.

    Raises:
        Unavailable: The files are absent, damaged, not the published ones, or cannot be downloaded.

    Examples:
        >>> load(Path("nowhere"))
        Traceback (most recent call last):
        ...
        vaebench.data.Unavailable: fashion_mnist is not under nowhere: there is no FashionMNIST/raw/train-...
    """  # noqa: DOC502 - raised by load_files

    def read(train: bool) -> Split:
        from torchvision.datasets import FashionMNIST

        part = FashionMNIST(root, train=train, download=download)
        return as_split(pad(part.data[:, None], (2, 2, 2, 2)), part.targets, (1, 32, 32), classes=10)

    return load_files("fashion_mnist", VERSION, FILES, root, download, read, SHA256)
