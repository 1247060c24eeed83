"""What a board needs to know of tasks and names that no record says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vaebench.claims import Claim, Tradeoff, judged_names


@dataclass(frozen=True)
class TaskText:
    """A task in words.

    Attributes:
        name: Its name.
        version: Its version.
        hashes: Hash of its definition under each preset; a record of another hash is stale.
        title: A short title.
        source: Its paper, with an arXiv identifier.
        asks: What it asks, in one sentence.
        text: Paragraphs from its page, in Markdown.
        knob_name: What its knob is, for example ``posterior_scale``; None without a knob.
        knob_symbol: The knob's symbol, for example ``σ``.
        datasets: The data sets over which its score is taken.
        arms: Its controls, what mathematics knows among them; None where any may stand beside the trained arm.
        instruments: What takes its measurements, as ``module.function`` of the room of measures.
        claims: What its records are judged by, whatever claims they carry.
        invariants: Likewise, of a sound run.
        tradeoffs: What is drawn against what beside the verdicts.
        data_hashes: Hash of each data set by name, without a size; a record of another hash is stale.
        knob_values: Of each preset, empty without a knob; None where each variant declares its own.
        versions: The day on which each version came, the present one last; empty where any may be.
        data_versions: Version of each data set by name, without a size.
        seeds: How many cells a record of each preset has at least.
    """

    name: str
    version: int
    hashes: Mapping[str, str]
    title: str
    source: str
    asks: str
    text: str
    knob_name: str | None
    knob_symbol: str | None
    datasets: tuple[str, ...]
    arms: tuple[str, ...] | None = None
    instruments: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    invariants: tuple[Claim, ...] = ()
    tradeoffs: tuple[Tradeoff, ...] = ()
    data_hashes: Mapping[str, str] = field(default_factory=dict)
    knob_values: Mapping[str, tuple[float, ...]] | None = None
    versions: Mapping[int, str] = field(default_factory=dict)
    data_versions: Mapping[str, int] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> tuple[str, ...]:
        """Names of the measurements that its claims judge, each once."""
        return judged_names(self.claims)

    def data_hash(self, name: str) -> str:
        """Hash of a data set, whatever its size; empty where there is none of this name."""
        return self.data_hashes.get(name) or self.data_hashes.get(name.rstrip("0123456789"), "")

    def data_version(self, name: str) -> int | None:
        """Version of a data set, whatever its size; None where any may be."""
        return self.data_versions.get(name) or self.data_versions.get(name.rstrip("0123456789"))


@dataclass(frozen=True)
class Suite:
    """What there is: a record that names anything else is refused.

    Attributes:
        release: The suite's own version.
        datasets: Names of data sets, with their sizes.
        archs: Names of architectures.
        variants: The suite's own variants, with the hashes of their code.
    """

    release: str
    datasets: frozenset[str]
    archs: frozenset[str]
    variants: Mapping[str, str]


@dataclass(frozen=True)
class Term:
    """A name on the board in words.

    Attributes:
        kind: ``variant``, ``network`` or ``data``.
        name: The name.
        says: A line from its page.
        path: Its page in a checkout.
    """

    kind: str
    name: str
    says: str
    path: str
