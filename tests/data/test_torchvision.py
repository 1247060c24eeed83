"""Data sets that need a download: small files in the real formats through torchvision's own readers and downloads."""

import functools
import http.server
import importlib
import pickle
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import real_files
import torch
from PIL import Image
from torchvision import datasets

from vaebench.data import Dataset, Split, Unavailable
from vaebench.data._torchvision import as_split, load_files

ARRAYS = ("mnist", "fashion_mnist", "cifar10", "svhn")
NAMES = (*ARRAYS, "celeba")
CLOSED = "http://127.0.0.1:9/"

pytestmark = pytest.mark.usefixtures("unpinned")

Write = Callable[[str, Path], real_files.Parts]


def face(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (178, 218), colour)


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a small copy of a data set under a root, and give what it holds."""

    def of(name: str, root: Path) -> real_files.Parts:
        if name == "cifar10":
            return real_files.cifar10(root, monkeypatch)
        if name == "svhn":
            return real_files.svhn(root, monkeypatch)
        if name == "celeba":
            real_files.celeba(root, monkeypatch, [(part, face((9, 9, 9))) for part in ("train", "test") * 2])
            return {}
        return real_files.mnist(root, "MNIST" if name == "mnist" else "FashionMNIST")

    return of


def load(name: str, root: Path, download: bool = False) -> Dataset:
    return importlib.import_module(f"vaebench.data.{name}").load(root, download)


def files_of(name: str) -> tuple[str, ...]:
    return importlib.import_module(f"vaebench.data.{name}").FILES


def whole(name: str, split: Split) -> np.ndarray:
    """Undo the scaling, and take MNIST's frame away."""
    x = split.x[:, :, 2:-2, 2:-2] if "mnist" in name else split.x
    bytes_ = x * 255
    assert (bytes_ - bytes_.round()).abs().max() < 1e-4
    return bytes_.round().to(torch.uint8).numpy()


@pytest.mark.parametrize("name", ARRAYS)
def test_every_byte_and_label_of_both_parts_arrives_where_it_belongs(name: str, write: Write, tmp_path: Path) -> None:
    parts = write(name, tmp_path)
    data = load(name, tmp_path)
    assert (data.name, data.version, data.truth) == (
        name,
        importlib.import_module(f"vaebench.data.{name}").VERSION,
        None,
    )
    assert data.shape == ((1, 32, 32) if "mnist" in name else (3, 32, 32))
    for split, (pixels, labels) in ((data.train, parts["train"]), (data.held_out, parts["held_out"])):
        assert split.x.dtype == torch.float32 and (split.x.min(), split.x.max()) == (0, 1)
        assert split.labels is not None and split.labels.dtype == torch.int64 and split.factors is None
        assert np.array_equal(whole(name, split), pixels)
        assert np.array_equal(split.labels.numpy(), labels)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_frame_of_a_grey_image_is_black(name: str, write: Write, tmp_path: Path) -> None:
    parts = write(name, tmp_path)
    x = load(name, tmp_path).train.x
    assert x.sum().item() == pytest.approx(parts["train"][0].sum() / 255, rel=1e-5)


