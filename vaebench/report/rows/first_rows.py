"""Choose the first rows of a task, so that figures and pages stay readable whatever is sent."""

from collections.abc import Sequence

from vaebench.report.received.sent import THIS_RUN
from vaebench.report.rows.shown import Row, ShownRecord

MOST_DRAWN = 24
"""A figure shows so many rows of a data set: three panels side by side fill a screen, and no eye compares more."""

MOST_LISTED = 50
"""A table of a task's page lists so many: more make a page that no site shows as one."""

PLAIN = "vae"
"""The variant that is always among them."""


def first_rows(shown: Sequence[ShownRecord], most: int) -> list[ShownRecord]:
    """Choose the records of the first rows of each data set.

    Args:
        shown: Records of a task.
        most: How many rows of a data set.

    Returns:
        Theirs, in their order. A previewed run's rows come before all, then the plain VAE, with which readers compare,
        then the suite's own.
    """
    rows: dict[str, set[Row]] = {}
    for one in shown:
        rows.setdefault(one.dataset, set()).add(one.row)
    first = {name: set(sorted(of_data, key=rank)[:most]) for name, of_data in rows.items()}
    return [one for one in shown if one.row in first[one.dataset]]


def rank(row: Row) -> tuple[bool, bool, bool, Row]:
    """Say how early a row comes, as a key to sort by.

    Args:
        row: The row.

    Returns:
        The key.
    """
    return row.sender != THIS_RUN, bool(row.sender), row.variant != PLAIN, row
