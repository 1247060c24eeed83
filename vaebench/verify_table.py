"""What `verify` found, as a table for a comment. Every text of the submission is escaped."""

from pathlib import Path

from vaebench.report.words.markdown import escape, table
from vaebench.verify import Verified

MOST_ROWS, LONGEST = 50, 300


def verify_table(folder: Path, found: Verified) -> str:
    """Write a table of what was found.

    Args:
        folder: What was verified.
        found: What was found.

    Returns:
        Markdown of a bounded length.
    """
    lines = [
        [escape(str(one.path.relative_to(folder) if one.path.is_relative_to(folder) else one.path)[:LONGEST]), said]
        for one in found.files
        for said in ([escape(reason[:LONGEST]) for reason in one.reasons] or ["✓"])
    ]
    count = len(found.reasons)
    head = f"**vaebench verify**: records: {found.records}, reasons against them: {count}."
    shown = table(["File", "What was found"], lines[:MOST_ROWS])
    more = f"\n\n… and {len(lines) - MOST_ROWS} rows more" if len(lines) > MOST_ROWS else ""
    return f"{head}\n\n{shown}{more}\n"
