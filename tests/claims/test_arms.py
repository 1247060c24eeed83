"""Laws of conditions that look at a second thing: another arm's fall, and whether anything is left to lose."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import judge, observe
from pydantic import TypeAdapter

from vaebench.claims import Claim, OutpacesArm, RoomyTrend, Trend, column, declined, has_tolerance, scaled
from vaebench.claims.arms import FULL
from vaebench.claims.conditions import Condition
from vaebench.claims.trends import LEAST

E = math.e
BEYOND = Claim("beyond", "It falls beyond the exact linear model's fall.", (OutpacesArm("r"),))
LEFT = "unexplained_variance"
ROOMY = Claim("robust", "Damage falls.", (RoomyTrend("r", "falls"),))


def courses(falls, arm="trained"):
    """A series a seed that falls by so much of a logarithm, on one arm."""
    return observe([[1.0, E ** (-fall / 2), E**-fall] for fall in falls], arm=arm)


def found(falls, by_nature, arm="trained", control="analytic"):
    return judge(BEYOND, courses(falls, arm) + courses(by_nature, control), arm)


# Log-falls of the judged arm and of the other: the statistic and the agreement in closed form.
CASES = [
    (2.0, 0.0, 1.0, "holds"),
    (2.0, 1.0, 1 / 3, "holds"),
    (1.0, 1.0, 0.0, "fails"),
    (1.0, 2.0, -1 / 3, "fails"),
    (1.0, -1.0, 1.0, "holds"),
    (-1.0, 0.0, -1.0, "fails"),
    (0.0, 0.0, 0.0, "fails"),
    (1.0, 1.0 - LEAST / 2, LEAST / 2 / (2 - LEAST / 2), "fails"),
    (1.0, 1.0 - 2 * LEAST, 2 * LEAST / (2 - 2 * LEAST), "holds"),
]


@pytest.mark.parametrize(("fall", "other", "agreement", "word"), CASES)
def test_how_far_it_falls_beyond_the_other_arm(fall, other, agreement, word):
    verdict = found([fall] * 3, [other] * 3)
    (check,) = verdict.checks
    assert check.interval.estimate == pytest.approx(fall - other, abs=1e-4)
    assert (check.low, check.high, verdict.word) == (LEAST, None, word)
    assert verdict.agreement == pytest.approx((agreement,) * 3, abs=1e-4)
    assert check.statistic == "log-fall of r minus that of the analytic arm"


def test_it_is_paired_by_seed():
    """Each seed draws its own data, and the exact model's fall on them: what both share is taken out."""
    shared = [1.0, 2.0, 3.0, 4.0]
    assert found([fall + 0.5 for fall in shared], shared).word == "holds"
    assert found([fall + 0.5 for fall in shared], shared[::-1]).word == "undecided"
    assert found([1.5, 1.5, 1.5, 0.2], [1.0] * 4).word == "undecided"


@given(st.floats(1e-4, 1e4), st.floats(1e-4, 1e4))
def test_the_units_of_neither_arm_count(one, two):
    def times(factor, columns):
        return [replace(each, values=tuple(factor * value for value in each.values)) for each in columns]

    plain = found([1.0, 1.2, 1.1], [0.5, 0.4, 0.6])
    both = times(one, courses([1.0, 1.2, 1.1])) + times(two, courses([0.5, 0.4, 0.6], "analytic"))
    other = judge(BEYOND, both)
    assert other.checks[0].interval.estimate == pytest.approx(plain.checks[0].interval.estimate, abs=1e-4)


def test_the_exact_model_does_not_fall_beyond_itself():
    for arm in ("analytic", "analytic_noisy"):
        assert judge(BEYOND, courses([1.0] * 5, arm), arm).word == "fails"


def test_an_arm_of_other_interventions_is_held_against_its_own_closed_form():
    columns = courses([1.0] * 3, "noisy") + courses([0.1] * 3, "analytic_noisy") + courses([3.0] * 3, "analytic")
    verdict = judge(BEYOND, columns, "noisy")
    assert verdict.word == "holds"
    assert verdict.checks[0].interval.estimate == pytest.approx(0.9, abs=1e-4)


def test_without_a_closed_form_it_has_no_meaning_and_the_rest_of_the_claim_is_judged():
    both = Claim("both", "Both.", (Trend("r", "falls"), OutpacesArm("r", role="control")))
    verdict = judge(both, courses([1.0] * 5))
    assert (verdict.published.word, verdict.word) == ("holds", "holds")
    assert (verdict.checks[-1].word, verdict.checks[-1].code) == ("not applicable", "setting")
    assert "the analytic arm has no measurement r" in verdict.checks[-1].reason


