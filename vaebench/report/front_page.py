"""Write the board: who scores what, which claims hold, and what that rests on."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from vaebench.claims import Claim, Verdict, t_interval
from vaebench.claims.trends import LEAST, LEAST_TAU
from vaebench.report.numbers import plus_minus, rounded
from vaebench.report.ranks import Rank, ranks
from vaebench.report.record_page import cell_time, is_analytic, record_path
from vaebench.report.selection import Entry, Selection, entry, own
from vaebench.report.standing import Standing, standing
from vaebench.report.task_text import TaskText, Term
from vaebench.report.text import PREVIEW, SYMBOLS, anchor, beside, bullets, details, escape, label, table, words
from vaebench.results.record import Record, Status

HOME = "[What vaebench is](../README.md) · [how to bring a variant, and publish its row](../CONTRIBUTING.md)"

ROUNDING = 1e-4
"""Estimates that differ by less, by themselves or by their size, differ as two processors' do."""

PRESETS = {
    "standard": "A high score says that the papers' claims are true of a variant, not that it is a good one.",
    "paper": "The papers' own sizes.",
    "quick": "Proves that it runs; too short to say anything of a claim.",
}

DEFINITIONS = f"""\
- **Score**: how far the papers' claims are true of a variant, not how good the variant is. Of each condition 1 where \
the claim is met in full, 0 where its measurement would lie if the claim were false (at the control it is held against, \
else at the value that the task's page names), −1 as far on the other side; the mean over a claim's conditions, a \
task's claims, its data sets, then over seeds. It is never scaled by other entrants, so a new row moves no other.
- **Record, cell**: a record is a variant with one network on one data set; its cells are its seeds. **Analytic arm**: a \
model that mathematics gives in closed form, read and judged like a trained one; where a claim must fail of it, it \
shows that the claim can.
- **±**: half of the 95 % t-interval over seeds: initial weights, batches, noise and draws differ between them, the \
data and their split do not. An instrument's own error within one trained model is kept apart.
- **Verdicts**: {SYMBOLS["holds"]} holds – the 95 % interval lies wholly where the claim says; {SYMBOLS["fails"]} \
fails – it lies wholly elsewhere; {SYMBOLS["undecided"]} undecided – it straddles, the effect is too small to count, \
too few seeds finished, or a control left nothing to gain; {SYMBOLS["not applicable"]} not applicable – the measurement \
has no meaning for this variant or data set (one that the model itself leaves without, by collapse or by a decoder \
that is the same everywhere, scores 0, and leaves undecided what would hold). A claim holds when each of its \
conditions does, at each knob value. It fails when one does though its interval is widened for the number of them \
(Bonferroni): a claim at the edge of all its regions fails by chance in 2.5 % of cases at most, if seeds are normal.
- **Estimates**: means over seeds, with t-intervals. A measurement that is never negative and should be 0 is judged by its \
geometric mean, for it has a long tail. Shares of a few things have exact intervals: five seeds show no share above \
.478, so they cannot decide whether one is above .9. How often a verdict errs stands where verdicts are defined, in \
`vaebench/claims/__init__.py`.
- **Falls, rises**: from the first knob value to the last, by {LEAST:.0%} at least, *and* at more pairs of knob values \
than it goes the other way (Kendall τ): τ is beyond 0 by its interval, and beyond ±{LEAST_TAU:g} in the mean over \
seeds, which is at three pairs of four. A course that holds need not be monotone: the figures show it.
- **n of m hold**: of the m verdicts of a task's claims on its data sets that are applicable, n hold. Where some are \
not applicable (a number with a dash), the score is that of the others: compare such a row with care.
- **Rank**: an interval. A row's best rank is one more than the number of rows told to be better, its worst leaves \
below it only those told to be worse; rows that cannot be told apart share ranks. Told apart: the 95 % bootstrap \
interval of the difference, over seeds and tasks, lies on one side of 0. Only rows that cover every task, with sound \
runs, are ranked."""


