"""Say where a record lies, and how to make it again in one command."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from vaebench.report.received.sent import THIS_RUN, sender_of
from vaebench.results.record import Record
from vaebench.results.references import REFERENCES

AGAIN = "runs/again"
"""The folder that the command writes to."""

FILE = "FILE.py"
"""What stands for the file of a variant that is not the suite's own."""


def json_path(record: Record) -> str:
    """Find a record's file.

    Args:
        record: A record of a checkout.

    Returns:
        The path below the checkout; empty for a record of a run that is previewed.
    """
    sender = sender_of(record)
    if sender == THIS_RUN:
        return ""
    folder = f"leaderboard/submissions/{sender}" if sender else REFERENCES
    return (PurePosixPath(folder) / record.subject.file_name).as_posix()


def command(record: Record, own: Mapping[str, str]) -> str:
    """Write the command that makes a record again, with today's tasks and code.

    Args:
        record: The record.
        own: The suite's own variants; another variant needs its author's file.

    Returns:
        One line for a shell. It asks for this record's cells and no other.
    """
    subject = record.subject
    known = subject.variant.name in own
    asked = {
        "--tasks": subject.task.name,
        "--variants": subject.variant.name if known else FILE,
        "--archs": subject.arch,
        "--datasets": subject.dataset.name,
        "--preset": subject.preset,
        "--seeds": str(len(record.cells)),
        "--device": subject.device,
        "--out": AGAIN,
    }
    return "vaebench run " + " ".join(f"{option} {value}" for option, value in asked.items())
