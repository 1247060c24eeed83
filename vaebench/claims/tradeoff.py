"""What is bought with what: readings of several ways to do one thing, to be looked at against each other."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tradeoff:
    """A picture that a task asks for beside its verdicts: one reading against another, along a course of ways.

    A reading of a way is named ``<reading>_<way>``.

    Attributes:
        readings: What is paid with, a colour each.
        against: What it buys.
        course: Ways that are points of one curve, in its order.
        beside: The way that is held against the curve.
        course_says: What the curve is, in a few words.
        beside_says: What is held against it, likewise.
    """

    readings: tuple[str, ...]
    against: str
    course: tuple[str, ...]
    beside: str
    course_says: str
    beside_says: str
