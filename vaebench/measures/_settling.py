"""When a layer has settled: from its likeness to its own end, by snapshot, to a time."""

import math
from collections.abc import Sequence

from vaebench.kernels.estimate import Undefined

LEVEL = 0.9
"""Likeness to its end from which on a layer counts as settled."""

STILL = 0.99
"""Likeness of beginning and end from which on a layer has learned nothing, and what it learned settles at no time."""


def settling_time(steps: Sequence[int], likeness: Sequence[float]) -> float:
    """Time after which a layer's likeness to its end is at least `LEVEL` for good, in decades of steps.

    log₁₀(1 + t), so that step 0 has a time; between the last snapshot below the level and the next the likeness is
    taken as linear in it. Never off by more than the way between those two snapshots.

    Args:
        steps: Steps of the snapshots, rising.
        likeness: Likeness to the last of them.

    Returns:
        The time; that of the first snapshot where the likeness is never below the level.

    Raises:
        ValueError: The last likeness is below the level: it should be that of the end to itself.

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


def corrected(likeness: Sequence[float]) -> list[float] | None:
    """Likeness as the share of the way that a layer has gone since the first snapshot: (s − s₀)/(1 − s₀).

    Args:
        likeness: Likeness to the end, by snapshot.

    Returns:
        The shares; None for a layer that is like its end from the first, see `STILL`.

    Examples:
        >>> corrected([0.5, 0.75, 1.0]), corrected([0.995, 1.0])
        ([0.0, 0.5, 1.0], None)
    """
    first = likeness[0]
    return None if first >= STILL else [(value - first) / (1 - first) for value in likeness]


def lead(encoder: Sequence[float], decoder: Sequence[float]) -> float:
    """Lead of the encoder in decades: mean time of the decoder's layers minus that of the encoder's.

    Args:
        encoder: Settling times of the encoder's hidden layers.
        decoder: Those of the decoder's.

    Returns:
        The lead, above 0 where the encoder settles first.

    Raises:
        Undefined: A side has no layer.
    """
    if not encoder or not decoder:
        raise Undefined("no hidden layer of the encoder, or none of the decoder, moved in training")
    return sum(decoder) / len(decoder) - sum(encoder) / len(encoder)


def least_lead(encoder: Sequence[float], decoder: Sequence[float]) -> float:
    """Least lead in decades of an encoder's layer over the decoder's at the same distance from the data, or the code.

    In networks of equal depth both pairings are one, and the *mean* over pairs is `lead` itself: a time that depended
    on depth alone would give 0 either way, and what depth can still hide is one pair that runs the other way.

    Args:
        encoder: Settling times of the encoder's hidden layers, from the data to the code.
        decoder: Those of the decoder's, from the code to the data.

    Returns:
        The lead of the worst pair.
    """
    from_data = zip(encoder, reversed(decoder), strict=False)
    from_code = zip(reversed(encoder), decoder, strict=False)
    return min(later - earlier for pairs in (from_data, from_code) for earlier, later in pairs)
