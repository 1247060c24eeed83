"""The texts of a board: thousands of pages are the most of its memory, so those kept from before stay compressed."""

import zlib
from collections.abc import Iterator, Mapping


def squeezed(text: str) -> bytes:
    """Compress a text; `Texts` gives it back."""
    return zlib.compress(text.encode(), 1)


class Texts(Mapping[str, str]):
    """Texts by path, some of which are decompressed whenever they are asked for.

    Args:
        plain: Texts.
        compressed: Others, by `squeezed`.

    Examples:
        >>> found = Texts({"a.md": "a"}, {"b.md": squeezed("b")})
        >>> len(found), dict(found)
        (2, {'a.md': 'a', 'b.md': 'b'})
    """

    def __init__(self, plain: Mapping[str, str], compressed: Mapping[str, bytes]) -> None:
        self._there: dict[str, str | bytes] = {**plain, **compressed}

    def __getitem__(self, path: str) -> str:
        found = self._there[path]
        return found if isinstance(found, str) else zlib.decompress(found).decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self._there)

    def __len__(self) -> int:
        return len(self._there)
