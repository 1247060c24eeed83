"""How useful a side is by step, from losses to a lead: pure arithmetic on the two curves."""

import math
from collections.abc import Sequence
from itertools import accumulate


def usefulness(losses: Sequence[float], zero: float, target: float) -> list[float]:
    """Share of what can be gained that a side has reached, by snapshot.

    A(t) = max over s ≤ t of clip((zero − L(s))/(zero − target), 0, 1). What was reached once stays reached: late in
    training held-out losses can rise by overfitting.

    Args:
        losses: L by snapshot, in nats.
        zero: Loss at which nothing is gained.
        target: Loss at which all is gained, below `zero`.

    Returns:
        The shares, rising from 0 to 1.

    Raises:
        ValueError: The target is not below the zero.

    Examples:
        >>> usefulness([12.0, 8.0, 9.0, 5.0], zero=10, target=6)
        [0.0, 0.5, 0.5, 1.0]
    """
    if not target < zero:
        raise ValueError(f"something can be gained: the target {target} is not below {zero}")
    shares = (min(1.0, max(0.0, (zero - loss) / (zero - target))) for loss in losses)
    return list(accumulate(shares, max))


def area_lead(steps: Sequence[int], encoder: Sequence[float], decoder: Sequence[float]) -> float:
    """Lead of the encoder in decades: ∫(A_enc − A_dec) d log₁₀(1 + t), by trapezoids.

    If one curve is the other, ten times earlier, it is 1. This is exact for curves that are linear between snapshots in
    that time.

    Args:
        steps: Steps of the snapshots, rising.
        encoder: A_enc at each.
        decoder: A_dec at each.

    Returns:
        The lead, above 0 where the encoder is earlier.

    Examples:
        >>> area_lead([0, 9, 99], [0, 1, 1], [0, 0, 1])
        1.0
    """
    times = _times(steps)
    gaps = [one - other for one, other in zip(encoder, decoder, strict=True)]
    return math.fsum((gaps[i] + gaps[i + 1]) / 2 * (times[i + 1] - times[i]) for i in range(len(times) - 1))


def time_reached(steps: Sequence[int], shares: Sequence[float], level: float) -> float | None:
    """Time at which a level is reached, in decades: log₁₀(1 + t), interpolated linearly between snapshots.

    Args:
        steps: Steps of the snapshots, rising.
        shares: A at each; it never falls.
        level: The level.

    Returns:
        The time; that of the first snapshot if it is reached there; None if it is never reached.

    Examples:
        >>> time_reached([0, 9, 99], [0.0, 0.25, 0.75], 0.5), time_reached([0, 9], [0.0, 0.3], 0.5)
        (1.5, None)
    """
    times = _times(steps)
    after = next((place for place, share in enumerate(shares) if share >= level), None)
    if not after:
        return None if after is None else times[0]
    way = (level - shares[after - 1]) / (shares[after] - shares[after - 1])
    return times[after - 1] + way * (times[after] - times[after - 1])


def _times(steps: Sequence[int]) -> list[float]:
    return [math.log10(1 + step) for step in steps]
