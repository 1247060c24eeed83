"""How often ``holds`` is said at the edge of what is claimed, by simulation; run it to print the table of `claims`.

Each kind of condition puts one number a seed to a test. Here that number is drawn from a shape, with the population's
own mean (its geometric mean on the logarithmic scale) at the edge of the region, where ``holds`` is an error.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special, stats

from vaebench.claims.trends import LEAST, LEAST_TAU

Array = NDArray[np.float64]

KNOBS = 6
"""Knob values of a simulated course."""


@dataclass(frozen=True)
class Shape:
    """A distribution over seeds.

    Attributes:
        draw: Draws numbers of a shape that is asked for.
        mean: Its mean.
        median: Its median.
        geometric: Its geometric mean, None where it has negative numbers.
        sd: Its standard deviation, about.
    """

    draw: Callable[[np.random.Generator, tuple[int, ...]], Array]
    mean: float
    median: float
    geometric: float | None = None
    sd: float = 1.0


def _log_normal(s: float) -> Shape:
    return Shape(lambda rng, size: np.exp(s * rng.standard_normal(size)), np.exp(s * s / 2), 1.0, 1.0, sd=3.0)


def _largest_of_three() -> Shape:
    def density(x: float) -> float:
        return float(3 * (2 * special.ndtr(x) - 1) ** 2 * 2 * stats.norm.pdf(x))

    mean = integrate.quad(lambda x: x * density(x), 0, 12)[0]
    logarithm = integrate.quad(lambda x: np.log(x) * density(x), 0, 12)[0]
    median = float(special.ndtri((1 + 0.5 ** (1 / 3)) / 2))
    return Shape(
        lambda rng, size: np.abs(rng.standard_normal((*size, 3))).max(-1), mean, median, float(np.exp(logarithm))
    )


SHAPES: Mapping[str, Shape] = {
    "normal": Shape(lambda rng, size: rng.standard_normal(size), 0.0, 0.0),
    "t, 3 d.f.": Shape(lambda rng, size: rng.standard_t(3, size), 0.0, 0.0),
    "beta(2, 8)": Shape(
        lambda rng, size: rng.beta(2, 8, size),
        *(0.2, float(stats.beta.median(2, 8)), float(np.exp(special.digamma(2) - special.digamma(10)))),
    ),
    "largest of 3": _largest_of_three(),
    "log-normal .5": _log_normal(0.5),
    "log-normal 1": _log_normal(1.0),
}


def ends(values: Array) -> tuple[Array, Array]:
    """Ends of the 95 % t-interval of each row."""
    n = values.shape[1]
    half = stats.t.ppf(0.975, n - 1) * values.std(1, ddof=1) / np.sqrt(n)
    return values.mean(1) - half, values.mean(1) + half


def below(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Beyond`, at a limit that the population's mean lies at, which the claim has it below."""
    return ends(shape.draw(rng, size))[1] < shape.mean


