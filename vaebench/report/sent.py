"""Records that others sent. The board names the sender, and bases no summary on them."""

import re

from vaebench.results.record import Record

THIS_RUN = "this run"
"""The sender of a preview's records."""

SENDER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""A sender's folder is a GitHub user name in small letters."""


class Sent(Record):
    """A record that somebody else sent.

    Attributes:
        sender: The name of the folder that it lies in.
    """

    sender: str


def sent(record: Record, sender: str) -> Sent:
    """Give a record its sender.

    Args:
        record: A record.
        sender: Who.

    Returns:
        The record, with its sender.
    """
    return Sent.model_construct(**{name: getattr(record, name) for name in Record.model_fields}, sender=sender)


def sender_of(record: Record) -> str:
    """The sender of a record; empty for one of the suite's own."""
    return record.sender if isinstance(record, Sent) else ""
