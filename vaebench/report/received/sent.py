"""Records that others sent. The board names the sender, and bases no summary on them."""

from dataclasses import dataclass
from typing import Literal

from vaebench.results.record import Record

THIS_RUN = "this run"
"""The sender of a preview's records."""


@dataclass(frozen=True)
class Trust:
    """What stands behind a record's numbers; see `rows.trust`.

    Attributes:
        level: From its sender's word alone to a training of ours.
        date: Of the replay, as ``2026-11-28``; empty without one.
        machine: That replayed it.
    """

    level: Literal["self-reported", "verified", "replayed", "retrained"] = "self-reported"
    date: str = ""
    machine: str = ""


class Sent(Record):
    """A record that somebody else sent.

    Attributes:
        sender: The name of the folder that it lies in.
        trust: What stands behind its numbers.
    """

    sender: str
    trust: Trust = Trust()


def sent(record: Record, sender: str, trust: Trust | None = None) -> Sent:
    """Give a record its sender.

    Args:
        record: A record.
        sender: Who.
        trust: What stands behind its numbers; only the sender's word by default.

    Returns:
        The record, with its sender.
    """
    fields = {name: getattr(record, name) for name in Record.model_fields}
    return Sent.model_construct(**fields, sender=sender, trust=trust or Trust())


def sender_of(record: Record) -> str:
    """The sender of a record; empty for one of the suite's own."""
    return record.sender if isinstance(record, Sent) else ""
