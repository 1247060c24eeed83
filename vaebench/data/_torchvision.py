"""Real images that need a download: torchvision's readers as splits, with errors in one line."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from vaebench.data import Dataset, Split, Unavailable
from vaebench.file_bytes import sha256_of


def as_split(pixels: Tensor, labels: Tensor | None, shape: tuple[int, int, int], classes: int | None = None) -> Split:
    """Turn bytes into a split with values in [0, 1]: x = byte / 255.

    Args:
        pixels: Bytes, uint8, shape (n, channels, height, width).
        labels: Class of each image, integers, shape (n,), or None.
        shape: Expected shape of one image: (channels, height, width).
        classes: Number of classes. Labels are 0 to `classes` − 1. None where that is not known.

    Returns:
        The split, x float32, shape (n, channels, height, width), labels int64. Each value is the float32 nearest to the
        quotient.

    Raises:
        ValueError: If there are no images, they have another shape, there is not one label for each, or a label is no
            class.

    Examples:
        >>> as_split(torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8), torch.tensor([7]), (1, 1, 3)).x.tolist()
        [[[[0.0, 0.20000000298023224, 1.0]]]]
    """
    if not len(pixels) or tuple(pixels.shape[1:]) != shape or pixels.dtype != torch.uint8:
        raise ValueError(f"images should be bytes of shape (n, {shape}), not {pixels.dtype} {tuple(pixels.shape)}")
    if labels is not None and labels.shape != (len(pixels),):
        raise ValueError(f"{len(pixels)} images have {len(labels)} labels")
    if labels is not None and classes is not None and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(f"labels are 0 to {classes - 1}, not {int(labels.min())} to {int(labels.max())}")
    return Split(pixels.float().div_(255), None if labels is None else labels.long())


def hold(name: str, root: Path, sums: Mapping[str, str]) -> None:
    """Hold files against the sums of the published ones. Files are read once, and again after a change.

    Args:
        name: The data set's name.
        root: The user's data folder.
        sums: SHA-256 by file, relative to `root`.

    Raises:
        Unavailable: A file is another one, or cannot be read.
    """
    try:
        found = sha256_of(root, tuple(sums))
    except OSError as error:
        raise Unavailable(f"{name} under {root} cannot be read: {error.strerror}") from error
    for file, sum_ in sums.items():
        if found[file] != sum_:
            raise Unavailable(
                f"{name} under {root} is not the published {name}: {file} has {(root / file).stat().st_size} bytes and "
                f"sha256 {found[file][:16]}…, not {sum_[:16]}…; remove it, then run `make data` or add --download"
            )


def load_files(
    name: str,
    version: int,
    files: tuple[str, ...],
    root: Path,
    download: bool,
    read: Callable[[bool], Split],
    sums: Mapping[str, str] | None = None,
) -> Dataset:
    """Read both parts of a data set from files, and report failures in one line.

    Args:
        name: The data set's name.
        version: Its version.
        files: Required files or folders, relative to `root`.
        root: The user's data folder.
        download: Whether torchvision may download files that are missing or have a wrong checksum.
        read: Reads the training part (True) or the held-out part (False), with torchvision.
        sums: SHA-256 by file, for a data set whose files torchvision does not check when it reads them.

    Returns:
        The data set, without a truth.

    Raises:
        Unavailable: The files are absent, damaged, not the published ones, or cannot be downloaded.

    Examples:
        >>> load_files("faces", 1, ("faces.zip",), Path("nowhere"), False, lambda train: Split(torch.ones(1)))
        Traceback (most recent call last):
        ...
        vaebench.data.Unavailable: faces is not under nowhere: there is no faces.zip; add --download, or point ...
    """
    missing = [file for file in files if not (root / file).exists()]
    if missing and not download:
        raise Unavailable(
            f"{name} is not under {root}: there is no {missing[0]}; "
            + "run `make data`, " * bool(sums)
            + "add --download, or point --data-root at the folder that holds it"
        )
    if not missing:
        hold(name, root, sums or {})
    data = _read_both(name, version, root, read)
    if missing:
        hold(name, root, sums or {})
    return data


def _read_both(name: str, version: int, root: Path, read: Callable[[bool], Split]) -> Dataset:
    """Read both parts, and report failures in one line."""
    try:
        return Dataset(name, version, read(True), read(False))
    except MemoryError:
        raise
    # A file that is cut short or overwritten can raise almost anything, from struct's errors to Pillow's.
    except Exception as error:
        # The last line, because torchvision reports each failed mirror on lines of its own.
        said = (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
        if "download" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]:
            raise Unavailable(f"{name} cannot be downloaded to {root}: {said}") from error
        said = said.partition(". You can use download=True")[0]
        raise Unavailable(
            f"{name} under {root} is damaged ({said}); remove its files there, then add --download"
        ) from error
