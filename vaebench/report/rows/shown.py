"""A record as the board shows it: judged anew, with its row, name, page and intervals."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from vaebench.claims import Column, Interval, Table, Verdict, t_interval
from vaebench.report.received.sent import THIS_RUN, sender_of
from vaebench.report.rows.summary import Mean, Summary, known, means, wanted
from vaebench.report.words.markdown import preset_suffix
from vaebench.results.record import Record, Subject


@dataclass(frozen=True, order=True)
class Row:
    """A row of the board: a variant's code in one architecture under one preset.

    Attributes:
        preset: The preset; rows of different presets are never ranked together.
        variant: The variant's name.
        arch: The architecture.
        code_hash: The variant's code; two codes of one name are two rows.
        sender: Who sent it, empty for the suite's own. Each sender has rows of their own.
    """

    preset: str
    variant: str
    arch: str
    code_hash: str
    sender: str = ""


@dataclass(frozen=True)
class ShownRecord:
    """A record on the board, with the names that pages and figures use for it.

    Attributes:
        record: The record, judged by today's claims.
        row: Its row.
        row_label: The row's name, for example ``vae · mlp``.
        variant_label: The same without the architecture.
        label: Its own name, for example ``vae · mlp · digits``.
        path: Its page below the board, with its preset or code if others share its name.
    """

    record: Record
    row: Row
    row_label: str
    variant_label: str
    label: str
    path: str

    @property
    def subject(self) -> Subject:
        """The record's subject."""
        return self.record.subject

    @property
    def dataset(self) -> str:
        """The name of its data set."""
        return self.record.subject.dataset.name

    @property
    def is_own(self) -> bool:
        """Whether it is the suite's own. Only these count in what the board says over records."""
        return not self.row.sender

    @property
    def link(self) -> str:
        """Its name as a link to its page, from a page at the top of the board."""
        return f"[{self.label}]({self.path})"

    @cached_property
    def summary(self) -> Summary:
        """What pages over many records say of its measurements; kept from before where its file is the same."""
        return known(self.record)

    def mean(self, name: str) -> Mean | None:
        """Take a measurement of the trained arm at the first knob value.

        Args:
            name: Its name.

        Returns:
            Its mean; None where it has no number.
        """
        if name in self._kept_means:
            return self.summary.means.get(name)
        return means(self.record.measurements, [name]).get(name)

    @cached_property
    def _kept_means(self) -> set[str]:
        return wanted(self.record.claims)

    @cached_property
    def table(self) -> Table:
        """All measurements, indexed once for all who judge them."""
        return self.record.table

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on the trained arm, by claim."""
        return {verdict.claim: verdict for verdict in self.record.verdicts}

    @cached_property
    def control_verdicts(self) -> Mapping[str, tuple[Verdict, ...]]:
        """The verdicts on the controls, by claim."""
        return _by_claim(self.record.control_verdicts)

    @cached_property
    def invariant_verdicts(self) -> Mapping[str, tuple[Verdict, ...]]:
        """The verdicts on all arms, by invariant."""
        return _by_claim(self.record.invariant_verdicts)

    @cached_property
    def columns(self) -> Mapping[str, tuple[Column, ...]]:
        """The columns with numbers by name, entries of maps among them, in the order of measurement."""
        found: dict[str, list[Column]] = {}
        for column in self.record.measurements:
            if column.values:
                found.setdefault(column.name, []).append(column)
        return {name: tuple(columns) for name, columns in found.items()}

    @cached_property
    def _intervals(self) -> dict[int, Interval]:
        return {}

    def interval(self, column: Column) -> Interval:
        """Mean over seeds of one of its columns, with the 95 % t-interval. It is computed once.

        Args:
            column: A column of the record that has numbers.

        Returns:
            The interval.
        """
        found = self._intervals.get(id(column))  # the record keeps its columns, so that no other has this identity
        if found is None:
            found = self._intervals[id(column)] = t_interval(column.values)
        return found


def row_of(record: Record) -> Row:
    """Say which row of the board a record belongs to.

    Args:
        record: A record.

    Returns:
        The row.
    """
    subject = record.subject
    return Row(subject.preset, subject.variant.name, subject.arch, subject.variant.code_hash, sender_of(record))


def show(records: Iterable[Record]) -> tuple[ShownRecord, ...]:
    """Name records, no two alike.

    Args:
        records: Judged, one for each row, task and data set.

    Returns:
        The records with their names, in their order.
    """
    with_rows = [(record, row_of(record)) for record in records]
    codes = Counter((variant, sender) for variant, sender, _ in {_code_of(row) for _, row in with_rows})
    return tuple(_shown(record, row, codes[row.variant, row.sender] > 1) for record, row in with_rows)


def _code_of(row: Row) -> tuple[str, str, str]:
    return row.variant, row.sender, row.code_hash


def _shown(record: Record, row: Row, code_is_said: bool) -> ShownRecord:
    """Name a row by variant, architecture and sender, with its code's hash if the sender's variant has two."""
    code = f" ({row.code_hash})" if code_is_said else ""
    by = f" ({row.sender})" if row.sender == THIS_RUN else f" (from {row.sender})" if row.sender else ""
    row_label = f"{row.variant} · {row.arch}{code}{by}"
    label = f"{row_label} · {record.subject.dataset.name}{preset_suffix(row.preset)}"
    safe = re.sub(r"[^a-z0-9_]+", ".", label.lower()).strip(".")
    path = f"records/{record.subject.task.name}/{safe}.md"
    return ShownRecord(record, row, row_label, f"{row.variant}{code}{by}", label, path)


def _by_claim(verdicts: Iterable[Verdict]) -> dict[str, tuple[Verdict, ...]]:
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.claim, []).append(verdict)
    return {claim: tuple(of_claim) for claim, of_claim in found.items()}
