"""Write a section of a task's page: one claim or invariant, what it asks for, and its verdict on each record."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from vaebench.claims import CheckResult, Claim, Verdict
from vaebench.report.rows.distinct import Model, distinct
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.words.condition_marks import asked, decided, marks
from vaebench.report.words.decisive import decisive, is_blind, worst
from vaebench.report.words.format import check_numbers, claimed, plain, plus_minus, rounded
from vaebench.report.words.in_words import Effect, effect_of, effect_words, said, span
from vaebench.report.words.levels import LEVEL_HEADS, can_it_tell, has_controls, plants_read, tally
from vaebench.report.words.markdown import (
    SYMBOLS,
    control_said,
    details,
    escape,
    label,
    table,
    without_empty_last,
    words,
)

REPORTED = "Reported only"
"""What comes before the measurements that no claim judges."""

BRACKETS = (
    "In brackets: on that record the measure does not find all its [plants](glossary.md#plant), and decides nothing "
    "under controls."
)
"""What explains a mark in brackets."""

PLANTS = "What each measure made of its plants, in how many models"
"""The title of the folded table."""

CONTROLS = "Controls"
"""What comes before the verdicts on the controls that are alike in all records."""


def claim_section(
    claim: Claim,
    shown: Sequence[ShownRecord],
    listed: Sequence[ShownRecord] | None = None,
    general: str = "",
    models: Sequence[Model] | None = None,
) -> list[str]:
    """Write a claim's sentence, what it asks for, what the controls say, and a row a record.

    Counts and controls are of the suite's own records. A record that somebody sent has only its row.

    Args:
        claim: The claim.
        shown: All records of its task.
        listed: Those of them that the tables list; all if left out.
        general: How far it generalises to other variants, in Markdown; empty for nothing.
        models: The distinct models among them, if they are known.

    Returns:
        Paragraphs of Markdown.
    """
    ours = [one for one in shown if one.is_own]
    models = [one for one in (distinct(ours) if models is None else models) if one.is_own]
    listed = shown if listed is None else listed
    by_arm: dict[str, list[Verdict]] = {}
    for one in ours:
        for arm, verdict in _controls(claim, one).items():
            by_arm.setdefault(arm, []).append(verdict)
    varying = sorted(arm for arm, found in by_arm.items() if len({v.word for v in found}) > 1)
    same = [
        f"{control_said(arm, found[0].word, claim)}{_spread(found)}"
        for arm, found in sorted(by_arm.items())
        if arm not in varying
    ]
    conditions = asked([one.verdicts[claim.id] for one in shown])
    written = _table(claim, listed, conditions, varying)
    blind = any(is_blind(check) for one in listed for check in one.verdicts[claim.id].checks)
    whose = " of the suite's own" if len(ours) < len(shown) else ""
    numbered = "\n".join(f"{place}. {escape(one)}" for place, one in enumerate(conditions.values(), 1))
    return [
        f"### {escape(claim.id)}",
        "\n\n".join(filter(None, [f"{escape(claim.says)} {_tally(claim, models, len(ours), whose)}", general])),
        f"The claim holds if each of these holds:\n\n{numbered}",
        *_plants(claim, models),
        *([f"{CONTROLS}, in every record{whose} that has one: {'; '.join(same)}."] if same else []),
        *([written, *([BRACKETS] if blind else [])] if written else []),
        *_silent((one, one.verdicts[claim.id]) for one in shown),
        *([_reported(claim, listed)] if claim.reported else []),
    ]


def _table(
    claim: Claim,
    shown: Sequence[ShownRecord],
    conditions: Mapping[tuple[str, str], str],
    varying: Sequence[str],
) -> str:
    """A row for each record that the claim applies to; empty if there is none."""
    two = has_controls(claim)
    effect_head = _effect_head(claim, shown)
    lines = []
    for one in shown:
        verdict = one.verdicts[claim.id]
        if verdict.word != "not applicable":
            of_record = _controls(claim, one)
            found = [of_record.get(arm) for arm in varying]
            beside = [f"{label(control.word)}{_spread([control])}" if control else "" for control in found]
            levels = [label(verdict.published.word), label(verdict.controlled.word)] if two else [label(verdict.word)]
            numbers = decided(verdict, conditions, len(one.record.cells))
            much = [_how_much(one, verdict)] if effect_head else []
            lines.append([one.link, *levels, *much, *numbers[:-1], *marks(verdict, conditions), *beside, numbers[-1]])
    verdict_heads = LEVEL_HEADS if two else ("Verdict",)
    many = [f"({place})" for place in range(1, len(conditions) + 1)] if len(conditions) > 1 else []
    arms = [f"{words(arm)} arm" for arm in varying]
    decides = ("Decided under controls by" if two else "Decided by", "Estimate", "95 % interval", "Seeds")
    headers = ["Record", *verdict_heads, *effect_head, *decides, *many, *arms, "Why"]
    return without_empty_last(headers, lines) if lines else ""


def _controls(claim: Claim, one: ShownRecord) -> dict[str, Verdict]:
    """The verdicts on a record's other arms that the claim applies to, by arm."""
    return {v.arm: v for v in one.control_verdicts.get(claim.id, ()) if v.word != "not applicable"}


