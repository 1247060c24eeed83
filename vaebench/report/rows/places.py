"""Place rows on one task and data set: intervals with ties, compared pair by pair on the claims that both have.

Nothing is imputed, and nothing is averaged over different sets of claims. Two rows without a common claim are not
compared. One row is better than another if the mean agreement of their seeds differs significantly. The test is
Welch's, two-sided at 5 %, with the degrees of freedom of the row with fewer seeds, which is cautious. The level is that
of each pair, without a correction for many pairs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaebench.claims import LEVEL, ROUNDING

Agreements = Mapping[str, Mapping[int, float]]
"""A row's agreement: by claim and seed."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Place:
    """The places that a row may have.

    Attributes:
        best: 1 + the number of rows that are significantly better.
        worst: The number of rows − the number that are significantly worse.
    """

    best: int
    worst: int

    def __str__(self) -> str:
        """Print for example ``1–2``, or ``1`` if both are the same."""
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


def places(rows: Mapping[str, Agreements]) -> dict[str, Place]:
    """Place rows by mean agreement over the claims that each pair has in common.

    Rows with the same claims are compared at once, as arrays.

    Args:
        rows: By row, the agreement by claim and seed. Each row has two seeds or more with all of its claims.

    Returns:
        A place for each row, in the order of `rows`.

    Raises:
        ValueError: A row has no claim, or fewer than two seeds.

    Examples:
        >>> good, poor = {"falls": {0: 0.9, 1: 0.8}}, {"falls": {0: 0.1, 1: 0.2}}
        >>> {row: str(place) for row, place in places({"vae": good, "beta_vae": poor, "same": poor}).items()}
        {'vae': '1–3', 'beta_vae': '1–3', 'same': '1–3'}
        >>> many = {seed: 0.9 + seed / 1000 for seed in range(5)}
        >>> few = {seed: 0.1 + seed / 1000 for seed in range(5)}
        >>> {row: str(place) for row, place in places({"vae": {"falls": many}, "beta_vae": {"falls": few}}).items()}
        {'vae': '1', 'beta_vae': '2'}
    """
    by_claims: dict[frozenset[str], list[str]] = {}
    for row, agreements in rows.items():
        if not agreements or len(_by_seed(agreements, agreements)) < 2:
            raise ValueError(f"{row} has {len(agreements)} claims; a place needs one, and two seeds that have all")
        by_claims.setdefault(frozenset(agreements), []).append(row)
    better, worse = dict.fromkeys(rows, 0), dict.fromkeys(rows, 0)
    kinds = sorted(by_claims, key=sorted)
    for ours in kinds:
        for theirs in kinds:
            common = ours & theirs
            if common:
                above = _above(_summary(rows, by_claims[theirs], common), _summary(rows, by_claims[ours], common))
                for row, count in zip(by_claims[ours], above, strict=True):
                    better[row] += int(count)
                below = _above(_summary(rows, by_claims[theirs], common), _summary(rows, by_claims[ours], common), -1)
                for row, count in zip(by_claims[ours], below, strict=True):
                    worse[row] += int(count)
    return {row: Place(1 + better[row], len(rows) - worse[row]) for row in rows}


def compared(one: Agreements, other: Agreements) -> int | None:
    """Compare two rows as `places` does.

    Args:
        one: The first row's agreement by claim and seed.
        other: The second row's.

    Returns:
        1 if the first is significantly better, −1 if it is worse, 0 if they cannot be told apart; None without a claim
        in common, or with fewer than two seeds.
    """
    common = one.keys() & other.keys()
    if not common or any(len(_by_seed(row, common)) < 2 for row in (one, other)):
        return None
    summaries = [_summary({"row": row}, ["row"], common) for row in (one, other)]
    below, above = _above(summaries[1], summaries[0], -1), _above(summaries[1], summaries[0])
    return int(below[0]) - int(above[0])


def _by_seed(agreements: Agreements, claims: Iterable[str]) -> list[float]:
    """Mean over claims of each seed that has all of them."""
    chosen = [agreements[claim] for claim in claims]
    shared = set.intersection(*(set(one) for one in chosen)) if chosen else set()
    return [sum(one[seed] for one in chosen) / len(chosen) for seed in sorted(shared)]


def _summary(rows: Mapping[str, Agreements], names: Sequence[str], claims: Iterable[str]) -> tuple[Floats, ...]:
    """Mean, squared standard error and degrees of freedom of some rows."""
    ordered = sorted(claims)
    values = [np.asarray(_by_seed(rows[name], ordered)) for name in names]
    means = np.array([one.mean() for one in values])
    squared = np.array([one.var(ddof=1) / len(one) if len(one) > 1 else np.inf for one in values])
    return means, squared, np.array([float(max(len(one) - 1, 1)) for one in values])


def _above(others: Sequence[Floats], ours: Sequence[Floats], sign: int = 1) -> NDArray[np.int64]:
    """Count for each of our rows the others that lie significantly above it; below it with the sign −1."""
    from scipy.special import stdtrit

    means, squared, freedom = others
    counts = np.zeros(len(ours[0]), dtype=np.int64)
    needed = {one: float(stdtrit(one, 0.5 + LEVEL / 2)) for one in {*freedom.tolist(), *ours[2].tolist()}}
    theirs = np.array([needed[one] for one in freedom.tolist()])
    for place, (mean, own, free) in enumerate(zip(*ours, strict=True)):
        limit = np.maximum(theirs, needed[float(free)])  # t falls with the degrees of freedom
        with np.errstate(invalid="ignore"):
            far = sign * (means - mean) > limit * np.sqrt(squared + own) + ROUNDING
        counts[place] = np.count_nonzero(far)
    return counts
