"""Write what a task's page says of one claim, or of one invariant: what it asks for and how each record came out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from vaebench.claims import WORST_FIRST, Claim, Finding, Observation, Reading, Verdict, judge, t_interval
from vaebench.report.numbers import claimed, plain, plus_minus, rounded
from vaebench.report.record_page import control_said, dropping_empty, finding_numbers
from vaebench.report.selection import own
from vaebench.report.sent import sender_of
from vaebench.report.text import SYMBOLS, details, escape, label, table, words
from vaebench.results.record import Column, Record

Names = Mapping[int, str]
"""What records are called, as links to their pages, by the identity of the record."""


def claim_section(claim: Claim, records: Sequence[Record], names: Names) -> list[str]:
    """Write a claim's sentence, what it asks for, what the controls say, and a row a record.

    What is said over records is said of the suite's own; a record that somebody sent has its row.

    Args:
        claim: The claim.
        records: All records of its task.
        names: What they are called.

    Returns:
        Paragraphs of Markdown.
    """
    verdicts = [next(v for v in record.verdicts if v.claim == claim.id) for record in records]
    ours = own(records)
    controls = [
        {v.arm: v for v in record.control_verdicts if v.claim == claim.id and v.verdict != "not applicable"}
        for record in records
    ]
    by_arm: dict[str, list[Verdict]] = {}
    for record, of_record in zip(records, controls, strict=True):
        for arm, verdict in of_record.items() if sender_of(record) == "" else ():
            by_arm.setdefault(arm, []).append(verdict)
    varying = sorted(arm for arm, found in by_arm.items() if len({v.verdict for v in found}) > 1)
    same = [
        f"{control_said(arm, found[0].verdict, claim)}{_spread(found)}"
        for arm, found in sorted(by_arm.items())
        if arm not in varying
    ]
    lines = []
    for record, verdict, beside in zip(records, verdicts, controls, strict=True):
        if verdict.verdict != "not applicable":
            marks = [
                f"{label(beside[arm].verdict)}{_spread([beside[arm]])}" if arm in beside else "" for arm in varying
            ]
            row = [names[id(record)], label(verdict.verdict), *_numbers(verdict, record), *marks, escape(_why(verdict))]
            lines.append(row)
    arms = [f"{words(arm)} arm" for arm in varying]
    whose = " of the suite's own" if len(ours) < len(records) else ""
    headers = ["Record", "Verdict", "Estimate", "95 % interval", "Seeds", *arms, "Why"]
    return [
        f"### {escape(claim.id)}",
        f"{escape(claim.says)} {_tally(claim, ours, whose)}",
        _asked(max(verdicts, key=lambda verdict: len(verdict.findings)).findings),
        *([f"In every record{whose} that has one: {'; '.join(same)}."] if same else []),
        *([dropping_empty(headers, lines)] if lines else []),
        *([_over_records(claim, ours)] if claim.over_records and lines and ours else []),
        *_silent(zip(records, verdicts, strict=True), names),
        *([_beside(claim, records, names)] if claim.beside else []),
    ]


def _spread(verdicts: Sequence[Verdict]) -> str:
    """The estimates, over some records, of the quantity that decided the first of them: one number, or the two ends."""
    first = verdicts[0]
    head = next(finding for finding in first.findings if finding.verdict == first.verdict)
    same = (f for verdict in verdicts for f in verdict.findings if (f.what, f.knob) == (head.what, head.knob))
    found = [finding.interval.estimate for finding in same if finding.interval]
    if not found:
        return ""
    named = "" if head is first.findings[0] else f"{words(head.what)} "
    return " " + escape(f"({named}{' to '.join(dict.fromkeys(rounded(min(found), max(found))))})")


def _numbers(verdict: Verdict, record: Record) -> list[str]:
    shown = _shown(verdict.findings)
    estimate, *others = finding_numbers(shown, len(record.cells))
    return [estimate if shown.knob is None else f"{estimate} at {plain(shown.knob)}", *others]


def _asked(findings: Sequence[Finding]) -> str:
    """Say what a claim asks for; what is shown of it stands first, in bold."""
    asked: dict[str, None] = {}
    for finding in findings:
        each = "" if finding.knob is None else " at each knob value it is read at"
        asked[f"{words(finding.what)} {claimed(finding)}{each}"] = None
    first, *others = map(escape, asked)
    return "It holds if all of these do: " + "; ".join([f"**{first}** (shown)", *others]) + "."


def _over_records(claim: Claim, records: Sequence[Record]) -> str:
    """Judge a claim that speaks of all settings with records as the sample, each once, by its means over seeds."""
    means = [
        Observation("trained", None, place, Reading(column.name, t_interval(column.values).estimate, 0.0, column.n))
        for place, record in enumerate(records)
        for column in record.readings
        if _is_plain(column)
    ]
    verdict = judge(claim, means)
    shown = _shown(verdict.findings)
    estimate, interval, _ = finding_numbers(shown, len(records))
    over = shown.interval.n if shown.interval else 0
    found = f"{label(verdict.verdict)}, {escape(words(shown.what))} {estimate} {interval} over {over} of them"
    found += f" ({escape(shown.reason)})" if shown.reason else ""
    return (
        f"With records as the sample in place of seeds: {found}, each by its mean. They are this suite's choice of "
        "settings and no draw from all there are; the interval says how much they differ."
    )


def _silent(verdicts: Iterable[tuple[Record, Verdict]], names: Names) -> list[str]:
    """Say which records a claim does not apply to, or how many, by reason."""
    by_reason: dict[str, list[str]] = {}
    for record, verdict in verdicts:
        if verdict.verdict == "not applicable":
            by_reason.setdefault(verdict.reason, []).append(names[id(record)])
    word = label("not applicable")
    return [
        f"{word} to {', '.join(who) if len(who) < 9 else f'{len(who)} records'}: {escape(reason)}."
        for reason, who in sorted(by_reason.items())
    ]


def _tally(claim: Claim, records: Sequence[Record], whose: str) -> str:
    """Count the words over records: whether a claim holds whatever the objective, network and data."""
    found = Counter(verdict.verdict for record in records for verdict in record.verdicts if verdict.claim == claim.id)
    counts = [f"{label(word)} {found[word]}" for word in SYMBOLS if found[word]]
    return f"Over {len(records)} records{whose}: {' · '.join(counts) or '–'}."


def _why(verdict: Verdict) -> str:
    """Say what is shown where it is not what the claim asks for first, and what decided where that is not shown."""
    first, shown = verdict.findings[0], _shown(verdict.findings)
    other = f"{words(shown.what)} is shown: {first.reason}" if shown.what != first.what else ""
    deciding = [finding for finding in verdict.findings if finding.verdict == verdict.verdict]
    by = shown.reason if shown in deciding else "; ".join(map(_found, deciding)) or verdict.reason
    return "; ".join(part for part in (other, by) if part)


def _found(finding: Finding) -> str:
    """Say what was found of one quantity, and why it says no more."""
    numbers = " ".join(finding_numbers(finding, 0)[:2]) if finding.interval else ""
    place = f" at {plain(finding.knob)}" if finding.knob is not None else ""
    reason = f" ({finding.reason})" if finding.reason and numbers else finding.reason
    return f"{words(finding.what)}{place}{': ' if numbers or reason else ''}{numbers}{reason}"


def _beside(claim: Claim, records: Sequence[Record], names: Names) -> str:
    """Write the readings that stand beside a claim; where there is a knob, by name alone, as a figure shows them."""
    said = f"Read beside it and not judged, on the records' pages: {escape(words(', '.join(claim.beside)))}."
    rows = []
    for record in records:
        means = {c.name: plus_minus(t_interval(c.values)) for c in record.readings if _is_plain(c)}
        if means.keys() & set(claim.beside):
            rows.append([names[id(record)], *(means.get(reading, "–") for reading in claim.beside)])
    heads = ["Record", *(escape(words(reading)) for reading in claim.beside)]
    return f"{said}\n\n{details('Readings beside', table(heads, rows))}" if rows else said


def _is_plain(column: Column) -> bool:
    return column.arm == "trained" and column.knob is None and bool(column.values)


def invariant_section(claim: Claim, records: Sequence[Record], names: Names) -> list[str]:
    """Write an invariant's sentence, and a row with every value for each record and knob value it applies to.

    Args:
        claim: The invariant.
        records: All records of its task.
        names: What they are called.

    Returns:
        Paragraphs of Markdown.
    """
    verdicts = [(record, v) for record in records for v in record.invariant_verdicts if v.claim == claim.id]
    applicable = [(record, verdict) for record, verdict in verdicts if verdict.verdict != "not applicable"]
    parts = [f"### {escape(claim.id)}", escape(claim.says)]
    if applicable:
        asked = dict.fromkeys((f.what, claimed(f)) for _, v in applicable for f in v.findings)
        by_knob = any(finding.knob is not None for _, verdict in applicable for finding in verdict.findings)
        rows = []
        for record, verdict in applicable:
            for knob in dict.fromkeys(finding.knob for finding in verdict.findings):
                found = {(f.what, claimed(f)): f for f in verdict.findings if f.knob == knob}
                cells = [" ".join(finding_numbers(found[q], 0)[:2]) if q in found else "–" for q in asked]
                place = [plain(knob) if knob is not None else "–"] if by_knob else []
                arm = "" if verdict.arm == "trained" else f", {words(verdict.arm)}"
                rows.append([f"{names[id(record)]}{arm}", label(verdict.verdict), *place, *cells])
        heads = [f"{escape(words(what))} {region_}" for what, region_ in asked]
        parts.append(table(["Record", "Verdict", *(["At"] if by_knob else []), *heads], rows))
    return [*parts, *_silent([(record, v) for record, v in verdicts if v.arm == "trained"], names)]


def _shown(findings: Sequence[Finding]) -> Finding:
    """The claim's first quantity that was found; of it at several knob values the first that decides."""
    first = next((finding for finding in findings if finding.interval), findings[0])
    same = (f for f in findings if (f.what, f.low, f.high) == (first.what, first.low, first.high))
    return min(same, key=lambda finding: WORST_FIRST.index(finding.verdict))