def front_page(tasks: Sequence[TaskText], selection: Selection, preview: bool, glossary: Sequence[Term] = ()) -> str:
    """Write the board's page.

    Args:
        tasks: The tasks, in the order of their columns.
        selection: What is shown.
        preview: Whether to say that it is a preview.
        glossary: What names of variants, networks and data sets mean.

    Returns:
        Markdown.
    """
    parts = ["# Leaderboard", "Which published claims hold for which variants, how sure that is, and what it rests on."]
    parts += [] if preview else [HOME]
    parts += [PREVIEW] if preview else []
    parts += ["## Claims", _claims(tasks, selection)] if selection.records else []
    entries = sorted(selection.labels)
    presets = [preset for preset in PRESETS if any(one.preset == preset for one in entries)]
    for preset in presets:
        rows = [one for one in entries if one.preset == preset]
        parts += [f"## Scores, preset {preset}", PRESETS[preset], _scores(tasks, selection, rows)]
    parts += [] if presets else ["There are no records yet."]
    parts += ["## How to read this", DEFINITIONS, "## Verdicts, row by row", _matrices(tasks, selection)]
    parts += ["## Names", _names(glossary, selection, linked=not preview)] if glossary and selection.records else []
    parts += ["## What it rests on", _foundations(selection)]
    parts += ["## Stale", "Measured before the definition changed, and shown nowhere above:"] if selection.stale else []
    parts += [bullets(selection.stale)] if selection.stale else []
    parts += ["## Left out", bullets(selection.left_out)] if selection.left_out else []
    return "\n\n".join(parts) + "\n"


def _claims(tasks: Sequence[TaskText], selection: Selection) -> str:
    """Count how each claim came out, over the suite's own records: a flood of others' would say what it likes."""
    lines = []
    for task in tasks:
        records = [r for r in own(selection.of_task(task.name)) if r.subject.dataset.name in task.datasets]
        for claim in records[0].claims if records else ():
            found = Counter(v.word for record in records for v in record.verdicts if v.claim == claim.id)
            link = f"[{escape(claim.id)}]({task.name}.md#{anchor(claim.id)})"
            of_task = words(task.name) if claim == records[0].claims[0] else ""
            counts = (str(found[word] or "") for word in SYMBOLS)
            lines.append([of_task, link, escape(claim.says), *counts, _exact(claim, records)])
    headers = ["Task", "Claim", "In words", *(label(word) for word in SYMBOLS), "Exact model"]
    said = (
        "How many of the suite's own records have each verdict: a record is a variant with one network on one data "
        "set, over its seeds. "
        "Last, what must come of models in closed form, and of how many it does."
    )
    return f"{said}\n\n{table(headers, lines)}"


def _exact(claim: Claim, records: Sequence[Record]) -> str:
    """Say whether the exact models got the verdict that mathematics has for them; the same model counts once."""
    if not claim.analytic:
        return ""
    judged = (
        (record.subject.dataset.name, verdict)
        for record in records
        for verdict in record.control_verdicts
        if verdict.claim == claim.id and is_analytic(verdict.arm) and verdict.word != "not applicable"
    )
    distinct: list[tuple[str, Verdict]] = []
    for data, verdict in judged:
        if not any(data == of and _same_model(verdict, other) for of, other in distinct):
            distinct.append((data, verdict))
    if not distinct:
        return ""
    return f"{label(claim.analytic)} {sum(v.word == claim.analytic for _, v in distinct)}/{len(distinct)}"


def _same_model(one: Verdict, other: Verdict) -> bool:
    """Whether a claim cannot tell two exact models apart, but for how their processors rounded."""
    ours, theirs = (
        [(found.place, found.interval.estimate if found.interval else math.inf) for found in verdict.checks]
        for verdict in (one, other)
    )
    return (one.arm, len(ours)) == (other.arm, len(theirs)) and all(
        place == of and math.isclose(ours_at, theirs_at, rel_tol=ROUNDING, abs_tol=ROUNDING)
        for (place, ours_at), (of, theirs_at) in zip(ours, theirs, strict=True)
    )


def _names(glossary: Sequence[Term], selection: Selection, linked: bool) -> str:
    """Say what the names on the board mean, in the words of their own pages."""
    subjects = [record.subject for record in selection.records]
    data = {s.dataset.name for s in subjects}
    shown = (
        {s.variant.name for s in subjects} | {s.arch for s in subjects} | data | {d.rstrip("0123456789") for d in data}
    )
    lines = []
    for term in glossary:
        if term.name in shown:
            name = f"[{term.name}](../{term.path})" if linked else term.name
            lines.append([term.kind, name, escape(term.says)])
    return table(["", "Name", "In words"], lines)


