"""Flatten records into rows of the tables that readers take away."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vaebench.claims import Verdict
from vaebench.report.received.sent import sender_of
from vaebench.report.rows.kept import judged_again
from vaebench.report.rows.remake import json_path
from vaebench.report.rows.selection import Selection
from vaebench.report.tables.taken_away import VERDICTS, Field
from vaebench.report.words.decisive import decisive
from vaebench.results.record import Record

Cell = str | int | float | None
"""None where there is none."""


@dataclass(frozen=True)
class TakenRecord:
    """A record that is taken away.

    Attributes:
        record: The record, judged anew: by its task's claims, or by its own where its protocol is superseded.
        protocol: ``current`` or ``superseded``.
    """

    record: Record
    protocol: str


def taken_records(selection: Selection) -> list[TakenRecord]:
    """List the records that are taken away: all that are shown, and the suite's own of superseded protocols.

    Of superseded records nobody else's are taken: their claims are their own, and would be believed.

    Args:
        selection: The board's records.

    Returns:
        The records, by their file.
    """
    current = [TakenRecord(one.record, "current") for one in selection.shown]
    old = [TakenRecord(judged_again(record), "superseded") for record in selection.superseded]
    return sorted([*current, *old], key=lambda one: (json_path(one.record), one.record.subject.preset))


def where(one: TakenRecord) -> list[Cell]:
    """Say which record a row is of.

    Args:
        one: The record.

    Returns:
        The first cells of a row, see `taken_away.WHERE`.
    """
    subject, record = one.record.subject, one.record
    names: list[Cell] = [json_path(record), subject.task.name, subject.task.version, subject.dataset.name]
    return [*names, subject.variant.name, subject.arch, subject.preset, sender_of(record), one.protocol]


def verdict_rows(records: Iterable[TakenRecord]) -> Iterator[list[Cell]]:
    """Flatten verdicts.

    Args:
        records: The records.

    Yields:
        A row for each record, arm and claim or invariant, see `taken_away.VERDICTS`.
    """
    for one in records:
        record, first = one.record, where(one)
        dates = [cell.date[:10] for cell in record.cells if cell.date]
        commits = sorted({environment.commit for environment in record.environments if environment.commit})
        made: list[Cell] = [max(dates, default=None), " ".join(commits) or None, record.suite_version]
        made.append(record.subject.variant.code_hash)
        for verdict in (*record.verdicts, *record.control_verdicts):
            yield [*first, *_verdict(verdict, 0, len(record.cells)), *made]
        for verdict in record.invariant_verdicts:
            yield [*first, *_verdict(verdict, 1, len(record.cells)), *made]


def _verdict(verdict: Verdict, is_invariant: int, seeds_run: int) -> list[Cell]:
    published, controlled = verdict.published, verdict.controlled
    said: list[Cell] = [
        verdict.arm,
        verdict.claim,
        is_invariant,
        published.word,
        controlled.word,
        controlled.code or None,
    ]
    agreed: list[Cell] = [_mean(published.agreement), _mean(controlled.agreement), len(controlled.agreement), seeds_run]
    if not verdict.checks:
        return [*said, *agreed, *[None] * 8]
    check = decisive(verdict)
    interval = check.interval
    numbers = (interval.estimate, interval.low, interval.high) if interval else (None, None, None)
    return [*said, *agreed, check.statistic, check.role, check.knob, *numbers, check.low, check.high]


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def csv_text(fields: Sequence[Field], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table as CSV, numbers to six digits, so that it is the same on every machine.

    Args:
        fields: The columns.
        rows: The rows.

    Returns:
        The text: a header, and lines that end in a line feed.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields])
    writer.writerows([_written(value) if isinstance(value, float) else value for value in row] for row in rows)
    return text.getvalue()


def _written(value: float) -> str:
    return f"{value:.6g}" if value else "0"


def verdicts_csv(selection: Selection) -> str:
    """Write all verdicts as CSV.

    Args:
        selection: The board's records.

    Returns:
        The file's text.
    """
    return csv_text(VERDICTS, verdict_rows(taken_records(selection)))


def measurement_rows(records: Iterable[TakenRecord]) -> Iterator[list[Cell]]:
    """Flatten measurements.

    Args:
        records: The records.

    Yields:
        A row for each record, arm, measurement, knob value and seed, see `taken_away.MEASUREMENTS`.
    """
    for one in records:
        first = where(one)
        for column in one.record.measurements:
            place: list[Cell] = [*first, column.arm, column.name, column.unit, column.better, column.knob]
            for seed, value, error, count in zip(
                column.seeds, column.values, column.stderrs, column.counts, strict=True
            ):
                yield [*place, seed, value, error, count, None]
            for absence in column.absent:
                for seed in absence.seeds:
                    yield [*place, seed, None, None, None, absence.reason]
