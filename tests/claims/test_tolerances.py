"""Narrower and wider tolerances: only what is ours moves, and never beyond what the condition can mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import judge, observe

from vaebench.claims import (
    Beyond,
    Claim,
    Exceeds,
    Near,
    Outpaces,
    Plant,
    RoomyTrend,
    Trend,
    has_tolerance,
    rests_on_tolerances,
    scaled,
    with_tolerances,
)

OURS = (
    Near("r", 1.0, 0.1, null=0.0),
    Beyond("r", 0.05, ideal=0.0, null=1.0, scale="log"),
    Beyond("r", 0.9, ideal=1.0, null=0.5, scale="share"),
    Beyond("r", 0.5, ideal=0.0, null=1.0, scale="share"),
    Trend("r", "falls"),
    Outpaces("r", "c"),
)
NATURES = (Exceeds("r", "c", ideal=1.0), Beyond("r", 0.0, ideal=1.0, null=0.0))


@pytest.mark.parametrize("condition", OURS, ids=str)
def test_what_is_ours_moves_and_at_factor_one_stays(condition):
    assert has_tolerance(condition)
    assert scaled(condition, 0.5) != condition != scaled(condition, 2)
    assert scaled(condition, 1) == condition


@pytest.mark.parametrize("condition", NATURES, ids=str)
def test_what_is_at_nought_by_nature_stays(condition):
    assert not has_tolerance(condition)
    assert scaled(condition, 0.5) == scaled(condition, 2) == condition


def test_what_is_left_to_lose_and_what_a_plant_must_read_are_scaled_too():
    assert scaled(RoomyTrend("r", "falls", full=0.95), 2).full == pytest.approx(0.9)
    claim = Claim("c", "c", (NATURES[0],), plants=(Plant("slow", "r", "below", 0.05), Plant("fast", "r", "above")))
    assert rests_on_tolerances(claim) and not rests_on_tolerances(Claim("c", "c", NATURES))
    assert [plant.least for plant in with_tolerances(claim, 2).plants] == [0.1, 0.0]
    assert with_tolerances(claim, 1) == claim


@given(st.sampled_from(OURS), st.floats(0.01, 100))
def test_any_factor_gives_a_condition_that_can_be(condition, factor):
    assert type(scaled(condition, factor)) is type(condition)


def test_a_limit_near_the_null_is_a_least_effect_and_is_scaled_from_there():
    """A lead of 0.1 decades, with an ideal of 1: twice is 0.2. It was 0, where the paper's own condition is."""
    lead = Beyond("r", 0.1, ideal=1.0, null=0.0)
    assert [scaled(lead, factor).limit for factor in (0.5, 1, 2, 100)] == pytest.approx([0.05, 0.1, 0.2, 0.99])


def test_the_way_from_the_ideal_is_scaled():
    assert scaled(Beyond("r", 0.9, ideal=1.0, null=0.5), 2).limit == pytest.approx(0.8)
    assert scaled(Beyond("r", 0.9, ideal=1.0, null=0.5), 100).limit == 0.5
    assert scaled(Beyond("r", 0.05, ideal=0.0, null=1.0), 0.5).limit == pytest.approx(0.025)
    assert scaled(Near("r", 1.0, 0.6, null=0.0), 2).tolerance == pytest.approx(0.99)


def test_a_claim_at_its_tolerance_holds_wider_and_fails_narrower():
    claim = Claim("near", "It is 1.", (Near("r", 1.0, 0.1, null=0.0),))
    values = observe([1.08, 1.081, 1.079, 1.08, 1.08])
    words = [judge(with_tolerances(claim, factor), values).word for factor in (0.5, 1, 2)]
    assert words == ["fails", "holds", "holds"]


def test_a_small_effect_counts_if_less_is_asked_for():
    claim = Claim("falls", "It falls.", (Trend("r", "falls"),))
    values = observe([[1.0, 0.993, 0.986 + 1e-4 * seed] for seed in range(5)])
    assert [judge(with_tolerances(claim, factor), values).word for factor in (0.5, 1)] == ["holds", "fails"]


def test_role_scale_and_direction_stay():
    condition = Beyond("r", 0.05, ideal=0.0, null=1.0, scale="log", role="control")
    assert (scaled(condition, 2).scale, scaled(condition, 2).role) == ("log", "control")
    assert scaled(Trend("r", "rises"), 2).direction == "rises"


@pytest.mark.parametrize("least", [-0.1, float("nan"), float("inf")])
def test_a_smallest_change_that_is_none_is_refused(least):
    with pytest.raises(ValueError, match="smallest change"):
        Trend("r", "falls", least=least)
