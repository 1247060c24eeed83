"""Laws of what is estimated: shares by exact intervals, worsts by geometric means, trends that are large enough."""

import dataclasses
import math
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import ABOVE, FALLS, NEAR, RISES, SEEDS, judge, observe
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from vaebench import catalog
from vaebench.claims import (
    Beyond,
    CheckResult,
    Claim,
    Measurement,
    Outpaces,
    column,
    declined,
    draws_interval,
    kendall_tau,
    log_interval,
    share_interval,
    t_interval,
)
from vaebench.claims.statistics import NOUGHT
from vaebench.claims.trends import LEAST, LEAST_TAU

NEARLY_ALL = Claim("all", "It is nearly all.", (Beyond("r", 0.9, ideal=1, null=0.5, scale="share"),))
RARE = Claim("rare", "It is rare.", (Beyond("r", 0.6, ideal=0, null=1, scale="share"),))
SMALL = Claim("small", "It is small.", (Beyond("r", 0.05, ideal=0, null=1, scale="log"),))
ALL_DRAWS = Claim("draws", "All draws are so.", (Beyond("r", 0.999, ideal=1, null=0, scale="draws"),))


def drawn(shares, n):
    """Shares of n draws each, one a seed."""
    return [column("trained", None, seed, Measurement("r", share, 0.0, n)) for seed, share in enumerate(shares)]


def check(claim, sample):
    (found,) = judge(claim, sample).checks
    return found


def exact(successes, n):
    found = stats.binomtest(successes, n).proportion_ci(0.95, "exact")
    return found.low, found.high


# Shares


def test_five_seeds_that_all_read_one_do_not_show_a_share_above_nine_tenths():
    found = check(NEARLY_ALL, observe([1.0] * 5))
    assert (found.word, found.scale) == ("undecided", "share")
    assert (found.interval.low, found.interval.high) == (pytest.approx(0.025**0.2), 1.0)
    assert found.reason == "5 of 5 read 1, and a sample of 5 cannot show a mean above 0.478"


@pytest.mark.parametrize(
    ("leads", "n", "word", "code"),
    [
        ([0.0] * 5, 5, "fails", ""),
        (["collapsed"] * 5, 0, "undecided", "collapsed"),
        ([0.0, 0.0, "collapsed", "collapsed", "collapsed"], 2, "undecided", "few seeds"),
        (["no meaning"] * 5, 0, "not applicable", "setting"),
    ],
)
def test_a_share_counts_only_the_seeds_whose_lead_was_read(leads, n, word, code):
    """A lead that could not be read was counted as none, and failed a claim of leads."""
    condition = Beyond("r", 0.9, ideal=1, null=0.5, scale="share", needs="lead")
    cause = {"collapsed": "model", "no meaning": "setting"}
    columns = observe([0.0] * 5) + [
        column("trained", 2.0, seed, declined("lead", one, cause[one]))
        if isinstance(one, str)
        else column("trained", 2.0, seed, Measurement("lead", one, 0.0, 1))
        for seed, one in enumerate(leads)
    ]
    verdict = judge(Claim("all", "It is nearly all.", (condition,)), columns)
    assert (verdict.word, verdict.controlled.code) == (word, code)
    assert (verdict.checks[0].interval.n if n else verdict.checks[0].interval) == (n or None)


def test_a_misspelt_measurement_that_a_share_rests_on_is_told_and_not_left_out():
    condition = Beyond("r", 0.4, ideal=1, null=0.2, scale="share", needs="leed")
    verdict = judge(Claim("all", "It is most.", (condition,)), observe([1.0] * 5) + observe([1.0] * 5, "lead"))
    assert (verdict.word, verdict.controlled.code) == ("undecided", "unasked") and "leed" in verdict.reason


