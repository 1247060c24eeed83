"""Laws of contrasts: one measurement falls by more than another moves, and one stays below its control."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import EXCEEDS, OUTPACES, UNDERCUTS, judge, observe

from vaebench.claims import Claim, Exceeds, column, declined
from vaebench.claims.statistics import ROUNDING
from vaebench.claims.trends import LEAST, log_ratio

E = math.e


def outpacing(measurement, other, seeds=3):
    """The verdict on two series, the same in every seed."""
    return judge(OUTPACES, observe([measurement] * seeds) + observe([other] * seeds, "c"))


def estimate(verdict):
    return verdict.checks[0].interval.estimate


POSITIVE = st.floats(1e-6, 1e6)


@given(st.lists(POSITIVE, min_size=2, max_size=6))
def test_the_log_ratio_is_that_of_the_ends_and_changes_its_sign_backwards(values):
    assert log_ratio(values) == -log_ratio(values[::-1])
    assert log_ratio(values) == pytest.approx(math.log(values[-1] / values[0]), abs=1.01 * ROUNDING)


def test_a_change_within_rounding_is_none():
    assert log_ratio([1.0, 1.0 + 0.5 * ROUNDING]) == 0.0
    assert log_ratio([1.0, 1.0 + 2 * ROUNDING]) > 0


# The measurement's and the other's logarithm at the knob's end, from 0: number and agreement in closed form.
COURSES = [
    (-2.0, 0.0, 2.0, 1.0, "holds"),
    (-2.0, 1.0, 1.0, 1 / 3, "holds"),
    (-2.0, -1.0, 1.0, 1 / 3, "holds"),
    (-1.0, 1.0, 0.0, 0.0, "fails"),
    (-1.0, -1.0, 0.0, 0.0, "fails"),
    (-1.0, 3.0, -2.0, -0.5, "fails"),
    (0.0, 2.0, -2.0, -1.0, "fails"),
    (0.0, 0.0, 0.0, 0.0, "fails"),
    (2.0, 0.0, -2.0, -1.0, "fails"),
    (2.0, 1.0, -3.0, -1.0, "fails"),
]


@pytest.mark.parametrize(("measurement", "other", "number", "agreement", "word"), COURSES)
def test_how_far_the_one_falls_beyond_what_the_other_moves(measurement, other, number, agreement, word):
    verdict = outpacing([1.0, E**measurement], [1.0, E**other])
    assert estimate(verdict) == pytest.approx(number)
    assert verdict.agreement == pytest.approx((agreement,) * 3)
    assert verdict.word == word
    assert (verdict.checks[0].low, verdict.checks[0].high) == (LEAST, None)
    assert verdict.checks[0].statistic == "log-fall of r minus largest log-change of c"


@given(st.tuples(POSITIVE, POSITIVE), st.tuples(POSITIVE, POSITIVE), POSITIVE, POSITIVE)
def test_neither_unit_counts_and_agreement_keeps_its_bounds(measurement, other, one, two):
    plain = outpacing(measurement, other)
    scaled = outpacing([one * value for value in measurement], [two * value for value in other])
    assert estimate(scaled) == pytest.approx(estimate(plain), abs=3 * ROUNDING)
    assert -1 <= plain.agreement[0] <= 1


@pytest.mark.parametrize(("measurement", "other"), list(product([(3.0, 1.0), (1.0, 3.0)], [(4.0, 1.0), (1.0, 4.0)])))
def test_it_makes_no_difference_which_way_the_other_moves(measurement, other):
    assert estimate(outpacing(measurement, other)) == pytest.approx(estimate(outpacing(measurement, other[::-1])))


def test_what_the_other_moves_on_the_way_counts_though_it_comes_back():
    for way in ([1.0, E, 1.0], [1.0, E**-1, 1.0], [1.0, E**0.5, E], [1.0, E, E**0.2]):
        assert estimate(outpacing([E**3, E**2, 1.0], way)) == pytest.approx(2.0)
    assert outpacing([E**0.5, 1.0, 1.0], [1.0, E, 1.0]).word == "fails"


def test_of_the_measurement_itself_only_the_ends_count():
    assert outpacing([3.0, 9.0, 1.0], [1.0, 1.0, 1.0]) == outpacing([3.0, 1.5, 1.0], [1.0, 1.0, 1.0])


def test_it_is_paired_by_seed():
    """A spread that both share is taken out: each seed's own two courses are held against each other."""
    speeds = [1.0, 2.0, 3.0, 4.0]
    falling, moving = [[1.0, E**-speed] for speed in speeds], [[1.0, E ** (speed - 0.5)] for speed in speeds]
    verdict = judge(OUTPACES, observe(falling) + observe(moving, "c"))
    assert verdict.word == "holds"
    assert verdict.checks[0].interval.low == pytest.approx(0.5)
    assert judge(OUTPACES, observe(falling) + observe(moving[::-1], "c")).word == "undecided"


