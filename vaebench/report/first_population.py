"""The first population of records: what it said, and how far the present one says the same.

The protocols have changed since, so its records are gone. Their verdicts are kept in a table, judged at both levels by
the conditions of that time. A finding may ask for them, and a page holds them against the verdicts of today.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from vaebench.claims import VerdictWord
from vaebench.mistakes import Mistake

FILE = "first_population.csv"
"""The table's name in the folder of reference results."""

COLUMNS = ("task", "version", "variant", "network", "dataset", "claim", "published", "controlled", "decided_by")


@dataclass(frozen=True)
class Before:
    """A verdict of the first population.

    Attributes:
        task: The task's name.
        claim: The claim's id of that time.
        network: The network.
        dataset: The data set.
        published: Its word as published.
        controlled: Its word under controls.
    """

    task: str
    claim: str
    network: str
    dataset: str
    published: VerdictWord
    controlled: VerdictWord


def first_population(path: Path) -> tuple[Before, ...]:
    """Read the table.

    Args:
        path: The file. One that is not there has no verdicts.

    Returns:
        Its verdicts.

    Raises:
        Mistake: The file is not such a table.
    """
    if not path.is_file():
        return ()
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise Mistake(f"{path}: its columns are {', '.join(COLUMNS)}")
        found = []
        for number, row in enumerate(rows, 2):
            if not {row["published"], row["controlled"]} <= set(get_args(VerdictWord)):
                raise Mistake(f"{path}, line {number}: a verdict is one of {', '.join(get_args(VerdictWord))}")
            words: list[VerdictWord] = [row["published"], row["controlled"]]  # type: ignore[list-item]
            found.append(Before(row["task"], row["claim"], row["network"], row["dataset"], *words))
    return tuple(found)