def test_what_five_seeds_can_show_of_a_share_is_judged():
    assert judge(NEARLY_ALL, observe([0.0] * 5)).word == "fails"
    assert judge(NEARLY_ALL, observe([1.0] * 40)).word == "holds"
    assert judge(RARE, observe([0.0] * 5)).word == "holds"
    undecided = judge(RARE, observe([0.0, 0.0, 0.0, 0.0, 1.0]))
    assert (undecided.word, undecided.reason) == ("undecided", "")  # of which five zeros could have told
    assert judge(RARE, observe([0.0] * 3)).reason == "3 of 3 read 0, and a sample of 3 cannot show a mean below 0.708"


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_the_interval_of_a_share_is_clopper_and_pearsons_where_all_agree_and_hardly_wider_elsewhere(n):
    for ones in range(n + 1):
        found, (low, high) = share_interval([1.0] * ones + [0.0] * (n - ones)), exact(ones, n)
        assert (found.estimate, found.n) == (pytest.approx(ones / n), n)
        if ones in (0, n):
            assert (found.low, found.high) == (pytest.approx(low, abs=1e-12), pytest.approx(high, abs=1e-12))
        if n == 5:
            assert low - 0.006 < found.low <= low + 1e-12
            assert high - 1e-12 <= found.high < high + 0.0061


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_the_interval_of_a_share_mirrors_and_grows_with_each_value(values):
    plain, mirrored = share_interval(values), share_interval([1 - value for value in values])
    assert (mirrored.low, mirrored.high) == (pytest.approx(1 - plain.high), pytest.approx(1 - plain.low))
    assert 0 <= plain.low <= plain.estimate <= plain.high <= 1
    more = share_interval([min(1.0, values[0] + 0.1), *values[1:]])
    assert more.low >= plain.low - 1e-12
    assert more.high >= plain.high - 1e-12


def missed(support, weights, n):
    """Probability that the lower end lies above the mean of a distribution on few points: all samples, counted."""
    mean, total = float(np.dot(support, weights)), 0.0
    for sample in combinations_with_replacement(range(len(support)), n):
        counts = np.bincount(sample, minlength=len(support))
        chance = stats.multinomial.pmf(counts, n, weights)
        if chance and share_interval([support[i] for i in sample]).low > mean + 1e-9:
            total += chance
    return total


@pytest.mark.parametrize("n", [3, 5])
def test_no_distribution_of_shares_is_missed_more_often_than_said(n):
    """At its worst: two points, with the mean just below the end that some sample gives; and any three points."""
    worst = 0.0
    for low_point, high_point in product((0.0, 0.2, 0.5), (0.6, 0.8, 0.9, 1.0)):
        for highs in range(1, n + 1):
            edge = share_interval([high_point] * highs + [low_point] * (n - highs)).low
            weight = (edge - 1e-6 - low_point) / (high_point - low_point)
            if 0 < weight < 1:
                worst = max(worst, missed([low_point, high_point], [1 - weight, weight], n))
    rng = np.random.default_rng(0)
    for _ in range(20):
        worst = max(worst, missed(rng.random(3), rng.dirichlet(np.full(3, 0.5)), n))
    assert 0.02 < worst <= 0.025  # it is met by ones and noughts, so that nothing narrower would do


def test_a_share_of_thirds_is_judged_by_its_sum_of_seeds():
    found = check(NEARLY_ALL, observe([2 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3]))  # t: [.41, .79], outside
    assert (found.word, found.interval.estimate) == ("undecided", pytest.approx(0.6))
    assert found.interval.high > 0.94


def test_a_value_that_is_no_share_is_refused_and_counts_against_the_model():
    for values in ([], [0.5, 1.1], [-0.1, 0.5], [math.nan, 0.5]):
        with pytest.raises(ValueError, match="shares lie between 0 and 1, and there is at least one"):
            share_interval(values)
    verdict = judge(RARE, observe([0.0, 0.0, 0.0, 0.0, 2.0]))
    assert (verdict.word, verdict.agreement) == ("undecided", (1.0,) * 4 + (0.0,))
    assert verdict.checks[0].interval.n == 4


