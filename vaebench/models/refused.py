"""What the suite says of a variant that breaks its protocol."""


class Refused(ValueError):  # noqa: N818 - the word of the cell's status
    """A variant that the suite's measurements would misjudge; the message says in one line what to change."""
