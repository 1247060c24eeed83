"""Laws of the importance-weighted bound: between the mean and the largest weight, and tighter with every sample."""

import math

import pytest
import torch

from vaebench.kernels.importance_bound import importance_bound


def test_one_sample_is_its_own_bound_and_equal_ones_too(draw):
    weights = draw(1, 5)
    torch.testing.assert_close(importance_bound(weights), weights[0])
    torch.testing.assert_close(importance_bound(weights.expand(7, 5)), weights[0])


def test_it_lies_between_the_mean_of_the_logarithms_and_the_largest(draw):
    weights = 3 * draw(6, 100)
    bound = importance_bound(weights)
    assert bound.shape == (100,)
    assert bool((bound > weights.mean(0)).all())
    assert bool((bound < weights.max(0).values).all())


def test_a_factor_on_the_weights_is_a_shift_and_nothing_overflows(draw):
    weights = draw(6, 4)
    torch.testing.assert_close(importance_bound(weights - 5000), importance_bound(weights) - 5000)
    assert math.isfinite(float(importance_bound(torch.tensor([-math.inf, 1e4]))))


def test_log_normal_weights_tighten_towards_the_evidence(draw):
    """Weights exp(N(−s²/2, s²)) have mean 1: the evidence is 0, one sample is short by s²/2, K by about Var w/(2K)."""
    s = 1.0
    found = [importance_bound(s * draw(k, 40_000) - s**2 / 2) for k in (1, 4, 16, 256)]
    means, errors = [float(each.mean()) for each in found], [float(each.std()) / 200 for each in found]
    assert means[0] == pytest.approx(-(s**2) / 2, abs=4 * errors[0])
    assert all(later - earlier > 4 * error for earlier, later, error in zip(means, means[1:], errors[1:], strict=False))
    assert means[-1] == pytest.approx(-math.expm1(s**2) / (2 * 256), abs=4 * errors[-1])


@pytest.mark.parametrize("shape", [(), (0,), (0, 3)])
def test_a_bound_without_samples_is_refused(shape):
    with pytest.raises(ValueError, match="the bound needs one sample at least, got log weights of shape "):
        importance_bound(torch.zeros(shape))