def test_one_seed_has_no_interval_of_any_kind():
    for found in (share_interval([1.0]), log_interval([1.0], 1e-9), draws_interval([1.0], [2048])):
        assert (found.estimate, found.low, found.high, found.n) == (pytest.approx(1.0), None, None, 1)
    assert judge(NEARLY_ALL, observe([1.0])).reason == "one seed has no spread"


# Draws


@pytest.mark.parametrize(
    ("shares", "n"), [([1.0, 1.0], 50), ([0.0, 0.0, 0.0], 7), ([0.2, 0.6], 10), ([0.1, 0.3], 1000)]
)
def test_the_interval_of_draws_is_clopper_and_pearsons_of_all_of_them(shares, n):
    found = draws_interval(shares, [n] * len(shares))
    hits, total = round(sum(shares) * n), n * len(shares)
    assert (found.low, found.high) == pytest.approx(exact(hits, total))
    assert (found.estimate, found.n) == (pytest.approx(hits / total), len(shares))


def test_models_whose_shares_differ_do_not_make_the_interval_of_draws_too_narrow():
    """The count over two models, each with a share of its own: every pair of counts, weighed by its chance."""
    n, total = 12, 24
    lows = [exact(hits, total)[0] for hits in range(total + 1)]
    for mean in (0.3, 0.7, 0.9):
        for apart in (0.0, 0.05, 0.1):
            one, other = (stats.binom.pmf(range(n + 1), n, share) for share in (mean - apart, mean + apart))
            chance = np.convolve(one, other)
            assert sum(chance[hits] for hits in range(total + 1) if lows[hits] > mean) <= 0.025


def test_draws_decide_where_seeds_cannot_and_say_how_many_there_were():
    holds = judge(ALL_DRAWS, drawn([1.0] * 5, 2048))
    assert (holds.word, holds.reason) == ("holds", "10240 of 10240 draws")
    few = judge(ALL_DRAWS, drawn([1.0] * 5, 500))
    assert (few.word, few.reason) == ("undecided", "2500 of 2500 draws")
    assert judge(ALL_DRAWS, drawn([1.0, 1.0, 1.0, 1.0, 0.9], 2048)).word == "fails"


@pytest.mark.parametrize(("values", "draws"), [([], []), ([1.0], [0]), ([1.0, 1.5], [4, 4])])
def test_draws_without_number_or_share_are_refused(values, draws):
    with pytest.raises(ValueError, match="shares lie between 0 and 1, each of one draw or more"):
        draws_interval(values, draws)


def test_a_share_of_no_draws_counts_against_the_model():
    verdict = judge(ALL_DRAWS, [*drawn([1.0] * 4, 4096), column("trained", None, 4, Measurement("r", 1.0, 0.0, 0))])
    assert (verdict.word, verdict.reason) == ("undecided", "1 of 5 models leave nothing to read: r is no share")


# Geometric means


@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=6), st.floats(1e-3, 1e3))
def test_a_geometric_mean_follows_the_unit_and_is_the_exponential_of_the_mean_logarithm(values, unit):
    found, logs = log_interval(values, 1e-9), t_interval([math.log(value) for value in values])
    assert found.estimate == pytest.approx(stats.gmean(values))
    assert found.low == pytest.approx(math.exp(logs.low))
    assert found.high == pytest.approx(math.exp(min(logs.high, 700)))
    scaled = log_interval([unit * value for value in values], unit * 1e-9)
    assert scaled.estimate == pytest.approx(unit * found.estimate)


def test_a_long_tail_towards_the_limit_is_seen_on_the_logarithmic_scale():
    """Four small seeds and a large one: by the mean they lie below the limit, by their factor they need not."""
    plain = Claim("plain", "says", (Beyond("r", 0.05, ideal=0, null=1),))
    values = [0.011, 0.009, 0.012, 0.010, 0.035]
    assert judge(plain, observe(values)).word == "holds"
    found = check(SMALL, observe(values))
    assert (found.word, found.scale) == ("holds", "log")
    assert found.interval.estimate == pytest.approx(stats.gmean(values))
    assert found.interval.estimate < np.mean(values)
    assert found.interval.high - found.interval.estimate > found.interval.estimate - found.interval.low


