"""How far a record can be trusted: its sender's word, a verification, a replay, or a training of ours.

* *self-reported*: the record is possible and complete, and nobody checked more.
* *verified*: `scrutiny` finds nothing against it: ids, verdicts and invariants follow, its sources are there, and no
  other sender has its numbers.
* *replayed*: some of its cells were trained again from its sources, on a machine of ours, and gave its numbers.
* *retrained by us*: all of them were. *trained by us*: it is one of the suite's own.

A level is worked out from the files, and never read from the record.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from vaebench.report.received.scrutiny import Standard, scrutinise
from vaebench.report.received.sent import Sent, Trust, sent
from vaebench.report.received.suspicion import same_times, twins
from vaebench.report.rows.selection import LeftOut
from vaebench.report.suite import Suite
from vaebench.report.words.markdown import escape
from vaebench.results.record import Record
from vaebench.results.replays import read_proofs
from vaebench.results.store import BadRecord
from vaebench.results.submission import read_submission, sha256, unlisted

TRUST_LEVELS = ("self-reported", "verified", "replayed", "retrained")


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
        return TRUST_LEVELS.index(record.trust.level) if isinstance(record, Sent) else len(TRUST_LEVELS)

    return trust_said(min(records, key=level))


def with_trust(
    board: Path, below: Path, suite: Suite, references: Sequence[Record], all_sent: Sequence[Sent]
) -> tuple[tuple[Sent, ...], tuple[LeftOut, ...]]:
    """Work out the trust of what others sent, and take out what cannot be honest.

    Files alone do not say who copied whom, and a copy must not take the original off the board. So where two senders
    have the same numbers, neither record is verified, and a replay of either says which is proved. A pull request is
    held against all that is there before it (see `verify`), and a copy is refused there.

    Args:
        board: The board's folder, which has the proofs of replays.
        below: Folder of the submissions.
        suite: What there is.
        references: The suite's own records.
        all_sent: What others sent.

    Returns:
        The records that may be shown, in the order of their senders, each with its trust; and the others.
    """
    found: list[Sent] = []
    refused: list[LeftOut] = []
    standard = Standard(suite, references)
    for sender, of_sender in groupby(sorted(all_sent, key=lambda one: one.sender), lambda one: one.sender):
        records, folder = list(of_sender), below / sender
        is_whole, twice = _is_whole(folder), _doubled(records, all_sent)
        for record, of_record, is_double in zip(records, scrutinise(records, standard, folder), twice, strict=True):
            if of_record.untrue and not of_record.unfit:
                refused.append(LeftOut(record, of_record.untrue[0], is_fault=True))
                continue
            trust = Trust()
            if is_whole and not of_record.reasons:
                unproved = Trust() if is_double else Trust("verified")
                trust = _proved(board, folder / record.subject.file_name, sender) or unproved
            found.append(sent(record, sender, trust))
    return tuple(found), tuple(refused)


def _doubled(records: Sequence[Sent], all_sent: Sequence[Sent]) -> list[bool]:
    """Say of each of a sender's records whether another sender's has its durations, or all numbers of its variant."""
    beside = [one for one in all_sent if one.sender != records[0].sender]
    of_each = [set(twins(record, beside)) for record in records]
    of_variant: dict[str, set[str]] = {}
    for record, names in zip(records, of_each, strict=True):
        variant = record.subject.variant.name
        of_variant[variant] = of_variant.get(variant, names) & names
    return [bool(of_variant[one.subject.variant.name] or same_times(one, beside)) for one in records]


def _is_whole(folder: Path) -> bool:
    """Whether a sender's folder is what it says of itself."""
    try:
        listed = read_submission(folder)
        return listed.sender == folder.name and not unlisted(folder, listed)
    except BadRecord:
        return False


def _proved(board: Path, file: Path, sender: str) -> Trust | None:
    try:
        proof = read_proofs(board, sender).get(sha256(file))
    except (BadRecord, OSError):
        return None
    return Trust(proof.level, proof.date[:10], proof.machine) if proof else None
