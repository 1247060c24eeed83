"""Write a section of a task's page: one claim or invariant, what it asks for, and its verdict on each record."""

from collections import Counter
from collections.abc import Iterable, Sequence

from vaebench.claims import WORST_FIRST, Across, CheckResult, Claim, Verdict, is_plain, judge_across
from vaebench.report.format import check_numbers, claimed, plain, plus_minus, rounded
from vaebench.report.levels import LEVELS, tally, told
from vaebench.report.markdown import (
    SYMBOLS,
    bullets,
    control_said,
    details,
    dropping_empty,
    escape,
    label,
    table,
    words,
)
from vaebench.report.shown import ShownRecord

REPORTED = "Reported only"
"""What comes before the measurements that no claim judges."""

OVER_RECORDS = "With records as the sample, instead of seeds"
"""What comes before a verdict over records."""

CONTROLS = "Controls"
"""What comes before the verdicts on the controls that are alike in all records."""


def claim_section(claim: Claim, shown: Sequence[ShownRecord]) -> list[str]:
    """Write a claim's sentence, what it asks for, what the controls say, and a row a record.

    Counts and controls are of the suite's own records. A record that somebody sent has only its row.

    Args:
        claim: The claim.
        shown: All records of its task.

    Returns:
        Paragraphs of Markdown.
    """
    ours = [one for one in shown if one.is_own]
    controls = [
        {v.arm: v for v in one.control_verdicts.get(claim.id, ()) if v.word != "not applicable"} for one in shown
    ]
    by_arm: dict[str, list[Verdict]] = {}
    for one, of_record in zip(shown, controls, strict=True):
        for arm, verdict in of_record.items() if one.is_own else ():
            by_arm.setdefault(arm, []).append(verdict)
    varying = sorted(arm for arm, found in by_arm.items() if len({v.word for v in found}) > 1)
    same = [
        f"{control_said(arm, found[0].word, claim)}{_spread(found)}"
        for arm, found in sorted(by_arm.items())
        if arm not in varying
    ]
    two = any(condition.role == "control" for condition in claim.conditions)
    lines = []
    for one, of_record in zip(shown, controls, strict=True):
        verdict = one.verdicts[claim.id]
        if verdict.word != "not applicable":
            found = [of_record.get(arm) for arm in varying]
            marks = [f"{label(control.word)}{_spread([control])}" if control else "" for control in found]
            levels = [label(verdict.published.word), label(verdict.controlled.word)] if two else [label(verdict.word)]
            lines.append([one.link, *levels, *_numbers(verdict, one), *marks, escape(_why(verdict))])
    arms = [f"{words(arm)} arm" for arm in varying]
    whose = " of the suite's own" if len(ours) < len(shown) else ""
    verdict_heads = LEVELS if two else ("Verdict",)
    headers = ["Record", *verdict_heads, "Estimate", "95 % interval", "Seeds", *arms, "Why"]
    checks = max((one.verdicts[claim.id].checks for one in shown), key=len)
    return [
        f"### {escape(claim.id)}",
        f"{escape(claim.says)} {_tally(claim, ours, whose)}",
        _asked(checks),
        *_plants(claim, ours),
        *([f"{CONTROLS}, in every record{whose} that has one: {'; '.join(same)}."] if same else []),
        *([dropping_empty(headers, lines)] if lines else []),
        *([_over_records(claim, ours)] if claim.over_records and lines and ours else []),
        *_silent((one, one.verdicts[claim.id]) for one in shown),
        *([_reported(claim, shown)] if claim.reported else []),
    ]


def _spread(verdicts: Sequence[Verdict]) -> str:
    """Print the range over records of the statistic that decided the first of them."""
    first = verdicts[0]
    head = next(check for check in first.checks if check.word == first.word)
    same = (f for verdict in verdicts for f in verdict.checks if (f.statistic, f.knob) == (head.statistic, head.knob))
    found = [check.interval.estimate for check in same if check.interval]
    if not found:
        return ""
    named = "" if head is first.checks[0] else f"{words(head.statistic)} "
    return " " + escape(f"({named}{' to '.join(dict.fromkeys(rounded(min(found), max(found))))})")


def _numbers(verdict: Verdict, shown: ShownRecord) -> list[str]:
    check = _headline(verdict.checks)
    estimate, *others = check_numbers(check, len(shown.record.cells))
    return [estimate if check.knob is None else f"{estimate} at {plain(check.knob)}", *others]


def _asked(checks: Sequence[CheckResult]) -> str:
    """Say what a claim asks for. The statistic that the table shows comes first, in bold."""
    asked: dict[str, None] = {}
    for check in checks:
        each = "" if check.knob is None else " at each knob value"
        control = " (control)" if check.role == "control" else ""
        asked[f"{words(check.statistic)} {claimed(check)}{each}{control}"] = None
    first, *others = map(escape, asked)
    return "The claim holds if each of these holds:\n\n" + bullets([f"**{first}** (shown)", *others])


def _plants(claim: Claim, ours: Sequence[ShownRecord]) -> list[str]:
    """Say what the plants are, and whether the measures order them as the truth does."""
    if not claim.plants:
        return []
    found = told([one.verdicts[claim.id] for one in ours])
    asked = [f"{words(p.measurement)} of {words(p.arm)} lies {p.side} the judged model's" for p in claim.plants]
    said = f"Can the measure tell? {found or 'No record has its plants yet'}. Plants: {escape('; '.join(asked))}."
    return [said]


