"""Laws of the aggregate posterior: the exact mixture, what a batch says of it on average, and known dependences."""

import itertools
import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily
from torch.distributions import Normal as TorchNormal

from vaebench.kernels.aggregate_posterior import (
    aggregate_covariance,
    aggregate_log_density,
    total_correlation,
    units_shuffled,
)


def mixture_log_density(z, mean, scale):
    """Torch's own mixture of all rows' posteriors."""
    weights = Categorical(logits=torch.zeros(len(mean), dtype=mean.dtype))
    return MixtureSameFamily(weights, Independent(TorchNormal(mean, scale), 1)).log_prob(z)


@pytest.fixture
def codes(draw):
    """Seven examples, their posteriors overlapping, and a code of each."""
    mean, scale = draw(7, 2), (0.5 * draw(7, 2)).exp()
    return mean + scale * draw(7, 2), mean, scale


def grid(side, scale=0.6):
    """Posteriors whose means are a product set: the aggregate of all is a product of its marginals, exactly."""
    line = torch.linspace(-3, 3, side, dtype=torch.float64)
    mean = torch.cartesian_prod(line, 2 * line)
    return mean, torch.full_like(mean, scale)


def test_with_all_examples_in_the_batch_it_is_the_mixture(codes):
    torch.testing.assert_close(aggregate_log_density(*codes, 7), mixture_log_density(*codes))


@pytest.mark.parametrize("batch", [2, 3, 6])
def test_the_density_is_unbiased_over_all_batches_that_hold_the_example(codes, batch):
    z, mean, scale = codes
    held = [(0, *others) for others in itertools.combinations(range(1, 7), batch - 1)]
    found = torch.stack([aggregate_log_density(z[[*r]], mean[[*r]], scale[[*r]], 7)[0] for r in held])
    expected = mixture_log_density(z[:1], mean, scale)[0]
    torch.testing.assert_close(found.exp().mean(), expected.exp())
    assert float(found.mean()) < float(expected)


def test_equal_weights_are_not_unbiased(codes):
    """The deceptive twin, the paper's first estimator: short by about the number of examples."""
    z, mean, scale = codes
    short = 0.0
    for others in itertools.combinations(range(1, 7), 2):
        rows = [0, *others]
        short += float(mixture_log_density(z[:1], mean[rows], scale[rows]).exp() / 7) / 15
    exact = float(mixture_log_density(z[:1], mean, scale).exp())
    assert 2 < exact / short < 14


def test_a_product_of_marginals_has_no_total_correlation_wherever_it_is_looked_at(draw):
    mean, scale = grid(6)
    for _ in range(3):
        z = mean + scale * draw(*mean.shape)
        assert abs(float(total_correlation(z, mean, scale, len(mean)))) < 1e-12


@pytest.mark.parametrize("units", [2, 3, 5])
def test_copies_of_one_unit_share_all_that_it_knows(units):
    """Units that each name the example: TC = (units − 1)·log N, from a batch of it too."""
    mean = 100 * torch.arange(9, dtype=torch.float64).unsqueeze(1).expand(9, units)
    found = total_correlation(mean, mean, torch.ones_like(mean), 9)
    assert float(found) == pytest.approx((units - 1) * math.log(9))
    part = total_correlation(mean[:4], mean[:4], torch.ones_like(mean[:4]), 9)
    assert float(part) == pytest.approx((units - 1) * math.log(9))


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("examples", [1000, 10_000])
def test_a_correlated_normal_aggregate_has_the_total_correlation_of_the_normal(draw, rho, examples):
    """Means N(0, A) and scale s make the aggregate N(0, A + s²·I); the batch is all examples, or a tenth of them."""
    s, (one, other) = 0.4, draw(2, 1000)
    variance = 1 - s**2  # of the means: the aggregate has unit variances and correlation ρ
    between = rho / variance
    mean = variance**0.5 * torch.stack([one, between * one + (1 - between**2) ** 0.5 * other], 1)
    scale = torch.full_like(mean, s)
    found = float(total_correlation(mean + scale * draw(1000, 2), mean, scale, examples))
    assert found == pytest.approx(-0.5 * math.log(1 - rho**2), abs=0.07)


def test_total_correlation_is_blind_to_the_order_and_the_units_of_each_axis(codes):
    z, mean, scale = codes
    expected = total_correlation(z, mean, scale, 20)
    rows, swap = torch.tensor([3, 1, 6, 0, 2, 5, 4]), torch.tensor([1, 0])
    torch.testing.assert_close(total_correlation(z[rows], mean[rows], scale[rows], 20), expected)
    torch.testing.assert_close(total_correlation(z[:, swap], mean[:, swap], scale[:, swap], 20), expected)
    stretch, shift = torch.tensor([3.0, 0.2]), torch.tensor([-1.0, 5.0])
    torch.testing.assert_close(
        total_correlation(z * stretch + shift, mean * stretch + shift, scale * stretch, 20), expected
    )


def test_one_unit_has_no_total_correlation(codes):
    assert float(total_correlation(*(each[:, :1] for each in codes), 20)) == pytest.approx(0, abs=1e-12)


def test_gradients_are_those_of_finite_differences(codes):
    leaves = tuple(each.clone().requires_grad_() for each in codes)
    assert torch.autograd.gradcheck(lambda *each: total_correlation(*each, 20), leaves)
    assert torch.autograd.gradcheck(aggregate_covariance, leaves[1:])


@pytest.mark.parametrize("function", [aggregate_log_density, total_correlation])
@pytest.mark.parametrize(("rows", "examples"), [(1, 7), (7, 6)])
def test_a_batch_that_can_be_none_is_refused(codes, function, rows, examples):
    with pytest.raises(ValueError, match=f"no more than examples: got {rows} of {examples}$"):
        function(*(each[:rows] for each in codes), examples)


def test_the_covariance_is_that_of_many_codes(draw, codes):
    _, mean, scale = codes
    n = 60_000
    z = (mean + scale * draw(n, *mean.shape)).flatten(0, 1)
    centred = z - z.mean(0)
    products = centred.unsqueeze(2) * centred.unsqueeze(1)
    stderr = products.std(0) / len(z) ** 0.5
    torch.testing.assert_close(products.mean(0), torch.cov(z.T, correction=0))
    assert bool(((aggregate_covariance(mean, scale) - products.mean(0)).abs() < 4 * stderr).all())


def test_without_scales_the_covariance_is_torchs(codes):
    _, mean, _ = codes
    torch.testing.assert_close(aggregate_covariance(mean, torch.zeros_like(mean)), torch.cov(mean.T, correction=0))


def test_shuffled_units_keep_their_values_and_lose_each_other(draw, rng):
    line = draw(4000, 1)
    z = line.expand(4000, 3)
    shuffled = units_shuffled(z, rng)
    assert torch.equal(shuffled.sort(0).values, z.sort(0).values)
    off = torch.corrcoef(shuffled.T) - torch.eye(3, dtype=z.dtype)
    assert float(off.abs().max()) < 4 / 4000**0.5
    assert not torch.equal(units_shuffled(z, rng), shuffled)


def test_every_order_of_a_unit_is_as_likely(rng):
    z = torch.arange(3.0).unsqueeze(1).expand(3, 6000)
    orders = units_shuffled(z, rng).T.tolist()
    counts = torch.tensor([orders.count(list(map(float, order))) for order in itertools.permutations(range(3))])
    assert int(counts.sum()) == 6000
    assert float((counts - 1000).abs().max()) < 4 * (6000 * 5 / 36) ** 0.5
