"""What a person who chooses a variant wants to know of it, and which measurements say it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Given:
    """A thing that a variant gives.

    Attributes:
        name: What it is called.
        better: Which way is better; empty for neither.
        says: What it is, in a sentence.
        sources: Tasks and measurements; the first that a record has counts. With a knob it is read at its lowest value.
        dataset: On which data set.
    """

    name: str
    better: Literal["↓", "↑", ""]
    says: str
    sources: tuple[tuple[str, str], ...]
    dataset: str = "digits"

    @property
    def head(self) -> str:
        """Its name as a column's head, with an arrow that says which way is better."""
        return f"{self.name} {self.better}".rstrip()

    @property
    def measurements(self) -> tuple[str, ...]:
        """The measurements that say it, whatever the task."""
        return tuple(dict.fromkeys(name for _, name in self.sources))


VARIANCE = "camuto2021_variance_frequency"
SAMPLING, ISOMETRY = "gracyk2025_kahler_sampling", "nakagawa2021_posterior_isometry"

GIVEN = (
    Given(
        "Unexplained variance",
        "↓",
        "share of the data's variance that the reconstruction misses",
        ((SAMPLING, "unexplained_variance"),),
    ),
    Given(
        "Prior outliers",
        "↓",
        "share of samples from the prior that a classifier finds odder than 95 % of the row's own held-out "
        "reconstructions, so that a blurred model is asked for less",
        ((SAMPLING, "classifier_beyond_95_prior"),),
    ),
    Given(
        "Damage",
        "↓",
        "change of the reconstruction under the smallest attack, in standard deviations of the data",
        ((VARIANCE, "damage_small_per_data"),),
    ),
    Given("Active units", "", "latent units that the decoder uses", ((ISOMETRY, "active_units"),)),
)
