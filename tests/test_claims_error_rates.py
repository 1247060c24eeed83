"""How often judging errs, by simulation: at the boundary, with no effect, with a planted one, with its opposite."""

import math
from dataclasses import replace

import numpy as np
import pytest
from judged import ABOVE, BELOW, EXCEEDS, FALLS, NEAR, OUTPACES, RISES, SEEDS, UNDERCUTS, observe

from vaebench.claims import Claim, judge, t_interval
from vaebench.claims.trends import LEAST

RUNS, HALF_LEVEL = 1500, 0.025
SIMULATION_ERROR = 3 * math.sqrt(HALF_LEVEL * (1 - HALF_LEVEL) / RUNS)


def words(claim, draw, rng, runs=RUNS):
    return [judge(claim, draw(rng)).verdict for _ in range(runs)]


def share(found, word):
    return sum(one == word for one in found) / len(found)


def test_the_interval_covers_the_mean_of_normal_seeds_as_often_as_it_says():
    rng, runs = np.random.default_rng(0), 6000
    for level in (0.95, 0.8):
        draws = (t_interval(rng.normal(3.0, 2.0, SEEDS).tolist(), level) for _ in range(runs))
        covered = np.mean([i.low <= 3.0 <= i.high for i in draws])
        assert abs(covered - level) < 3 * math.sqrt(level * (1 - level) / runs)


def noise(rng, mean=0.0, sd=0.3):
    return observe(rng.normal(mean, sd, SEEDS))


def series(rng, slope=0.0, knobs=7):
    return observe(np.exp(slope * np.arange(knobs) + rng.normal(0, 0.1, (SEEDS, knobs))))


def paired(rng, gain=0.0):
    control = rng.normal(0.5, 0.2, SEEDS)  # a spread that both share, which pairing takes out
    return observe(control + rng.normal(gain, 0.05, SEEDS)) + observe(control, "c")


def two_series_of(fall, rise, knobs=3):
    """Two readings along a knob, each with an error of its own: one falls, the other rises, by so many logarithms."""

    def draw(rng):
        r, c = (
            np.exp(slope * np.linspace(0, 1, knobs) + rng.normal(0, 0.03, (SEEDS, knobs))) for slope in (-fall, rise)
        )
        return observe(r) + observe(c, "c")

    return draw


NULLS = {
    "above": (ABOVE, lambda rng: noise(rng, 1.0)),
    "below": (BELOW, lambda rng: noise(rng, 1.0)),
    "exceeds": (EXCEEDS, paired),
    "undercuts": (UNDERCUTS, paired),
    "outpaces a rise": (OUTPACES, two_series_of(0.5 + LEAST, 0.5)),
    "outpaces a fall": (OUTPACES, two_series_of(0.5 + LEAST, -0.5)),
    "near": (NEAR, lambda rng: noise(rng, 1.1, 0.01)),
}


@pytest.mark.parametrize("name", NULLS)
def test_on_the_boundary_a_claim_is_held_and_failed_at_the_level_said(name):
    found = words(*NULLS[name], np.random.default_rng(1))
    assert abs(share(found, "holds") - HALF_LEVEL) < SIMULATION_ERROR
    assert abs(share(found, "fails") - HALF_LEVEL) < SIMULATION_ERROR


@pytest.mark.parametrize("knobs", [3, 7])
def test_a_trend_that_is_none_is_seldom_held(knobs):
    found = words(FALLS, lambda rng: series(rng, 0.0, knobs), np.random.default_rng(2))
    assert share(found, "holds") < HALF_LEVEL + SIMULATION_ERROR


def test_of_two_readings_that_both_stand_still_none_is_held_to_outpace_the_other():
    """Inside of the boundary: |log-change| is noise turned positive, so that the claim is held still more seldom."""
    found = words(OUTPACES, two_series_of(0.0, 0.0), np.random.default_rng(6))
    assert share(found, "holds") < HALF_LEVEL


def test_a_conjunction_keeps_the_level_without_a_correction():
    both = Claim("both", "Both are above 1.", (ABOVE.conditions[0], replace(ABOVE.conditions[0], reading="c")))

    def draw(rng):
        return noise(rng, 1.0) + observe(rng.normal(5.0, 0.1, SEEDS), "c")

    found = words(both, draw, np.random.default_rng(3))
    assert abs(share(found, "holds") - HALF_LEVEL) < SIMULATION_ERROR


PLANTED = {
    "falls": (FALLS, lambda rng: series(rng, -0.1), lambda rng: series(rng, 0.1)),
    "rises": (RISES, lambda rng: series(rng, 0.1), lambda rng: series(rng, -0.1)),
    "above": (ABOVE, lambda rng: noise(rng, 2.0), lambda rng: noise(rng, 0.0)),
    "below": (BELOW, lambda rng: noise(rng, 0.0), lambda rng: noise(rng, 2.0)),
    "exceeds": (EXCEEDS, lambda rng: paired(rng, 0.2), lambda rng: paired(rng, -0.2)),
    "undercuts": (UNDERCUTS, lambda rng: paired(rng, -0.2), lambda rng: paired(rng, 0.2)),
    "outpaces": (OUTPACES, two_series_of(0.5, 0.2), two_series_of(0.2, -0.5)),
    "outpaces what stands still": (OUTPACES, two_series_of(0.2, 0.0), two_series_of(-0.5, 0.2)),
    "near": (NEAR, lambda rng: noise(rng, 1.0, 0.03), lambda rng: noise(rng, 1.3, 0.03)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_effect_is_held_and_its_opposite_failed(name):
    claim, effect, opposite = PLANTED[name]
    assert share(words(claim, effect, np.random.default_rng(4), 150), "holds") > 0.95
    assert share(words(claim, opposite, np.random.default_rng(5), 150), "fails") > 0.95
