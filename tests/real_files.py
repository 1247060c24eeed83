"""Small files in the real formats of the data sets that need a download, and torchvision told their checksums."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image
from torchvision import datasets

Parts = dict[str, tuple[np.ndarray, np.ndarray]]
"""Bytes of shape (n, channels, height, width) and labels of shape (n,), of the parts ``train`` and ``held_out``."""


def drawn(channels: int, side: int, train: int, held_out: int) -> Parts:
    """Draw bytes and labels; every class and both ends of the range occur."""
    rng = np.random.default_rng(7)
    parts = {}
    for part, n in (("train", train), ("held_out", held_out)):
        pixels = rng.integers(0, 256, (n, channels, side, side), dtype=np.uint8)
        pixels[0, 0, 0, :2] = 0, 255
        parts[part] = pixels, np.arange(n) % 10
    return parts


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def idx(array: np.ndarray) -> bytes:
    """MNIST's format: two zeros, the type (8: bytes), the number of axes, their big-endian sizes, the bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def mnist(root: Path, kind: str = "MNIST", *, train: int = 12, held_out: int = 11, packed: bool = False) -> Parts:
    """Write MNIST's (or FashionMNIST's) four files, as they lie on disk or ``packed`` as on the server."""
    parts = drawn(1, 28, train, held_out)
    folder = root / kind / "raw"
    folder.mkdir(parents=True)
    for name, part in (("train", "train"), ("t10k", "held_out")):
        pixels, labels = parts[part]
        for what, array in (("images-idx3", pixels[:, 0]), ("labels-idx1", labels)):
            file = folder / f"{name}-{what}-ubyte"
            if packed:
                file.with_name(file.name + ".gz").write_bytes(gzip.compress(idx(array)))
            else:
                file.write_bytes(idx(array))
    return parts


def cifar10(root: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Write CIFAR-10's pickled batches and their archive, and tell torchvision their checksums."""
    parts = drawn(3, 32, 15, 11)
    pixels, labels = parts["train"]
    files: dict[str, dict[str, object]] = {
        f"data_batch_{i + 1}": {"data": pixels[3 * i : 3 * i + 3].reshape(3, -1), "labels": labels[3 * i : 3 * i + 3]}
        for i in range(5)
    }
    pixels, labels = parts["held_out"]
    files["test_batch"] = {"data": pixels.reshape(len(pixels), -1), "labels": labels}
    files["batches.meta"] = {"label_names": list("abcdefghij")}
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    digests = {}
    for name, content in files.items():
        data = pickle.dumps({key: list(v) if key == "labels" else v for key, v in content.items()}, protocol=2)  # type: ignore[call-overload]
        (folder / name).write_bytes(data)
        digests[name] = md5(data)
    with tarfile.open(root / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(folder, folder.name)
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [[f, d] for f, d in digests.items() if f.startswith("data")])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", digests["test_batch"]]])
    meta = {"filename": "batches.meta", "key": "label_names", "md5": digests["batches.meta"]}
    monkeypatch.setattr(datasets.CIFAR10, "meta", meta)
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5((root / "cifar-10-python.tar.gz").read_bytes()))
    return parts


def svhn(root: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Write SVHN's two MATLAB files, in which the digit 0 has the label 10, and tell torchvision their checksums."""
    parts = drawn(3, 32, 13, 11)
    split_list = dict(datasets.SVHN.split_list)
    root.mkdir(parents=True, exist_ok=True)
    for name, part in (("train", "train"), ("test", "held_out")):
        pixels, labels = parts[part]
        content = io.BytesIO()
        one_to_ten = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        scipy.io.savemat(content, {"X": pixels.transpose(2, 3, 1, 0), "y": one_to_ten}, do_compression=True)
        (root / f"{name}_32x32.mat").write_bytes(content.getvalue())
        split_list[name] = [split_list[name][0], f"{name}_32x32.mat", md5(content.getvalue())]
    monkeypatch.setattr(datasets.SVHN, "split_list", split_list)
    return parts


def celeba(root: Path, monkeypatch: pytest.MonkeyPatch, images: list[tuple[str, Image.Image]]) -> None:
    """Write CelebA's aligned faces and five lists, and tell torchvision their checksums.

    Args:
        root: Where.
        monkeypatch: Undone after the test.
        images: Part (``train``, ``valid`` or ``test``) and image of each face.
    """
    folder = root / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    names = [f"{number + 1:06}.jpg" for number in range(len(images))]
    for name, (_, image) in zip(names, images, strict=True):
        image.save(folder / "img_align_celeba" / name, quality=95, subsampling=0)
    split = {"train": 0, "valid": 1, "test": 2}
    rows = {
        "list_eval_partition.txt": ("", [[split[part]] for part, _ in images]),
        "identity_CelebA.txt": ("", [[number] for number in range(len(images))]),
        "list_attr_celeba.txt": (f"{len(names)}\nBald Smiling\n", [[-1, 1]] * len(names)),
        "list_bbox_celeba.txt": (f"{len(names)}\nimage_id x_1 y_1 width height\n", [[9, 9, 99, 99]] * len(names)),
        "list_landmarks_align_celeba.txt": (f"{len(names)}\nlefteye_x lefteye_y\n", [[69, 109]] * len(names)),
    }
    file_list = [("", "", "img_align_celeba.zip")]
    for file, (head, values) in rows.items():
        lines = [" ".join(map(str, (name, *value))) for name, value in zip(names, values, strict=True)]
        text = head + "\n".join(lines) + "\n"
        (folder / file).write_text(text)
        file_list.append(("", md5(text.encode()), file))
    monkeypatch.setattr(datasets.CelebA, "file_list", file_list)