def test_an_exact_arm_that_reads_nought_or_rounding_holds():
    found = check(SMALL, observe([0.0, 1e-300, 1e-14, 0.0, -0.0])).interval
    assert (found.low, found.high) == (pytest.approx(0.05 * NOUGHT), pytest.approx(0.05 * NOUGHT))
    for arm in ([0.0] * 5, [0.0, 3e-8, 0.0, 4e-8, 1e-8], [6e-8, 0.0, 3e-7, 3e-7, 3e-7]):
        assert judge(SMALL, observe(arm)).word == "holds"
    rounding = [6e-8, 1e-7, 3e-7, 2e-7, 3e-7]
    assert check(SMALL, observe(rounding)).interval.estimate == pytest.approx(stats.gmean(rounding))
    assert judge(SMALL, observe([0.0] * 5)).agreement == (1.0,) * 5


def test_what_is_beyond_an_end_by_rounding_is_at_that_end():
    """The exact model's mean absolute cosine came out as −4e-8 on digits, and its verdict as undecided."""
    assert judge(SMALL, observe([0.0, 0.0, 0.0, 0.0, -4e-8])).word == "holds"
    assert judge(SMALL, observe([-0.01, 0.0, 1e-9, -1e-9, 0.0])).word == "undecided"


def test_a_negative_measurement_has_no_logarithm_and_counts_against_the_model():
    verdict = judge(SMALL, observe([0.01, 0.01, 0.01, 0.01, -0.01]))
    assert (verdict.word, verdict.reason) == ("undecided", "1 of 5 models leave nothing to read: r is negative")
    assert judge(SMALL, observe([-0.01] * 5)).word == "undecided"


def test_seeds_hundreds_of_decades_apart_have_finite_ends():
    assert math.isfinite(log_interval([1e-90, 1e90, 1e-90], 1e-99).high)


def test_a_scale_that_does_not_fit_its_condition_is_refused():
    with pytest.raises(ValueError, match="r: a logarithmic scale is for an ideal of 0, not 1"):
        Beyond("r", 0.5, ideal=1, null=0, scale="log")
    with pytest.raises(ValueError, match="r: a share's limit lies between 0 and 1, not at 2"):
        Beyond("r", 2, ideal=3, null=0, scale="share")
    with pytest.raises(ValueError, match="r: a scale is one of mean, log, share, draws, not 'cube'"):
        Beyond("r", 0.5, ideal=1, null=0, scale="cube")


# Trends that are large enough

UP_AND_DOWN = [0.99, 1.25, 2.05, 2.28, 1.22, 0.45]
"""A seed of `annealed_vae` under input noise: it rises for most of the way, and ends below where it began."""


@pytest.mark.parametrize(
    ("claim", "course", "word"), [(FALLS, UP_AND_DOWN, "below −0.5"), (RISES, UP_AND_DOWN[::-1], "above 0.5")]
)
def test_a_course_that_goes_up_and_down_alike_in_all_seeds_is_no_trend(claim, course, word):
    rng = np.random.default_rng(0)
    verdict = judge(claim, observe([np.array(course) * math.exp(rng.normal(0, 0.01)) for _ in range(SEEDS)]))
    ratio, tau = verdict.checks
    assert abs(tau.interval.estimate) == pytest.approx(1 / 15)
    assert (ratio.word, tau.word, verdict.word) == ("holds", "undecided", "undecided")
    mean = f"{tau.interval.estimate:.3f}".replace("-", "−")
    assert tau.reason == verdict.reason == f"its mean, {mean}, is not {word}"
    assert (ratio.estimate_beyond, abs(tau.estimate_beyond)) == (None, LEAST_TAU)


