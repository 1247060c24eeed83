import math

import pytest
import torch

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.sample_variation import mean_pairwise_distance
from vaebench.kernels.truncation import matched_truncation


@pytest.mark.parametrize("wanted", [0.13, 0.5, 0.999])
def test_the_factor_of_known_variation_is_found(draw, wanted):
    # Distances of z·T are T times those of z.
    z = draw(60, 3)

    def variation(factor):
        return float(mean_pairwise_distance(factor * z).value)

    matched = matched_truncation(variation, wanted * variation(1.0), 0.0, 1.0, tolerance=1e-4)
    assert matched.within
    assert matched.factor == pytest.approx(wanted, abs=1e-4)
    assert matched.variation == variation(matched.factor)


@pytest.mark.parametrize("target", [4.0, 9.0])
def test_ends_that_match_are_found_as_they_are(target):
    matched = matched_truncation(lambda factor: factor**2, target, 2.0, 3.0)
    assert matched == (math.sqrt(target), target, True)


def test_a_falling_variation_does_as_well():
    matched = matched_truncation(lambda factor: math.exp(-factor), math.exp(-0.3), 0.0, 1.0)
    assert matched.within
    assert matched.factor == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize(("target", "end"), [(-1.0, 0.2), (7.0, 1.0)])
def test_out_of_reach_the_nearer_end_is_given_and_said_to_be_no_match(target, end):
    assert matched_truncation(lambda factor: 2 * factor, target, 0.2, 1.0) == (end, 2 * end, False)


def test_a_variation_without_slope_matches_nothing_else():
    # A collapsed decoder: no T changes anything.
    assert not matched_truncation(lambda factor: 0.0, 1.0, 0.0, 1.0).within


def test_no_factor_is_asked_for_twice():
    asked = []

    def variation(factor):
        asked.append(factor)
        return math.tanh(factor)

    matched_truncation(variation, 0.4, 0.0, 2.0)
    assert len(asked) == len(set(asked)) < 12


def test_a_jump_over_the_target_is_located():
    matched = matched_truncation(lambda factor: float(factor > 0.37), 0.5, 0.0, 1.0)
    assert matched.within
    assert matched.factor == pytest.approx(0.37, abs=2e-3)
    assert matched.variation in {0.0, 1.0}


def test_a_variation_that_has_no_value_is_undefined():
    with pytest.raises(Undefined, match="the variation at T = 1 is nan"):
        matched_truncation(lambda factor: math.nan if factor == 1 else factor, 0.5, 0.0, 1.0)
    with pytest.raises(Undefined, match="the variation to match is inf"):
        matched_truncation(lambda factor: factor, math.inf, 0.0, 1.0)


@pytest.mark.parametrize(("lower", "upper"), [(-0.1, 1.0), (1.0, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_ends_that_are_none_are_named(lower, upper):
    with pytest.raises(ValueError, match="from 0 ≤ lower to upper > lower"):
        matched_truncation(lambda factor: factor, 0.5, lower, upper)


def test_a_tolerance_of_none_is_named():
    with pytest.raises(ValueError, match="tolerance must be positive, got 0"):
        matched_truncation(lambda factor: factor, 0.5, 0.0, 1.0, tolerance=0.0)


def test_tensors_are_taken_for_numbers():
    assert matched_truncation(torch.tensor, 0.25, 0.0, 1.0).within


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_a_target_out_of_reach_is_told_by_sign_alone(size):
    """The product of two excesses of 10⁻²⁰⁰ is 0: that looked like a crossing."""
    matched = matched_truncation(lambda factor: size * factor, 4 * size, 0.0, 1.0)
    assert matched == (1.0, size, False)
