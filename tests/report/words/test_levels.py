"""The board prints both levels, names the control that decides, and says when a measure cannot tell."""

from dataclasses import replace

from vaebench.claims import CheckResult, Found, Level, Plant, Verdict, t_interval
from vaebench.report.words.levels import (
    CANNOT_TELL,
    both,
    can_it_tell,
    cannot_tell,
    levels_said,
    plant_table,
    tally,
)

HOLDS, FAILS, UNDECIDED = Level("holds"), Level("fails"), Level("undecided")
PLANT = Plant("slow", "lead", "below")


def verdict(published, controlled, *statistics, valid="not shown", plants=()):
    checks = tuple(CheckResult(name, None, 0.0, None, controlled.word, role="control") for name in statistics)
    return Verdict("claim", "trained", published, replace(controlled, valid=valid), checks, plants)


def test_both_symbols_and_both_words_are_printed():
    assert both(verdict(HOLDS, FAILS)) == "✓ / ✗"
    assert levels_said(verdict(HOLDS, UNDECIDED)).count("·") == 1


def test_each_level_is_counted_by_itself():
    found = [verdict(HOLDS, FAILS), verdict(HOLDS, UNDECIDED), verdict(FAILS, FAILS)]
    assert (tally(found, published=True), tally(found, published=False)) == ("✓ 2 · ✗ 1 · ? 0", "✓ 0 · ✗ 2 · ? 1")
    silent = Level("not applicable")
    assert tally([verdict(silent, silent)], published=True) == ""


def test_a_measure_that_cannot_tell_is_said_first():
    plants = (Found(PLANT, t_interval([0.1, 0.2, 0.15]), "reversed"),)
    lost = verdict(HOLDS, UNDECIDED, valid="cannot tell", plants=plants)
    shown = verdict(HOLDS, HOLDS, valid="shown", plants=plants)
    assert can_it_tell([lost, shown]).startswith(CANNOT_TELL.format("the measure"))
    assert can_it_tell([shown, shown]) == "shown in 2 of 2"
    assert cannot_tell([lost, shown]) == f"{CANNOT_TELL.format('the measure')} (1 of 2)"
    assert cannot_tell([lost, shown], brief=True) == CANNOT_TELL.format("the measure")
    papers_own = replace(shown, published=replace(HOLDS, valid="cannot tell"))
    assert cannot_tell([papers_own, shown]) == f"{CANNOT_TELL.format('the published measure')} (1 of 2)"
    seeing = CheckResult("r", None, 0.0, None, "holds")
    one_of_two = replace(papers_own, checks=(seeing, replace(seeing, code="cannot tell")))
    assert cannot_tell([one_of_two], brief=True) == CANNOT_TELL.format("one published")
    assert cannot_tell([shown, shown]) == cannot_tell([verdict(HOLDS, HOLDS)]) == ""
    assert can_it_tell([verdict(HOLDS, HOLDS)]) == ""
    written = plant_table(lost).splitlines()
    assert len(written) == 3 and "slow" in written[2] and "**reversed**" in written[2]
    assert plant_table(verdict(HOLDS, HOLDS)) == ""