def _scores(tasks: Sequence[TaskText], selection: Selection, rows: Sequence[Entry]) -> str:
    stands = {row: [standing(task, _of(selection, task, row)) for task in tasks] for row in rows}
    complete = [row for row in rows if tasks and not any(one.lacks for one in stands[row])]
    names = selection.labels
    scores = {
        names[row]: {task.name: list(one.by_seed.values()) for task, one in zip(tasks, stands[row], strict=True)}
        for row in complete
    }
    ranked = ranks(scores)
    means = {
        row: sum(t_interval(list(s.by_seed.values())).estimate for s in stands[row]) / len(tasks) for row in complete
    }
    complete.sort(key=lambda row: (-round(means[row] / ROUNDING), names[row]))
    notes: list[str] = []
    lines = []
    for row in (*complete, *(row for row in rows if row not in means)):
        rank = _rank(ranked.get(names[row]), notes, tasks, stands[row])
        mean = rounded(means[row])[0] if row in means else "–"
        lines.append([rank, names[row], mean, *(_cell(stand) for stand in stands[row])])
    links = [f"[{words(task.name)}]({task.name}.md)" for task in tasks]
    shown = table(["Rank", "Variant · network", "Mean", *links], lines)
    return "\n\n".join([shown, *(["\n".join(f"({i}) {note}  " for i, note in enumerate(notes, 1))] if notes else [])])


def _of(selection: Selection, task: TaskText, row: Entry) -> list[Record]:
    return [record for record in selection.of_task(task.name) if entry(record) == row]


def _rank(rank: Rank | None, notes: list[str], tasks: Sequence[TaskText], stands: Sequence[Standing]) -> str:
    """Print a rank, or a dash with a footnote that says why there is none."""
    if rank is not None:
        return str(rank)
    why = "; ".join(f"{words(t.name)}: {escape(s.lacks)}" for t, s in zip(tasks, stands, strict=True) if s.lacks)
    if why not in notes:
        notes.append(why)
    return f"– ({notes.index(why) + 1})"


def _cell(stand: Standing) -> str:
    if not stand.applicable:
        return "–"
    score = plus_minus(t_interval(list(stand.by_seed.values()))) if stand.by_seed else "–"
    silent = f"<br>{stand.silent} –" if stand.silent else ""
    return f"{score}<br>{stand.holds} of {stand.applicable} hold{silent}"


def _matrices(tasks: Sequence[TaskText], selection: Selection) -> str:
    """Write verdicts by row and claim, a table a task."""
    parts = ["  ".join(label(word) for word in SYMBOLS) + ". A number counts the data sets with that verdict."]
    for task in tasks:
        records = selection.of_task(task.name)
        parts.append(f"### [{escape(task.title)}]({task.name}.md)")
        if not records:
            parts.append("No records yet.")
            continue
        claims = records[0].claims
        lines = []
        for row in sorted({entry(record) for record in records}):
            of_row = [record for record in records if entry(record) == row]
            verdicts = [_verdicts(claim.id, of_row) for claim in claims]
            lines.append([f"{selection.labels[row]}{beside(row.preset)}", *verdicts])
        parts.append(table(["", *(escape(claim.id) for claim in claims)], lines))
    return "\n\n".join(parts)


def _verdicts(claim: str, records: Sequence[Record]) -> str:
    """Print one claim's verdicts over data sets: one word where they agree, else each with its count."""
    found = Counter(verdict.word for record in records for verdict in record.verdicts if verdict.claim == claim)
    if len(found) == 1:
        return label(next(iter(found)))
    return "<br>".join(f"{label(word)} ({found[word]})" for word in SYMBOLS if found[word])


def _foundations(selection: Selection) -> str:
    """Sum up all records in a line, and fold away a line for each."""
    records = selection.records
    cells = [cell.status for record in records for cell in record.cells]
    torch = sorted({environment.torch for record in records for environment in record.environments})
    devices = sorted({record.subject.device for record in records})
    summary = (
        f"{len(records)} records of {len(cells)} cells; not finished: {_lost(cells)}. "
        f"Devices: {', '.join(devices) or '–'}. torch {escape(', '.join(torch)) or '–'}."
    )
    headers = ["Task", "Data", "Record", "Preset", "Seeds", "Not finished", "Invariants", "Device", "Time a cell"]
    folded = details("Every record", table(headers, [_foundation(selection, record) for record in records]))
    return f"{summary}\n\n{folded}"


def _lost(statuses: Iterable[Status]) -> str:
    lost = Counter(status for status in statuses if status != "ok")
    return ", ".join(f"{number} {status}" for status, number in sorted(lost.items())) or "none"


def _foundation(selection: Selection, record: Record) -> list[str]:
    subject, names = record.subject, selection.labels
    statuses = [cell.status for cell in record.cells]
    invariants = Counter(verdict.word for verdict in record.invariant_verdicts)
    return [
        words(subject.task.name),
        words(subject.dataset.name),
        f"[{names[entry(record)]}]({record_path(record, selection)})",
        subject.preset,
        f"{statuses.count('ok')} of {len(statuses)}",
        _lost(statuses),
        "<br>".join(f"{label(word)} ({invariants[word]})" for word in SYMBOLS if invariants[word]) or "–",
        subject.device,
        cell_time(record) or "–",
    ]