def test_rounding_outpaces_nothing():
    verdict = outpacing([1.0, 1.0 - 0.5 * ROUNDING], [1.0, 1.0])
    assert (verdict.word, verdict.agreement) == ("fails", (0.0,) * 3)


@pytest.mark.parametrize("lacking", ["r", "c"])
def test_a_seed_that_lacks_either_measurement_at_one_knob_value_is_left_out(lacking):
    kept = {"r": [[3.0, 2.0, 1.0]] * 5, "c": [[1.0, 1.1, 1.2]] * 5}
    kept[lacking] = [*kept[lacking][:4], [*kept[lacking][4][:2], "constant"]]
    verdict = judge(OUTPACES, observe(kept["r"]) + observe(kept["c"], "c"))
    assert (verdict.word, verdict.seeds) == ("holds", (0, 1, 2, 3))
    kept[lacking] = [[*row[:2], "constant"] for row in kept[lacking]]
    verdict = judge(OUTPACES, observe(kept["r"]) + observe(kept["c"], "c"))
    assert (verdict.word, verdict.reason, verdict.agreement) == ("not applicable", "constant", ())


@pytest.mark.parametrize("missing", ["r", "c"])
def test_a_measurement_that_no_arm_has_is_told(missing):
    present = "c" if missing == "r" else "r"
    verdict = judge(OUTPACES, observe([[2.0, 1.0]] * 3, present))
    assert verdict.word == "undecided"
    assert missing in verdict.reason


@pytest.mark.parametrize(("arranged", "name"), [(([1.0, 0.0], [1.0, 2.0]), "r"), (([2.0, 1.0], [-1.0, 2.0]), "c")])
def test_logarithms_are_of_positive_measurements(arranged, name):
    verdict = outpacing(*arranged)
    assert (verdict.word, verdict.reason) == ("undecided", f"{name} is not positive at every knob value")
    assert set(verdict.agreement) == {0.0}


@pytest.mark.parametrize(("measurement", "other"), [(2.0, 1.0), ([2.0, 1.0], 1.0), (2.0, [2.0, 1.0])])
def test_one_knob_value_makes_no_course(measurement, other):
    verdict = outpacing(measurement, other)
    assert (verdict.word, verdict.reason) == ("not applicable", "a trend needs two knob values")


@pytest.mark.parametrize("name", ["r", "c"])
@pytest.mark.parametrize("claim", [OUTPACES, EXCEEDS, UNDERCUTS])
def test_what_the_model_denies_of_either_measurement_counts_against_it(claim, name):
    other = "c" if name == "r" else "r"
    denied = [
        column("trained", knob, seed, declined(name, "collapsed", "model")) for seed in range(3) for knob in (1, 2)
    ]
    verdict = judge(claim, observe([[2.0, 1.0]] * 3, other) + denied)
    assert (verdict.word, verdict.agreement, verdict.reason) == ("undecided", (0.0,) * 3, "collapsed")


def undercutting(measurement, control):
    return judge(UNDERCUTS, observe([measurement] * 3) + observe([control] * 3, "c"))


# Measurement, control, gain and agreement: the share of the way from the control down to the ideal, 0.
GAINS = [
    (0.0, 0.4, 0.4, 1.0, "holds"),
    (0.1, 0.4, 0.3, 0.75, "holds"),
    (0.4, 0.4, 0.0, 0.0, "fails"),
    (0.5, 0.4, -0.1, -0.25, "fails"),
    (2.0, 0.4, -1.6, -1.0, "fails"),
    (-0.2, 0.4, 0.6, 1.0, "holds"),
]


@pytest.mark.parametrize(("measurement", "control", "gain", "agreement", "word"), GAINS)
def test_how_far_a_measurement_stays_below_its_control(measurement, control, gain, agreement, word):
    verdict = undercutting(measurement, control)
    assert estimate(verdict) == pytest.approx(gain)
    assert verdict.agreement == pytest.approx((agreement,) * 3)
    assert verdict.word == word
    assert verdict.checks[0].statistic == "c minus r"


