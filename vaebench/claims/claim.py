"""Claims, and the words that a verdict is made of."""

from dataclasses import dataclass
from typing import Literal

from vaebench.claims.conditions import Condition
from vaebench.claims.intervals import Interval
from vaebench.claims.plants import Found, Plant, Validity
from vaebench.claims.statistics import Role, Scale, number_text

VerdictWord = Literal["holds", "fails", "undecided", "not applicable"]

ReasonCode = Literal[
    "",
    "setting",
    "collapsed",
    "uninformative",
    "straddles",
    "too small",
    "corrected",
    "one seed",
    "few seeds",
    "no seed",
    "unasked",
    "cannot tell",
]
"""Why a check is not plain: a reason that programs can read.

- ``setting``: the measurement has no meaning for this variant, task or data set.
- ``collapsed``: the model denies it in some seed.
- ``uninformative``: nothing could have been seen. The control is at floor or ceiling, or the interval is wider than the
  way from the null to the ideal.
- ``straddles``: the interval holds values of both sides.
- ``too small``: the effect lies on the claimed side, and is smaller than what counts.
- ``corrected``: on one side, but not after the correction for several statistics, or for several looks.
- ``one seed``, ``few seeds``, ``no seed``: too few seeds finished.
- ``unasked``: nobody asked for such a measurement.
- ``cannot tell``: the measure did not find all that was planted, so it decides nothing under controls.
"""

WORST_FIRST: tuple[VerdictWord, ...] = ("fails", "undecided", "holds", "not applicable")
"""Which of several words decides: the first of these that is among them."""


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper, made testable.

    Attributes:
        id: Its name, for example ``decoder_lipschitz``.
        says: The sentence.
        conditions: What must hold, every one.
        reported: Measurements that are shown beside the verdict and not judged.
        analytic: What the ``analytic`` arm must get, because mathematics has it so: a control that fails shows that the
            claim can; one that holds shows the instruments to be right. Empty where it settles nothing, or there is
            none.
        over_records: Whether it is judged with records as the sample as well: it speaks of all objectives and data.
        plants: Arms whose true answer is known, which show whether the measures can tell.
        looks: How many claims say the same of rival choices, of which any would count. Each is judged as one of so
            many.
    """

    id: str
    says: str
    conditions: tuple[Condition, ...]
    reported: tuple[str, ...] = ()
    analytic: Literal["holds", "fails", ""] = ""
    over_records: bool = False
    plants: tuple[Plant, ...] = ()
    looks: int = 1

    def __post_init__(self) -> None:
        if self.looks < 1:
            raise ValueError(f"claim {self.id} is one of 1 or more, not of {self.looks}")
        if not self.conditions:
            raise ValueError(f"claim {self.id} has no condition: nothing could fail it")
        if not any(condition.role == "published" for condition in self.conditions):
            raise ValueError(f"claim {self.id} has no published condition: nothing that the paper says could fail it")


@dataclass(frozen=True, slots=True)  # a board holds hundreds of thousands
class CheckResult:
    """How one statistic of a condition came out.

    Attributes:
        statistic: What was checked, in words.
        interval: Its estimate and interval over seeds; None where no seed has it.
        low: Lower end of the region the claim names.
        high: Upper end of that region.
        word: What the interval says.
        reason: Why there is no verdict, or why it rests on fewer seeds.
        knob: The knob value it is of; None where it is of all, or there is no knob.
        scale: What was estimated over seeds, and how.
        estimate_beyond: What the estimate itself had to lie beyond; None for no more than the interval had to.
        role: Of its condition.
        code: The reason's code.
    """

    statistic: str
    interval: Interval | None
    low: float | None
    high: float | None
    word: VerdictWord
    reason: str = ""
    knob: float | None = None
    scale: Scale = "mean"
    estimate_beyond: float | None = None
    role: Role = "published"
    code: ReasonCode = ""

    @property
    def place(self) -> str:
        """The statistic, with the knob value where it is of one."""
        return self.statistic if self.knob is None else f"{self.statistic} at {number_text(self.knob)}"


LevelName = Literal["published", "controlled"]


@dataclass(frozen=True, slots=True)  # a board holds hundreds of thousands
class Level:
    """What some of a claim's conditions say together.

    Attributes:
        word: ``holds``, ``fails``, ``undecided`` or ``not applicable``.
        agreement: Mean over conditions of the agreement of each seed, 0 where the claim is false and 1 at the ideal.
        seeds: The seeds that `agreement` belongs to.
        reason: Why, where the word alone does not say; of a claim that holds without a measure that cannot tell, that.
        code: The reason's code.
        decided_by: The statistic of the first check that has the level's word; empty where every check holds.
        valid: Whether the level's measures were shown to tell, by plants.
    """

    word: VerdictWord
    agreement: tuple[float, ...] = ()
    seeds: tuple[int, ...] = ()
    reason: str = ""
    code: ReasonCode = ""
    decided_by: str = ""
    valid: Validity = "not shown"

    @property
    def counts(self) -> bool:
        """Whether agreement with it says anything: it applies, and of what its measures tell something is left."""
        return self.word != "not applicable" and (bool(self.seeds) or self.code != "cannot tell")


@dataclass(frozen=True, slots=True)  # a board holds hundreds of thousands
class Verdict:
    """What the measurements say of a claim, at two levels.

    Attributes:
        claim: The claim's id.
        arm: The arm that was judged.
        published: By the paper's own measure, or the nearest that can be taken: does the observation replicate?
        controlled: The same together with every control of ours, of what can tell: does the interpretation stand?
        checks: One for each statistic, as it is judged under controls.
        plants: How the claim's plants were read; empty for a control's verdict.
    """

    claim: str
    arm: str
    published: Level
    controlled: Level
    checks: tuple[CheckResult, ...]
    plants: tuple[Found, ...] = ()

    @property
    def word(self) -> VerdictWord:
        """The word under controls."""
        return self.controlled.word

    @property
    def agreement(self) -> tuple[float, ...]:
        """Agreement of each seed under controls."""
        return self.controlled.agreement

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of `agreement`."""
        return self.controlled.seeds

    @property
    def reason(self) -> str:
        """Why it is so under controls."""
        return self.controlled.reason
