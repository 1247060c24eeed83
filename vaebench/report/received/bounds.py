"""What no honest measurement can be: a share outside 0 to 1, a negative distance, a maximum below its mean."""

import math
import re
from collections.abc import Iterator

from vaebench.claims import Column, map_entry
from vaebench.results.record import Record

ROUNDING = 1e-6
"""A number may pass its bound by so much, relatively or absolutely."""

NOISE = 4.0
"""A bound between two estimates may be missed by so many of their standard errors."""

INFINITE = math.inf

BOUNDS: tuple[tuple[str, float, float], ...] = (
    (r"(.+_)?share(_.+)?", 0, 1),
    (r"coverage_.+|(classifier|neighbour)_(beyond|far)_.+", 0, 1),
    (r"classifier_above_floor", -INFINITE, 1),
    (r"(.+_)?(accuracy|acceptance|auroc)(_.+)?", 0, 1),
    (r"mean_absolute_cosine(_.+)?", 0, 1),
    (r"alike_.+_(biased|procrustes)|null_(biased_cka|procrustes)", 0, 1),
    (r"alike_.+|null_debiased_cka", -INFINITE, 1),
    (r"(shared|exception)_.+_(biased|procrustes)", -1, 1),
    (r"(.+_)?r2(_.+)?", -INFINITE, 1),
    (r".+_spearman", -1, 1),
    (r"(.+_)?lipschitz_(mean|max)|(.+_)?mean_degree|.+_whitened_degree", 0, INFINITE),
    (r"damage_(small|medium|large)(_.+)?|attack_gain|unexplained_variance", 0, INFINITE),
    (r"importance_[0-9]+|importance_worst_error|t2_worst_deviation|t2_sd|t[12]_mean", 0, INFINITE),
    (r"active_units|linear_gap_.+|kahler_defect|potential_relative_error", 0, INFINITE),
    (r"(settling_step|functional_steps|truncation_for)_.+", 0, INFINITE),
    (r"path_roughness(_.+)?|pairwise_distance_.+|class_entropy_.+|log_volume_variance(_.+)?", 0, INFINITE),
)
"""A pattern of names, and the least and the greatest value. The first pattern that fits decides."""

_COMPILED = tuple((re.compile(pattern), low, high) for pattern, low, high in BOUNDS)


def bounds_of(name: str) -> tuple[float, float]:
    """Find the bounds of a measurement.

    Args:
        name: The measurement's name.

    Returns:
        Least and greatest value; infinite where mathematics sets none, or none is known here.

    Examples:
        >>> bounds_of("encoder_first_share"), bounds_of("density_bias")
        ((0, 1), (-inf, inf))
    """
    found = ((low, high) for pattern, low, high in _COMPILED if pattern.fullmatch(name))
    return next(found, (-INFINITE, INFINITE))


def out_of_bounds(record: Record) -> Iterator[str]:
    """Name the measurements that cannot be.

    Args:
        record: From anybody.

    Yields:
        One line each, which begins with the field.
    """
    for place, column in enumerate(record.measurements):
        if map_entry(column.name) is None:
            low, high = bounds_of(column.name)
            for seed, value in zip(column.seeds, column.values, strict=True):
                slack = ROUNDING * max(1.0, abs(value))
                if not low - slack <= value <= high + slack:
                    region = f"{low:g} to {high:g}"
                    yield f"measurements.{place}: {_of(column, seed)} is {value:.6g}, and it can only be {region}"
                    break
    yield from _out_of_order(record)


def _of(column: Column, seed: int) -> str:
    arm = "" if column.arm == "trained" else f" of the {column.arm} arm"
    at = "" if column.knob is None else f" at {column.knob:g}"
    return f"{column.name}{arm}{at} in seed {seed}"


def _out_of_order(record: Record) -> Iterator[str]:
    # Two measurements of one model of which one is never below the other.
    there = {column.place: column for column in record.measurements}
    for place, column in enumerate(record.measurements):
        smaller = _never_above(column.name)
        other = there.get((column.arm, column.knob, smaller)) if smaller else None
        if other is None:
            continue
        below = dict(zip(other.seeds, zip(other.values, other.stderrs, strict=True), strict=True))
        for seed, value, stderr in zip(column.seeds, column.values, column.stderrs, strict=True):
            if seed in below:
                least, error = below[seed]
                if value < least - NOISE * (stderr + error) - ROUNDING * max(1.0, abs(least)):
                    yield (
                        f"measurements.{place}: {_of(column, seed)} is {value:.6g}, and "
                        f"{smaller} is {least:.6g}: it is never below that"
                    )
                    break


def _never_above(name: str) -> str:
    """The measurement that is never above this one.

    Examples:
        >>> _never_above("decoder_lipschitz_max"), _never_above("density_r2")
        ('decoder_lipschitz_mean', '')
    """
    return name.removesuffix("_max") + "_mean" if name.endswith("lipschitz_max") else ""
