"""What is bought with what: measurements of several ways to do one thing, to be looked at against each other."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tradeoff:
    """A picture that a task asks for beside its verdicts: one measurement against another, along a course of ways.

    A measurement of a way is named ``<measurement>_<way>``.

    Attributes:
        measurements: What is paid with, a colour each.
        against: What it buys.
        course: Ways that are points of one curve, in its order.
        compared: The way that is held against the curve.
        course_says: What the curve is, in a few words.
        compared_says: What is held against it, likewise.
    """

    measurements: tuple[str, ...]
    against: str
    course: tuple[str, ...]
    compared: str
    course_says: str
    compared_says: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all the measurements that are drawn."""
        ways = (*self.course, self.compared)
        return tuple(f"{what}_{way}" for what in (*self.measurements, self.against) for way in ways)
