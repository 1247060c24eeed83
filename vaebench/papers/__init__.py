"""Papers: a folder each, with its task pages, the instruments of its own, and its findings.

A task page is a module that defines a frozen ``TASK``. It says what is done, with which knob, arms, instruments and
budgets. It also lists the claims. It holds no algorithm and imports no torch, so the list of claims loads fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vaebench.claims import Claim, Tradeoff, judged_names
from vaebench.experiment import Arm, Budget, Interventions, Knob, Preset, nightly
from vaebench.fingerprint import value_hash
from vaebench.measures.declared import declared_in, is_among
from vaebench.mistakes import Mistake, nearest

MEASURES = Path(__file__).parents[1] / "measures"
"""The folder of the instruments that several papers share."""


def instrument_page(paper: str, name: str) -> Path:
    """Find the file of an instrument.

    Args:
        paper: The paper whose task asks for it.
        name: ``module.function`` of the paper's folder; else of ``measures``, which several papers share.

    Returns:
        The file.
    """
    file = f"{name.partition('.')[0]}.py"
    return next(filter(Path.is_file, (Path(root) / paper / file for root in __path__)), MEASURES / file)


def names_given(paper: str, name: str) -> tuple[str, ...]:
    """List the measurements that an instrument declares, without importing it.

    Args:
        paper: As for `instrument_page`.
        name: As for `instrument_page`.

    Returns:
        Names and families of measurements, see `measures.declared`.

    Raises:
        Mistake: There is no such instrument, or it declares nothing.
    """
    page = instrument_page(paper, name)
    declared = declared_in(page).get(name.partition(".")[2]) if page.is_file() else None
    if declared is None:
        raise Mistake(f"{paper} has no instrument {name} that declares what it gives")
    return declared


@dataclass(frozen=True)
class Version:
    """A version of a task.

    Attributes:
        number: From 1.
        since: The day it came, as ``2026-11-20``.
    """

    number: int
    since: str


REAL_IMAGES = ("mnist", "fashion_mnist")
"""Data sets of real images in the reference population. They keep their official split, whatever a budget says."""


@dataclass(frozen=True)
class Task:
    """The standardized experiment that checks one paper's group of claims.

    Attributes:
        name: ``<author><year>_<what>``: its paper's folder and its file.
        version: Raised whenever one of its numbers can change.
        title: The paper's authors, year and title.
        source: The paper, as ``arXiv:…``.
        asks: The question, in one sentence.
        datasets: The data sets that are judged.
        interventions: What is done to every model, whatever the knob.
        knob: What is varied, or None.
        analytic: The closed form behind the ``analytic`` arm, a function of ``models.exact``, or None. An arm with
            interventions of its own has an analytic arm of its own.
        instruments: What is measured of every model, as ``module.function`` of the paper's folder or of ``measures``.
        claims: What the paper says.
        invariants: What must hold of a sound run.
        budgets: Budget by preset.
        budgets_on: Data sets with budgets of their own, by preset. Others have `budgets`.
        arms: Further models that are trained, and not judged for the variant.
        comparisons: What is measured of all models of a cell together, named as `instruments`.
        tradeoffs: Pairs of measurements that are drawn against each other.
        also_on: Data sets that count on the board like `datasets`, and are run by name only: they have to be installed.
        versions: Every version there was, the present one last. A record of any other is refused.
    """

    name: str
    version: int
    title: str
    source: str
    asks: str
    datasets: tuple[str, ...]
    interventions: Interventions
    knob: Knob | None
    analytic: str | None
    instruments: tuple[str, ...]
    claims: tuple[Claim, ...]
    invariants: tuple[Claim, ...]
    budgets: Mapping[Preset, Budget]
    arms: tuple[Arm, ...] = ()
    comparisons: tuple[str, ...] = ()
    tradeoffs: tuple[Tradeoff, ...] = ()
    versions: tuple[Version, ...] = ()
    budgets_on: Mapping[str, Mapping[Preset, Budget]] = field(default_factory=dict)
    also_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if [version.number for version in self.versions] not in ([], list(range(1, self.version + 1))):
            raise ValueError(f"{self.name}: its versions are 1 to {self.version}, each with its day: {self.versions}")
        if self.analytic and self.knob and self.knob.name == "strength":
            raise ValueError(f"{self.name}: a closed form is for one weight of the KL, and a strength may change it")
        given = self.given
        for name in self.named:
            if not is_among(name, given):
                raise Mistake(f"{self.name}: none of its instruments gives {name}{nearest(name, given)}")

    @property
    def counted_on(self) -> tuple[str, ...]:
        """Data sets that count on the board."""
        return self.datasets + self.also_on

    @property
    def given(self) -> tuple[str, ...]:
        """Names and families of the measurements that its instruments and comparisons declare."""
        return tuple(name for one in self.instruments + self.comparisons for name in names_given(self.paper, one))

    @property
    def named(self) -> tuple[str, ...]:
        """Names of the measurements that its claims judge and report, and that its trade-offs show."""
        claims = self.claims + self.invariants
        beside = (name for part in claims for name in part.reported)
        drawn = (name for part in self.tradeoffs for name in part.names)
        return (*judged_names(claims), *beside, *drawn)

    @property
    def paper(self) -> str:
        """The folder of its paper, which its name begins with."""
        return self.name.partition("_")[0]

    def budget(self, preset: Preset, dataset: str | None = None) -> Budget:
        """Find what a preset spends on a data set.

        Args:
            preset: The preset.
            dataset: The data set's name; None for the budget of data sets without their own.

        Returns:
            The budget.
        """
        if preset == "nightly":  # no page states it, so that none has to change with the rule
            return nightly(self.budget("quick", dataset))
        return self.budgets_on.get(dataset or "", {}).get(preset, self.budgets[preset])

    def definition_hash(self, preset: Preset, dataset: str | None = None) -> str:
        """Hash everything that decides a number of this task under a preset. Its words do not count.

        Args:
            preset: The preset.
            dataset: The data set, whose budget may be its own; see `budget`.

        Returns:
            16 hexadecimal digits.
        """
        return value_hash(self.definition(preset, dataset))

    def definition(self, preset: Preset, dataset: str | None = None) -> tuple[object, ...]:
        """List everything that decides a number of this task under a preset.

        Args:
            preset: The preset.
            dataset: The data set, whose budget may be its own; see `budget`.

        Returns:
            Plain values, which `definition_hash` hashes.
        """
        # A night judges nothing, so that a claim's conditions are no part of it.
        judged = () if preset == "nightly" else self.claims + self.invariants
        conditions = {claim.id: claim.conditions for claim in judged}
        # How many seeds are run decides how wide an interval is, not what is measured.
        budget = replace(self.budget(preset, dataset), seeds=1)
        measured = (self.interventions, self.knob, self.analytic, self.instruments, conditions, budget)
        beside = [part for part in (self.arms, self.comparisons) if part]
        return (self.name, self.version, measured, beside)
