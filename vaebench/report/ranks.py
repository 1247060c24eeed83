"""Rank rows with their uncertainty: bootstrap over seeds and tasks, printed as intervals of ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaebench.claims import LEVEL, ROUNDING
from vaebench.seeds import seed_for

RESAMPLES = 4000

Population = Mapping[str, Sequence[float]]
"""A row's scores: by task, one a seed."""


@dataclass(frozen=True)
class Rank:
    """The ranks a row may have.

    Attributes:
        best: One more than the number of rows that are told to be better.
        worst: The number of rows that are not told to be worse, itself included.
    """

    best: int
    worst: int

    def __str__(self) -> str:
        """Print for example ``1–2``, or ``1`` where there is one."""
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


def bootstrap_means(row: str, scores: Population) -> NDArray[np.float64]:
    """Resample a row's mean score over tasks: tasks with replacement, and within each task its seeds.

    Seeds are drawn for each row and task apart, tasks for all rows together, as rows are compared on the same mix of
    tasks. The deviations of a resample of n seeds vary too little by √((n−1)/n) and are stretched by as much.

    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 6–8 (stratified resampling).

    Args:
        row: The row's name; its random stream derives from it, so that other rows do not touch it.
        scores: Its scores, at least two seeds a task.

    Returns:
        Mean scores, shape (resamples,).

    Raises:
        ValueError: There is no task, or one has fewer than two seeds.

    Examples:
        >>> float(bootstrap_means("vae", {"isometry": [0.5, 0.5]}).std())
        0.0
    """
    if not scores:
        raise ValueError(f"{row} has scores on no task; a rank needs one")
    by_task = []
    for task in sorted(scores):
        values = np.asarray(scores[task], dtype=np.float64)
        if len(values) < 2:
            raise ValueError(f"{row} has {len(values)} seeds on {task}; a rank needs two")
        rng = np.random.default_rng(seed_for("leaderboard", "ranks", row, task))
        drawn = values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1)
        by_task.append(values.mean() + np.sqrt(len(values) / (len(values) - 1)) * (drawn - values.mean()))
    rng = np.random.default_rng(seed_for("leaderboard", "ranks", "tasks"))
    mix = rng.integers(len(by_task), size=(RESAMPLES, len(by_task)))
    return np.asarray(np.take_along_axis(np.stack(by_task, axis=1), mix, axis=1).mean(axis=1))


def ranks(rows: Mapping[str, Population]) -> dict[str, Rank]:
    """Rank rows by mean score over tasks; rows that cannot be told apart share ranks.

    One row is told to be better than another when the 95 % bootstrap interval of their difference lies above 0 by more
    than rounding. That depends on no third row. The level is each pair's own, not corrected for how many pairs there
    are. Two rows of one population are told apart (simulated, standard error .01) in .09 of boards of one task with
    five seeds and .13 with three, where a percentile is no match for Student's t; in .02 of boards of two tasks and .01
    of four, where the mix of tasks makes it cautious.

    Args:
        rows: Scores by row, all over the same tasks, at least two seeds a task.

    Returns:
        A rank a row, in the order of `rows`.

    Raises:
        ValueError: Rows have different tasks or none, or a task has fewer than two seeds.

    Examples:
        >>> good, poor = {"isometry": [0.9, 0.8]}, {"isometry": [0.1, 0.2]}
        >>> {row: str(rank) for row, rank in ranks({"vae": good, "beta_vae": poor, "same": poor}).items()}
        {'vae': '1', 'beta_vae': '2–3', 'same': '2–3'}
    """
    if len({frozenset(scores) for scores in rows.values()}) > 1:
        raise ValueError("rows of different tasks cannot be ranked together")
    means = {row: bootstrap_means(row, scores) for row, scores in rows.items()}
    better = {row: sum(_above(means[other], means[row]) for other in rows) for row in rows}
    worse = {row: sum(_above(means[row], means[other]) for other in rows) for row in rows}
    return {row: Rank(1 + better[row], len(rows) - worse[row]) for row in rows}


def _above(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    # Scores are of order 1: agreements, from −1 to 1.
    return bool(np.quantile(one - other, 0.5 - LEVEL / 2) > ROUNDING)
