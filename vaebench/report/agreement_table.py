"""Write the table of agreement: a row for each variant and network with its rank, a column for each task."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from vaebench.papers import Task
from vaebench.report.format import plus_minus, rounded
from vaebench.report.markdown import escape, table, words
from vaebench.report.ranks import Rank, ranks
from vaebench.report.row_summary import RowSummary, row_summary
from vaebench.report.selection import Selection
from vaebench.report.shown import Row, ShownRecord
from vaebench.report.trust import row_trust_said

ROUNDING = 1e-4
"""Estimates that differ by less, absolutely or relatively, may differ by rounding only."""


@dataclass(frozen=True)
class _Line:
    """A row with its summary on each task, in the order of the tasks."""

    label: str
    summaries: tuple[RowSummary, ...]
    trust: str

    @property
    def is_complete(self) -> bool:
        """Whether it covers every task, so that it can be ranked."""
        return bool(self.summaries) and not any(one.lacks for one in self.summaries)

    @cached_property
    def mean(self) -> float:
        """Mean over tasks of the mean over seeds, of a complete row."""
        return sum(one.agreement.estimate for one in self.summaries if one.agreement) / len(self.summaries)


def agreement_table(tasks: Sequence[Task], selection: Selection, preset: str) -> str:
    """Write the table of one preset. Rows that cover every task are ranked and come first.

    Args:
        tasks: The tasks, in the order of their columns.
        selection: What is shown.
        preset: The preset.

    Returns:
        Markdown: the table, and footnotes that say why rows are not ranked.
    """
    lines = list(_lines(tasks, selection, preset))
    complete = [line for line in lines if line.is_complete]
    ranked = ranks({line.label: _by_task(tasks, line) for line in complete})
    complete.sort(key=lambda line: (-round(line.mean / ROUNDING), line.label))
    notes: list[str] = []
    written = []
    for line in (*complete, *(line for line in lines if not line.is_complete)):
        rank = _rank(ranked.get(line.label), notes, tasks, line)
        mean = rounded(line.mean)[0] if line.is_complete else "–"
        written.append([rank, line.label, mean, *map(_cell, line.summaries), line.trust])
    links = [f"[{words(task.name)}]({task.name}.md)" for task in tasks]
    shown = table(["Rank", "Variant · network", "Mean", *links, "Trust"], written)
    return "\n\n".join([shown, *(["\n".join(f"({i}) {note}  " for i, note in enumerate(notes, 1))] if notes else [])])


def _lines(tasks: Sequence[Task], selection: Selection, preset: str) -> Iterable[_Line]:
    of_row: dict[tuple[Row, str], list[ShownRecord]] = {}
    for one in selection.shown:
        of_row.setdefault((one.row, one.subject.task.name), []).append(one)
    for row, label in selection.labels.items():
        if row.preset == preset:
            summaries = tuple(row_summary(task, of_row.get((row, task.name), ())) for task in tasks)
            yield _Line(label, summaries, row_trust_said(one.record for one in selection.shown if one.row == row))


def _by_task(tasks: Sequence[Task], line: _Line) -> dict[str, list[float]]:
    return {task.name: list(one.by_seed.values()) for task, one in zip(tasks, line.summaries, strict=True)}


def _rank(rank: Rank | None, notes: list[str], tasks: Sequence[Task], line: _Line) -> str:
    """Print a rank, or a dash with a footnote that says why there is none."""
    if rank is not None:
        return str(rank)
    lacking = ((task, one.lacks) for task, one in zip(tasks, line.summaries, strict=True) if one.lacks)
    why = "; ".join(f"{words(task.name)}: {escape(lacks)}" for task, lacks in lacking)
    if why not in notes:
        notes.append(why)
    return f"– ({notes.index(why) + 1})"


def _cell(summary: RowSummary) -> str:
    if not summary.applicable:
        return "–"
    levels = (summary.agreement_published, summary.agreement)
    agreement = "<br>/ ".join(plus_minus(one) if one else "–" for one in dict.fromkeys(levels))
    silent = f"<br>{summary.silent} –" if summary.silent else ""
    holds = f"{summary.published} / {summary.holds} of {summary.applicable} hold"
    return f"{agreement}<br>{holds}{silent}"
