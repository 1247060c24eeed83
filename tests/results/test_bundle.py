"""The reference results in one file: the same bytes, checked, capped, and nothing else."""

import io
import json
import lzma
import tarfile

import pytest
from results.stored import whole_record

from vaebench.mistakes import Mistake
from vaebench.results import bundle
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import read_records, write_record


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "reference_results"
    for number, name in enumerate(("vae", "beta_vae")):
        record = whole_record(4 + number)
        variant = record.subject.variant.model_copy(update={"name": name})
        subject = record.subject.model_copy(update={"variant": variant})
        write_record(folder, record.model_copy(update={"subject": subject}))
    (folder / "README.md").write_text("no record")
    return folder


@pytest.fixture
def packed(folder, tmp_path):
    file = tmp_path / "references.tar.xz"
    assert bundle.pack(folder, file) == file.stat().st_size
    return file


def test_a_bundle_has_the_same_records_and_the_same_bytes_each_time(folder, packed, tmp_path):
    assert bundle.bundled(packed) == tuple(read_records(folder)[0])
    bundle.pack(folder, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == packed.read_bytes()
    bundle.check(folder, packed)


def test_a_bundle_that_is_not_of_the_folder_names_the_record(folder, packed):
    path = next(folder.glob("*/beta_vae*.json"))
    path.write_text(path.read_text() + "\n")
    with pytest.raises(Mistake, match=path.name):
        bundle.check(folder, packed)
    path.unlink()
    with pytest.raises(Mistake, match=path.name):
        bundle.check(folder, packed)


def rewritten(packed, change):
    """Unpack, change the files, and pack again."""
    files = dict(bundle._files(lzma.decompress(packed.read_bytes())))
    change(files)
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    packed.write_bytes(lzma.compress(text.getvalue()))


def edited(files):
    name = next(name for name in files if "beta_vae" in name)
    files[name] = files[name].replace(b'"parameters": 0', b'"parameters": 1')


def one_less(files):
    del files[next(name for name in files if "beta_vae" in name)]


def one_more(files):
    files["some_task/more.json"] = b"{}"


def broken_but_listed(files):
    files[bundle.LIST] = json.dumps({"some_task/x.json": bundle.hashlib.sha256(b"{").hexdigest()}).encode()
    for name in [name for name in files if name != bundle.LIST]:
        del files[name]
    files["some_task/x.json"] = b"{"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edited, "beta_vae"),
        (one_less, "beta_vae"),
        (one_more, "more.json"),
        (broken_but_listed, "x.json"),
        (lambda files: files.pop(bundle.LIST), "sha256"),
        (lambda files: files.update({bundle.LIST: b"["}), "references.tar.xz"),
        (lambda files: files.update({bundle.LIST: b"[]"}), "references.tar.xz"),
    ],
    ids=["edited", "one less", "one more", "no record", "no list", "a broken list", "a list for an object"],
)
def test_a_changed_bundle_is_refused(packed, change, words):
    rewritten(packed, change)
    with pytest.raises(Mistake, match=words) as found:
        bundle.bundled(packed)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", lzma.compress(b"no archive"), lzma.compress(b"\0" * (bundle.MOST_UNPACKED + 1), preset=0)],
    ids=["empty", "not packed", "no archive", "a bomb"],
)
def test_what_is_no_bundle_is_one_line(tmp_path, content):
    (tmp_path / "bundle").write_bytes(content)
    with pytest.raises(Mistake, match="bundle") as found:
        bundle.bundled(tmp_path / "bundle")
    assert "\n" not in str(found.value)


def test_a_bundle_cut_short_or_too_large_or_absent_is_one_line(packed, tmp_path):
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-20])
    with pytest.raises(Mistake, match=r"references\.tar\.xz"):
        bundle.bundled(packed)
    packed.write_bytes(whole + b"\0" * bundle.MOST_BYTES)
    with pytest.raises(Mistake, match=str(bundle.MOST_BYTES)):
        bundle.bundled(packed)
    with pytest.raises(Mistake, match="--reference"):
        bundle.bundled(tmp_path / "absent")


def test_a_folder_without_a_record_is_not_packed(tmp_path):
    with pytest.raises(Mistake, match="empty"):
        bundle.pack(tmp_path / "empty", tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_the_suites_own_reference_results_fit(tmp_path):
    size = bundle.pack(root() / REFERENCES, tmp_path / "file")
    assert size <= bundle.MOST_BYTES
    bundle.check(root() / REFERENCES, tmp_path / "file")
