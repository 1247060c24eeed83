"""Print what decided a claim on a record: the deciding condition with its number, and a symbol for each condition."""

from collections.abc import Iterable, Mapping, Sequence

from vaebench.claims import CheckResult, Verdict
from vaebench.report.words.condition_words import asked_words, condition_words
from vaebench.report.words.decisive import checks_of, contradicts, decisive, is_blind, worst
from vaebench.report.words.format import check_numbers, claimed
from vaebench.report.words.markdown import SYMBOLS, escape, words

Key = tuple[str, str]
"""What a condition asks: its statistic, and its region in words."""


def asked(verdicts: Iterable[Verdict]) -> dict[Key, str]:
    """List the conditions of a claim, each once, whatever the knob value.

    Args:
        verdicts: The claim's verdicts on all records.

    Returns:
        What each asks, in words, by its key.
    """
    found: dict[Key, str] = {}
    for check in max((verdict.checks for verdict in verdicts), key=len, default=()):
        each = "" if check.knob is None else " at each knob value"
        control = " (control)" if check.role == "control" else ""
        said, name = condition_words(check.statistic), words(check.statistic)
        named = name if said == name else f"{said} ({name})"
        found[_key(check)] = f"{named} {claimed(check)}{each}{control}"
    return found


def decided(verdict: Verdict, conditions: Mapping[Key, str], seeds: int) -> list[str]:
    """Print the condition that decided a verdict under controls, with its number.

    Args:
        verdict: The verdict.
        conditions: From `asked`.
        seeds: Number of seeds of the record.

    Returns:
        Number and name of the condition, estimate, interval, seeds, and a reason where the number does not say it.
    """
    check = decisive(verdict)
    estimate, interval, counted = check_numbers(check, seeds)
    place = list(conditions).index(_key(check)) + 1 if _key(check) in conditions else 0
    number = f"({place}) " if place and len(conditions) > 1 else ""
    silent = {one.reason: _key(one) for one in verdict.checks if one.word == "not applicable" and one is not check}
    unsaid = [f"({list(conditions).index(key) + 1}) {reason}" for reason, key in silent.items() if key in conditions]
    said = "; ".join(filter(None, [why(verdict, check), _published(verdict), *unsaid]))
    return [f"{number}{escape(asked_words(check))}", estimate, interval, counted, escape(said)]


def _published(verdict: Verdict) -> str:
    """Say why a published word is none that its conditions have in the table, which corrects for controls too."""
    of = checks_of(verdict, "published")
    if not of or verdict.published.word in {"not applicable", worst(of).word}:
        return ""
    return f"as published {verdict.published.word}, where fewer statistics are corrected for"


def why(verdict: Verdict, check: CheckResult) -> str:
    """Say why a verdict is so, where the deciding number alone does not say it.

    Args:
        verdict: The verdict.
        check: The check that decided it.

    Returns:
        The reason; empty where the interval against its region says all.
    """
    if verdict.controlled.word != check.word:
        return verdict.controlled.reason
    said = check.reason
    told = check.word == "holds" or contradicts(check, check.word, "")
    return said or (verdict.controlled.reason if told else "")


def marks(verdict: Verdict, conditions: Mapping[Key, str]) -> Sequence[str]:
    """Print a symbol for each condition: at several knob values, that of the worst; in brackets if it cannot tell.

    Args:
        verdict: The verdict.
        conditions: From `asked`.

    Returns:
        As many cells as there are conditions; none where there is only one.
    """
    if len(conditions) < 2:
        return ()
    found: dict[Key, list[CheckResult]] = {}
    for check in verdict.checks:
        found.setdefault(_key(check), []).append(check)
    return [mark(found[key]) if key in found else "" for key in conditions]


def mark(checks: Sequence[CheckResult]) -> str:
    """Print the symbol of the worst of some checks of one measure, in brackets if the measure cannot tell.

    Args:
        checks: One or more.

    Returns:
        For example ``✗`` or ``(✗)``.
    """
    symbol = SYMBOLS[worst(checks).word]
    return f"({symbol})" if all(map(is_blind, checks)) else symbol


def _key(check: CheckResult) -> Key:
    return check.statistic, claimed(check)
