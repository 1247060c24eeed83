"""Rank rows with their uncertainty, by bootstrap over seeds and tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaebench.claims import LEVEL, ROUNDING
from vaebench.seeds import seed_for

RESAMPLES = 4000

Population = Mapping[str, Sequence[float]]
"""A row's agreement: by task, one number for each seed."""


@dataclass(frozen=True)
class Rank:
    """The ranks a row may have.

    Attributes:
        best: 1 + the number of rows that are significantly better.
        worst: The number of rows − the number that are significantly worse.
    """

    best: int
    worst: int

    def __str__(self) -> str:
        """Print for example ``1–2``, or ``1`` if both are the same."""
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


def bootstrap_means(row: str, agreements: Population) -> NDArray[np.float64]:
    """Resample a row's mean agreement over tasks: tasks with replacement, and within each task its seeds.

    Seeds are drawn separately for each row and task. Tasks are drawn once for all rows, because rows are compared on
    the same tasks. The deviations of a resample of n seeds are too small by √((n−1)/n), and are stretched accordingly.

    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 6–8 (stratified resampling).

    Args:
        row: The row's name. Its random stream derives from it, so other rows do not change it.
        agreements: Its agreements, at least two seeds for each task.

    Returns:
        Mean agreements, shape (resamples,).

    Raises:
        ValueError: There is no task, or one has fewer than two seeds.

    Examples:
        >>> float(bootstrap_means("vae", {"isometry": [0.5, 0.5]}).std())
        0.0
    """
    if not agreements:
        raise ValueError(f"{row} has an agreement on no task; a rank needs one")
    by_task = []
    for task in sorted(agreements):
        values = np.asarray(agreements[task], dtype=np.float64)
        if len(values) < 2:
            raise ValueError(f"{row} has {len(values)} seeds on {task}; a rank needs two")
        rng = np.random.default_rng(seed_for("leaderboard", "ranks", row, task))
        drawn = values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1)
        by_task.append(values.mean() + np.sqrt(len(values) / (len(values) - 1)) * (drawn - values.mean()))
    rng = np.random.default_rng(seed_for("leaderboard", "ranks", "tasks"))
    mix = rng.integers(len(by_task), size=(RESAMPLES, len(by_task)))
    return np.asarray(np.take_along_axis(np.stack(by_task, axis=1), mix, axis=1).mean(axis=1))


def ranks(rows: Mapping[str, Population]) -> dict[str, Rank]:
    """Rank rows by mean agreement over tasks. Rows without a significant difference share ranks.

    A row is significantly better than another if the 95 % bootstrap interval of their difference lies above 0 by more
    than rounding. No third row changes that. The level is that of each pair, without a correction for many pairs.

    Two rows of one population differ significantly with these probabilities (simulated, standard error .01):

    - one task: .09 with five seeds, .13 with three. A percentile interval is too short there.
    - two tasks: .02; four tasks: .01. Resampling tasks makes it cautious.

    Args:
        rows: Agreements by row, all over the same tasks, at least two seeds for each task.

    Returns:
        A rank for each row, in the order of `rows`.

    Raises:
        ValueError: Rows have different tasks or none, or a task has fewer than two seeds.

    Examples:
        >>> good, poor = {"isometry": [0.9, 0.8]}, {"isometry": [0.1, 0.2]}
        >>> {row: str(rank) for row, rank in ranks({"vae": good, "beta_vae": poor, "same": poor}).items()}
        {'vae': '1', 'beta_vae': '2–3', 'same': '2–3'}
    """
    if len({frozenset(agreements) for agreements in rows.values()}) > 1:
        raise ValueError("rows of different tasks cannot be ranked together")
    means = {row: bootstrap_means(row, agreements) for row, agreements in rows.items()}
    better = {row: sum(_above(means[other], means[row]) for other in rows) for row in rows}
    worse = {row: sum(_above(means[row], means[other]) for other in rows) for row in rows}
    return {row: Rank(1 + better[row], len(rows) - worse[row]) for row in rows}


def _above(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    # Agreements lie between −1 and 1, so an absolute tolerance will do.
    return bool(np.quantile(one - other, 0.5 - LEVEL / 2) > ROUNDING)
