"""Where cells run. `local` keeps processes on this machine; `worker` runs in each of them. No torch here."""


class Died(Exception):  # noqa: N818 - not a fault of the program
    """A process ended before it answered; the message says how it ended."""
