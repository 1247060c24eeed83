"""Tolerances that are ours, made narrower or wider: would the verdict be another one?

Some numbers in a claim come from nowhere but us: how near is near, which effect is too small to count, how far a plant
must be read. A table of verdicts at half and twice each of them is arithmetic on records. It shows which verdicts rest
on such a choice. The least Kendall's τ stays: twice it is a course without an exception.
"""

from dataclasses import replace

from vaebench.claims.arms import OutpacesArm, RoomyTrend
from vaebench.claims.claim import Claim
from vaebench.claims.conditions import Beyond, Condition, Near
from vaebench.claims.trends import Outpaces, Trend


def has_tolerance(condition: Condition) -> bool:
    """Whether a condition has a tolerance that is ours.

    Args:
        condition: The condition.

    Returns:
        False for a contrast, and for a limit at the null: both are at 0 by nature.
    """
    match condition:
        case Near() | Trend() | Outpaces() | OutpacesArm() | RoomyTrend():
            return True
        case Beyond(limit=limit, null=null):
            return limit != null
    return False


def scaled(condition: Condition, factor: float) -> Condition:
    """Make a condition's tolerance so many times as wide.

    Args:
        condition: The condition.
        factor: Above 0; above 1 lets more count as true. Of a least effect, as in a trend, it asks for a larger one.

    Returns:
        The condition. A limit moves away from the end that it is near: from the ideal, and no farther than the null; or
        from the null, and stays short of the ideal. A tolerance stays below the way
        from the target to the null.

    Examples:
        >>> scaled(Near("t2_mean", 1.0, 0.1, null=0.0), 0.5).tolerance
        0.05
        >>> scaled(Beyond("cosine", 0.1, ideal=0.0, null=0.46), 2).limit
        0.2
    """
    match condition:
        case Near(tolerance=tolerance, target=target, null=null):
            return replace(condition, tolerance=min(factor * tolerance, 0.99 * abs(null - target)))
        case Beyond(limit=limit, ideal=ideal, null=null) if abs(limit - null) < abs(limit - ideal):
            moved = null + factor * (limit - null)  # the least effect that counts
            reach = null + 0.99 * (ideal - null)
            return replace(condition, limit=min(moved, reach) if null < ideal else max(moved, reach))
        case Beyond(limit=limit, ideal=ideal, null=null) if limit != null:
            moved = ideal + factor * (limit - ideal)
            moved = max(moved, null) if null < ideal else min(moved, null)
            if condition.scale in {"share", "draws"}:  # which have no limit at 0 or 1
                moved = min(max(moved, 0.01), 0.99)
            return replace(condition, limit=moved)
        case RoomyTrend(least=least, full=full):
            return replace(condition, least=factor * least, full=max(1 - factor * (1 - full), 0.01))
        case Trend(least=least) | Outpaces(least=least) | OutpacesArm(least=least):
            return replace(condition, least=factor * least)
    return condition


def rests_on_tolerances(claim: Claim) -> bool:
    """Whether a claim has a tolerance that is ours, in a condition or in a plant.

    Args:
        claim: The claim.

    Returns:
        False where every limit is at 0 by nature.
    """
    return any(map(has_tolerance, claim.conditions)) or any(plant.least for plant in claim.plants)


def with_tolerances(claim: Claim, factor: float) -> Claim:
    """Make all of a claim's tolerances so many times as wide, and its plants' least readings.

    Args:
        claim: The claim.
        factor: See `scaled`.

    Returns:
        The claim.
    """
    return replace(
        claim,
        conditions=tuple(scaled(condition, factor) for condition in claim.conditions),
        plants=tuple(replace(plant, least=factor * plant.least) for plant in claim.plants),
    )