def test_a_face_is_its_middle_square_upright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above and below the middle 178 rows all is red; in it the upper left quarter is white, the rest dark blue."""
    one = face((255, 0, 0))
    one.paste((0, 0, 100), (0, 20, 178, 198))
    one.paste((255, 255, 255), (0, 20, 89, 109))
    real_files.celeba(tmp_path, monkeypatch, [("train", one)] * 2 + [("test", one)] * 2)
    data = load("celeba", tmp_path)
    assert data.shape == (3, 64, 64) and data.train.labels is None and data.train.factors is None
    expected = torch.tensor([0, 0, 100 / 255])[:, None, None].repeat(1, 64, 64)
    expected[:, :32, :32] = 1
    error = (data.train.x[0] - expected).abs()
    # JPEG rings beside an edge; two pixels away from every edge only its rounding is left.
    inner = torch.tensor([i for i in range(2, 62) if not 29 < i < 34])
    assert error[:, inner][:, :, inner].max() < 4 / 255
    assert torch.equal(data.train.x[0], data.held_out.x[1])


def test_faces_are_the_first_of_their_split_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ["test", "train", "valid", "train", "test", "train", "test", "train"]
    levels = [20 + 25 * number for number in range(len(order))]
    real_files.celeba(tmp_path, monkeypatch, [(p, face((v, v, v))) for p, v in zip(order, levels, strict=True)])

    def seen() -> list[list[int]]:
        data = load("celeba", tmp_path)
        return [(split.x.mean((1, 2, 3)) * 255).round().int().tolist() for split in (data.train, data.held_out)]

    of = {part: [v for p, v in zip(order, levels, strict=True) if p == part] for part in order}
    assert seen() == [of["train"], of["test"]]
    monkeypatch.setattr("vaebench.data.celeba._TRAIN", 3)
    monkeypatch.setattr("vaebench.data.celeba._HELD_OUT", 2)
    assert seen() == [of["train"][:3], of["test"][:2]]


@pytest.mark.parametrize("name", NAMES)
def test_absent_data_say_what_is_not_there_and_what_to_do(name: str, write: Write, tmp_path: Path) -> None:
    write(name, tmp_path)
    for file in files_of(name):
        path, kept = tmp_path / file, tmp_path / "kept"
        path.rename(kept)
        message = (
            f"^{name} is not under {re.escape(str(tmp_path))}: there is no {re.escape(file)}; "
            "add --download, or point --data-root at the folder that holds it$"
        )
        with pytest.raises(Unavailable, match=message):
            load(name, tmp_path)
        kept.rename(path)
    load(name, tmp_path)


def damaged(name: str, root: Path) -> str:
    return f"^{name} under {re.escape(str(root))} is damaged \\(.+\\); remove its files there, then add --download$"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_short_is_one_line(name: str, write: Write, tmp_path: Path) -> None:
    write(name, tmp_path)
    if name == "celeba":
        paths = [tmp_path / "celeba/img_align_celeba/000001.jpg", *(tmp_path / file for file in files_of(name)[1:])]
    else:
        paths = [tmp_path / file for file in files_of(name)]
    for path in paths:
        for half in (path.read_bytes()[: path.stat().st_size // 2], b""):
            was = path.read_bytes()
            path.write_bytes(half)
            with pytest.raises(Unavailable, match=damaged(name, tmp_path)):
                load(name, tmp_path)
            path.write_bytes(was)
    load(name, tmp_path)


@pytest.mark.parametrize("name", ["cifar10", "svhn"])
def test_a_byte_that_differs_is_seen_by_the_checksum(name: str, write: Write, tmp_path: Path) -> None:
    write(name, tmp_path)
    path = tmp_path / files_of(name)[-1]
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(Unavailable, match=r"is damaged \(Dataset (metadata file )?not found or corrupted\); remove"):
        load(name, tmp_path)


class Harm:
    """What a pickle can do to whoever opens it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("file", ["data_batch_3", "test_batch", "batches.meta"])
def test_a_pickle_with_another_checksum_is_not_opened(file: str, write: Write, tmp_path: Path) -> None:
    write("cifar10", tmp_path)
    mark = tmp_path / "mark"
    harm = pickle.dumps(Harm(mark))
    (tmp_path / "cifar-10-batches-py" / file).write_bytes(harm)
    with pytest.raises(Unavailable, match=r"^cifar10 under .* is damaged"):
        load("cifar10", tmp_path)
    assert not mark.exists()
    pickle.loads(harm)
    assert mark.exists()


def test_images_without_their_labels_are_damaged(tmp_path: Path) -> None:
    real_files.mnist(tmp_path)
    (tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte").write_bytes(real_files.idx(np.arange(3)))
    with pytest.raises(Unavailable, match=r"is damaged \(11 images have 3 labels\); remove its files"):
        load("mnist", tmp_path)
    with pytest.raises(ValueError, match=r"^2 images have 3 labels$"):
        as_split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(3), (1, 4, 4))


@pytest.mark.parametrize(
    "pixels", [torch.zeros(0, 1, 4, 4).byte(), torch.zeros(2, 1, 4, 5).byte(), torch.zeros(2, 1, 4, 4)]
)
def test_what_are_no_such_images_is_refused(pixels: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"^images should be bytes of shape \(n, \(1, 4, 4\)\), not torch\."):
        as_split(pixels, None, (1, 4, 4))


