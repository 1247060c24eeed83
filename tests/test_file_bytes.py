"""Laws of hashes of large files: whatever is in them counts, and what has not changed is not read again."""

import os
from pathlib import Path

import pytest

from vaebench import file_bytes
from vaebench.file_bytes import REMEMBERED, files_hash

NAMES = ("one.bin", "images")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file, and with a folder of files."""
    where = tmp_path / "data"
    (where / "images" / "deep").mkdir(parents=True)
    for name, content in (("one.bin", b"one"), ("images/a", b"a"), ("images/b", b"b"), ("images/deep/c", b"c")):
        (where / name).write_bytes(content)
    return where


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every time for a settled one."""
    monkeypatch.setattr(file_bytes, "SETTLED", -3600.0)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The names that are read, as they are."""
    seen: list[Path] = []
    whole = file_bytes._bytes_hash
    monkeypatch.setattr(file_bytes, "_bytes_hash", lambda top, files: (seen.append(top), whole(top, files))[1])
    return seen


def forget() -> None:
    """Be another process."""
    file_bytes._kept.clear()


def rewritten(root: Path) -> dict[str, object]:
    return {
        "a byte": lambda: (root / "one.bin").write_bytes(b"two"),
        "a byte in a folder": lambda: (root / "images" / "deep" / "c").write_bytes(b"x"),
        "a file more": lambda: (root / "images" / "new").write_bytes(b""),
        "a file less": (root / "images" / "a").unlink,
        "another name": lambda: (root / "images" / "a").rename(root / "images" / "z"),
        "another folder": lambda: (root / "images" / "a").rename(root / "images" / "deep" / "a"),
        "a byte from one file to the next": lambda: [
            (root / "images" / name).write_bytes(content) for name, content in (("a", b"ab"), ("b", b""))
        ],
    }


@pytest.mark.parametrize("what", list(rewritten(Path())))
def test_whatever_is_in_the_files_counts(what: str, root: Path, settled: None):
    before = files_hash(root, NAMES)
    rewritten(root)[what]()
    assert files_hash(root, NAMES) != before
    forget()
    assert files_hash(root, NAMES) != before


def test_where_files_lie_and_when_they_were_written_does_not_count(root: Path, tmp_path: Path, settled: None):
    before = files_hash(root, NAMES)
    root.rename(tmp_path / "moved")
    os.utime(tmp_path / "moved" / "one.bin", (1e9, 1e9))
    assert files_hash(tmp_path / "moved", NAMES) == before


def test_what_has_not_changed_is_read_once_by_all_processes(root: Path, settled: None, reads: list[Path]):
    before = files_hash(root, NAMES)
    assert len(reads) == 2
    forget()
    assert files_hash(root, NAMES) == before
    assert len(reads) == 2
    (root / "one.bin").write_bytes(b"two")
    files_hash(root, NAMES)
    assert reads[2:] == [root / "one.bin"]


def test_a_file_of_the_same_size_and_an_old_time_is_read_again(root: Path, settled: None):
    """Copied with its times, as ``cp -p`` does: the system's own time of the change still tells."""
    before, look = files_hash(root, NAMES), (root / "one.bin").stat()
    (root / "one.bin").write_bytes(b"two")
    os.utime(root / "one.bin", ns=(look.st_atime_ns, look.st_mtime_ns))
    assert files_hash(root, NAMES) != before


def test_what_changed_a_moment_ago_is_not_remembered(root: Path, reads: list[Path]):
    """Within one tick of the file system's clock a second change would have the size and times of the first."""
    files_hash(root, NAMES)
    files_hash(root, NAMES)
    assert len(reads) == 4
    assert not (root / REMEMBERED).exists()


@pytest.mark.parametrize("memory", ["", "[]", "{", '{"one.bin": 1}', '{"one.bin": ["a"]}', "\0"])
def test_a_memory_that_is_damaged_is_none(memory: str, root: Path, settled: None):
    before = files_hash(root, NAMES)
    forget()
    (root / REMEMBERED).write_text(memory)
    assert files_hash(root, NAMES) == before


def test_a_folder_that_cannot_be_written_is_read_once_a_process(root: Path, settled: None, reads: list[Path]):
    (root / REMEMBERED).mkdir()  # in the memory's place
    before = files_hash(root, NAMES)
    assert files_hash(root, NAMES) == before
    assert len(reads) == 2
    assert not list(root.glob("*.half"))


def test_a_file_that_is_not_there_is_an_error(root: Path):
    with pytest.raises(FileNotFoundError):
        files_hash(root, ("two.bin",))
