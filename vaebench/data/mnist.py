"""Grey handwritten digits at 32×32, MNIST's 60,000 and 10,000; installed by make data (12 MB).

Instruments read the first held-out examples, 1,024 at most, and these are not quite like the others. The nearest of
10,000 training examples is of another class for .071 ± .008 of the first 1,024, .056 ± .007 of every tenth and .047 ±
.007 of the last 1,024 (standard errors).
"""

from pathlib import Path

from torch.nn.functional import pad

from vaebench.data import Dataset, Split
from vaebench.data._torchvision import as_split, load_files

VERSION = 1
SHA256 = {
    "MNIST/raw/train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "MNIST/raw/train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "MNIST/raw/t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "MNIST/raw/t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""Of the uncompressed files that were published. A file with another sum is refused."""

FILES = tuple(SHA256)


def load(root: Path, download: bool = False) -> Dataset:
    """Read MNIST, with its 28×28 images padded by two black pixels, so that sides halve down to 2.

    Args:
        root: Folder with ``MNIST/raw``.
        download: Whether to download missing files.

    Returns:
        The data set, x of shape (n, 1, 32, 32) in [0, 1], labels the digit; no factors, no truth.

    Raises:
        Unavailable: The files are absent, damaged, not the published ones, or cannot be downloaded.

    Examples:
        >>> load(Path("nowhere"))
        Traceback (most recent call last):
        ...
        vaebench.data.Unavailable: mnist is not under nowhere: there is no MNIST/raw/train-images-idx3-ubyte; run ...
    """  # noqa: DOC502 - raised by load_files

    def read(train: bool) -> Split:
        from torchvision.datasets import MNIST

        part = MNIST(root, train=train, download=download)
        return as_split(pad(part.data[:, None], (2, 2, 2, 2)), part.targets, (1, 32, 32), classes=10)

    return load_files("mnist", VERSION, FILES, root, download, read, SHA256)
