"""Records that others sent: the board says who, and rests nothing that it says of itself on them."""

import re

from vaebench.results.record import Record

THIS_RUN = "this run"
"""Who sends the records of a preview."""

SENDER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What a sender's folder may be called: as GitHub names its users, in small letters."""


class Sent(Record):
    """A record that somebody else sent.

    Attributes:
        sender: Who: the name of the folder that it lies in.
    """

    sender: str


def sent(record: Record, sender: str) -> Sent:
    """Say of a record who sent it.

    Args:
        record: A record.
        sender: Who.

    Returns:
        The record, with its sender.
    """
    return Sent.model_construct(**{name: getattr(record, name) for name in Record.model_fields}, sender=sender)


def sender_of(record: Record) -> str:
    """Name who sent a record; empty for one of the suite's own."""
    return record.sender if isinstance(record, Sent) else ""
