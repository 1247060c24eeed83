"""Print when records were measured, and by which commit of the suite."""

from collections.abc import Iterable

from vaebench.results.record import Record

UNDATED = "before 2026-11-22"
"""When records were made that do not say it."""

MOST_COMMITS = 3
"""Commits that are named; the others are counted."""


def days(records: Iterable[Record]) -> str:
    """Print the days on which cells of some records ended.

    Args:
        records: The records.

    Returns:
        For example ``2026-11-27 to 2026-11-28, in part before 2026-11-22``; empty without records.
    """
    dates = [cell.date for record in records for cell in record.cells]
    known = sorted(date[:10] for date in dates if date)
    if not known:
        return UNDATED if dates else ""
    said = known[0] if known[0] == known[-1] else f"{known[0]} to {known[-1]}"
    return said if len(known) == len(dates) else f"{said}, in part {UNDATED}"


def newest(records: Iterable[Record]) -> str:
    """Say when the newest cell of some records was measured.

    Args:
        records: The records.

    Returns:
        A day; or that it was before cells had a date. Empty without cells.
    """
    days = _days(records)
    return (max(days) or UNDATED) if days else ""


def _days(records: Iterable[Record]) -> list[str]:
    """The day on which each cell ended, empty where that is not known."""
    return [(cell.date or "")[:10] for record in records for cell in record.cells]


def last_day(records: Iterable[Record]) -> str:
    """Find the last day on which a cell of some records ended.

    Args:
        records: The records.

    Returns:
        For example ``2026-11-28``; the last day before records had dates where none has.
    """
    return max(_days(records), default="") or "2026-11-21"


def commits(records: Iterable[Record]) -> str:
    """Print the commits of the suite that computed some records.

    Args:
        records: The records.

    Returns:
        For example ``commit 0123456 with changes``; empty where no record says.
    """
    found = sorted({one.commit for record in records for one in record.environments if one.commit})
    if not found:
        return ""
    named = [one[:7] + (" with changes" if one.endswith("+changes") else "") for one in found[:MOST_COMMITS]]
    more = f" and {len(found) - MOST_COMMITS} more" if len(found) > MOST_COMMITS else ""
    return f"commit{'s' if len(found) > 1 else ''} {', '.join(named)}{more}"


def measured(records: Iterable[Record]) -> str:
    """Print when records were measured, and by which commit.

    Args:
        records: The records.

    Returns:
        For example ``Measured 2026-11-28, commit 0123456``; empty without records.
    """
    given = list(records)
    when = days(given)
    return ", ".join(filter(None, (f"Measured {when}", commits(given)))) if when else ""
