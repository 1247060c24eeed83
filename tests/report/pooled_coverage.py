"""Simulate how often the intervals of `vaebench.report.rows.pooled` cover, and print the table of its page.

Run by hand: ``python tests/report/pooled_coverage.py``.
"""

import math
import sys

import numpy as np
from scipy.special import ndtr

from vaebench.report.rows.pooled import pooled

SEEDS, UNEVEN = 5, 3.0


def coverage(k, tau, uneven, runs, rng):
    """Share of runs in which the mean's interval covers it, and mean share of new variants that the other covers."""
    mean = new = 0.0
    widest = math.log(UNEVEN) if uneven else 0.0
    for _ in range(runs):
        spreads = np.exp(rng.uniform(-widest, widest, k))
        seen = rng.normal(0, tau, k)[:, None] + spreads[:, None] * rng.normal(size=(k, SEEDS))
        found = pooled(seen.mean(axis=1).tolist(), (seen.var(axis=1, ddof=1) / SEEDS).tolist())
        mean += (found.low < 0 < found.high) / runs
        new += float(ndtr(found.new_high / tau) - ndtr(found.new_low / tau)) / runs
    return mean, new


def main(runs=2000):
    """Print the table."""
    rng = np.random.default_rng(0)
    heads = [f"τ = {tau:g}, {how}" for tau in (0.3, 1, 3) for how in ("even", "uneven")]
    lines = ["| variants | " + " | ".join(heads) + " |", "| --- " * (len(heads) + 1) + "|"]
    for k in (4, 6, 12):
        cells = [coverage(k, tau, uneven, runs, rng) for tau in (0.3, 1.0, 3.0) for uneven in (False, True)]
        lines.append(f"| {k} | " + " | ".join(f"{mean:.2f} / {new:.2f}" for mean, new in cells) + " |")
    sys.stdout.write("\n".join(lines).replace("0.9", ".9").replace("0.8", ".8") + "\n")


if __name__ == "__main__":
    main()
