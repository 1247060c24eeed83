"""MNIST and Fashion-MNIST are the published files or none: pinned sums, and both sets in full where they are here."""

import hashlib
import importlib
import os
import re
from pathlib import Path

import numpy as np
import pytest
import real_files
import torch

from vaebench import catalog, file_bytes
from vaebench.data import Dataset, Split, Unavailable, fashion_mnist, mnist
from vaebench.data._repeated import repeated
from vaebench.data._torchvision import as_split, hold, load_files

HERE = Path(os.environ.get("VAEBENCH_DATA", Path(__file__).parents[2] / "data"))
PIXELS = {"mnist": (0.1307, 0.3081), "fashion_mnist": (0.2860, 0.3530)}
"""Published mean and standard deviation of the training pixels, without the frame."""

CLASSES = {
    "mnist": (
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    ),
    "fashion_mnist": ([6000] * 10, [1000] * 10),
}


def sums_of(root: Path, files: tuple[str, ...]) -> dict[str, str]:
    return {file: hashlib.sha256((root / file).read_bytes()).hexdigest() for file in files}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small copies of both sets, which count as the published ones; they differ in size."""
    real_files.mnist(tmp_path, "MNIST")
    real_files.mnist(tmp_path, "FashionMNIST", train=14)
    for page in (mnist, fashion_mnist):
        monkeypatch.setattr(page, "SHA256", sums_of(tmp_path, page.FILES))
    return tmp_path


def refused(file: str) -> str:
    return rf"^mnist under .* is not the published mnist: {re.escape(file)} has \d+ bytes and sha256 [0-9a-f]{{16}}…"


def test_each_file_is_pinned_by_a_sum_of_its_own() -> None:
    sums = [*mnist.SHA256.values(), *fashion_mnist.SHA256.values()]
    assert len(set(sums)) == 8 and all(re.fullmatch("[0-9a-f]{64}", sum_) for sum_ in sums)
    assert tuple(mnist.SHA256) == mnist.FILES and tuple(fashion_mnist.SHA256) == fashion_mnist.FILES


def test_the_published_files_are_loaded(small: Path) -> None:
    assert len(mnist.load(small).train.x) == 12
    assert len(fashion_mnist.load(small).train.x) == 14


def test_clothes_under_the_name_of_digits_are_refused(small: Path) -> None:
    for file in mnist.FILES:
        (small / file).write_bytes((small / file.replace("MNIST/", "FashionMNIST/")).read_bytes())
    with pytest.raises(Unavailable, match=refused(mnist.FILES[0])):
        mnist.load(small)
    assert len(fashion_mnist.load(small).train.x) == 14


@pytest.mark.parametrize("at", range(4))
def test_one_other_byte_is_refused_and_names_its_file(small: Path, at: int) -> None:
    mnist.load(small)
    path = small / mnist.FILES[at]
    path.write_bytes(path.read_bytes()[:-1] + b"\x05")
    with pytest.raises(Unavailable, match=refused(mnist.FILES[at])):
        mnist.load(small)


def test_half_of_a_set_is_refused(small: Path) -> None:
    """Images and labels fit each other; there are too few of both."""
    sums = dict(mnist.SHA256)
    for file in mnist.FILES:
        (small / file).unlink()
    (small / "MNIST/raw").rmdir()
    real_files.mnist(small, "MNIST", train=6)
    assert sums == mnist.SHA256
    with pytest.raises(Unavailable, match=refused(mnist.FILES[0])):
        mnist.load(small)


def test_files_are_read_once_and_again_after_a_change(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in small.rglob("*ubyte"):
        os.utime(path, (1e9, 1e9))
    monkeypatch.setattr(file_bytes, "SETTLED", -60.0)  # as if they had lain there for a minute
    read: list[str] = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, kind: read.append(file.name) or digest(file, kind))
    hold("mnist", small, mnist.SHA256)
    hold("mnist", small, mnist.SHA256)
    assert len(read) == 4
    path = small / mnist.FILES[1]
    path.write_bytes(path.read_bytes())
    hold("mnist", small, mnist.SHA256)
    assert len(read) == 5


def test_the_two_kinds_of_hash_are_remembered_apart(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_bytes, "SETTLED", -60.0)
    before = catalog.dataset_files("mnist", small)
    assert file_bytes.sha256_of(small, mnist.FILES) == sums_of(small, mnist.FILES)
    assert catalog.dataset_files("mnist", small) == before
    assert file_bytes.sha256_of(small, mnist.FILES) == sums_of(small, mnist.FILES)


def test_what_a_download_brings_is_held_against_the_sums(tmp_path: Path) -> None:
    def read(train: bool) -> Split:
        (tmp_path / "file").write_bytes(b"another")
        return Split(torch.ones(2, 1))

    with pytest.raises(Unavailable, match=r"^some under .* is not the published some: file has 7 bytes and sha256 "):
        load_files("some", 1, ("file",), tmp_path, True, read, {"file": "0" * 64})


def test_files_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"^mnist under .* cannot be read: No such file or directory$"):
        hold("mnist", tmp_path, mnist.SHA256)


def test_labels_that_are_no_classes_are_told(unpinned: None, tmp_path: Path) -> None:
    real_files.mnist(tmp_path)
    path = tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte"
    path.write_bytes(real_files.idx(np.array([*range(10), 12])))
    with pytest.raises(Unavailable, match=r"is damaged \(labels are 0 to 9, not 0 to 12\)"):
        mnist.load(tmp_path)
    with pytest.raises(ValueError, match=r"^labels are 0 to 3, not -1 to 2$"):
        as_split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.tensor([-1, 2]), (1, 4, 4), 4)


def test_a_changed_sum_changes_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    page = tmp_path / "data" / "some.py"
    monkeypatch.setattr(catalog, "PACKAGE", tmp_path)
    page.write_text('VERSION = 1\nSHA256 = {"file": "00"}\n')
    before = catalog.dataset_version("some")
    page.write_text('VERSION = 1\nSHA256 = {"file": "01"}\n')
    assert catalog.dataset_version("some") != before


def test_copies_across_the_split_are_found() -> None:
    x = torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    data = Dataset("some", 1, Split(x[:4]), Split(torch.stack([x[4], x[2], x[5], x[0], x[0] + 1e-6])))
    assert repeated(data).tolist() == [False, True, False, True, False]


@pytest.fixture(params=["mnist", "fashion_mnist"])
def published(request: pytest.FixtureRequest) -> Dataset:
    """A whole set, where `make data` has installed it. With REAL_DATA set it has to be there."""
    page = importlib.import_module(f"vaebench.data.{request.param}")
    if not os.environ.get("REAL_DATA") and not all((HERE / file).exists() for file in page.FILES):
        pytest.skip(f"{request.param} is not under {HERE}; `make data` installs it")
    return page.load(HERE)


def test_a_published_set_is_whole(published: Dataset) -> None:
    """Shapes, counts of each class, pixels, and no image of the held-out part in the training part."""
    assert published.shape == (1, 32, 32)
    for split, counts in zip((published.train, published.held_out), CLASSES[published.name], strict=True):
        assert len(split.x) == sum(counts)
        assert split.labels is not None and split.labels.bincount().tolist() == counts
    inner = published.train.x[:, :, 2:-2, 2:-2]
    mean, deviation = PIXELS[published.name]
    assert float(inner.mean()) == pytest.approx(mean, abs=1e-4)
    assert float(inner.std()) == pytest.approx(deviation, abs=1e-4)
    assert int(repeated(published).sum()) == 0
    # The frame is black, so the sum over all pixels is that over the inner ones.
    assert float(published.train.x.double().sum()) == pytest.approx(float(inner.double().sum()))
