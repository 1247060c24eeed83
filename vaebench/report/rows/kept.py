"""What is kept of a record's file while the file is the same, so that it is neither read nor judged again."""

from dataclasses import dataclass

from vaebench.fingerprint import value_hash
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.rows.summary import Summary
from vaebench.report.suite import Suite
from vaebench.results.assemble import rejudge
from vaebench.results.on_file import OnFile
from vaebench.results.record import Record


@dataclass(frozen=True)
class Kept:
    """What was worked out of a record's file.

    Attributes:
        again: The record judged anew: by its task's claims if it is of the current task, else by its own.
        unfit: Why it cannot be shown; empty where nothing speaks against it.
        summary: Of its measurements; None for a record that is not shown.
        page: Its page with the board's mark, by `texts.squeezed`; empty for a record that is not shown.
        page_for: A hash of what the page says beside the record.
    """

    again: Record
    unfit: str = ""
    summary: Summary | None = None
    page: bytes = b""
    page_for: str = ""


def kept_of(record: Record) -> Kept | None:
    """Take what was kept of a record.

    Args:
        record: Any record.

    Returns:
        What was kept; None of a record that was not read by `reading.kept_records`.
    """
    found = record.measurements.about if isinstance(record.measurements, OnFile) else None
    return found if isinstance(found, Kept) else None


def judged_again(record: Record) -> Record:
    """Judge a record by its own claims, if that was not kept.

    Args:
        record: A record of a superseded protocol.

    Returns:
        The record with today's verdicts.
    """
    kept = kept_of(record)
    return kept.again if kept else rejudge(record)


def page_for(shown: ShownRecord, there: Suite) -> str:
    """Hash what a record's page says beside the record.

    Args:
        shown: The record.
        there: What there is.

    Returns:
        A hash of its names, and of whether its variant is the suite's own.
    """
    own = shown.subject.variant.name in there.variants
    return value_hash([shown.label, shown.row_label, shown.variant_label, shown.path, own])


def kept_page(shown: ShownRecord, there: Suite) -> bytes:
    """Take a record's page that was kept.

    Args:
        shown: The record.
        there: What there is.

    Returns:
        The page by `texts.squeezed`; empty where none was kept, or one that names the record otherwise.
    """
    kept = kept_of(shown.record)
    is_same = kept is not None and kept.page and kept.page_for == page_for(shown, there)
    return kept.page if kept and is_same else b""
