"""Pack what workers need beside cells, and place it on another machine: every file by the hash of its bytes."""

import hashlib
import importlib
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench import catalog
from vaebench.engines.shipped import DataFiles, Files, Freight
from vaebench.file_bytes import sha256_of
from vaebench.fingerprint import value_hash
from vaebench.mistakes import Mistake

if TYPE_CHECKING:
    from vaebench.cell import Cell

MOST_SENT, MOST_BYTES = 1000, 2**30
"""Files of a data set that are sent, and their bytes; larger ones have to lie on the workers."""

Blobs = Mapping[str, Path]
"""Files of this machine, by the SHA-256 of their bytes."""


def pack(cells: Sequence["Cell"], brought: Mapping[str, catalog.Brought]) -> tuple[Freight, Blobs]:
    """List what workers need for some cells.

    Args:
        cells: At least one.
        brought: Variants that are brought, by reference.

    Returns:
        The list, and the files that it names.

    Raises:
        Mistake: A checkpoint lies outside the folders of its variant's sources.
    """  # noqa: DOC502 - raised by what it calls
    import torch

    blobs: dict[str, Path] = {}
    data = {}
    for name, root, hash_ in {(cell.dataset, cell.data_root, cell.subject.dataset.files) for cell in cells}:
        if hash_ is not None:
            data[name], found = _data(name, root, hash_)
            blobs |= found
    files, paths, references = _layout(brought)
    sources = {below: _sha256(path) for below, path in files.items()}
    blobs |= {sources[below]: path for below, path in files.items()}
    return (
        Freight(
            torch=torch.__version__,
            code={room: hash_ for cell in cells for room, hash_ in cell.code.items()},
            cuda=any(cell.subject.device == "cuda" for cell in cells),
            root=str(cells[0].data_root.absolute()),
            data=data,
            sources=sources,
            paths=paths,
            references=references,
        ),
        blobs,
    )


def _data(name: str, root: Path, hash_: str) -> tuple[DataFiles, Blobs]:
    """List a data set's files, and where those that are sent lie here."""
    page, _ = catalog.check_dataset(name)
    names: tuple[str, ...] = tuple(importlib.import_module(f"vaebench.data.{page}").FILES)
    found = [path for one in names for path in ((root / one).rglob("*") if (root / one).is_dir() else [root / one])]
    files = sorted(path for path in found if path.is_file())
    if len(files) > MOST_SENT or sum(path.stat().st_size for path in files) > MOST_BYTES:
        return DataFiles(hash=hash_, files={}), {}
    sums = sha256_of(root, [path.relative_to(root).as_posix() for path in files])
    return DataFiles(hash=hash_, files=sums), {sum_: root / below for below, sum_ in sums.items()}


def _layout(brought: Mapping[str, catalog.Brought]) -> tuple[dict[str, Path], tuple[str, ...], dict[str, str]]:
    """Name the files of variants by their place below the folder that they share with the paths they come from."""
    suite = catalog.PACKAGE.resolve()
    theirs = {path for one in brought.values() for path in one.sources if not path.is_relative_to(suite)}
    weights = {Path(one.variant.weights).resolve() for one in brought.values() if one.variant.weights is not None}
    if not theirs:
        return {}, (), dict.fromkeys(brought, "")
    entries = [Path(entry or ".").resolve() for entry in sys.path]
    used = [entry for entry in dict.fromkeys(entries) if any(path.is_relative_to(entry) for path in theirs)]
    top = Path(os.path.commonpath([*used, *(path.parent for path in theirs)]))
    if outside := [path for path in weights if not path.is_relative_to(top)]:
        raise Mistake(f"{outside[0]} lies outside the folder of its variant, {top}, and cannot be sent: put it below")
    references = {
        reference: one.defined[0].relative_to(top).as_posix() if reference.endswith(".py") else reference
        for reference, one in brought.items()
    }
    files = {path.relative_to(top).as_posix(): path for path in sorted(theirs | weights)}
    return files, tuple(entry.relative_to(top).as_posix() for entry in used), references


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Folder of a worker for received files: ``VAEBENCH_CACHE``, or ``vaebench`` in the user's cache."""
    own = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("VAEBENCH_CACHE") or f"{own}/vaebench").expanduser()


def place(files: Files, fetch: Callable[[str], bytes], cache: Path) -> Path:
    """Write received files below a folder of their own. Those that are there and have their hash are left.

    Args:
        files: SHA-256 by path.
        fetch: Gets the bytes of a hash.
        cache: Where received files lie.

    Returns:
        The folder, named by the hash of the list.

    Raises:
        Mistake: Received bytes have another hash, or cannot be written.
    """
    folder = cache / value_hash(files)
    try:
        for below, sum_ in files.items():
            path = folder / below
            if path.is_file() and not path.is_symlink() and _sha256(path) == sum_:
                continue
            content = fetch(sum_)
            if hashlib.sha256(content).hexdigest() != sum_:
                raise Mistake(f"{below} was received with other bytes than were sent; run it again")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            half = path.with_name(f"{path.name}.{secrets.token_hex(8)}.half")
            half.write_bytes(content)
            half.replace(path)
    except OSError as error:
        raise Mistake(f"cannot write {error.filename or folder}: {error.strerror}") from error
    return folder


def data_root(name: str, data: DataFiles, roots: Iterable[Path], fetch: Callable[[str], bytes], cache: Path) -> Path:
    """Find a data set's files on this machine by their hash, or place them.

    Args:
        name: The data set.
        data: Its files.
        roots: Folders to look in first.
        fetch: Gets the bytes of a hash.
        cache: Where received files lie.

    Returns:
        A root of data.

    Raises:
        Mistake: They are not here, and too large to be sent.
    """
    from vaebench.data import Unavailable

    for root in roots:
        try:
            if catalog.dataset_files(name, root) == data.hash:
                return root
        except Unavailable:
            continue
    if not data.files:
        raise Mistake(
            f"{name} is too large to be sent: put the same files on each worker, and name the folder in VAEBENCH_DATA"
        )
    return place(data.files, fetch, cache)
