"""The area between two curves: closed forms on curves that are known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaebench.papers.bonheme2022.usefulness import area_lead, time_reached, usefulness

STEPS = [0, *(10**k - 1 for k in range(1, 6))]
"""Whole decades in log₁₀(1 + t)."""

SHARES = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(sorted)


def test_a_share_is_of_the_way_from_zero_to_target_and_stays():
    assert usefulness([10.0, 7.5, 5.0], 10, 5) == [0, 0.5, 1]
    assert usefulness([30.0, 7.5, 9.0, 4.0], 10, 5) == [0, 0.5, 0.5, 1]
    assert usefulness([math.inf, 10.0, -math.inf], 10, 5) == [0, 0, 1]
    with pytest.raises(ValueError, match="the target 10 is not below 10"):
        usefulness([1.0], 10, 10)


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=9))
def test_shares_rise_from_0_to_1_whatever_the_losses(losses):
    shares = usefulness(losses, 5000, 100)
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1


@given(SHARES)
def test_a_model_whose_sides_are_alike_has_no_lead(shares):
    assert area_lead(STEPS, shares, shares) == 0


@given(SHARES, SHARES)
def test_sides_exchanged_the_lead_is_turned_round(one, other):
    assert area_lead(STEPS, one, other) == pytest.approx(-area_lead(STEPS, other, one))


@pytest.mark.parametrize("decades", [1, 2, 3])
@pytest.mark.parametrize("course", [[0, 0, 0, 1, 1, 1], [0, 0, 0, 0.2, 0.7, 1]])
def test_a_curve_so_many_decades_earlier_leads_by_so_much(course, decades):
    late = [0.0] * 3 + course[2:]
    early = late[decades:] + [1.0] * decades
    steps = [10**k - 1 for k in range(len(late))]
    assert area_lead(steps, early, late) == pytest.approx(decades)
    assert area_lead(steps, late, early) == pytest.approx(-decades)


def test_the_area_of_ramps_is_that_of_triangles():
    # A rises over one decade, the other over three: ½ against 1½ decades below 1.
    assert area_lead(STEPS, [0, 1, 1, 1, 1, 1], [0, 1 / 3, 2 / 3, 1, 1, 1]) == pytest.approx(1.0)
    assert area_lead(STEPS, [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]) == pytest.approx(-5.0)


def test_exponential_losses_lead_by_the_logarithm_of_their_rates():
    """1 − exp(−t/τ) on both sides: the area is log₁₀ of the ratio of the times, for t well beyond both."""
    steps = [0, *sorted({round(10 ** (k / 20)) for k in range(121)})]
    early, late = (usefulness([math.exp(-step / tau) for step in steps], 1, 0) for tau in (300, 3000))
    assert area_lead(steps, early, late) == pytest.approx(1.0, abs=0.01)


def test_a_level_is_reached_between_the_snapshots_about_it_or_never():
    assert time_reached(STEPS, [0, 0, 0.5, 1, 1, 1], 0.5) == 2
    assert time_reached(STEPS, [0.6, 0.7, 0.8, 0.9, 1, 1], 0.5) == 0
    assert time_reached(STEPS, [0, 0.1, 0.2, 0.3, 0.4, 0.49], 0.5) is None
    assert time_reached(STEPS, [0, 0, 0.4, 0.8, 1, 1], 0.5) == pytest.approx(2.25)
