"""Read a file that should be small: whole, or as far as it takes to see that it is too large."""

import os
from pathlib import Path


def read_bounded(path: Path, most: int) -> bytes:
    """Read a file, and no more of it than one byte above what it may have.

    Args:
        path: The file.
        most: Its greatest size in bytes.

    Returns:
        Its bytes; of a larger file the first ``most + 1``.

    Raises:
        OSError: It cannot be read.
    """  # noqa: DOC502 - raised by open and read
    blocks: list[bytes] = []
    left = most + 1
    with path.open("rb", buffering=0) as file:
        # A read takes memory for all that it is asked for, so ask for what is there.
        asked = os.fstat(file.fileno()).st_size + 1
        while left and (block := file.read(min(asked, left))):
            blocks.append(block)
            left -= len(block)
            asked = max(2 * len(block), 2**16)  # it grew meanwhile, or did not say its size
    return b"".join(blocks)