def test_a_lack_of_memory_is_no_damage(tmp_path: Path) -> None:
    def read(train: bool) -> Split:
        raise MemoryError

    with pytest.raises(MemoryError):
        load_files("name", 1, (), tmp_path, False, read)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=str(folder)))
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    yield folder, f"http://127.0.0.1:{served.server_address[1]}/"
    served.shutdown()
    thread.join()
    served.server_close()


def publish(name: str, write: Write, folder: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> real_files.Parts:
    """Put a data set on the server as its authors do, and send torchvision there."""
    made = folder / "made"
    if name == "mnist":
        parts = real_files.mnist(made, packed=True)
        files = sorted((made / "MNIST/raw").iterdir())
        resources = [(file.name, real_files.md5(file.read_bytes())) for file in files]
        monkeypatch.setattr(datasets.MNIST, "resources", resources)
        monkeypatch.setattr(datasets.MNIST, "mirrors", [CLOSED, address])
    else:
        parts = write(name, made)
        files = [path for path in made.iterdir() if path.is_file()]
        monkeypatch.setattr(datasets.CIFAR10, "url", address + datasets.CIFAR10.filename)
        split_list = {part: [address + row[1], *row[1:]] for part, row in datasets.SVHN.split_list.items()}
        monkeypatch.setattr(datasets.SVHN, "split_list", split_list)
    for file in files:
        shutil.move(file, folder / file.name)
    return parts


@pytest.mark.parametrize("name", ["mnist", "cifar10", "svhn"])
def test_a_download_brings_the_data_once(
    name: str, write: Write, server: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, address = server
    parts = publish(name, write, folder, address, monkeypatch)
    data = load(name, tmp_path / "new" / "data", download=True)
    assert np.array_equal(whole(name, data.held_out), parts["held_out"][0])
    for file in [path for path in folder.iterdir() if path.is_file()]:
        file.unlink()
    again = load(name, tmp_path / "new" / "data", download=True)
    assert torch.equal(load(name, tmp_path / "new" / "data").train.x, again.train.x)


@pytest.mark.parametrize("name", ["mnist", "cifar10", "svhn"])
def test_a_download_with_another_checksum_is_refused(
    name: str, write: Write, server: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, address = server
    publish(name, write, folder, address, monkeypatch)
    for file in [path for path in folder.iterdir() if path.is_file()]:
        file.write_bytes(file.read_bytes() + b"\0")
    root = tmp_path / "data"
    with pytest.raises(Unavailable, match=f"^{name} cannot be downloaded to {re.escape(str(root))}: File not found or"):
        load(name, root, download=True)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "svhn"])
def test_a_download_without_a_network_is_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    for grey in (datasets.MNIST, datasets.FashionMNIST):
        monkeypatch.setattr(grey, "mirrors", [CLOSED, CLOSED])
    monkeypatch.setattr(datasets.CIFAR10, "url", CLOSED)
    split_list = {part: [CLOSED, *row[1:]] for part, row in datasets.SVHN.split_list.items()}
    monkeypatch.setattr(datasets.SVHN, "split_list", split_list)
    with pytest.raises(Unavailable, match=rf"^{name} cannot be downloaded to .*: <urlopen error .*refused>$"):
        load(name, tmp_path, download=True)


def test_faces_are_not_downloaded_without_gdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(Unavailable, match=r"^celeba cannot be downloaded to .*: To download .*'pip install gdown'\.$"):
        load("celeba", tmp_path, download=True)


def test_a_download_does_not_hide_damage_that_it_cannot_mend(tmp_path: Path) -> None:
    """torchvision asks of MNIST's unpacked files only whether they are there."""
    real_files.mnist(tmp_path)
    (tmp_path / "MNIST/raw/t10k-images-idx3-ubyte").write_bytes(b"half")
    with pytest.raises(Unavailable, match=damaged("mnist", tmp_path)):
        load("mnist", tmp_path, download=True)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"^mnist cannot be downloaded to .*: \[Errno \d+\] "):
        load("mnist", tmp_path / "file", download=True)
