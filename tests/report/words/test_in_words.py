"""Laws of effects in words: the table fits the tasks, and a number keeps its meaning."""

import math
import re
from dataclasses import replace

import pytest

from vaebench import catalog
from vaebench.claims import CheckResult, Interval, Level, Table, Verdict
from vaebench.report.words.in_words import EFFECTS, Effect, effect_of, effects_of, headline, said, span

TASKS = {name: catalog.task(name) for name in catalog.task_names()}


def statistics(claim):
    """Names of the checks of a claim, at any knob value."""
    return {s.what for condition in claim.conditions for s in condition.statistics(Table(()), "trained")}


def test_each_paper_has_one_or_two_headlines():
    found = {task.paper: 0 for task in TASKS.values()}
    for task in TASKS.values():
        found[task.paper] += sum(bool(headline(task.name, claim.id)) for claim in task.claims)
    assert set(found.values()) <= {1, 2}, found


@pytest.mark.parametrize("key", EFFECTS)
def test_an_entry_is_of_a_claim_names_a_check_of_it_and_has_one_gap(key):
    effect, task = EFFECTS[key], TASKS[key[0]]
    claims = {claim.id: claim for claim in (*task.claims, *task.invariants)}
    assert effect.says.count("{}") == 1
    assert statistics(claims[key[1]]) & set(effect.statistics), key


@pytest.mark.parametrize("log_ratio", [-2.0, -0.445, -0.01, 0.01, 0.7])
def test_a_log_ratio_is_a_percentage_of_the_first_value(log_ratio):
    text = said(log_ratio, "less")
    share = float(text.split(" ")[0]) / 100
    assert ("more" in text) == (log_ratio > 0)
    assert share == pytest.approx(abs(math.expm1(log_ratio)), rel=0.06)
    change = float(said(log_ratio, "change").removesuffix(" %").replace("−", "-")) / 100
    assert change == pytest.approx(math.expm1(log_ratio), rel=0.06)


@pytest.mark.parametrize(
    ("value", "text"), [(0.07, "7.0 points fewer"), (-0.02, "2.0 points more"), (0.0, "0 points fewer")]
)
def test_points_have_a_side(value, text):
    assert said(value, "points") == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "1.00×"), (0.0086, "1.02×"), (1.0, "10×"), (-1.0, "0.10×"), (400.0, "1.00×10³⁰⁰×")]
)
def test_decades_are_factors(value, text):
    assert said(value, "times") == text


@pytest.mark.parametrize("unit", ["less", "change", "lower", "points", "times", "share", "number"])
def test_a_range_has_both_ends_and_its_unit_once_if_both_have_it(unit):
    text = span(0.1, 0.4, unit)
    assert len(re.findall(r"\d+\.?\d*", text)) == 2 and " to " in text
    tail = said(0.1, unit).lstrip("+−0123456789.")
    assert text.count(tail.strip()) <= 1 or not tail.strip()


def check(name, value, role="published", knob=None):
    return CheckResult(name, Interval(value, value - 1, value + 1, 5), 0.0, None, "holds", role=role, knob=knob)


def test_an_effect_is_that_of_its_first_statistic_that_is_there(monkeypatch):
    monkeypatch.setitem(EFFECTS, ("t", "c"), Effect(("new", "old"), "by {}"))
    assert effect_of("t", "c", [check("old", 1.0)])[1].statistic == "old"
    assert effect_of("t", "c", [check("old", 1.0), check("new", 2.0)])[1].statistic == "new"


def test_another_claim_is_said_by_its_first_published_condition():
    control, first, second = check("a", 1.0, "control"), check("b: log-ratio across the knob", 2.0), check("c", 3.0)
    effect, found = effect_of("t", "c", [control, first, second])
    assert found is first and effect.unit == "change" and effect.says == "b {}" and not effect.headline
    none = CheckResult("b", None, 0.0, None, "undecided", "no seed finished")
    assert effect_of("t", "c", [none, second]) is None
    assert effect_of("t", "c", []) is None


def test_an_effect_that_too_few_seeds_have_is_not_summed_up():
    found = CheckResult("a", Interval(1.0, 0.5, 1.5, 3), 0.0, None, "holds")
    level = Level("holds", (), (), "", "", "")
    verdict = Verdict("c", "trained", level, level, (found,))
    assert [one.interval.n for _, one in effects_of("t", [(verdict, 3), (verdict, 5)])] == [3]
    assert effects_of("t", [(replace(verdict, controlled=replace(level, code="collapsed")), 3)]) == []
