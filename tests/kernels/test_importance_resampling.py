import math

import pytest
import torch

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.importance_resampling import effective_sample_size, resampled, resampling_indices

INFINITE = float("-inf")


def quadratic(z, strength):
    """Log weights that turn N(0, I) into N(0, I/(1 + strength))."""
    return -strength * z.square().sum(-1) / 2


@pytest.mark.parametrize("strength", [0.5, 3.0, -0.2])
def test_a_known_target_is_recovered_from_the_prior(draw, rng, strength):
    dim, n = 3, 2000
    candidates = draw(200_000, dim)
    z = resampled(candidates, quadratic(candidates, strength), n, rng)
    variance = 1 / (1 + strength)
    assert float(z.mean().abs()) < 4 * math.sqrt(variance / (n * dim))
    assert float(z.square().mean() / variance - 1) == pytest.approx(0, abs=4 * math.sqrt(2 / (n * dim)))


def test_a_handful_of_candidates_is_biased_towards_them_by_the_closed_form(draw, rng):
    # Bias of E z² from N candidates, first order: a/((1 + 2a)^1.5·N), with a the strength of the weights.
    strength, count, repetitions = 3.0, 16, 4000
    squares = []
    for _ in range(repetitions):
        candidates = draw(count, 1)
        squares.append(resampled(candidates, quadratic(candidates, strength), 8, rng).square().mean())
    found = torch.stack(squares)
    stderr = float(found.std()) / repetitions**0.5
    bias = float(found.mean()) - 1 / (1 + strength)
    assert bias > 2 * stderr
    assert bias == pytest.approx(strength / (1 + 2 * strength) ** 1.5 / count, abs=4 * stderr + 1 / count**2)


def test_one_candidate_is_a_draw_from_the_prior_whatever_it_weighs(draw, rng):
    candidate = draw(1, 3)
    assert torch.equal(resampled(candidate, torch.tensor([-700.0]), 4, rng), candidate.expand(4, 3))


def test_each_candidate_is_taken_as_often_as_it_weighs_up_to_rounding(draw, rng):
    weights = draw(50).exp()
    expected = 40 * weights / weights.sum()
    counts = torch.stack([resampling_indices(weights.log(), 40, rng).bincount(minlength=50) for _ in range(2000)])
    assert bool((counts >= expected.floor()).all())
    assert bool((counts <= expected.ceil()).all())
    # Each count is Bernoulli about its floor, so its variance is at most ¼.
    torch.testing.assert_close(counts.double().mean(0), expected, rtol=0, atol=4 * 0.5 / 2000**0.5)


def test_equal_weights_repeat_nobody_where_independent_draws_would(rng):
    taken = resampling_indices(torch.zeros(1000), 1000, rng)
    assert torch.equal(taken.sort().values, torch.arange(1000))
    independent = torch.randint(1000, (1000,), generator=rng).unique().numel()
    assert independent < 700


def test_all_candidates_are_not_handed_back_when_as_many_are_asked_for(draw, rng):
    # Resampling without replacement would: the deceptive case, in which the weights lose their say.
    candidates = draw(5000, 1)
    variance = float(resampled(candidates, quadratic(candidates, 3.0), 5000, rng).var())
    assert variance == pytest.approx(0.25, rel=0.15)


def test_the_order_is_shuffled_so_that_a_part_is_a_fair_sample(rng):
    halves = torch.stack([resampling_indices(torch.zeros(100), 100, rng)[:50].double().mean() for _ in range(200)])
    assert float(halves.mean()) == pytest.approx(49.5, abs=4 * float(halves.std()) / 200**0.5)
    assert float(halves.std()) > 1


def test_weightless_candidates_are_never_taken(rng):
    log_weights = torch.full((7,), INFINITE)
    log_weights[2], log_weights[4] = 0.0, -1.0
    taken = torch.cat([resampling_indices(log_weights, 3, rng) for _ in range(200)])
    assert set(taken.tolist()) == {2, 4}


def test_the_constant_in_the_weights_does_not_matter(draw):
    log_weights = draw(30)
    one, other = (
        resampling_indices(log_weights + constant, 20, torch.Generator().manual_seed(1)) for constant in (0.0, 900.0)
    )
    assert torch.equal(one, other)
    torch.testing.assert_close(effective_sample_size(log_weights), effective_sample_size(log_weights - 900))


def test_effective_size_is_between_one_and_all_and_tends_to_the_closed_form(draw):
    assert float(effective_sample_size(torch.zeros(10))) == pytest.approx(10)
    assert float(effective_sample_size(torch.tensor([0.0, -800.0]))) == pytest.approx(1)
    strength, dim = 1.0, 2
    share = float(effective_sample_size(quadratic(draw(100_000, dim), strength))) / 100_000
    assert share == pytest.approx((math.sqrt(1 + 2 * strength) / (1 + strength)) ** dim, rel=0.02)


def test_the_effective_share_dwindles_where_the_squared_weight_has_no_mean(draw):
    # exp(.3·z²) has a mean under N(0, 1), and its square has none: more candidates do not help for long.
    shares = [float(effective_sample_size(quadratic(draw(n, 4), -0.6))) / n for n in (300, 100_000)]
    assert shares[0] > 5 * shares[1]


def test_effective_size_flatters_where_no_candidate_has_met_the_peak(draw):
    # All weight lies in a ball that a hundred draws from the prior miss: large, and wrong.
    candidates = draw(100, 8)
    log_weights = torch.where(candidates.norm(dim=1) < 0.2, 100.0, 0.0)
    assert float(effective_sample_size(log_weights)) == pytest.approx(100)


def test_draws_come_from_the_generator_alone():
    before = torch.random.get_rng_state()
    one, other = (resampling_indices(torch.zeros(9), 5, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, other)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_none_have_no_sample(bad, rng):
    with pytest.raises(Undefined, match="infinite or not a number"):
        effective_sample_size(torch.tensor([0.0, bad]))
    with pytest.raises(Undefined, match="no candidate has a positive weight"):
        resampling_indices(torch.full((3,), INFINITE), 2, rng)


def test_mistakes_are_named(rng):
    with pytest.raises(ValueError, match="at least one candidate, got n = 0"):
        resampling_indices(torch.zeros(3), 0, rng)
    with pytest.raises(ValueError, match="one row, one for each candidate"):
        effective_sample_size(torch.zeros(3, 1))
    with pytest.raises(ValueError, match="each candidate has one weight"):
        resampled(torch.zeros(3, 2), torch.zeros(2), 1, rng)