def test_a_trend_must_lie_beyond_its_least_tau_in_the_mean_and_not_at_it():
    """Two courses of four knob values, τ −1/3 and −2/3: as many of the one as of the other are at −1/2."""
    weaker, stronger = [1.0, 1.2, 1.1, 0.9], [1.0, 0.9, 0.95, 0.5]
    assert (kendall_tau(weaker), kendall_tau(stronger)) == (pytest.approx(-1 / 3), pytest.approx(-2 / 3))
    at = judge(FALLS, observe([weaker, stronger] * 5))
    assert (at.checks[1].interval.estimate, at.word) == (pytest.approx(-0.5), "undecided")
    assert at.checks[1].interval.high < -0.3
    beyond = judge(FALLS, observe([weaker, stronger] * 5 + [stronger]))
    assert beyond.word == "holds"


def test_a_trend_the_other_way_still_fails_whatever_its_size():
    assert judge(FALLS, observe([UP_AND_DOWN[::-1]] * SEEDS)).word == "fails"


# The region's edge, up to rounding


def test_a_constant_at_the_edge_up_to_rounding_is_not_inside():
    for claim, edge, inside in ((NEAR, 1.1, -1), (NEAR, 0.9, 1), (ABOVE, 1.0, 1)):
        assert judge(claim, observe([edge + inside * 1e-9] * SEEDS)).word == "fails"
        assert judge(claim, observe([edge + inside * 1e-3] * SEEDS)).word == "holds"
    lead = Claim("lead", "It leads.", (Beyond("r", 0, ideal=1, null=0),))
    assert judge(lead, observe([1e-17] * SEEDS)).word == "fails"
    assert judge(lead, observe([1e-3] * SEEDS)).word == "holds"
    edge = math.exp(-LEAST - 1e-9)
    assert judge(FALLS, observe([[1.0, edge]] * SEEDS)).word == "fails"
    outpaces = Claim("out", "says", (Outpaces("r", "c"),))
    assert judge(outpaces, observe([[1.0, edge]] * SEEDS) + observe([[1.0, 1.0]] * SEEDS, "c")).word == "fails"


# What is judged is no part of what is measured, and old files are read


def test_how_a_measurement_is_judged_changes_no_hash_of_a_task_and_what_is_measured_does():
    task = catalog.task("nakagawa2021_posterior_isometry")
    isometry = task.claims[0]
    published, condition = isometry.conditions

    def hashed(changed):
        claims = (dataclasses.replace(isometry, conditions=(published, changed)), *task.claims[1:])
        return dataclasses.replace(task, claims=claims).definition_hash("standard")

    assert hashed(dataclasses.replace(condition, scale="mean")) == task.definition_hash("standard")
    assert hashed(dataclasses.replace(condition, limit=0.06)) != task.definition_hash("standard")


def test_a_file_of_before_there_were_scales_is_read_and_an_unknown_scale_is_not():
    adapters = {Claim: TypeAdapter(Claim), CheckResult: TypeAdapter(CheckResult)}
    found = judge(FALLS, observe([[3.0, 2.0, 1.0]] * 5)).checks[1]
    claim = Claim("c", "says", (Beyond("r", 0.5, ideal=1, null=0),))
    for value in (found, claim):
        plain = dataclasses.asdict(value)
        for old in (plain, *plain.get("conditions", ())):
            old.pop("scale", None)
            old.pop("estimate_beyond", None)
        read = adapters[type(value)].validate_python(plain)
        assert read == (claim if value is claim else dataclasses.replace(found, estimate_beyond=None))
    plain = dataclasses.asdict(claim)
    plain["conditions"][0]["scale"] = "cube"
    with pytest.raises(ValidationError):
        adapters[Claim].validate_python(plain)


def test_a_model_that_denies_a_share_still_counts_against_it():
    sample = [*observe([0.0] * 4), column("trained", None, 4, declined("r", "collapsed", "model"))]
    verdict = judge(Claim("rare", "says", (Beyond("r", 0.7, ideal=0, null=1, scale="share"),)), sample)
    assert (verdict.word, verdict.reason) == ("undecided", "1 of 5 models leave nothing to read: collapsed")
