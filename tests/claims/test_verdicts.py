"""Laws of judging: the words at their boundaries, what each rests on, and what no verdict may depend on."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import ABOVE, BELOW, EXCEEDS, FALLS, NEAR, RISES, SEEDS, judge, observe
from scipy import stats

from vaebench.claims import (
    SURVIVING_SHARE,
    Beyond,
    Claim,
    Measurement,
    Near,
    Trend,
    column,
    declined,
    kendall_tau,
    t_interval,
)
from vaebench.claims.trends import LEAST


def test_the_interval_is_that_of_the_textbook():
    values = [0.3, -1.2, 4.0, 2.5]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    found = t_interval(values)
    assert (found.low, found.high, found.n) == (pytest.approx(low), pytest.approx(high), 4)


def test_the_interval_moves_and_stretches_with_the_values():
    values = np.array([0.3, -1.2, 4.0])
    plain, other = t_interval(values.tolist()), t_interval((7 - 2 * values).tolist())
    assert (other.low, other.high) == (pytest.approx(7 - 2 * plain.high), pytest.approx(7 - 2 * plain.low))


def test_one_value_has_no_interval_and_none_is_an_error():
    assert (t_interval([2.0]).estimate, t_interval([2.0]).low, t_interval([2.0]).high) == (2.0, None, None)
    with pytest.raises(ValueError, match="an interval needs at least one value"):
        t_interval([])


# Hundredths up to 100 lie farther apart than what counts as a tie.
@given(st.lists(st.integers(-10_000, 10_000).map(lambda n: n / 100), min_size=2, max_size=9, unique=True))
def test_kendall_tau_is_scipys_where_nothing_is_tied(values):
    assert kendall_tau(values) == pytest.approx(stats.kendalltau(range(len(values)), values).statistic)
    assert kendall_tau(values[::-1]) == pytest.approx(-kendall_tau(values))


def test_a_tie_counts_nothing_either_way():
    assert kendall_tau([1.0, 1.0, 2.0]) == pytest.approx(2 / 3)
    assert kendall_tau([5.0] * 4) == 0.0


@pytest.mark.parametrize(
    ("claim", "values"),
    [(ABOVE, [0.5, 1.0, 2.0]), (BELOW, [0.5, 1.0, 2.0]), (NEAR, [0.5, 1.0, 1.5]), (NEAR, [1.08, 1.1, 1.12])],
)
def test_an_interval_that_straddles_is_undecided(claim, values):
    assert judge(claim, observe(values)).word == "undecided"


def test_a_mean_on_target_with_too_wide_an_interval_is_not_near():
    (check,) = judge(NEAR, observe([0.5, 1.0, 1.5])).checks
    assert (check.interval.estimate, check.word) == (1.0, "undecided")


def test_a_series_that_falls_from_end_to_end_but_wanders_between_is_no_trend():
    wanders = [[1.0, 0.2, 1.5, 0.3, 0.95]] * 2 + [[1.0, 0.25, 1.4, 0.3, 0.9]] * 3
    verdict = judge(FALLS, observe(wanders))
    assert [f.word for f in verdict.checks] == ["holds", "fails"]
    assert verdict.word == "fails"


def test_seeds_that_all_agree_are_judged_by_where_they_lie():
    """No spread is no interval: a control that mathematics knows reads the same in every seed."""
    for value, word in ((1.05, "holds"), (1.2, "fails"), (1.1 + 1e-9, "fails")):
        assert judge(NEAR, observe([value] * SEEDS)).word == word
    assert judge(ABOVE, observe([1.0] * SEEDS)).word == "fails"  # the limit itself is not above the limit
    assert judge(FALLS, observe([[2.0, 2.0, 2.0]] * SEEDS)).word == "fails"  # a constant does not fall


def test_a_verdict_follows_the_units_of_a_trend():
    draw = np.exp(np.random.default_rng(6).normal(0, 0.3, (SEEDS, 4)))
    plain, scaled = (judge(FALLS, observe(factor * draw)) for factor in (1.0, 1e-6))
    assert scaled.word == plain.word
    for one, other in zip(plain.checks, scaled.checks, strict=True):
        assert other.interval.estimate == pytest.approx(one.interval.estimate)


def test_a_rise_is_the_mirror_of_a_fall():
    draw = np.exp(np.random.default_rng(7).normal(0, 0.3, (SEEDS, 4)))
    rise, fall = judge(RISES, observe(draw)), judge(FALLS, observe(draw[:, ::-1]))
    assert rise.word == fall.word
    assert rise.agreement == pytest.approx(fall.agreement)


MEASUREMENTS = {
    "holds": [1.5, 1.6, 1.7],
    "undecided": [0.0, 1.0, 2.1],
    "fails": [0.1, 0.2, 0.3],
    "not applicable": ["no"] * 3,
}


@pytest.mark.parametrize("one", MEASUREMENTS)
@pytest.mark.parametrize("other", MEASUREMENTS)
def test_a_conjunction_is_as_good_as_its_worst_condition(one, other):
    claim = Claim("both", "Both are.", tuple(Beyond(name, 1.0, ideal=2.0, null=0.0) for name in ("r", "c")))
    verdict = judge(claim, observe(MEASUREMENTS[one]) + observe(MEASUREMENTS[other], "c"))
    assert [f.word for f in verdict.checks] == [one, other]
    worst = ("fails", "undecided", "holds", "not applicable")
    assert verdict.word == min(one, other, key=worst.index)


def test_a_condition_declined_everywhere_makes_a_claim_not_applicable_and_says_why():
    verdict = judge(NEAR, observe(["the variant declares no kl_weight"] * SEEDS))
    assert (verdict.word, verdict.reason) == ("not applicable", "the variant declares no kl_weight")
    assert (verdict.agreement, verdict.seeds, verdict.checks[0].interval) == ((), (), None)


def test_of_many_reasons_the_first_in_the_alphabet_is_told():
    assert judge(NEAR, observe(["late", "early", "middle"])).reason == "early"


def test_a_control_that_was_declined_takes_its_contrast_along():
    verdict = judge(EXCEEDS, observe([0.5] * 3) + observe(["normal sources"] * 3, "c"))
    assert (verdict.word, verdict.reason) == ("not applicable", "normal sources")


def test_a_measurement_that_no_arm_has_is_undecided_and_named():
    for claim in (NEAR, FALLS, EXCEEDS):
        verdict = judge(claim, observe([1.0] * 3, "another"), "trained")
        assert verdict.word == "undecided"
        assert "r" in verdict.reason.split(":")[0].split()


def test_a_misspelt_measurement_beside_one_that_holds_does_not_hold():
    claim = Claim("x", "It falls.", (Trend("r", "falls"), Trend("typo", "falls")))
    falling = observe([[3.0, 2.0, 1.0], [3.1, 2.0, 1.0], [2.9, 2.0, 1.0]])
    assert judge(FALLS, falling).word == "holds"
    verdict = judge(claim, falling)
    assert verdict.word == "undecided"
    assert "typo" in verdict.reason


def test_a_trend_without_a_knob_is_not_applicable():
    verdict = judge(FALLS, observe([1.0] * 3))
    assert (verdict.word, verdict.reason) == ("not applicable", "a trend needs two knob values")


@pytest.mark.parametrize(
    ("claim", "change", "word"),
    [
        (FALLS, -2 * LEAST, "holds"),
        (FALLS, -LEAST / 2, "fails"),
        (FALLS, LEAST / 2, "fails"),
        (RISES, 2 * LEAST, "holds"),
        (RISES, LEAST / 2, "fails"),
    ],
)
def test_a_change_too_small_to_count_is_no_trend_however_sure(claim, change, word):
    verdict = judge(claim, observe([[1.0, math.exp(change / 2), math.exp(change)]] * 5))
    ratio, tau = verdict.checks
    assert (ratio.word, verdict.word) == (word, word)
    assert abs(tau.interval.estimate) == 1.0
    assert verdict.agreement == ((1.0 if word == "holds" else 0.0),) * 5


def test_a_trend_that_ends_at_nought_is_no_trend_and_counts_against_the_model():
    verdict = judge(FALLS, observe([[1.0, 0.0]] * 3))
    assert (verdict.word, verdict.reason) == ("undecided", "r is not positive at every knob value")
    assert verdict.agreement == (0.0,) * 3
    verdict = judge(FALLS, observe([[2.0, 1.0], [1.0, 0.0], [1.0, 0.0]]))
    assert (verdict.word, verdict.agreement) == ("undecided", (1.0, 0.0, 0.0))
    assert verdict.reason == "only 1 of 3 seeds have it: r is not positive at every knob value"


def test_a_seed_that_lacks_a_knob_value_is_left_out_of_a_trend():
    verdict = judge(FALLS, observe([[3.0, 2.0, 1.0]] * 4 + [[3.0, 2.0, "constant"]]))
    assert (verdict.word, verdict.seeds) == ("holds", (0, 1, 2, 3))


def test_half_a_knob_is_no_trend_whoever_lacks_the_other_half():
    """A value that nobody has must not shorten the knob: what collapses at its end would gain by it."""
    for lacking in range(1, 6):
        series = [[3.0, 2.0, 1.0]] * (5 - lacking) + [[3.0, 2.0, "collapsed"]] * lacking
        verdict = judge(FALLS, observe(series))
        assert verdict.word == ("holds" if lacking == 1 else "undecided" if lacking < 5 else "not applicable")
        assert lacking == 1 or "collapsed" in verdict.reason


def test_along_a_knob_each_value_is_judged_and_the_worst_verdict_counts():
    near = judge(NEAR, observe([[1.0, 1.001, 1.5]] * 3))
    assert [(found.knob, found.word) for found in near.checks] == [(1, "holds"), (2, "holds"), (3, "fails")]
    assert near.word == "fails"
    assert judge(NEAR, observe([[0.95, 1.02]] * 3)).word == "holds"
    assert judge(ABOVE, observe([[1.5, 0.5, 3.0]] * 3)).word == "fails"
    assert judge(BELOW, observe([[0.5, 2.5, 0.1]] * 3)).word == "fails"
    gains = observe([[0.9, 0.6]] * 3) + observe([[0.4, 0.5]] * 3, "c")
    assert [found.interval.estimate for found in judge(EXCEEDS, gains).checks] == pytest.approx([0.5, 0.1])
    assert judge(EXCEEDS, gains).agreement == pytest.approx(((0.5 / 0.6 + 0.1 / 0.5) / 2,) * 3)


@pytest.mark.parametrize(("conditions", "knobs"), [(1, 1), (1, 3), (4, 3)])
def test_a_claim_at_the_edge_fails_by_chance_once_in_forty_times_at_most(conditions, knobs):
    """Bonferroni: below 2.5 % however many measurements, where the worst of each seed would fail half of the time."""
    rng, rounds = np.random.default_rng(0), 800
    claim = Claim("edge", "says", tuple(Beyond(f"r{i}", 0, ideal=1, null=0) for i in range(conditions)))
    failed = 0
    for _ in range(rounds):
        sample = [one for i in range(conditions) for one in observe(rng.standard_normal((5, knobs)).tolist(), f"r{i}")]
        failed += judge(claim, sample).word == "fails"
    assert 0 < failed <= stats.binom.ppf(0.999, rounds, 0.025)


def test_what_fails_alone_but_not_among_many_is_undecided_and_says_so():
    values = [-1.0, -0.8, -1.2, -0.9, -0.1]
    alone = judge(Claim("c", "says", (Beyond("r", 0, ideal=1, null=0),)), observe(values))
    four = Claim("c", "says", tuple(Beyond(name, 0, ideal=1, null=0) for name in "rstu"))
    among = judge(four, [one for name in "rstu" for one in observe(values if name == "r" else [1.0] * 5, name)])
    assert (alone.word, among.word) == ("fails", "undecided")
    assert among.reason == "outside by its 95 % interval, but not by the 98.8 % interval that corrects for 4 statistics"


def test_rounding_is_no_trend_and_no_gain():
    flat = [[1.0, 1.0 - 1e-9, 1.0 - 2e-9]] * 5
    assert judge(FALLS, observe(flat)).word == "fails"
    assert judge(FALLS, observe(flat)).agreement == (0.0,) * 5
    assert judge(EXCEEDS, observe([0.5 + 1e-9] * 5) + observe([0.5] * 5, "c")).word == "fails"


def test_what_the_model_denies_counts_against_it_and_what_the_setting_denies_does_not():
    def denied(cause):
        return [column("trained", None, seed, declined("r", "gone", cause)) for seed in range(5)]

    setting, model = judge(ABOVE, denied("setting")), judge(ABOVE, denied("model"))
    assert (setting.word, setting.agreement, setting.reason) == ("not applicable", (), "gone")
    assert (model.word, model.agreement, model.reason) == ("undecided", (0.0,) * 5, "gone")
    partly = judge(ABOVE, [*observe([2.0] * 4), denied("model")[4]])
    assert (partly.agreement, partly.seeds) == ((1.0, 1.0, 1.0, 1.0, 0.0), tuple(range(5)))
    assert (partly.word, partly.reason) == ("undecided", "1 of 5 models leave nothing to read: gone")
    assert judge(ABOVE, [*observe([0.5] * 4), denied("model")[4]]).word == "fails"


def test_a_variant_of_which_no_seed_finished_is_not_excused():
    verdict = judge(ABOVE, [], seeds_run=5)
    assert (verdict.word, verdict.reason) == ("undecided", "no seed finished")


def test_a_single_seed_is_undecided_and_still_has_an_agreement():
    verdict = judge(NEAR, observe([1.0]))
    assert (verdict.word, verdict.reason, verdict.agreement) == ("undecided", "one seed has no spread", (1.0,))


def test_survivors_are_no_fair_sample():
    """Four of five seeds will do, three will not; the limit is met exactly for every number of seeds."""
    assert judge(ABOVE, observe([1.5, 1.6, 1.7, 1.6]), seeds_run=5).word == "holds"
    verdict = judge(ABOVE, observe([1.5, 1.6, 1.7]), seeds_run=5)
    assert (verdict.word, verdict.reason) == ("undecided", "only 3 of 5 seeds have it: the others did not finish")
    verdict = judge(ABOVE, observe([1.5, 1.6, 1.7, "no", "not here"]))
    assert verdict.reason == "only 3 of 5 seeds have it: no"
    for fifths in range(1, 40):
        assert not 4 * fifths < SURVIVING_SHARE * 5 * fifths


def test_survivors_cannot_fail_a_claim_either():
    assert judge(ABOVE, observe([0.1, 0.2, 0.3]), seeds_run=5).word == "undecided"


def test_each_condition_rests_on_its_own_seeds_and_the_agreement_on_those_they_share():
    claim = Claim("both", "Both are.", tuple(Beyond(name, 1.0, ideal=2.0, null=0.0) for name in ("r", "c")))
    verdict = judge(claim, observe([1.5, 1.5, 1.5, 1.5, "no"]) + observe(["no", 2.0, 2.0, 2.0, 2.0], "c"))
    assert [f.interval.n for f in verdict.checks] == [4, 4]
    assert verdict.seeds == (1, 2, 3)
    assert verdict.agreement == pytest.approx((0.875,) * 3)


def test_another_arm_is_another_sample():
    sample = observe([1.5, 1.6, 1.7]) + observe([0.1, 0.2, 0.3], arm="analytic")
    assert (judge(ABOVE, sample).word, judge(ABOVE, sample, "analytic").word) == ("holds", "fails")


AGREEMENTS = [
    (FALLS, [3.0, 2.0, 1.0], [2.0, 2.0, 2.0], [1.0, 2.0, 3.0]),
    (NEAR, 1.0, 0.0, -3.0),
    (ABOVE, 2.0, 0.0, -3.0),
    (BELOW, 0.0, 2.0, 5.0),
]


@pytest.mark.parametrize(("claim", "ideal", "null", "beyond_null"), AGREEMENTS)
def test_agreement_is_one_at_the_ideal_nought_at_the_null_and_minus_one_far_beyond(claim, ideal, null, beyond_null):
    assert judge(claim, observe([ideal, null, beyond_null])).agreement == pytest.approx((1.0, 0.0, -1.0))


def test_agreement_with_a_trend_is_nought_on_the_average_of_all_orders():
    orders = [list(order) for order in permutations([1.0, 2.0, 3.0, 4.0])]
    assert sum(judge(FALLS, observe(orders)).agreement) == pytest.approx(0)


def test_agreement_stops_at_the_ideal_and_is_even_in_between():
    assert judge(ABOVE, observe([1.0, 5.0])).agreement == (0.5, 1.0)
    assert judge(NEAR, observe([0.75, 1.25, 2.5])).agreement == (0.75, 0.75, -0.5)


def test_agreement_with_a_contrast_is_the_share_of_the_room_above_the_control():
    sample = observe([0.7, 0.4, 0.3, 1.0, 0.9]) + observe([0.4, 0.4, 0.4, 1.0, 1.0], "c")
    assert judge(EXCEEDS, sample).agreement == pytest.approx((0.5, 0.0, -1 / 6, 0.0, -1.0))


@given(st.permutations(range(30)), st.randoms(use_true_random=False))
def test_no_verdict_depends_on_the_order_of_observations(order, random):
    values = [[random.choice(["late", "early", random.uniform(0.1, 2.0)]) for _ in range(3)] for _ in range(5)]
    sample = observe(values) + observe([[random.uniform(0, 1) for _ in range(3)] for _ in range(5)], "c")
    shuffled = [sample[i] for i in order]
    for claim in (FALLS, NEAR, ABOVE, EXCEEDS):
        assert judge(claim, shuffled) == judge(claim, sample)


@pytest.mark.parametrize(("value", "stderr"), [(math.nan, 0.0), (math.inf, 0.0), (1.0, math.nan), (1.0, math.inf)])
def test_a_measurement_is_a_number(value, stderr):
    with pytest.raises(ValueError, match=f"gain is not finite, or has no error: {value} ± {stderr}"):
        Measurement("gain", value, stderr, 1)


@pytest.mark.parametrize(("target", "tolerance", "null"), [(1, 0, 0), (1, 0.1, 1), (1, 2, 0), (1, math.nan, 0)])
def test_a_tolerance_that_nothing_or_everything_meets_is_refused(target, tolerance, null):
    with pytest.raises(ValueError, match="r: a tolerance lies above 0 and below the way from target to null"):
        Near("r", target, tolerance, null)


@pytest.mark.parametrize(("limit", "ideal", "null"), [(1, 1, 0), (1, 2, 2), (1, 2, 1.5), (1, 0, 0.5), (math.nan, 2, 0)])
def test_a_limit_that_does_not_part_null_from_ideal_is_refused(limit, ideal, null):
    with pytest.raises(ValueError, match="r: a limit lies between null and ideal, and is not the ideal"):
        Beyond("r", limit, ideal, null)


def test_an_unknown_direction_and_a_claim_of_nothing_are_refused():
    with pytest.raises(ValueError, match="a trend falls or rises, not 'sinks'"):
        Trend("r", "sinks")
    with pytest.raises(ValueError, match="claim empty has no condition: nothing could fail it"):
        Claim("empty", "Nothing.", ())


def test_a_control_that_is_read_once_stands_beside_every_knob_value():
    sample = observe([[0.9, 0.6, 0.4]] * 3) + observe([0.5] * 3, "c")
    assert [found.word for found in judge(EXCEEDS, sample).checks] == ["holds", "holds", "fails"]


def test_a_control_of_other_knob_values_says_so():
    verdict = judge(EXCEEDS, observe([1.0] * 5, "r") + observe([[0.5, 0.4]] * 5, "c"))
    assert (verdict.word, verdict.reason) == ("not applicable", "c is of other knob values")
