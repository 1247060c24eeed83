"""The reference results in one small file, so that an installed package has them without a checkout.

The file is an xz-compressed tar archive of the records, byte for byte, with a list of their hashes. It is made by
``make wheel`` and never committed. What is read of it is checked against the list and capped.
"""

import hashlib
import io
import json
import lzma
import sys
import tarfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from vaebench.bounded import read_bounded
from vaebench.mistakes import Mistake
from vaebench.results.pins import RECORDS, hashes
from vaebench.results.record import Record
from vaebench.results.store import BadRecord, record_of

BUNDLE = Path(__file__).with_name("references.tar.xz")
"""Where an installed package has its reference results."""

LIST = "sha256.json"
"""In the archive: the hash of each record by its name."""

MOST_BYTES = 5 * 2**20
"""A bundle is this large at most."""

MOST_UNPACKED = 512 * 2**20
"""What a bundle unpacks to, at most."""


def pack(folder: Path, file: Path = BUNDLE) -> int:
    """Write a bundle. The same records give the same bytes.

    Args:
        folder: The reference results.
        file: The bundle.

    Returns:
        Its size in bytes.

    Raises:
        Mistake: There is no record, or the bundle is too large.
    """
    listed = hashes(folder, RECORDS)
    if not listed:
        raise Mistake(f"there is no record in {folder}")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in (LIST, *listed):
            content = json.dumps(listed).encode() if name == LIST else (folder / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    compressed = lzma.compress(packed.getvalue(), preset=9)
    if len(compressed) > MOST_BYTES:
        raise Mistake(f"the reference results take {len(compressed)} bytes, and {MOST_BYTES} is the most")
    file.write_bytes(compressed)
    return len(compressed)


def check(folder: Path, file: Path = BUNDLE) -> None:
    """Check that a bundle holds the records of a folder, byte for byte, and nothing else.

    Args:
        folder: The reference results.
        file: The bundle.

    Raises:
        Mistake: It differs; the message names the first record that does.
    """
    listed = hashes(folder, RECORDS)
    held = {name: hashlib.sha256(text).hexdigest() for name, text in _members(file).items()}
    for name in sorted(listed.keys() | held.keys()):
        if listed.get(name) != held.get(name):
            raise Mistake(f"{file}: {name} is not that of {folder}; run make wheel")


@cache
def bundled(file: Path = BUNDLE) -> tuple[Record, ...]:
    """Read a bundle.

    Args:
        file: The bundle.

    Returns:
        Its records, in the order of their names. They are read once a process.

    Raises:
        Mistake: There is none, or it is damaged.
    """
    try:
        return tuple(record_of(text, file / name) for name, text in sorted(_members(file).items()))
    except BadRecord as bad:
        raise Mistake(f"the reference results of this package are damaged: {bad}; install it again") from bad


def _members(file: Path) -> Mapping[str, bytes]:
    """Unpack a bundle into memory. Names are keys and never paths."""
    try:
        compressed = read_bounded(file, MOST_BYTES)
        if len(compressed) > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES} bytes")
        decompressor = lzma.LZMADecompressor(memlimit=2**30)
        unpacked = decompressor.decompress(compressed, MOST_UNPACKED)
        if not decompressor.eof:
            raise ValueError("it is cut short, or too large unpacked")
        found = dict(_files(unpacked))
        listed = json.loads(found.pop(LIST))
        for name, text in found.items():
            if listed.get(name) != hashlib.sha256(text).hexdigest():
                raise ValueError(f"{name} has another hash than its list says")
        if missing := listed.keys() - found.keys():
            raise ValueError(f"{min(missing)} is not in it")
    except FileNotFoundError as error:
        raise Mistake("this package has no reference results; give --reference DIR") from error
    except (OSError, ValueError, KeyError, AttributeError, lzma.LZMAError, tarfile.TarError) as error:
        raise Mistake(
            f"{file}: the reference results of this package are damaged: {error}; install it again"
        ) from error
    return found


def _files(unpacked: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
        for entry in archive:
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is not None:
                yield entry.name, content.read()


if __name__ == "__main__":  # make wheel
    pack(Path(sys.argv[1]))
    check(Path(sys.argv[1]))
