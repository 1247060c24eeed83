"""Progress of long work, in lines on standard error."""

import time

from vaebench.cli.console import say


class told:  # noqa: N801 - a callable, used like a function
    """Progress on standard error: a line every few seconds, or a bar's text on a terminal."""

    def __init__(self) -> None:
        self.last = 0.0

    def __call__(self, done: int, total: int, what: str) -> None:
        """Say how far it is, at most once in 5 s."""
        if time.monotonic() - self.last < 5 and done < total:
            return
        self.last = time.monotonic()
        if what or total:
            say(f"{done}/{total} {what}")
