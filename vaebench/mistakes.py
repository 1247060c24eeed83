"""Errors of the user and shortages of the machine, reported in one line without a traceback."""

import difflib
import importlib
from collections.abc import Iterable
from typing import Any


class Mistake(ValueError):  # noqa: N818 - not a fault of the program
    """A request that cannot be met; the message says why and what to do, in one line."""


def extra(package: str, of: str) -> Any:
    """Import a package that comes with an extra.

    Args:
        package: Its name, or that of a module in it.
        of: The extra's name.

    Returns:
        The module.

    Raises:
        Mistake: It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.partition(".")[0]:
            raise
        raise Mistake(f"{error.name} is not installed: pip install 'vaebench[{of}]'") from error


def first_line(said: object) -> str:
    r"""Cut what an error says to its first line.

    Args:
        said: An error, or a text.

    Returns:
        The line.

    Examples:
        >>> first_line(ValueError("shapes differ\n(2,) and (3,)"))
        'shapes differ'
    """
    return str(said).partition("\n")[0]


def nearest(name: str, names: Iterable[str]) -> str:
    """Name what was probably meant.

    Args:
        name: What was written.
        names: What there is.

    Returns:
        The nearest names, to be written behind a message; empty where none is near.

    Examples:
        >>> nearest("beta_ave", ["beta_vae", "vae"]), nearest("gracyk", ["gracyk2025_kahler_sampling"])
        ('; the nearest: beta_vae', '; the nearest: gracyk2025_kahler_sampling')
    """
    there = list(names)
    parts = [one for one in there if len(name) > 2 and name.lower() in one.lower()]
    close = list(dict.fromkeys((*difflib.get_close_matches(name, there, 3), *parts)))[:3]
    return f"; the nearest: {', '.join(close)}" if close else ""


SHORTAGES = (
    "can't start new thread",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "out of memory",
    "failed to map segment",
)
"""Error texts of Python, the library loader and torch where a machine has no more memory or threads."""


def shortage(error: BaseException) -> str:
    """Describe a machine's shortage in one line: memory, threads, disk space, or an unreadable file.

    Args:
        error: Any exception.

    Returns:
        The line; empty if the exception is of another kind, and so an error in the program.
    """
    if isinstance(error, OSError):
        return f"{error.filename or 'cannot go on'}: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return "memory is short; fewer --jobs need less"
    said = first_line(error)
    if isinstance(error, RuntimeError | ImportError) and any(words in said.lower() for words in SHORTAGES):
        return f"memory or threads are short: {said}"
    if isinstance(error, SystemError):  # what extensions in C raise where they do not look whether memory was given
        return f"Python failed within itself, most often for want of memory: {said}"
    return ""
