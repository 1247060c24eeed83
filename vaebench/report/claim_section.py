"""Write what a task's page says of one claim, or of one invariant: what it asks for and how each record came out."""

from collections import Counter
from collections.abc import Iterable, Sequence

from vaebench.claims import WORST_FIRST, Across, CheckResult, Claim, Verdict, is_plain, judge_across
from vaebench.report.format import check_numbers, claimed, plain, plus_minus, rounded
from vaebench.report.markdown import SYMBOLS, control_said, details, dropping_empty, escape, label, table, words
from vaebench.report.shown import ShownRecord


def claim_section(claim: Claim, shown: Sequence[ShownRecord]) -> list[str]:
    """Write a claim's sentence, what it asks for, what the controls say, and a row a record.

    What is said over records is said of the suite's own; a record that somebody sent has its row.

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
    lines = []
    for one, beside in zip(shown, controls, strict=True):
        verdict = one.verdicts[claim.id]
        if verdict.word != "not applicable":
            marks = [f"{label(beside[arm].word)}{_spread([beside[arm]])}" if arm in beside else "" for arm in varying]
            lines.append([one.link, label(verdict.word), *_numbers(verdict, one), *marks, escape(_why(verdict))])
    arms = [f"{words(arm)} arm" for arm in varying]
    whose = " of the suite's own" if len(ours) < len(shown) else ""
    headers = ["Record", "Verdict", "Estimate", "95 % interval", "Seeds", *arms, "Why"]
    checks = max((one.verdicts[claim.id].checks for one in shown), key=len)
    return [
        f"### {escape(claim.id)}",
        f"{escape(claim.says)} {_tally(claim, ours, whose)}",
        _asked(checks),
        *([f"In every record{whose} that has one: {'; '.join(same)}."] if same else []),
        *([dropping_empty(headers, lines)] if lines else []),
        *([_over_records(claim, ours)] if claim.over_records and lines and ours else []),
        *_silent((one, one.verdicts[claim.id]) for one in shown),
        *([_reported(claim, shown)] if claim.reported else []),
    ]


def _spread(verdicts: Sequence[Verdict]) -> str:
    """The estimates, over some records, of the quantity that decided the first of them: one number, or the two ends."""
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
    """Say what a claim asks for; what is shown of it stands first, in bold."""
    asked: dict[str, None] = {}
    for check in checks:
        each = "" if check.knob is None else " at each knob value it is measured at"
        asked[f"{words(check.statistic)} {claimed(check)}{each}"] = None
    first, *others = map(escape, asked)
    return "It holds if all of these do: " + "; ".join([f"**{first}** (shown)", *others]) + "."


def _over_records(claim: Claim, shown: Sequence[ShownRecord]) -> str:
    """Judge a claim that speaks of all settings with records as the sample, each once, by its means over seeds."""
    verdict = judge_across(claim, Across(tuple(one.record.table for one in shown)))
    check = _headline(verdict.checks)
    estimate, interval, _ = check_numbers(check, len(shown))
    over = check.interval.n if check.interval else 0
    found = f"{label(verdict.word)}, {escape(words(check.statistic))} {estimate} {interval} over {over} of them"
    found += f" ({escape(check.reason)})" if check.reason else ""
    return (
        f"With records as the sample in place of seeds: {found}, each by its mean. They are this suite's choice of "
        "settings and no draw from all there are; the interval says how much they differ."
    )


def _silent(verdicts: Iterable[tuple[ShownRecord, Verdict]]) -> list[str]:
    """Say which records a claim does not apply to, or how many, by reason."""
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
    """Count the words over records: whether a claim holds whatever the objective, network and data."""
    found = Counter(one.verdicts[claim.id].word for one in shown)
    counts = [f"{label(word)} {found[word]}" for word in SYMBOLS if found[word]]
    return f"Over {len(shown)} records{whose}: {' · '.join(counts) or '–'}."


def _why(verdict: Verdict) -> str:
    """Say what is shown where it is not what the claim asks for first, and what decided where that is not shown."""
    first, shown = verdict.checks[0], _headline(verdict.checks)
    other = f"{words(shown.statistic)} is shown: {first.reason}" if shown.statistic != first.statistic else ""
    deciding = [check for check in verdict.checks if check.word == verdict.word]
    by = shown.reason if shown in deciding else "; ".join(map(_found, deciding)) or verdict.reason
    return "; ".join(part for part in (other, by) if part)


def _found(check: CheckResult) -> str:
    """Say what was found of one quantity, and why it says no more."""
    numbers = " ".join(check_numbers(check, 0)[:2]) if check.interval else ""
    place = f" at {plain(check.knob)}" if check.knob is not None else ""
    reason = f" ({check.reason})" if check.reason and numbers else check.reason
    return f"{words(check.statistic)}{place}{': ' if numbers or reason else ''}{numbers}{reason}"


def _reported(claim: Claim, shown: Iterable[ShownRecord]) -> str:
    """Write what is reported beside a claim; where there is a knob, by name alone, as a figure shows it."""
    said = f"Reported beside it and not judged, on the records' pages: {escape(words(', '.join(claim.reported)))}."
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
    return f"{said}\n\n{details('Measurements beside', table(heads, rows))}" if rows else said


def invariant_section(claim: Claim, shown: Sequence[ShownRecord]) -> list[str]:
    """Write an invariant's sentence, and a row with every value for each record and knob value it applies to.

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
                place = [plain(knob) if knob is not None else "–"] if by_knob else []
                arm = "" if verdict.arm == "trained" else f", {words(verdict.arm)}"
                rows.append([f"{one.link}{arm}", label(verdict.word), *place, *cells])
        heads = [f"{escape(words(what))} {region_}" for what, region_ in asked]
        parts.append(table(["Record", "Verdict", *(["At"] if by_knob else []), *heads], rows))
    return [*parts, *_silent((one, verdict) for one, verdict in verdicts if verdict.arm == "trained")]


def _headline(checks: Sequence[CheckResult]) -> CheckResult:
    """The claim's first quantity that was found; of it at several knob values the first that decides."""
    first = next((check for check in checks if check.interval), checks[0])
    same = (f for f in checks if (f.statistic, f.low, f.high) == (first.statistic, first.low, first.high))
    return min(same, key=lambda check: WORST_FIRST.index(check.word))
