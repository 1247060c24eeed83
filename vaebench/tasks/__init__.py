"""Tasks: each module here is one paper's group of claims, found by its file name, and defines a frozen ``TASK``.

A page says what is done, with which knob, arms, instruments and budgets, and which claims the readings are held
against; it holds no algorithm and imports no torch, so that the list of claims can be read in a blink.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from vaebench.claims import Claim, Tradeoff
from vaebench.fingerprint import value_hash
from vaebench.measures import Effort
from vaebench.training import Interventions, Recipe

Preset = Literal["quick", "standard", "paper"]
PRESETS: tuple[Preset, ...] = ("quick", "standard", "paper")


@dataclass(frozen=True)
class Knob:
    """The intervention that a task turns.

    Attributes:
        name: A field of `Interventions`; or ``strength``, the variant's own knob, at the strengths it declares.
        symbol: How papers write it.
    """

    name: Literal["posterior_scale", "input_noise", "strength"]
    symbol: str


@dataclass(frozen=True)
class Arm:
    """Models that every cell trains beside those that are judged: a control, or the same under another convention.

    Attributes:
        name: Its name in the record.
        interventions: In place of the task's; None for the task's.
        variant: What is trained: the cell's ``own`` variant, the ``twin`` it declares (no arm where it has none), or
            one of the suite's variants by name.
        redrawn: Whether weights, batches and noise are drawn anew; else they are those of the models judged.
        knob: At ``every`` value of the knob, at the ``middle`` one, or ``off``, without it.
        read: Whether the task's instruments read it; else only its comparisons do.
    """

    name: str
    interventions: Interventions | None = None
    variant: str = "own"
    redrawn: bool = False
    knob: Literal["every", "middle", "off"] = "every"
    read: bool = True


@dataclass(frozen=True)
class Protocol:
    """What one preset spends.

    Attributes:
        seeds: Number of cells for each (variant, architecture, data set).
        latent: Number of latent units; more where the data's manifold is known to have more dimensions.
        recipe: How each model is trained.
        effort: How much each instrument spends.
        knob_values: Where the knob is set, rising; empty for a task without one, or whose knob is the variant's.
    """

    seeds: int
    latent: int
    recipe: Recipe
    effort: Effort = field(default_factory=Effort)
    knob_values: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if any(low >= high for low, high in pairwise(self.knob_values)):
            raise ValueError(f"knob values rise strictly: {self.knob_values}")


@dataclass(frozen=True)
class Version:
    """A version of a task.

    Attributes:
        number: From 1.
        since: The day it came, as ``2026-11-20``.
    """

    number: int
    since: str


@dataclass(frozen=True)
class Task:
    """The standardized experiment that checks one paper's group of claims.

    Attributes:
        name: ``<author><year>_<what>``, its file's name.
        version: Raised whenever a number it yields can change.
        title: The paper's authors, year and title.
        source: The paper, as ``arXiv:…``.
        asks: The question, in one sentence.
        datasets: The data sets of record.
        interventions: What is done to every model, whatever the knob.
        knob: What is turned, or None.
        known: The closed form behind the ``known`` arm, a function of ``models.exact``, or None. An arm with
            interventions of its own has a known arm of its own.
        instruments: What is read off every model, as ``module.function`` of ``measures``.
        claims: What the paper says.
        invariants: What must hold of a sound run.
        protocols: Budget by preset.
        arms: What is trained beside the models judged.
        comparisons: What is read off all models of a cell together, as ``module.function`` of ``measures``.
        tradeoffs: What is drawn against what beside the verdicts.
        versions: Every version there was, the present one last: a record of any other cannot be.
    """

    name: str
    version: int
    title: str
    source: str
    asks: str
    datasets: tuple[str, ...]
    interventions: Interventions
    knob: Knob | None
    known: str | None
    instruments: tuple[str, ...]
    claims: tuple[Claim, ...]
    invariants: tuple[Claim, ...]
    protocols: Mapping[Preset, Protocol]
    arms: tuple[Arm, ...] = ()
    comparisons: tuple[str, ...] = ()
    tradeoffs: tuple[Tradeoff, ...] = ()
    versions: tuple[Version, ...] = ()

    def __post_init__(self) -> None:
        if [version.number for version in self.versions] not in ([], list(range(1, self.version + 1))):
            raise ValueError(f"{self.name}: its versions are 1 to {self.version}, each with its day: {self.versions}")
        if self.known and self.knob and self.knob.name == "strength":
            raise ValueError(f"{self.name}: a closed form is for one weight of the KL, and a strength may change it")

    def definition_hash(self, preset: Preset) -> str:
        """Hash of everything that decides a number of this task under a preset; its words do not count.

        Args:
            preset: The budget.

        Returns:
            16 hexadecimal digits.
        """
        conditions = {claim.id: claim.conditions for claim in self.claims + self.invariants}
        # How many seeds are run decides how wide an interval is, not what is measured.
        budget = replace(self.protocols[preset], seeds=1)
        measured = (self.interventions, self.knob, self.known, self.instruments, conditions, budget)
        beside = [part for part in (self.arms, self.comparisons) if part]
        return value_hash((self.name, self.version, measured, beside))
