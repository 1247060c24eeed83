"""The sha256 of every reference record, so that none changes unnoticed; ``make pins`` writes them."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from vaebench.mistakes import Mistake
from vaebench.results.night_files import INDEX
from vaebench.results.store import write_text

PINS = "SHA256SUMS"
RECORDS = "*/*.json"
"""Where the records lie below a folder of reference results."""

LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def hashes(folder: Path, *patterns: str) -> dict[str, str]:
    """Hash files of a folder.

    Args:
        folder: The folder.
        patterns: Which files, as `Path.glob` takes them.

    Returns:
        sha256, 64 hexadecimal digits, by the file's path below the folder, in the order of the paths.
    """
    files = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def pinned_files(folder: Path) -> dict[str, str]:
    """Hash every record of a folder of reference results, and the night's index, which pins its own files."""
    return hashes(folder, RECORDS, f"*/{INDEX}")


def pins_text(pinned: Mapping[str, str]) -> str:
    """Write hashes as ``sha256sum --check`` reads them."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(pinned.items()))


def read_pins(text: str) -> dict[str, str]:
    """Read hashes.

    Args:
        text: Of a file of pins.

    Returns:
        sha256 by name.

    Raises:
        Mistake: A line is none of sha256sum's.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = LINE.fullmatch(line)
        if match is None:
            raise Mistake(f"{PINS}, line {number}: not a sha256 and a name")
        found[match[2]] = match[1]
    return found


def summary(pinned: Mapping[str, str]) -> str:
    """Name a whole set of reference records in 12 digits, as a line of the changelog says it."""
    return hashlib.sha256(pins_text(pinned).encode()).hexdigest()[:12]


def troubles(folder: Path, changelog: str) -> list[str]:
    """Say which reference records are not as they are pinned, and whether the changelog knows of them.

    Args:
        folder: Of the reference results.
        changelog: Its text.

    Returns:
        One line each; empty where all is as it should be.
    """
    path = folder / PINS
    if not path.is_file():
        return [f"there is no {path}; `make pins` writes it"]
    pins, there = read_pins(path.read_text("utf-8")), pinned_files(folder)
    lines = [f"{name}: changed, and not pinned" for name in there if there[name] != pins.get(name)]
    lines += [f"{name}: pinned, and not there" for name in pins if name not in there]
    if not lines and (digits := summary(pins)) not in changelog:
        lines.append(f"the changelog has no line on reference records {digits}: say there what moved, and why")
    return lines


def pin(folder: Path) -> str:
    """Pin the reference records as they are.

    Args:
        folder: Of the reference results.

    Returns:
        What the changelog has to say beside what moved.
    """
    pinned = pinned_files(folder)
    write_text(folder / PINS, pins_text(pinned))
    return f"reference records {summary(pinned)}"