def median(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """The same interval, with the population's median at the limit: how far it speaks of the typical seed."""
    return ends(shape.draw(rng, size))[1] < shape.median


def above(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Beyond`, the other way."""
    return ends(shape.draw(rng, size))[0] > shape.mean


def near(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Near`, the mean at its upper edge, ten of the shape's standard deviations above the lower one."""
    low, high = ends(shape.draw(rng, size))
    return (high < shape.mean) & (low > shape.mean - 10 * shape.sd)


def exceeds(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Exceeds`, measurement and control of one shape and independent."""
    return ends(shape.draw(rng, size) - shape.draw(rng, size))[0] > 0


def logarithmic(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Beyond` with ``scale="log"``, the geometric mean at the limit."""
    assert shape.geometric is not None
    return ends(np.log(shape.draw(rng, size)))[1] < np.log(shape.geometric)


def logarithmic_fails(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """The same, and how often it says ``fails``, at most: beside other quantities the interval is wider."""
    assert shape.geometric is not None
    return ends(np.log(shape.draw(rng, size)))[0] > np.log(shape.geometric)


def trend(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Trend`, straight courses: the mean log-ratio at its edge, so that a seed falls or rises at all knob values."""
    changes = shape.draw(rng, size) - shape.mean - LEAST
    taus = np.sign(changes)
    return (ends(changes)[1] < -LEAST) & (ends(taus)[1] < 0) & (taus.mean(1) < -LEAST_TAU)


def outpaces(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Outpaces`, both measurements flat but for noise of the shape at each knob value; the mean lead at its edge."""

    return ends(_leads(shape, rng, size))[0] > _mean_lead(shape)


def _leads(shape: Shape, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
    one = shape.draw(rng, (*size, 2))
    other = shape.draw(rng, (*size, KNOBS))
    return one[..., 0] - one[..., 1] - np.abs(other[..., 1:] - other[..., :1]).max(-1)


def outpaces_arm(shape: Shape, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`OutpacesArm`, both arms flat but for noise of the shape at either end; the mean difference at its edge of 0."""
    ends_of_both = shape.draw(rng, (*size, 2, 2))
    falls = ends_of_both[..., 0] - ends_of_both[..., 1]
    return ends(falls[..., 0] - falls[..., 1])[0] > 0


@cache
def _mean_lead(shape: Shape) -> float:
    return float(_leads(shape, np.random.default_rng(0), (400_000,)).mean())


KINDS: Mapping[str, Callable[[Shape, np.random.Generator, tuple[int, int]], Array]] = {
    "below": below,
    "median": median,
    "above": above,
    "near": near,
    "exceeds": exceeds,
    "outpaces": outpaces,
    "outpaces arm": outpaces_arm,
    "trend": trend,
    "log": logarithmic,
    "log fails": logarithmic_fails,
}


def rate(kind: str, shape: str, seeds: int, runs: int) -> float | None:
    """How often a kind says ``holds`` at the edge; None where it has no meaning for a shape."""
    if kind.startswith("log") and SHAPES[shape].geometric is None:
        return None
    rng = np.random.default_rng([list(KINDS).index(kind), list(SHAPES).index(shape), seeds, runs])
    return float(KINDS[kind](SHAPES[shape], rng, (runs, seeds)).mean())


def written(found: float | None) -> str:
    """Write a rate as the table does."""
    return "–" if found is None else f"{found:.3f}".removeprefix("0")


EFFECTS = (0.5, 1.0, 1.5, 2.0, 3.0)
"""How far the true value lies inside the region, in standard deviations over seeds."""


def one(effect: float, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Beyond`, `Exceeds`, `Outpaces` and the logarithmic scale: one number a seed, normal."""
    return ends(effect + rng.standard_normal(size))[0] > 0


def near_by(effect: float, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Near`, the true value at the target, and a tolerance of so many standard deviations."""
    low, high = ends(rng.standard_normal(size))
    return (low > -effect) & (high < effect)


def falling(effect: float, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """`Trend`, straight courses: a seed that falls does so at all knob values."""
    changes = -LEAST - effect + rng.standard_normal(size)
    taus = np.sign(changes)
    return (ends(changes)[1] < -LEAST) & (ends(taus)[1] < 0) & (taus.mean(1) < -LEAST_TAU)


def all_of(count: int) -> Callable[[float, np.random.Generator, tuple[int, int]], Array]:
    """A claim of so many independent statistics, each as far inside its region."""

    def every(effect: float, rng: np.random.Generator, size: tuple[int, int]) -> Array:
        return np.logical_and.reduce([one(effect, rng, size) for _ in range(count)])

    return every


CONDITIONS: Mapping[str, Callable[[float, np.random.Generator, tuple[int, int]], Array]] = {
    "one statistic": one,
    "near": near_by,
    "trend": falling,
    "all of 2": all_of(2),
    "all of 4": all_of(4),
    "all of 12": all_of(12),
}


def power(condition: str, effect: float, seeds: int, runs: int) -> float:
    """How often a condition holds where it is true."""
    rng = np.random.default_rng([list(CONDITIONS).index(condition), EFFECTS.index(effect), seeds, runs])
    return float(CONDITIONS[condition](effect, rng, (runs, seeds)).mean())


def tables() -> str:
    """Write the tables of `claims` as Markdown."""
    parts = []
    for seeds in (5, 3):
        lines = [[f"{seeds} seeds", *KINDS], ["---"] * (len(KINDS) + 1)]
        lines += [[name, *(written(rate(kind, name, seeds, 400_000)) for kind in KINDS)] for name in SHAPES]
        parts.append(lines)
    for seeds in (5, 10):
        lines = [[f"power, {seeds} seeds", *(f"{effect:g} sd" for effect in EFFECTS)], ["---"] * (len(EFFECTS) + 1)]
        lines += [[name, *(f"{power(name, effect, seeds, 100_000):.2f}" for effect in EFFECTS)] for name in CONDITIONS]
        parts.append(lines)
    return "\n\n".join("\n".join(f"| {' | '.join(line)} |" for line in lines) for lines in parts)


if __name__ == "__main__":
    sys.stdout.write(tables() + "\n")
