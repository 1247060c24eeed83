"""A user's slips, told in one line without a traceback."""


class Mistake(ValueError):  # noqa: N818 - not a fault of the program
    """What was asked cannot be; the message says why and what to do, in one line."""
