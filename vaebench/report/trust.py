"""How far a record can be trusted: its sender's word, a verification, a replay, or a training of ours.

* *self-reported*: the record is possible and complete, and nobody checked more.
* *verified*: `scrutiny` finds nothing against it: ids, verdicts and invariants follow, and its sources are there.
* *replayed*: some of its cells were trained again from its sources, on a machine of ours, and gave its numbers.
* *retrained by us*: all of them were. *trained by us*: it is one of the suite's own.

A level is worked out from the files, and never read from the record.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from vaebench.report.markdown import escape
from vaebench.report.scrutiny import Standard, scrutinise
from vaebench.report.sent import Sent, Trust, sent
from vaebench.report.suite import Suite
from vaebench.results.record import Record
from vaebench.results.replays import read_proofs
from vaebench.results.store import BadRecord
from vaebench.results.submission import read_submission, sha256, unlisted

LEVELS = ("self-reported", "verified", "replayed", "retrained")


def trust_said(record: Record) -> str:
    """Print a record's trust.

    Args:
        record: A record that is shown.

    Returns:
        Markdown, for example ``verified`` or ``replayed (2026-12-01, some machine)``.
    """
    if not isinstance(record, Sent):
        return "trained by us"
    found = record.trust
    level = "retrained by us" if found.level == "retrained" else found.level
    proof = ", ".join(escape(part) for part in (found.date, found.machine) if part)
    return f"{level} ({proof})" if proof else level


def row_trust_said(records: Iterable[Record]) -> str:
    """Print the trust of a row: that of its least trusted record.

    Args:
        records: Of one row.

    Returns:
        As `trust_said`.
    """

    def level(record: Record) -> int:
        return LEVELS.index(record.trust.level) if isinstance(record, Sent) else len(LEVELS)

    return trust_said(min(records, key=level))


def with_trust(
    board: Path, folder: Path, suite: Suite, references: Sequence[Record], all_sent: Sequence[Sent]
) -> tuple[Sent, ...]:
    """Work out the trust of what others sent.

    Args:
        board: The board's folder, which has the proofs of replays.
        folder: Of the submissions.
        suite: What there is.
        references: The suite's own records.
        all_sent: What others sent.

    Returns:
        The same records in the order of their senders, each with its trust.
    """
    found: list[Sent] = []
    standard = Standard(suite, references, all_sent)
    for sender, of_sender in groupby(sorted(all_sent, key=lambda one: one.sender), lambda one: one.sender):
        records = list(of_sender)
        below = folder / sender
        is_whole = _is_whole(below)
        for record, of_record in zip(records, scrutinise(records, standard, below), strict=True):
            verified = Trust("verified" if is_whole and not of_record.reasons else "self-reported")
            trust = _proved(board, below / record.subject.file_name, sender) or verified
            found.append(sent(record, sender, verified if verified.level == "self-reported" else trust))
    return tuple(found)


def _is_whole(folder: Path) -> bool:
    """Whether a sender's folder is what it says of itself."""
    try:
        return not unlisted(folder, read_submission(folder))
    except BadRecord:
        return False


def _proved(board: Path, file: Path, sender: str) -> Trust | None:
    try:
        proof = read_proofs(board, sender).get(sha256(file))
    except (BadRecord, OSError):
        return None
    return Trust(proof.level, proof.date[:10], proof.machine) if proof else None
