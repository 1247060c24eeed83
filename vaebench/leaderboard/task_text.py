"""What a board needs to know of tasks and names that no record says."""

from collections.abc import Mapping
from dataclasses import dataclass


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
        instruments: What takes its readings, as ``module.function`` of the room of measures.
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
