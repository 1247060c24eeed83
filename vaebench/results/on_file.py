"""Measurements that stay in their file until somebody looks at them: a thousand records fit into memory so."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from vaebench.claims import Column
from vaebench.mistakes import Mistake
from vaebench.results.store import file_bytes, record_of

MOST_READ = 200
"""So many records are kept after they were read. A whole board of today is fewer."""


class OnFile(tuple[Column, ...]):
    """The measurements of a record, read from its file when they are first asked for.

    Args:
        path: The file.
        digest: SHA-256 of its bytes. A file that was changed meanwhile is refused.
        about: What was worked out of the measurements before; it goes wherever the record goes.

    Raises:
        Mistake: The file is not what it was.
    """

    path: Path
    digest: str
    about: object

    def __new__(cls, path: Path, digest: str, about: object = None) -> "OnFile":  # noqa: D102 - a tuple is made here
        made = super().__new__(cls)
        made.path, made.digest, made.about = path, digest, about
        return made

    def _read(self) -> tuple[Column, ...]:
        return _columns(self.path, self.digest)

    def __iter__(self) -> Iterator[Column]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __getitem__(self, at: Any) -> Any:
        return self._read()[at]

    def __eq__(self, other: object) -> bool:
        return self is other or self._read() == (other._read() if isinstance(other, OnFile) else other)

    def __hash__(self) -> int:
        return hash(self._read())


@lru_cache(maxsize=MOST_READ)
def _columns(path: Path, digest: str) -> tuple[Column, ...]:
    text = file_bytes(path)
    if hashlib.sha256(text).hexdigest() != digest:
        raise Mistake(f"{path} was changed while it was read; try again")
    return record_of(text, path).measurements
