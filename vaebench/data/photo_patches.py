"""520 colour patches of 32×32 pixels, cut from the two photographs of scikit-learn; no download."""

import torch
from torch import Tensor

from vaebench.data import Dataset, Split

VERSION = 1
PHOTOGRAPHS = ("china.jpg", "flower.jpg")
SIDE = 32
HELD_OUT = (4, 5, 14, 15)
"""Columns of patches that are held out: two strips of each photograph, from its upper to its lower edge."""


def load() -> Dataset:
    """Cut both photographs, 427×640 pixels, into 13 rows and 20 columns of patches that do not overlap.

    The lowest 11 rows of pixels are left over. The split is by region: two strips of each photograph are held out, so
    no held-out pixel is beside training pixels but along four edges. A strip spans the full height, for the upper part
    of a photograph looks unlike the lower one.

    The pixels are what Pillow decodes of the JPEG files. Another decoder may differ by a step of 1/255 here and there.

    Returns:
        The data set, x of shape (n, 3, 32, 32) in [0, 1], 416 for training and 104 held out; labels the photograph; no
        factors, no truth.

    Examples:
        >>> data = load()
        >>> data.shape, len(data.train.x), len(data.held_out.x)
        ((3, 32, 32), 416, 104)
    """
    from sklearn.datasets import load_sample_image

    patches = torch.stack([_patches(torch.tensor(load_sample_image(name))) for name in PHOTOGRAPHS])
    held_out = torch.zeros(patches.shape[2], dtype=torch.bool)
    held_out[list(HELD_OUT)] = True
    return Dataset("photo_patches", VERSION, _split(patches[:, :, ~held_out]), _split(patches[:, :, held_out]))


def _patches(pixels: Tensor) -> Tensor:
    """Patches of a photograph, bytes of shape (height, width, 3) to (rows, columns, 3, 32, 32)."""
    rows, columns = pixels.shape[0] // SIDE, pixels.shape[1] // SIDE
    whole = pixels[: rows * SIDE, : columns * SIDE]
    return whole.reshape(rows, SIDE, columns, SIDE, 3).permute(0, 2, 4, 1, 3)


def _split(patches: Tensor) -> Split:
    """Patches of both photographs, shape (2, rows, columns, 3, 32, 32), as one part, in which these take turns."""
    x = patches.permute(1, 2, 0, 3, 4, 5).flatten(0, 2).float().div_(255)
    return Split(x, torch.arange(len(patches)).repeat(len(x) // len(patches)))