def _over_records(claim: Claim, shown: Sequence[ShownRecord]) -> str:
    """Judge a claim about all settings with records as the sample. Each counts once, by its means over seeds."""
    verdict = judge_across(claim, Across(tuple(one.table for one in shown)))
    check = _headline(verdict.checks)
    estimate, interval, _ = check_numbers(check, len(shown))
    over = check.interval.n if check.interval else 0
    found = f"{label(verdict.word)}, {escape(words(check.statistic))} {estimate} {interval} over {over} of them"
    found += f" ({escape(check.reason)})" if check.reason else ""
    return (
        f"{OVER_RECORDS}: {found}. Each record counts by its mean over seeds. "
        "The settings are the suite's choice and not a random draw. So the interval only says how much they differ."
    )


def _silent(verdicts: Iterable[tuple[ShownRecord, Verdict]]) -> list[str]:
    """List or count the records that a claim does not apply to, by reason."""
    by_reason: dict[str, list[str]] = {}
    for one, verdict in verdicts:
        if verdict.word == "not applicable":
            by_reason.setdefault(verdict.reason, []).append(one.link)
    word = label("not applicable")
    return [
        f"{word} to {', '.join(who) if len(who) < 9 else f'{len(who)} records'}: {escape(reason)}."
        for reason, who in sorted(by_reason.items())
    ]


def _tally(claim: Claim, shown: Sequence[ShownRecord], whose: str) -> str:
    """Count the verdicts over records."""
    verdicts = [one.verdicts[claim.id] for one in shown]
    found = Counter(verdict.word for verdict in verdicts)
    counts = [f"{label(word)} {found[word]}" for word in SYMBOLS if found[word]]
    if not any(condition.role == "control" for condition in claim.conditions):
        return f"Over {len(shown)} records{whose}: {' · '.join(counts) or '–'}."
    published = tally(verdicts, published=True) or "–"
    return f"Over {len(shown)} records{whose}: as published {published}; under controls {' · '.join(counts) or '–'}."


def _why(verdict: Verdict) -> str:
    """Say which statistic is shown if it is not the first, and what decided if that is not shown."""
    first, shown = verdict.checks[0], _headline(verdict.checks)
    other = f"{words(shown.statistic)} is shown: {first.reason}" if shown.statistic != first.statistic else ""
    deciding = [check for check in verdict.checks if check.word == verdict.word]
    by = shown.reason if shown in deciding else "; ".join(map(_found, deciding)) or verdict.reason
    return "; ".join(part for part in (other, by) if part)


def _found(check: CheckResult) -> str:
    """Print what was found of one statistic, with the reason if there is one."""
    numbers = " ".join(check_numbers(check, 0)[:2]) if check.interval else ""
    at_knob = f" at {plain(check.knob)}" if check.knob is not None else ""
    reason = f" ({check.reason})" if check.reason and numbers else check.reason
    return f"{words(check.statistic)}{at_knob}{': ' if numbers or reason else ''}{numbers}{reason}"


def _reported(claim: Claim, shown: Iterable[ShownRecord]) -> str:
    """Write what is reported only. With a knob these are names, because a figure shows the numbers."""
    said = f"{REPORTED}, on the pages of the records: {escape(words(', '.join(claim.reported)))}."
    rows = []
    for one in shown:
        means = {
            name: plus_minus(one.interval(column))
            for name in claim.reported
            for column in one.columns.get(name, ())
            if is_plain(column)
        }
        if means:
            rows.append([one.link, *(means.get(name, "–") for name in claim.reported)])
    heads = ["Record", *(escape(words(name)) for name in claim.reported)]
    return f"{said}\n\n{details(REPORTED, table(heads, rows))}" if rows else said


def invariant_section(claim: Claim, shown: Sequence[ShownRecord]) -> list[str]:
    """Write an invariant's sentence, and a row with all values for each record and knob value.

    Args:
        claim: The invariant.
        shown: All records of its task.

    Returns:
        Paragraphs of Markdown.
    """
    verdicts = [(one, verdict) for one in shown for verdict in one.invariant_verdicts[claim.id]]
    applicable = [(one, verdict) for one, verdict in verdicts if verdict.word != "not applicable"]
    parts = [f"### {escape(claim.id)}", escape(claim.says)]
    if applicable:
        asked = dict.fromkeys((f.statistic, claimed(f)) for _, v in applicable for f in v.checks)
        by_knob = any(check.knob is not None for _, verdict in applicable for check in verdict.checks)
        rows = []
        for one, verdict in applicable:
            for knob in dict.fromkeys(check.knob for check in verdict.checks):
                found = {(f.statistic, claimed(f)): f for f in verdict.checks if f.knob == knob}
                cells = [" ".join(check_numbers(found[q], 0)[:2]) if q in found else "–" for q in asked]
                at_knob = [plain(knob) if knob is not None else "–"] if by_knob else []
                arm = "" if verdict.arm == "trained" else f", {words(verdict.arm)}"
                rows.append([f"{one.link}{arm}", label(verdict.word), *at_knob, *cells])
        heads = [f"{escape(words(what))} {region_}" for what, region_ in asked]
        parts.append(table(["Record", "Verdict", *(["At"] if by_knob else []), *heads], rows))
    return [*parts, *_silent((one, verdict) for one, verdict in verdicts if verdict.arm == "trained")]


def _headline(checks: Sequence[CheckResult]) -> CheckResult:
    """The claim's first statistic with numbers; at several knob values, the first that decides."""
    first = next((check for check in checks if check.interval), checks[0])
    same = (f for f in checks if (f.statistic, f.low, f.high) == (first.statistic, first.low, first.high))
    return min(same, key=lambda check: WORST_FIRST.index(check.word))
