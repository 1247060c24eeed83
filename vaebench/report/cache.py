"""A store of what was worked out of records, in the user's own cache folder: it saves time and is never needed.

What it holds is found by a hash of all that it was made of. So nothing in it can be out of date, and a damaged or
foreign store is the same as none. It is never read for a board that is checked in full (``--redraw``).
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

DAYS = 30
"""What was not used for so long is removed."""

_CREATE = "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB, used INTEGER) WITHOUT ROWID"
_AT_ONCE = 500


def cache_file() -> Path | None:
    """Where the store lies.

    Returns:
        A file in the folder that ``XDG_CACHE_HOME`` names, or in ``~/.cache``; None for a user without a home folder.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(named) if named else Path.home() / ".cache") / "vaebench" / "board.sqlite"
    except RuntimeError:
        return None


class Cache:
    """A store of bytes by key. It never fails: without a store nothing is found and nothing is kept.

    Args:
        file: The store; None for none.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def _open(self) -> sqlite3.Connection | None:
        if self._file is None:
            return None
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = sqlite3.connect(self._file, timeout=5)
            found.execute(_CREATE)
        except (OSError, sqlite3.Error):
            return None
        return found

    def find(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Look keys up.

        Args:
            keys: The keys.

        Returns:
            The values of those that are there.
        """
        asked, found = list(keys), dict[str, bytes]()
        there = self._open() if asked else None
        if there is None:
            return found
        try:
            for begin in range(0, len(asked), _AT_ONCE):
                part = asked[begin : begin + _AT_ONCE]
                marks = ",".join("?" * len(part))
                found |= dict(there.execute(f"SELECT key, value FROM kept WHERE key IN ({marks})", part))
        except (sqlite3.Error, TypeError):
            return {}
        finally:
            there.close()
        return {key: value for key, value in found.items() if isinstance(value, bytes)}

    def keep(self, values: Mapping[str, bytes], used: Iterable[str] = ()) -> None:
        """Keep values, and remove what was not used for `DAYS`.

        Args:
            values: By key.
            used: Keys that were found and are wanted further.
        """
        now = int(time.time())
        wanted = list(used)
        there = self._open() if values or wanted else None
        if there is None:
            return
        try:
            with there:
                there.executemany(
                    "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", [(key, one, now) for key, one in values.items()]
                )
                there.executemany("UPDATE kept SET used = ? WHERE key = ?", [(now, key) for key in wanted])
                there.execute("DELETE FROM kept WHERE used < ?", (now - DAYS * 86400,))
        except sqlite3.Error:
            return
        finally:
            there.close()
