"""Laws of the comparison of one measurement's population with its reference."""

import numpy as np
import pytest
from scipy.stats import kstest, ttest_ind

from vaebench.claims import Column
from vaebench.results.shift import shift


def column(values, stderr=0.0):
    """Make a column of one measurement over seeds."""
    values = tuple(float(value) for value in values)
    return Column(
        arm="trained",
        knob=None,
        name="gain",
        unit="1",
        better="neither",
        seeds=tuple(range(len(values))),
        values=values,
        stderrs=(stderr,) * len(values),
        counts=(1,) * len(values),
    )


@pytest.mark.parametrize(("new", "old"), [(5, 5), (2, 6), (1, 4), (4, 1)])
def test_agrees_with_the_two_sample_t_test_where_there_is_spread(new, old):
    rng = np.random.default_rng(1)
    a, b = rng.normal(3, 1, new), rng.normal(3, 1, old)
    if min(new, old) > 1:
        assert shift(column(a), column(b)).p == pytest.approx(ttest_ind(a, b).pvalue, rel=1e-6)
    one = shift(column(a), column(b))
    assert one.freedom == pytest.approx(new + old - 2)
    assert one.stderr == pytest.approx(
        np.sqrt((((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / (new + old - 2) * (1 / new + 1 / old)),
        rel=1e-6,
    )


@pytest.mark.parametrize(("new", "old"), [(5, 5), (2, 5), (1, 5)])
def test_p_is_uniform_when_nothing_changed(new, old):
    rng = np.random.default_rng(2)
    p = [shift(column(rng.normal(1, 0.1, new)), column(rng.normal(1, 0.1, old))).p for _ in range(2000)]
    assert kstest(p, "uniform").pvalue > 0.01


def test_the_prediction_interval_holds_the_new_mean_as_often_as_it_says():
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(2000):
        one = shift(column(rng.normal(1, 0.1, 3)), column(rng.normal(1, 0.1, 5)))
        low, high = one.interval()
        inside += low <= one.mean <= high
    assert inside / 2000 == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 2000))


def test_the_interval_and_p_say_the_same():
    one = shift(column([1.0, 1.2, 0.9]), column([0.8, 0.7, 0.9]))
    low, high = one.interval(1 - one.p)
    assert min(abs(low - one.mean), abs(high - one.mean)) < 1e-9


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6])
def test_rounding_of_an_exact_measurement_is_no_drift_but_a_real_change_is(size):
    exact = column([size] * 5)
    assert shift(column([size] * 5), exact).p == 1.0
    assert shift(column([size * (1 + 5e-6)] * 5), exact).p > 0.5
    assert shift(column([size * (1 + 1e-3)] * 5), exact).p < 1e-6


def test_the_interval_of_an_exact_measurement_is_as_wide_as_rounding():
    low, high = shift(column([2.0] * 3), column([2.0] * 3)).interval()
    assert 1e-6 < 2 - low == pytest.approx(high - 2)
    assert high - 2 < 1e-4


@pytest.mark.parametrize("size", [1e-300, 1e99])
def test_no_size_of_number_overflows(size):
    assert 0 <= shift(column([size, 2 * size]), column([size, 3 * size])).p <= 1
    assert shift(column([1e100, -1e100]), column([1e-300, 0.0])).p <= 1


def test_a_real_change_of_an_exact_measurement_needs_few_seeds():
    assert shift(column([1.001] * 2), column([1.0])).p < 1e-9


def test_an_exact_zero_met_up_to_rounding_is_no_drift():
    assert shift(column([3e-8] * 5), column([0.0] * 5)).p > 0.05
    assert shift(column([0.0] * 5), column([0.0] * 5)).p == 1.0
    assert shift(column([1e-3] * 5), column([0.0] * 5)).p < 1e-6


def test_the_instruments_own_error_is_a_floor_of_the_spread():
    new, old = [1.01] * 5, [1.0] * 5
    assert shift(column(new), column(old)).p < 1e-6
    assert shift(column(new, stderr=0.02), column(old, stderr=0.02)).p > 0.2
    wide, base = [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]
    assert shift(column(wide, stderr=0.01), column(base)).p == pytest.approx(shift(column(wide), column(base)).p)


def test_scale_and_sides_do_not_matter():
    a, b = np.array([1.0, 2.0, 4.0]), np.array([2.0, 2.5, 5.0, 6.0])
    p = shift(column(a), column(b)).p
    assert shift(column(b), column(a)).p == pytest.approx(p)
    assert shift(column(1e99 * a), column(1e99 * b)).p == pytest.approx(p, rel=1e-4)
    assert shift(column(-a), column(-b)).p == pytest.approx(p)


def test_single_seeds_on_both_sides_have_no_spread():
    assert shift(column([1.0]), column([2.0])) is None