@pytest.mark.parametrize(
    ("measurement", "control", "agreement", "word"),
    [
        (0.0, 0.0, 0.0, "undecided"),
        (-0.1, -0.1, 0.0, "undecided"),
        (0.1, -0.1, -1.0, "fails"),
        (0.1, 0.1, 0.0, "fails"),
    ],
)
def test_a_control_at_the_ideal_or_beyond_leaves_nothing_to_gain(measurement, control, agreement, word):
    verdict = undercutting(measurement, control)
    assert (verdict.agreement, verdict.word) == ((agreement,) * 3, word)
    assert verdict.reason == ("its control leaves nothing to gain" if word == "undecided" else "")


def test_what_left_nothing_to_gain_does_not_widen_what_the_others_need():
    """Five pairs that fail alone fail beside a contrast that could not."""
    measurement, control = [0.0049, 0.0068, 0.0020, 0.0068, 0.0059], [0.0029, 0.0039, 0.0020, 0.0049, 0.0049]
    lone = Claim("lone", "It stays below c.", UNDERCUTS.conditions)
    pair = Claim("pair", "Both do.", (*UNDERCUTS.conditions, Exceeds("s", "d", ideal=0.0, side="below")))
    seen = observe(measurement) + observe(control, "c")
    idle = seen + observe([0.0] * 5, "s") + observe([0.0] * 5, "d")
    assert judge(lone, seen).word == judge(pair, idle).word == "fails"
    met = observe(control) + observe(measurement, "c") + observe([0.0] * 5, "s") + observe([0.0] * 5, "d")
    assert judge(lone, met).word == "holds"
    assert (judge(pair, met).word, judge(pair, met).reason) == ("undecided", "its control leaves nothing to gain")


@pytest.mark.parametrize("control", [1.0, 1.0 - 0.5 * ROUNDING, 1.0 + 0.5 * ROUNDING])
def test_a_control_at_the_ideal_up_to_rounding_leaves_nothing_to_gain(control):
    verdict = judge(EXCEEDS, observe([1.0] * 3) + observe([control] * 3, "c"))
    assert (verdict.word, verdict.agreement) == ("undecided", (0.0,) * 3)


@pytest.mark.parametrize(("stderr", "word"), [(0.0, "fails"), (0.002, "fails"), (0.006, "undecided")])
def test_a_control_at_the_ideal_up_to_its_instruments_error_leaves_nothing_to_gain(stderr, word):
    def read(values, name):
        return [replace(seen, stderrs=(stderr,)) for seen in observe(values, name)]

    rates = [0.0, 0.01, 0.0]
    assert judge(UNDERCUTS, read(rates, "r") + read(rates, "c")).word == word
    assert judge(UNDERCUTS, read([0.02, 0.03, 0.025], "r") + read(rates, "c")).word == "fails"


@pytest.mark.parametrize(("fall", "word"), [(0.5 * LEAST, "fails"), (2.5 * LEAST, "holds")])
def test_a_lead_too_small_to_count_outpaces_nothing(fall, word):
    verdict = outpacing([1.0, math.exp(-fall)], [1.0, math.exp(0.1 * fall)])
    assert verdict.word == word
    assert verdict.agreement == pytest.approx(((0.9 / 1.1 if word == "holds" else 0.0),) * 3)


def test_one_seed_with_something_to_gain_is_enough_to_fail():
    verdict = judge(UNDERCUTS, observe([0.0, 0.0, 0.1]) + observe([0.0, 0.0, 0.1], "c"))
    assert (verdict.word, verdict.reason) == ("fails", "")


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=2, max_size=6))
def test_below_is_above_upside_down(pairs):
    measurement, control = ([pair[i] for pair in pairs] for i in (0, 1))
    upside_down = Claim("up", "It exceeds c.", (Exceeds("r", "c", ideal=-0.0),))
    below = judge(UNDERCUTS, observe(measurement) + observe(control, "c"))
    above = judge(upside_down, observe(np.negative(measurement)) + observe(np.negative(control), "c"))
    assert (below.word, below.agreement) == (above.word, above.agreement)
    assert estimate(below) == estimate(above)


def test_rounding_is_no_gain_below_either():
    verdict = undercutting(0.4 - 1e-9, 0.4)
    assert (estimate(verdict), verdict.agreement, verdict.word) == (0.0, (0.0,) * 3, "fails")


def test_along_a_knob_each_gain_below_is_judged_and_agreement_is_their_mean():
    verdict = undercutting([0.1, 0.7, 0.1], [0.4, 0.9, 0.9])
    assert [found.interval.estimate for found in verdict.checks] == pytest.approx([0.3, 0.2, 0.8])
    assert verdict.agreement == pytest.approx(((0.3 / 0.4 + 0.2 / 0.9 + 0.8 / 0.9) / 3,) * 3)
