"""The error for a variant that breaks the suite's protocol."""


class Refused(ValueError):  # noqa: N818 - the word of the cell's status
    """The suite would measure this variant wrongly; the message says in one line what to change."""
