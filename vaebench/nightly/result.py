"""What a night is to do, and what it came to."""

from dataclasses import dataclass
from pathlib import Path

from vaebench.nightly.cells import Where
from vaebench.nightly.judge import Judged
from vaebench.results.record import Environment, Record


@dataclass(frozen=True)
class Plan:
    """What a night is to do.

    Attributes:
        where: On what cells run.
        budget: Seconds.
        folder: Of the references.
        checkout: Of the code, for runs of other revisions.
        records: Committed records, for the rotation.
        day: Number of the night.
        against: A commit whose code is run beside today's, instead of the stored references.
        tasks: The only tasks that are run; empty for a whole night.
    """

    where: Where
    budget: float
    folder: Path
    checkout: Path
    records: tuple[Record, ...] = ()
    day: int = 0
    against: str | None = None
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What a night came to.

    Attributes:
        records: Every record that was expected, or is there beside.
        rotated: The standard cells that had their turn.
        troubles: One line for all else that speaks against the night.
        notes: One line for what does not, and should be known.
        seconds: How long it took.
        date: When it ended.
        commit: Of today's code.
        reference: Of the code that the numbers were compared with.
        environment: Where it ran; None if nothing ran.
    """

    records: tuple[Judged, ...]
    rotated: tuple[Judged, ...]
    troubles: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float
    date: str
    commit: str | None
    reference: str | None
    environment: Environment | None

    @property
    def readings(self) -> int:
        """Number of readings that were compared."""
        return sum(one.readings for one in (*self.records, *self.rotated))

    @property
    def green(self) -> bool:
        """Whether all that was expected was compared, and nothing moved."""
        compared = sum(one.readings for one in self.records)
        return bool(compared) and not self.troubles and all(one.good for one in (*self.records, *self.rotated))
