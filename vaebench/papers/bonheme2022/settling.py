"""When a layer has settled: from its likeness to its end, by snapshot, to a time."""

import math
from collections.abc import Sequence

from vaebench.kernels.estimate import Undefined

LEVEL = 0.9
"""Likeness to its end at which a layer counts as settled."""

STILL = 0.01
"""Mean way, in likeness, below which a side has not moved. It has no settling time."""


def settling_time(steps: Sequence[int], likeness: Sequence[float]) -> float:
    """Time after which a layer is like its end for good, in decades of steps.

    It is like its end if the likeness is at least `LEVEL`. The time is log₁₀(1 + t), so that step 0 has one. After the
    last snapshot below the level, likeness is interpolated linearly in that time. The error is never larger than the
    interval between those two snapshots.

    Args:
        steps: Steps of the snapshots, rising.
        likeness: Likeness to the last of them.

    Returns:
        The time. Where the likeness is never below the level, that of the first snapshot.

    Raises:
        ValueError: The last likeness is below the level. It should be that of the end to itself.

    Examples:
        >>> settling_time([0, 9, 99], [0.0, 0.8, 1.0])
        1.5
    """
    if likeness[-1] < LEVEL:
        raise ValueError(f"the end is like itself, its likeness is 1, not {likeness[-1]}")
    times = [math.log10(1 + step) for step in steps]
    below = [place for place, value in enumerate(likeness) if value < LEVEL]
    if not below:
        return times[0]
    last = below[-1]
    share = (LEVEL - likeness[last]) / (likeness[last + 1] - likeness[last])
    return times[last] + share * (times[last + 1] - times[last])


def share_of_the_way(likeness: Sequence[float]) -> list[float]:
    """Share of the way to its end that a layer has gone: (s − s₀)/(1 − s₀).

    Here s₀ is the likeness of the first snapshot.

    Args:
        likeness: Likeness to the end, by snapshot.

    Returns:
        The shares; all 1 for a layer that had no way to go.

    Examples:
        >>> share_of_the_way([0.5, 0.75, 1.0])
        [0.0, 0.5, 1.0]
    """
    first = likeness[0]
    return [1.0 if first >= 1 else (value - first) / (1 - first) for value in likeness]


def lead(encoder: Sequence[float], decoder: Sequence[float]) -> float:
    """Lead of the encoder in decades: mean time of the decoder's layers minus that of the encoder's.

    Args:
        encoder: Settling times of the encoder's hidden layers.
        decoder: Settling times of the decoder's.

    Returns:
        The lead, above 0 where the encoder settles first.
    """
    return sum(decoder) / len(decoder) - sum(encoder) / len(encoder)


def corrected_lead(
    steps: Sequence[int], encoder: Sequence[Sequence[float]], decoder: Sequence[Sequence[float]]
) -> float:
    """Lead of the encoder in decades, on the share of the way since the first snapshot.

    Each layer is weighted by its whole way, 1 − s₀. Without weights a layer that starts near its end would decide. It
    reaches nine tenths of its small way only when its last drift ends.

    Args:
        steps: Steps of the snapshots, rising.
        encoder: Likeness to their ends of the encoder's hidden layers, by snapshot.
        decoder: The same of the decoder's.

    Returns:
        The lead.

    Raises:
        Undefined: A side's mean way is below `STILL`.
    """
    means = []
    for side, layers in (("encoder", encoder), ("decoder", decoder)):
        ways = [max(0.0, 1 - likeness[0]) for likeness in layers]
        if sum(ways) < STILL * len(layers):
            raise Undefined(f"the {side}'s hidden layers are from the first what they are at the end")
        times = [settling_time(steps, share_of_the_way(likeness)) for likeness in layers]
        means.append(sum(way * time for way, time in zip(ways, times, strict=True)) / sum(ways))
    return means[1] - means[0]


def least_lead(encoder: Sequence[float], decoder: Sequence[float]) -> float:
    """Least lead in decades of an encoder's layer over the decoder's at equal depth.

    Depth is the distance from the data, or that from the code. In networks of equal depth the two pairings are one.
    Then the *mean* over pairs is `lead` itself, and a time that depends on depth alone gives 0. Depth can still hide
    one pair that runs the other way.

    Args:
        encoder: Settling times of the encoder's hidden layers, from the data on.
        decoder: Settling times of the decoder's, from the code on.

    Returns:
        The least lead.
    """
    from_data = zip(encoder, reversed(decoder), strict=False)
    from_code = zip(reversed(encoder), decoder, strict=False)
    return min(later - earlier for pairs in (from_data, from_code) for earlier, later in pairs)
