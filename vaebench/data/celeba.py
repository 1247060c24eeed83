"""Colour faces at 64×64, 20,000 and 4,000 of CelebA's; needs a download (1.4 GB, and the package gdown)."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from vaebench.data import Dataset, Split
from vaebench.data._torchvision import as_split, load_files

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = 1
FILES = tuple(
    f"celeba/{file}"
    for file in (
        "img_align_celeba",
        "list_eval_partition.txt",
        "identity_CelebA.txt",
        "list_attr_celeba.txt",
        "list_bbox_celeba.txt",
        "list_landmarks_align_celeba.txt",
    )
)

_TRAIN, _HELD_OUT = 20_000, 4_000
_SIDE = 64


def load(root: Path, download: bool = False) -> Dataset:
    """Read a fixed part of CelebA's aligned faces, with the middle 178×178 pixels reduced to 64×64.

    All 182,732 images of CelebA's training and test splits would take 9 GB in each training process. These are the
    first 20,000 of the one and the first 4,000 of the other (1.2 GB). CelebA's order is not by person, and nobody is in
    both splits. Pillow decodes and reduces images (bilinear, over the whole area behind a pixel). Two of its versions
    may differ by one step of 255. The 40 attributes are left out: they are opinions about a face, neither classes nor
    generating factors.

    Args:
        root: Folder with ``celeba/img_align_celeba`` and, in ``celeba``, CelebA's five lists.
        download: Whether to download missing files.

    Returns:
        The data set, x of shape (n, 3, 64, 64) in [0, 1]; no labels, no factors, no truth.

    Raises:
        Unavailable: The files are absent, damaged or cannot be downloaded.

    Examples:
        >>> load(Path("nowhere"))
        Traceback (most recent call last):
        ...
        vaebench.data.Unavailable: celeba is not under nowhere: there is no celeba/img_align_celeba; add --download, ...
    """  # noqa: DOC502 - raised by load_files

    def read(train: bool) -> Split:
        from torchvision.datasets import CelebA
        from torchvision.transforms.functional import pil_to_tensor

        split = "train" if train else "test"
        part = CelebA(root, split, target_type=[], transform=_middle, download=download)
        first = range(min(len(part), _TRAIN if train else _HELD_OUT))
        pixels = torch.empty(len(first), 3, _SIDE, _SIDE, dtype=torch.uint8)
        for row in first:
            pixels[row] = pil_to_tensor(part[row][0])
        return as_split(pixels, None, (3, _SIDE, _SIDE))

    return load_files("celeba", VERSION, FILES, root, download, read)


def _middle(face: "Image") -> "Image":
    """Crop the middle square of an image and resize it."""
    from PIL.Image import Resampling

    side = min(face.size)
    left, upper = (face.width - side) // 2, (face.height - side) // 2
    with face:  # closes the file of an image that is cut short
        return face.crop((left, upper, left + side, upper + side)).resize((_SIDE, _SIDE), Resampling.BILINEAR)
