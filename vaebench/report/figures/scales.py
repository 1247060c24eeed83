"""Axes that show a tolerance although one control lies far away: logarithmic, or linear near the claim only."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from vaebench.report.words.format import plain

ScaleKind = Literal["linear", "log", "symlog"]

SQUEEZED = 0.08
"""A tolerance that takes less of an axis than this is too small to be seen."""

DECADES = 30.0
"""Positive numbers that span more than this factor are drawn on a logarithmic axis."""


def kind_of(values: Sequence[float], low: float | None, high: float | None) -> ScaleKind:
    """Choose an axis.

    Args:
        values: What is drawn.
        low: Lower end of the region that a claim names, None for none.
        high: Upper end of it.

    Returns:
        ``log`` for positive numbers of several decades, ``symlog`` where the region would be squeezed, else ``linear``.

    Examples:
        >>> kind_of([0.01, 0.04, 1.75], None, 0.05), kind_of([-2.4, 0.05, 1.5], -0.1, 0.1)
        ('log', 'symlog')
        >>> kind_of([0.9, 1.2], 0.9, 1.1)
        'linear'
    """
    if not values:
        return "linear"
    ends = [*values, *(end for end in (low, high) if end is not None)]
    span = max(ends) - min(ends)
    if min(ends) > 0 and max(ends) > DECADES * min(ends):
        return "log"
    if low is not None and high is not None and high - low < SQUEEZED * span:
        return "symlog"
    return "linear"


def scale(axis: Axis, kind: ScaleKind, ends: tuple[float, float], low: float | None, high: float | None) -> None:
    """Scale an axis and set its ticks.

    Args:
        axis: Of a panel, whose limits are set already or will be.
        kind: See `kind_of`.
        ends: The limits.
        low: Lower end of the claim's region.
        high: Upper end.
    """
    if kind == "linear":
        return
    axis_name = axis.axis_name  # type: ignore[attr-defined]
    set_scale = getattr(axis.axes, f"set_{axis_name}scale")
    if kind == "log":
        set_scale("log")
        ticks = decades(*ends)
    else:
        centre, half = ((low or 0.0) + (high or 0.0)) / 2, ((high or 0.0) - (low or 0.0)) / 2
        set_scale("function", functions=_about(centre, half))
        ticks = [centre + tick for tick in _about_zero(half, ends[0] - centre, ends[1] - centre)]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([plain(tick) for tick in ticks]))
    axis.set_minor_locator(NullLocator())


def decades(low: float, high: float) -> list[float]:
    """Choose at most five powers of ten, or 1, 2 and 5 of each, within positive limits.

    Args:
        low: Lower limit.
        high: Upper limit.

    Returns:
        Ticks, rising.

    Examples:
        >>> decades(0.02, 3.0), decades(1e-6, 10.0)
        ([0.1, 1.0], [1e-06, 0.0001, 0.01, 1.0])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [float(f"1e{power}") for power in powers if low <= float(f"1e{power}") <= high]
    if len(ticks) < 2:
        fine = (float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5))
        ticks = [tick for tick in fine if low <= tick <= high]
    return ticks[:: max(1, math.ceil(len(ticks) / 4))]


def _about(centre: float, half: float) -> tuple[Any, Any]:
    """The scale sinh⁻¹((x − centre)/half): linear near the claim, logarithmic far away; and its inverse."""

    def forward(x: Any) -> Any:
        return np.arcsinh((np.asarray(x, float) - centre) / half)

    def backward(y: Any) -> Any:
        return centre + half * np.sinh(np.clip(y, -60, 60))

    return forward, backward


def _about_zero(half: float, low: float, high: float) -> list[float]:
    """Ticks of that scale: nought, and one or two far numbers on each side."""
    sides = []
    for sign, end in ((-1.0, -low), (1.0, high)):
        found = decades(1.5 * half, end) if end > 3 * half else []
        sides.append([sign * tick for tick in found if tick > 1.5 * half][-2:])
    return sorted([*sides[0], 0.0, *sides[1]])
