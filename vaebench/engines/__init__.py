"""Where cells run. `local` keeps processes on this machine; `worker` is what each of them does. No torch up here."""


class Died(Exception):  # noqa: N818 - not a fault of the program
    """A process ended before it answered; the message says how."""