def _effect(one: ShownRecord, verdict: Verdict) -> tuple[Effect, CheckResult] | None:
    """The effect as the first screen says it, if in a unit that a person has. The table has the other numbers."""
    found = effect_of(one.record.subject.task.name, verdict.claim, verdict.checks)
    return found if found and found[0].unit != "number" else None


def _effect_head(claim: Claim, shown: Sequence[ShownRecord]) -> list[str]:
    found = (_effect(one, one.verdicts[claim.id]) for one in shown)
    return [f"How much ({escape(effect_words(effect))})" for effect, _ in filter(None, found)][:1]


def _how_much(one: ShownRecord, verdict: Verdict) -> str:
    found = _effect(one, verdict)
    if not found:
        return ""
    effect, check = found
    interval = check.interval
    assert interval is not None  # effect_of found it
    low, high = interval.low, interval.high
    between = "" if low is None or high is None else f" [{span(low, high, effect.unit)}]"
    return escape(f"{said(interval.estimate, effect.unit)}{between}")


def _spread(verdicts: Sequence[Verdict]) -> str:
    """Print the range over records of the statistic that decided the first of them."""
    first = verdicts[0]
    head = decisive(first)
    same = (f for verdict in verdicts for f in verdict.checks if (f.statistic, f.knob) == (head.statistic, head.knob))
    found = [check.interval.estimate for check in same if check.interval]
    if not found:
        return ""
    named = "" if head is first.checks[0] else f"{words(head.statistic)} "
    return " " + escape(f"({named}{' to '.join(dict.fromkeys(rounded(min(found), max(found))))})")


def _plants(claim: Claim, models: Iterable[Model]) -> list[str]:
    """Say what the plants are, and whether the measures order them as the truth does."""
    if not claim.plants:
        return []
    verdicts = [one.first.verdicts[claim.id] for one in models]
    found = plants_read(verdicts)
    return [
        f"Can the measure tell? {can_it_tell(verdicts) or 'No record has its plants yet'}.",
        *([details(PLANTS, found)] if found else []),
    ]


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


def _tally(claim: Claim, models: Sequence[Model], records: int, whose: str) -> str:
    """Count the verdicts over models. Records that are one model count once."""
    verdicts = [one.first.verdicts[claim.id] for one in models]
    found = Counter(verdict.word for verdict in verdicts)
    counts = [f"{label(word)} {found[word]}" for word in SYMBOLS if found[word]]
    once = f" ({records} records)" if len(models) < records else ""
    over = f"Over {len(models)} distinct models{whose}{once}"
    if not has_controls(claim):
        return f"{over}: {' · '.join(counts) or '–'}."
    published = tally(verdicts, published=True) or "–"
    return f"{over}: as published {published}; under controls {' · '.join(counts) or '–'}."


def _reported(claim: Claim, shown: Iterable[ShownRecord]) -> str:
    """Write what is reported only. With a knob these are names, because a figure shows the numbers."""
    said = f"{REPORTED}, on the pages of the records: {escape(words(', '.join(claim.reported)))}."
    rows = []
    for one in shown:
        there = {name: one.mean(name) for name in claim.reported}
        means = {name: plus_minus(found.interval) for name, found in there.items() if found and found.is_plain}
        if means:
            rows.append([one.link, *(means.get(name, "–") for name in claim.reported)])
    heads = ["Record", *(escape(words(name)) for name in claim.reported)]
    return f"{said}\n\n{details(REPORTED, table(heads, rows))}" if rows else said


def invariant_section(claim: Claim, shown: Sequence[ShownRecord]) -> list[str]:
    """Write an invariant's sentence, and a row with all values, and what they say, for each record and knob value.

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
                word = verdict.word if knob is None else worst([*found.values()]).word
                rows.append([f"{one.link}{arm}", label(word), *at_knob, *cells])
        heads = [f"{escape(words(what))} {region_}" for what, region_ in asked]
        parts.append(table(["Record", "Verdict", *(["At"] if by_knob else []), *heads], rows))
    return [*parts, *_silent((one, verdict) for one, verdict in verdicts if verdict.arm == "trained")]
