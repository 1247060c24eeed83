"""What the suite has: its tasks, and the data sets, networks and variants that a record may name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from vaebench import catalog
from vaebench.mistakes import Mistake
from vaebench.papers import Task
from vaebench.report.first_population import FILE, Before, first_population
from vaebench.report.words.changes import CHANGELOG
from vaebench.results.record import Record
from vaebench.results.references import REFERENCES, root
from vaebench.version import VERSION


@dataclass(frozen=True)
class DataVersion:
    """A data set in its current version.

    Attributes:
        number: Its version.
        hash: Hash of the code that makes it; a record of another hash is stale.
    """

    number: int
    hash: str


@dataclass(frozen=True)
class Name:
    """A name on the board, and its meaning.

    Attributes:
        kind: ``variant``, ``network`` or ``data``.
        name: The name.
        says: The first line of its page.
        path: Its page in a checkout.
    """

    kind: str
    name: str
    says: str
    path: str


@dataclass(frozen=True)
class Suite:
    """What records may name. A record that names anything else is refused.

    Attributes:
        tasks: The tasks, in the order of the board's columns.
        release: The suite's own version.
        datasets: The data sets by name, each size under its own.
        archs: Names of architectures.
        variants: The suite's own variants, with the hashes of their code.
        names: What names of variants, networks and data sets mean.
        findings: The findings of each paper, with queries instead of numbers (see `findings`).
        first: Verdicts of the first population, whose records are gone.
        changelog: The changelog's text; empty where there is none.
    """

    tasks: tuple[Task, ...]
    release: str
    datasets: Mapping[str, DataVersion]
    archs: frozenset[str]
    variants: Mapping[str, str]
    names: tuple[Name, ...] = ()
    findings: Mapping[str, str] = field(default_factory=dict)
    first: tuple[Before, ...] = ()
    changelog: str = ""

    @cached_property
    def by_name(self) -> dict[str, Task]:
        """The tasks by name."""
        return {task.name: task for task in self.tasks}

    @cached_property
    def _definitions(self) -> dict[tuple[str, str, str], str]:
        return {}

    def definition(self, record: Record) -> str:
        """Hash that a record of the current task has.

        Args:
            record: A record of one of the tasks.

        Returns:
            The definition's hash for the record's preset and data set; empty if the task has no such preset.
        """
        task, preset, dataset = (
            self.by_name[record.subject.task.name],
            record.subject.preset,
            record.subject.dataset.name,
        )
        key = task.name, preset, dataset
        if key not in self._definitions:
            there = ("quick" if preset == "nightly" else preset) in task.budgets  # a night is a part of a quick run
            self._definitions[key] = task.definition_hash(preset, dataset) if there else ""
        return self._definitions[key]

    def data_hash(self, record: Record) -> str:
        """Hash that a record on the current data set has; empty if there is no data set of its name."""
        found = self.datasets.get(record.subject.dataset.name)
        return found.hash if found else ""


def suite() -> Suite:
    """Read from the pages what there is.

    Returns:
        The suite of this checkout.
    """
    tasks = tuple(map(catalog.task, catalog.task_names()))
    files = {task.paper: catalog.page("papers", task.name).with_name("findings.md") for task in tasks}
    return Suite(
        tasks=tasks,
        release=VERSION,
        datasets=_Datasets({name: page for page in catalog.dataset_names() for name in catalog.dataset_sizes(page)}),
        archs=frozenset(catalog.arch_names()),
        variants=catalog.variant_hashes(),
        names=_names(),
        findings={paper: file.read_text("utf-8") for paper, file in files.items() if file.is_file()},
        first=first_population(catalog.PACKAGE.parent / REFERENCES / FILE),
        changelog=_changelog(),
    )


def _changelog() -> str:
    """Read the changelog of the checkout that we are in."""
    try:
        file = root() / CHANGELOG
    except Mistake:  # no checkout
        return ""
    return file.read_text("utf-8") if file.is_file() else ""


class _Datasets(Mapping[str, DataVersion]):
    """The data sets by name. The code of one is hashed when it is first asked for, because hashing all takes long."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self._pages = pages
        self._found: dict[str, DataVersion] = {}

    def __getitem__(self, name: str) -> DataVersion:
        page = self._pages[name]
        if page not in self._found:
            self._found[page] = DataVersion(*catalog.dataset_version(page))
        return self._found[page]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pages)

    def __len__(self) -> int:
        return len(self._pages)

    def __contains__(self, name: object) -> bool:
        return name in self._pages


def _names() -> tuple[Name, ...]:
    """The first lines of the pages of all variants, networks and data sets."""
    folders = (
        ("variant", "variants", catalog.variant_names()),
        ("network", "models/networks", catalog.arch_names()),
        ("data", "data", catalog.dataset_names()),
    )
    return tuple(
        Name(kind, name, catalog.summary(folder, name), f"vaebench/{folder}/{name}.py")
        for kind, folder, names in folders
        for name in names
    )
