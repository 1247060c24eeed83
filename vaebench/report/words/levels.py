"""Print the two levels of verdicts: as published, and under controls."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import get_args

from vaebench.claims import Claim, LevelName, Plant, PlantWord, Validity, Verdict, VerdictWord
from vaebench.report.words.decisive import checks_of, is_blind
from vaebench.report.words.format import estimate_and_interval, plain
from vaebench.report.words.markdown import SYMBOLS, escape, label, table, words

LEVEL_NAMES: tuple[LevelName, LevelName] = ("published", "controlled")

LEVEL_HEADS = ("As published", "Under controls")
"""The two levels of a verdict, as headings."""

CANNOT_TELL = "**{} cannot tell**"
"""What stands by a claim of which a measure, or only the paper's own, misses a plant or reads it reversed."""


def has_controls(claim: Claim) -> bool:
    """Say whether a claim is judged at two levels: one without controls has its published word only."""
    return any(condition.role == "control" for condition in claim.conditions)


def both(verdict: Verdict) -> str:
    """Print a verdict's symbols at both levels.

    Args:
        verdict: The verdict.

    Returns:
        For example ``✓ / ✗``: as published, then under controls.
    """
    return f"{SYMBOLS[verdict.published.word]} / {SYMBOLS[verdict.controlled.word]}"


def tally(verdicts: Iterable[Verdict], published: bool) -> str:
    """Count the words of some verdicts at one level.

    Args:
        verdicts: The verdicts.
        published: Whether as published; else under controls.

    Returns:
        For example ``✓ 12 · ✗ 0 · ? 2``; empty if the claim applies nowhere.
    """
    return tally_of((one.published if published else one.controlled).word for one in verdicts)


def tally_of(found: Iterable[VerdictWord]) -> str:
    """Count words.

    Args:
        found: The words.

    Returns:
        For example ``✓ 12 · ✗ 0 · ? 2``; empty if the claim applies nowhere.
    """
    numbers = Counter(found)
    shown = [word for word in SYMBOLS if word != "not applicable"]
    return " · ".join(f"{SYMBOLS[word]} {numbers[word]}" for word in shown) if any(map(numbers.get, shown)) else ""


def can_it_tell(verdicts: Iterable[Verdict]) -> str:
    """Say whether a claim's measures can tell, by its plants.

    Args:
        verdicts: Of one claim.

    Returns:
        Markdown; empty where the claim has no plants.
    """
    planted = [one for one in verdicts if one.plants]
    shown = sum(least_valid(one) == "shown" for one in planted)
    return cannot_tell(planted) or (f"shown in {shown} of {len(planted)}" if planted else "")


def cannot_tell(verdicts: Iterable[Verdict], brief: bool = False) -> str:
    """Say in how many models a claim's measures cannot tell; or the paper's own, or one of them, if in most others can.

    Args:
        verdicts: Of one claim.
        brief: Whether to leave out in how many.

    Returns:
        Markdown; empty where no plant was missed or read the wrong way round.
    """
    planted = [one for one in verdicts if one.plants]
    blind = [one for one in planted if least_valid(one) == "cannot tell"]
    neither = sum(one.controlled.valid == "cannot tell" for one in blind)
    partly = sum(not all(map(is_blind, checks_of(one, "published"))) for one in blind)
    papers_own = ("one published" if 2 * partly > len(blind) else "the published") + ("" if brief else " measure")
    which = "the measure" if 2 * neither > len(blind) else papers_own
    counts = "" if brief else f" ({len(blind)} of {len(planted)})"
    return f"{CANNOT_TELL.format(which)}{counts}" if blind else ""


def least_valid(verdict: Verdict) -> Validity:
    """Say whether a verdict's measures can tell: not if those of one level cannot.

    Args:
        verdict: The verdict.

    Returns:
        The word.
    """
    return "cannot tell" if verdict.published.valid == "cannot tell" else verdict.controlled.valid


def plant_table(verdict: Verdict) -> str:
    """Write how each plant of a claim was read on one record.

    Args:
        verdict: The verdict.

    Returns:
        A Markdown table with a row a plant; empty if the claim has none.
    """
    rows = []
    for one in verdict.plants:
        plant = one.plant
        numbers = estimate_and_interval(one.interval) if one.interval else ("–", "–")
        cells = [words(plant.title), words(plant.measurement), must_lie(plant)]
        lost = one.word in {"missed", "reversed"}
        rows.append([*map(escape, cells), *numbers, f"**{one.word}**" if lost else one.word])
    heads = ["Plant", "Measurement", "Must lie", "Lies by", "95 % interval", "Read"]
    return table(heads, rows) if rows else ""


def plants_read(verdicts: Sequence[Verdict]) -> str:
    """Write what became of each plant of a claim over some records: a row for each plant and what is measured of it.

    Args:
        verdicts: Of one claim, one a model.

    Returns:
        A Markdown table; empty if the claim has no plants.
    """
    by_plant: dict[tuple[str, str, str], dict[str, list[PlantWord]]] = {}
    for verdict in verdicts:
        for one in verdict.plants:
            key = words(one.plant.title), words(one.plant.name), must_lie(one.plant)
            by_plant.setdefault(key, {}).setdefault(one.plant.measurement, []).append(one.word)
    rows = []
    for key, by_measurement in by_plant.items():
        found = Counter(next(iter(by_measurement.values())))
        measured = ", ".join(map(words, by_measurement))
        rows.append([*map(escape, (*key, measured)), *(str(found[word] or "") for word in get_args(PlantWord))])
    heads = ["Plant", "Read", "Must lie", "Shows the measure", "Found", "Missed", "Reversed", "Undecided"]
    return table(heads, rows) if rows else ""


def must_lie(plant: Plant) -> str:
    """Say where what is measured of a plant must lie, for example ``above 0.5 by 0.2 or more``."""
    if plant.side == "beside":
        return f"within {plain(plant.least)} of {held_against(plant)}"
    by = f" by {plain(plant.least)} or more" if plant.least else ""
    return f"{plant.side} {held_against(plant)}{by}"


def held_against(plant: Plant) -> str:
    """Say what a plant's number is held against: ``the judged model's``, another measurement, or a number."""
    against = "the judged model's" if plant.against is None else plant.against
    return words(against) if isinstance(against, str) else plain(against)


def levels_said(verdict: Verdict) -> str:
    """Print both words of a verdict.

    Args:
        verdict: The verdict.

    Returns:
        For example ``as published ✓ holds · under controls ✗ fails``.
    """
    return f"as published {label(verdict.published.word)} · under controls {label(verdict.controlled.word)}"
