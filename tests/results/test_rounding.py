"""Laws of the scale of rounding: what it sees, what it does not, and how often it errs."""

import math
import statistics

import numpy as np
import pytest

from vaebench.results.rounding import GUARD, OUTRIGHT, Scale, is_same, scales, step_of


def learned(rng, sd, readings=50, twins=4, size=1.0):
    """Scales of readings whose runs scatter by `sd`, by number."""
    runs = {i: {0: list(size + sd * rng.standard_normal(twins + 1))} for i in range(readings)}
    return runs, scales(runs, {}, lambda _: "one instrument")


def test_honest_numbers_lie_within_the_guard_and_large_changes_do_not():
    rng = np.random.default_rng(0)
    _, found = learned(rng, 1e-3, readings=2000)
    honest = [one.distance({0: 1 + 1e-3 * rng.standard_normal()}) for one in found.values()]
    assert max(honest) < GUARD / 4
    # T² has the law F(1, 8) if nothing changed: its median is .5.
    assert 0.45 < statistics.median(t * t for t in honest) < 0.56
    assert min(one.distance({0: 1.1}) for one in found.values()) > GUARD


def test_twins_that_agree_by_accident_do_not_make_a_later_difference_large():
    rng = np.random.default_rng(1)
    runs, _ = learned(rng, 1e-3)
    runs[0] = {0: [1.0] * 5}
    alone = scales({0: runs[0]}, {}, lambda _: "one instrument")[0]
    beside = scales(runs, {}, lambda _: "one instrument")[0]
    assert alone.distance({0: 1.002}) > GUARD
    assert beside.distance({0: 1.002}) < 5
    apart = scales(runs, {}, lambda key: "alone" if key == 0 else "others")[0]
    assert apart.distance({0: 1.002}) > GUARD


def test_the_scale_never_falls_below_the_rounding_of_single_precision():
    exact = Scale({0: 100.0}, 0.0, 4)
    assert exact.of(0) == pytest.approx(2e-4 + OUTRIGHT)
    assert exact.distance({0: 100.0 * (1 + 1e-5)}) < GUARD < exact.distance({0: 100.0 * (1 + 1e-4)})


def test_one_draw_of_a_share_is_never_a_change():
    share = Scale({0: 0.25}, 0.0, 4, step_of([0.25] * 5, [128] * 5))
    assert share.distance({0: 0.25 + 1 / 128}) == pytest.approx(1, rel=1e-3)
    assert share.distance({0: 0.75}) > GUARD


@pytest.mark.parametrize(
    ("values", "counts", "step"),
    [
        ([0.0, 1 / 3], [3, 3], 0.0),  # too few draws to tell a share from a number
        ([0.0, 0.0], [128, 128], 1 / 128),
        ([0.5, 0.25], [128, 64], 1 / 64),
        ([3.0, 3.0], [64, 64], 1.0),
        ([-0.5, -0.25], [128, 128], 0.0),
        ([0.123456, 0.5], [128, 128], 0.0),
        ([], [], 0.0),
    ],
)
def test_shares_and_counts_are_told_from_numbers(values, counts, step):
    assert step_of(values, counts) == step


def test_several_seeds_are_pooled():
    runs = {"r": {0: [1.0, 1.1], 1: [5.0, 5.3]}}
    found = scales(runs, {}, str)["r"]
    # Each seed scatters about its own mean, over two degrees of freedom. Alone, shrinking changes nothing.
    assert found.sd == pytest.approx(math.sqrt((0.005 + 0.045) / 2))
    assert found.centres == {0: pytest.approx(1.05), 1: pytest.approx(5.15)}


def test_a_reading_is_blind_where_rounding_is_as_large_as_the_spread_over_seeds():
    assert Scale({0: 1.0}, 0.1, 4).blind(0.1)
    assert not Scale({0: 1.0}, 1e-4, 4).blind(0.1)
    assert Scale({0: 0.0}, 0.0, 4, 1 / 128).blind(0.0)
    assert not Scale({0: 0.0}, 0.0, 4).blind(0.0)  # an exact nought: anything else would be seen


def test_the_same_means_all_but_the_last_bits_of_double_precision():
    assert is_same(1 + 1e-13, 1.0)
    assert is_same(1e-15, 0.0)
    assert not is_same(1 + 1e-11, 1.0)
    assert not is_same(float(np.float32(1) + np.float32(2**-23)), 1.0)