def test_a_closed_form_that_vanishes_is_not_the_models_doing():
    columns = courses([1.0] * 5) + observe([[1.0, 0.5, 0.0]] * 5, arm="analytic")
    (check,) = judge(BEYOND, columns).checks
    assert (check.word, check.reason) == ("not applicable", "r is not positive at every knob value")


def test_a_model_that_collapses_in_a_seed_keeps_it_from_holding():
    lost = [column("trained", knob, 4, declined("r", "collapsed", "model")) for knob in (1, 2, 3)]
    verdict = judge(BEYOND, courses([1.0] * 4) + lost + courses([0.1] * 5, "analytic"))
    assert (verdict.word, verdict.checks[0].code) == ("undecided", "collapsed")


def test_other_knob_values_are_no_pair():
    columns = courses([1.0] * 3) + observe([[1.0, 0.9]] * 3, arm="analytic")
    (check,) = judge(BEYOND, columns).checks
    assert (check.word, check.reason) == ("not applicable", "analytic has other knob values")


def damaged(falls, left, seeds=5):
    rows = [[left / 2, left / 2, left]] * seeds
    return courses(falls) + observe(rows, LEFT)


@pytest.mark.parametrize("fall", [1.0, 0.0, -1.0])
def test_with_something_left_to_lose_it_is_the_plain_trend(fall):
    plain = Claim("robust", "Damage falls.", (Trend("r", "falls"),))
    for left in (0.0, 0.4, FULL - 0.01):
        assert judge(ROOMY, damaged([fall] * 5, left)) == judge(plain, damaged([fall] * 5, left))


@pytest.mark.parametrize("fall", [1.0, 0.0, -1.0])
@pytest.mark.parametrize("left", [FULL, 1.0, 1.3])
def test_with_nothing_left_to_lose_it_is_uninformative_whatever_it_reads(fall, left):
    verdict = judge(ROOMY, damaged([fall] * 5, left))
    assert (verdict.word, verdict.controlled.code) == ("undecided", "uninformative")
    assert verdict.agreement == (0.0,) * 5
    assert verdict.reason == f"there is nothing left to lose: {LEFT} is {left:g} at the last knob value"


def test_an_uninformative_control_neither_fails_a_claim_nor_hides_its_published_level():
    claim = Claim("robust", "Damage falls.", (Trend("d", "falls"), RoomyTrend("r", "falls", role="control")))
    columns = damaged([-1.0] * 5, 1.0) + observe([[3.0, 2.0, 1.0]] * 5, "d")
    verdict = judge(claim, columns)
    assert (verdict.published.word, verdict.controlled.word) == ("holds", "undecided")


def test_only_the_last_knob_value_and_the_mean_over_seeds_count():
    early = courses([1.0] * 5) + observe([[1.0, 1.0, 0.4]] * 5, LEFT)
    assert judge(ROOMY, early).word == "holds"
    one = courses([1.0] * 5) + observe([[0.3, 0.3, 1.0]] + [[0.3, 0.3, 0.5]] * 4, LEFT)
    assert judge(ROOMY, one).word == "holds"


def test_where_nobody_says_what_is_left_the_trend_decides_nothing():
    """It held: a side condition that was declined, or misspelt, counted as met."""
    for absent in (observe([["no"] * 3] * 5, LEFT), observe([[0.3] * 3] * 5, "unexplaned_variance")):
        verdict = judge(ROOMY, courses([1.0] * 5) + absent)
        code = "uninformative" if absent[0].name == LEFT else "unasked"
        assert (verdict.word, verdict.controlled.code) == ("undecided", code)
        assert LEFT in verdict.reason or "no" in verdict.reason


OURS = (OutpacesArm("r"), RoomyTrend("r", "falls"), RoomyTrend("r", "rises", beside="s", full=0.5, role="control"))


@pytest.mark.parametrize("condition", OURS, ids=str)
def test_it_has_a_tolerance_and_is_stored_and_read_back(condition):
    assert has_tolerance(condition)
    assert scaled(condition, 2).least == 2 * LEAST
    adapter = TypeAdapter(Condition)
    assert adapter.validate_json(json.dumps(json.loads(adapter.dump_json(condition))), strict=True) == condition


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OutpacesArm("r", least=-1), "the smallest change that counts is 0 or above, not -1"),
        (lambda: RoomyTrend("r", "falls", least=-1), "the smallest change that counts is 0 or above, not -1"),
        (lambda: RoomyTrend("r", "sinks"), "a trend falls or rises, not 'sinks'"),
        (lambda: RoomyTrend("r", "falls", full=0.0), "what is left is a share above 0 and up to 1, not 0"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
