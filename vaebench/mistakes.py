"""A user's slips, and a machine's shortages, told in one line without a traceback."""


class Mistake(ValueError):  # noqa: N818 - not a fault of the program
    """What was asked cannot be; the message says why and what to do, in one line."""


SHORTAGES = (
    "can't start new thread",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "out of memory",
    "failed to map segment",
)
"""What Python, the loader of libraries, and torch on a CPU and on a GPU say where a machine has no more to give."""


def shortage(error: BaseException) -> str:
    """Say in one line what a machine refuses: memory, threads, room on a disk, a file that cannot be opened.

    Args:
        error: Any exception.

    Returns:
        The line; nothing where the exception is of another kind, and so a fault of the program.
    """
    if isinstance(error, OSError):
        return f"{error.filename or 'cannot go on'}: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return "memory is short; fewer --jobs need less"
    said = str(error).partition("\n")[0]
    if isinstance(error, RuntimeError | ImportError) and any(words in said.lower() for words in SHORTAGES):
        return f"memory or threads are short: {said}"
    if isinstance(error, SystemError):  # what extensions in C raise where they do not look whether memory was given
        return f"Python failed within itself, most often for want of memory: {said}"
    return ""
