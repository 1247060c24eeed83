"""What the command line prints with: answers to standard output, progress and problems to standard error."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from vaebench.mistakes import Mistake
from vaebench.terminal import PlainConsole, shown_json, visible

NO, MISUSE, INTERRUPTED = 1, 2, 130

out, err = PlainConsole(), PlainConsole(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


def open_streams() -> None:
    """Make sure that there are streams to print to. Characters that cannot be encoded are escaped."""
    while (spare := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(spare, True)  # a stream that the caller closed; else a journal would take its number
    os.close(spare)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
        if hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def give_up(error: BaseException, line: str) -> NoReturn:
    """Print the reason in one line, with the error's notes, and exit."""
    say_notes(error)
    say(f"vaebench: {line}", "red")
    sys.exit(MISUSE)


def say_notes(error: BaseException, most: int = 5) -> None:
    """Print an error's notes, for example which records could not be written."""
    notes = getattr(error, "__notes__", [])
    for note in notes[:most]:
        say(note, "yellow")
    if len(notes) > most:
        say(f"… and {len(notes) - most} more", "yellow")


@contextmanager
def whole_answers() -> Iterator[None]:
    """Flush standard output before the end. So a full disk or a closed pipe is an error here."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        # Otherwise the interpreter tries again at exit, and prints a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if error.errno == errno.EPIPE:
            sys.exit(NO)
        raise


def say(line: str, style: str | None = None) -> None:
    """Print one line to standard error."""
    err.print(visible(line), style=style, highlight=False, soft_wrap=True)


def answer(value: object) -> None:
    """Print one JSON object to standard output."""
    text = shown_json(value)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # a terminal without Greek letters
        text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
    sys.stdout.write(text)


def names(
    given: str | None, all_names: tuple[str, ...], option: str = "a list of names", default: str = "all"
) -> tuple[str, ...]:
    """Split a comma-separated option.

    Args:
        given: What was given; None for the default.
        all_names: The default.
        option: The option, for the message.
        default: What the default is, in words, for the message.

    Returns:
        Each name once, in the order given.

    Raises:
        Mistake: It names nothing.
    """
    if given is None:
        return all_names
    found = tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    if not found:
        raise Mistake(f"{option} is empty; leave it out for {default}")
    return found
